//! The command line: `finews [serve|check|list|push|pull|bucket|healthcheck]`.

mod commands;

use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

use commands::bucket::BucketArgs;
use commands::bucket_flags::BucketFlags;
use commands::pull::PullArgs;
use commands::push::PushArgs;
use commands::site_args::SiteArgs;
use finews::bucket::BucketUrl;

/// Serves a folder of Jekyll posts as a fast, readable, safe news site.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    // The site of the default command. The flags also apply to a command that follows them.
    #[command(flatten)]
    outer: SiteArgs,
    #[command(flatten)]
    outer_bucket: BucketFlags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a site (default command)
    Serve {
        #[command(flatten)]
        site: SiteArgs,
        #[command(flatten)]
        bucket: BucketFlags,
    },
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
    /// Write the changed files of a site to a bucket for its replicas
    Push(PushArgs),
    /// Write the files of a bucket into a folder
    Pull(PullArgs),
    /// Describe the archive in a bucket, and check whether several writers may share its store
    Bucket(BucketArgs),
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
    let Cli { command, outer, outer_bucket } = parse();
    let result = match command {
        None => commands::serve::run(&outer, &outer_bucket),
        Some(Command::Serve { site, bucket }) => {
            commands::serve::run(&site.within(outer), &bucket.within(outer_bucket))
        }
        Some(Command::Check { site, json, strict }) => {
            commands::check::run(&site.within(outer), json, strict)
        }
        Some(Command::List { site, body }) => commands::list::run(&site.within(outer), body),
        Some(Command::Push(push)) => commands::push::run(push.within(outer_bucket), outer),
        Some(Command::Pull(pull)) => commands::pull::run(&pull.within(outer_bucket)),
        Some(Command::Bucket(bucket)) => commands::bucket::run(&bucket.within(outer_bucket)),
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
    let cli = Cli::try_parse().unwrap_or_else(|error| {
        let is_extra_argument = error.kind() == ErrorKind::UnknownArgument
            && error.get(ContextKind::InvalidArg).is_some_and(|given| !given.to_string().starts_with('-'));
        let of_command = unknown_command().filter(|_| is_extra_argument).map(|(error, _)| error);
        of_command.unwrap_or(error).exit()
    });
    if cli.command.is_none()
        && let Some((error, true)) = unknown_command()
    {
        error.exit();
    }
    if let (Some(_), Some(folder)) = (&cli.command, cli.outer.folder()) {
        let message = format!(
            "the folder '{}' stands before the command; expected: finews [OPTIONS] <COMMAND> [SITE]",
            folder.display()
        );
        Cli::command().error(ErrorKind::ArgumentConflict, message).exit();
    }
    cli
}

/// The error of a first argument that is neither a command nor a folder, and whether it resembles a command.
fn unknown_command() -> Option<(clap::Error, bool)> {
    let word = std::env::args_os().nth(1)?;
    let is_site = |word: &str| Path::new(word).is_dir() || BucketUrl::is_url(word);
    let word = word.to_str().filter(|word| !word.starts_with('-') && !is_site(word))?;
    let mut cli = Cli::command();
    cli.build();
    if cli.find_subcommand(word).is_some() {
        return None;
    }
    let alike = |name: &str| name.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count();
    let names = cli.get_subcommands().map(clap::Command::get_name);
    let similar = names.filter(|name| alike(name) >= 2).max_by_key(|name| alike(name));
    let mut message = format!("unknown command or folder `{word}`");
    if let Some(name) = similar {
        message.push_str(&format!("; a similar command is `{name}`"));
    }
    let is_similar = similar.is_some();
    Some((cli.error(ErrorKind::InvalidSubcommand, message), is_similar))
}
