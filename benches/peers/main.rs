//! How finews compares, in one command: `cargo bench --bench peers`. It makes archives, serves them with
//! finews and with those of nginx, static-web-server, Hugo and Jekyll that are installed, and writes
//! `benches/RESULTS.md`.

mod builders;
mod bytes;
mod documents;
mod finews;
mod http;
mod live;
mod machine;
#[path = "../make-archive/generate/mod.rs"]
mod make_archive;
mod mirror;
mod nginx;
mod pages;
mod process;
mod publish;
mod rates;
mod report;
mod search;
mod site;
mod snapshot;
mod starts;
mod stats;
mod targets;
mod wrk;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use report::Report;
use site::Sites;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Measures finews beside the servers and site generators that are installed, and writes benches/RESULTS.md
#[derive(Clone, Debug, Parser)]
struct Cli {
    /// Sizes of the archives
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    posts: Vec<usize>,
    /// How often each start is measured
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// How often the servers take turns
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of each measurement of a rate
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// How many new posts are written to a served archive
    #[arg(long, default_value_t = 120)]
    publish: usize,
    /// How many readers listen for news at once
    #[arg(long, default_value_t = 5000)]
    listeners: usize,
    /// Keep the archives here, and use those that are here already
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Where to write the results
    #[arg(long, value_name = "FILE", default_value = "benches/RESULTS.md")]
    results: PathBuf,
    /// Some parts only, as they are named while they are measured
    #[arg(long, value_delimiter = ',', value_name = "PART")]
    parts: Vec<String>,
    /// A few seconds of everything, to see whether it works: the figures mean nothing
    #[arg(long)]
    quick: bool,
    /// What cargo passes to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

impl Cli {
    /// How the measurements are made, once `--quick` is considered.
    fn settled(mut self) -> Self {
        self.posts.sort_unstable();
        self.posts.dedup();
        if self.quick {
            (self.runs, self.rounds, self.seconds, self.publish, self.listeners) = (1, 2, 1, 6, 100);
        }
        self
    }

    /// How many snapshots are made of each archive.
    fn snapshots(&self) -> usize {
        if self.quick { 20 } else { 1000 }
    }

    fn second(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// The largest archive up to a size; the smallest there is, if all are larger.
    fn up_to(&self, most: usize) -> Option<usize> {
        self.posts.iter().rev().find(|posts| **posts <= most).or(self.posts.first()).copied()
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse().settled();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    // The folder is gone when the measurements are, unless it is to be kept.
    let temporary = tempfile::tempdir()?;
    let sites = Sites::new(cli.keep.as_deref().unwrap_or(temporary.path()));
    process::raise_file_limit();

    let mut report = Report::new(cli);
    let parts: [(&str, Part); 9] = [
        ("starts", starts::measure),
        ("request rates", rates::measure),
        ("pages", pages::measure),
        ("documents", documents::measure),
        ("publishing", publish::measure),
        ("search", search::measure),
        ("snapshots", snapshot::measure),
        ("listeners", live::measure),
        ("site generators", builders::measure),
    ];
    if let Some(unknown) = cli.parts.iter().find(|name| parts.iter().all(|(part, _)| part != name)) {
        let known: Vec<_> = parts.iter().map(|(name, _)| *name).collect();
        return Err(format!("there is no part \"{unknown}\", but: {}", known.join(", ")).into());
    }
    for (name, part) in parts {
        if !cli.parts.is_empty() && !cli.parts.iter().any(|wanted| wanted == name) {
            continue;
        }
        progress(name);
        // What fails is said in the results, and the rest is measured all the same.
        if let Err(error) = part(cli, &sites, &mut report) {
            progress(&format!("{name}: {error}"));
            report.failed(name, &error.to_string());
        }
        // After each part, so that a run that is broken off leaves what it found.
        let notes = fs::read_to_string(notes()).ok();
        fs::write(&cli.results, report.text(notes.as_deref()))?;
    }
    progress(&format!("written to {}", cli.results.display()));
    Ok(())
}

/// What is to be said of the results, if there is something.
fn notes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/NOTES.md")
}

/// One part of the measurements, which adds its sections and figures to the report.
type Part = fn(&Cli, &Sites, &mut Report) -> Result<()>;

/// Says what goes on.
fn progress(text: &str) {
    eprintln!("peers: {text}");
}
