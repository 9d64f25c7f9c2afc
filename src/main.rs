//! The command line: `finews [serve|check|list|healthcheck]`.

mod commands;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::site_args::SiteArgs;

/// Serves a folder of Jekyll posts as a fast, readable, safe news site.
#[derive(Debug, Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    site: SiteArgs,
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
        /// URL to request, or unix:/path [default: /healthz at the address in FINEWS_LISTEN]
        url: Option<String>,
    },
}

/// Allocation takes one sixth of the time of reading posts. Threads free memory that other threads allocated,
/// which is slow in the allocator of the C library.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        None => commands::serve::run(&cli.site),
        Some(Command::Serve(site)) => commands::serve::run(&site),
        Some(Command::Check { site, json, strict }) => commands::check::run(&site, json, strict),
        Some(Command::List { site, body }) => commands::list::run(&site, body),
        Some(Command::Healthcheck { url }) => commands::healthcheck::run(url.as_deref()),
    };
    result.unwrap_or_else(|error| {
        eprintln!("finews: {error}");
        ExitCode::from(commands::UNUSABLE)
    })
}
