//! Writes an archive of made-up news, to try finews or another program with:
//! `cargo run --release --example make-archive -- DIR N`.

mod generate;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Parser;
use generate::Options;

/// Writes N made-up posts into DIR/posts, and a _config.yml beside. The same options make the same files.
#[derive(Debug, Parser)]
struct Cli {
    /// The folder to write
    dir: PathBuf,
    /// How many posts
    #[arg(value_name = "N")]
    posts: usize,
    /// The share of broken files, 0 to 1
    #[arg(long, default_value_t = 0.02)]
    bad: f64,
    /// Another seed makes other news
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How many sources write the news
    #[arg(long, default_value_t = 2000)]
    sources: usize,
    /// How many posts a day has
    #[arg(long, default_value_t = 2000)]
    per_day: usize,
    /// The first day
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
