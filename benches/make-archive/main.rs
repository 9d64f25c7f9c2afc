//! Writes an archive of generated news, to test finews or another program with:
//! `cargo run --release --example make-archive -- DIR N`.

mod generate;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Parser;
use generate::Options;

/// Write N generated posts to DIR/posts, with a _config.yml beside. Equal options give equal files.
#[derive(Debug, Parser)]
struct Cli {
    /// Output folder
    dir: PathBuf,
    /// Number of posts
    #[arg(value_name = "N")]
    posts: usize,
    /// Share of broken files, from 0 to 1
    #[arg(long, default_value_t = 0.02)]
    bad: f64,
    /// Random seed; another seed gives other posts
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Number of news sources
    #[arg(long, default_value_t = 2000)]
    sources: usize,
    /// Posts per day
    #[arg(long, default_value_t = 2000)]
    per_day: usize,
    /// Date of the first posts
    #[arg(long, default_value = "2021-12-08")]
    start: NaiveDate,
}

fn main() -> ExitCode {
    let Cli { dir, posts, bad, seed, sources, per_day, start } = Cli::parse();
    let options = Options { posts, bad, seed, sources, per_day: per_day.max(1), start };
    match generate::write(&dir, &options) {
        Ok(()) => {
            eprintln!("{posts} posts in {}", dir.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("make-archive: {}: {error}", dir.display());
            ExitCode::FAILURE
        }
    }
}
