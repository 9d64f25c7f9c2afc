//! The command line: `finews [serve|check|list|healthcheck]`.

mod commands;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use commands::site_args::SiteArgs;

/// Serves a folder of Jekyll posts as a fast, readable, safe news site.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    // The site of the default command. The flags also apply to a command that follows them.
    #[command(flatten)]
    outer: SiteArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a site (default command)
    Serve(SiteArgs),
    /// Print the problems in a site's files, one per line
    Check {
        #[command(flatten)]
        site: SiteArgs,
        /// Print one JSON object per line
        #[arg(long)]
        json: bool,
        /// Exit with 1 on warnings too
        #[arg(long)]
        strict: bool,
    },
    /// Print every served post, newest first, one JSON object per line
    List {
        #[command(flatten)]
        site: SiteArgs,
        /// Include the cleaned HTML body of each post
        #[arg(long)]
        body: bool,
    },
    /// Check that a running finews is healthy (for containers)
    Healthcheck {
        /// URL to request, or unix:/path [default: /healthz at the address of --listen]
        url: Option<String>,
        /// Address at which the running finews listens [default: 127.0.0.1:8080] [env: FINEWS_LISTEN]
        #[arg(long)]
        listen: Option<String>,
    },
}

/// Allocation takes one sixth of the time of reading posts. Threads free memory that other threads allocated,
/// which is slow in the allocator of the C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let Cli { command, outer } = parse();
    let result = match command {
        None => commands::serve::run(&outer),
        Some(Command::Serve(site)) => commands::serve::run(&site.within(outer)),
        Some(Command::Check { site, json, strict }) => {
            commands::check::run(&site.within(outer), json, strict)
        }
        Some(Command::List { site, body }) => commands::list::run(&site.within(outer), body),
        Some(Command::Healthcheck { url, listen }) => {
            commands::healthcheck::run(url.as_deref(), &outer.with_listen(listen))
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("finews: {error}");
        ExitCode::from(commands::UNUSABLE)
    })
}

/// Parses the command line, and exits if it is invalid. A folder before a command is invalid, because it would not
/// be the site of the command.
fn parse() -> Cli {
    let cli = Cli::parse();
    if let (Some(_), Some(folder)) = (&cli.command, cli.outer.folder()) {
        let message = format!(
            "the folder '{}' stands before the command; expected: finews [OPTIONS] <COMMAND> [SITE]",
            folder.display()
        );
        Cli::command().error(ErrorKind::ArgumentConflict, message).exit();
    }
    cli
}
