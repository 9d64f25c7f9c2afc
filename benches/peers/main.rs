//! Compares finews with its peers, in one command: `cargo bench --bench peers`. The benchmark generates
//! archives, serves them with finews and with nginx, static-web-server, Hugo and Jekyll as far as these are
//! installed, and writes `benches/RESULTS.md`.

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

/// Compare finews with the servers and site generators that are installed, and write benches/RESULTS.md
#[derive(Clone, Debug, Parser)]
struct Cli {
    /// Archive sizes, in posts
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    posts: Vec<usize>,
    /// Number of runs of each measurement
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Number of rounds in which the servers take turns
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Duration of each rate measurement, in seconds
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Number of new posts to write to a served archive
    #[arg(long, default_value_t = 120)]
    publish: usize,
    /// Number of readers that listen for new posts at once
    #[arg(long, default_value_t = 5000)]
    listeners: usize,
    /// Keep the archives in DIR, and reuse those that exist
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Output file for the results
    #[arg(long, value_name = "FILE", default_value = "benches/RESULTS.md")]
    results: PathBuf,
    /// Measure only these parts, by the names printed during a run
    #[arg(long, value_delimiter = ',', value_name = "PART")]
    parts: Vec<String>,
    /// Run everything for a few seconds as a smoke test; the figures mean nothing
    #[arg(long)]
    quick: bool,
    /// Flag that cargo passes to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

impl Cli {
    /// Returns the options with `--quick` applied, and the sizes sorted and deduplicated.
    fn settled(mut self) -> Self {
        self.posts.sort_unstable();
        self.posts.dedup();
        if self.quick {
            (self.runs, self.rounds, self.seconds, self.publish, self.listeners) = (1, 2, 1, 6, 100);
        }
        self
    }

    /// Number of snapshots to build of each archive.
    fn snapshots(&self) -> usize {
        if self.quick { 20 } else { 1000 }
    }

    fn second(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// The largest archive of at most `most` posts, or the smallest archive if all are larger.
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
    // The temporary folder is deleted after the measurements; `--keep` names a folder that stays.
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
        // A failure is noted in the results, and the other parts still run.
        if let Err(error) = part(cli, &sites, &mut report) {
            progress(&format!("{name}: {error}"));
            report.failed(name, &error.to_string());
        }
        // Write the file after each part, so that an aborted run leaves its results.
        let notes = fs::read_to_string(notes()).ok();
        fs::write(&cli.results, report.text(notes.as_deref()))?;
    }
    progress(&format!("written to {}", cli.results.display()));
    Ok(())
}

/// Notes to append to the results, if the file exists.
fn notes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/NOTES.md")
}

/// One part of the measurements, which adds its sections and figures to the report.
type Part = fn(&Cli, &Sites, &mut Report) -> Result<()>;

/// Prints a progress message to stderr.
fn progress(text: &str) {
    eprintln!("peers: {text}");
}
