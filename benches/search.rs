//! `cargo bench --bench search -- SITE`: what an index of a site costs, how fast it answers, and whether it
//! finds what a reader knows. Prints a table; writes to a temporary folder only.

#![allow(missing_docs, clippy::print_stdout)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

use finews::archive::{self, Progress, Snapshot};
use finews::config::{Config, Overrides};
use finews::search::query::Query;
use finews::search::{Index, Order};
use finews::web::paths;

/// Titles that are looked for, and parts of texts.
const TIMES: usize = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds a flag of its own.
    let site = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let Some(site) = site.map(PathBuf::from) else {
        println!("a site's folder is missing: cargo bench --bench search -- SITE");
        return Ok(());
    };
    let config = Config::read(&site, &Overrides::default(), &|_| None)?;
    let archive = archive::load(&config, paths::CLAIMS, &Progress::default())?;
    let folder = tempfile::tempdir()?;
    let before = memory();
    let start = Instant::now();
    let index = Index::open(folder.path())?;
    index.follow(&archive, &|_, _| ())?;
    row("posts", archive.listed().len() as f64, "");
    row("built in", start.elapsed().as_secs_f64(), "s");
    row("on the disk", size(folder.path())? as f64 / 1e6, "MB");
    row("memory more", memory().saturating_sub(before) as f64 / 1e6, "MB");
    let start = Instant::now();
    index.follow(&archive, &|_, _| ())?;
    row("compared again in", start.elapsed().as_secs_f64() * 1e3, "ms");
    known_items(&index, &archive)?;
    for (name, order) in [("newest", Order::Newest), ("best", Order::Best)] {
        latencies(&index, &archive, name, order)?;
    }
    Ok(())
}

/// How often a title finds its post, and the same of six characters of it.
fn known_items(index: &Index, archive: &Snapshot) -> Result<(), Box<dyn Error>> {
    for (name, length) in [("title", usize::MAX), ("6 characters of a title", 6)] {
        let (mut first, mut ten, mut tried) = (0, 0, 0);
        for (number, post) in sample(archive).enumerate() {
            let chars: Vec<char> = post.title().chars().collect();
            if chars.len() < 6 {
                continue;
            }
            let start = if length == 6 { number % (chars.len() - 5) } else { 0 };
            let text: String = chars[start..].iter().take(length).collect();
            let asked = Query { texts: vec![text], ..Query::default() };
            let found = index.search(archive, &asked, Order::Best, 0, 10)?;
            // Several posts may have one title.
            let place = found.posts.iter().position(|id| archive.post(*id).title() == post.title());
            tried += 1;
            first += usize::from(place == Some(0));
            ten += usize::from(place.is_some());
        }
        row(&format!("{name}: hit@1"), f64::from(first as u32) / f64::from(tried), "");
        row(&format!("{name}: hit@10"), f64::from(ten as u32) / f64::from(tried), "");
    }
    Ok(())
}

fn latencies(index: &Index, archive: &Snapshot, name: &str, order: Order) -> Result<(), Box<dyn Error>> {
    for length in [2, 4] {
        let (mut milliseconds, mut found) = (Vec::new(), 0);
        for (number, post) in sample(archive).enumerate() {
            let text: Vec<char> =
                archive.article(post)?.text().chars().filter(|c| !c.is_whitespace()).collect();
            let place = (number * 7919) % text.len().max(1);
            let part: String = text.iter().skip(place).take(length).collect();
            let start = Instant::now();
            found += index.search(archive, &Query::new(&part), order, 0, 50)?.count;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        }
        milliseconds.sort_by(f64::total_cmp);
        row(&format!("{length} characters, {name}: p50"), milliseconds[milliseconds.len() / 2], "ms");
        row(&format!("{length} characters, {name}: p99"), milliseconds[milliseconds.len() * 99 / 100], "ms");
        row(
            &format!("{length} characters, {name}: found each"),
            found as f64 / milliseconds.len() as f64,
            "",
        );
    }
    Ok(())
}

/// Posts from all over the archive.
fn sample(archive: &Snapshot) -> impl Iterator<Item = &archive::Post> {
    let step = (archive.listed().len() / TIMES).max(1);
    archive.listed().iter().step_by(step).take(TIMES).map(|id| archive.post(id))
}

fn row(name: &str, value: f64, unit: &str) {
    println!("| {name} | {value:.3} {unit} |");
}

fn size(folder: &Path) -> std::io::Result<u64> {
    let of_entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let (path, meta) = entry.and_then(|entry| Ok((entry.path(), entry.metadata()?)))?;
        if meta.is_dir() { size(&path) } else { Ok(meta.len()) }
    };
    std::fs::read_dir(folder)?.map(of_entry).sum()
}

/// Anonymous memory, in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}
