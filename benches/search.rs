//! `cargo bench --bench search -- SITE [FOLDER]` measures the search index of a site: its cost, latency, and
//! whether it finds known items. It prints a table. The index goes to a temporary folder, or stays in FOLDER.

#![allow(missing_docs, clippy::print_stdout)]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use finews::archive::{self, PostId, Progress, Snapshot};
use finews::config::{Config, Overrides};
use finews::search::normalise::normalised;
use finews::search::query::Query;
use finews::search::tokens::{is_han, is_word};
use finews::search::{BATCH, Order, SearchIndex, Writer};
use finews::web::paths;
use rayon::prelude::*;

/// Number of titles, and of parts of texts, to search for.
const TIMES: usize = 1000;
/// Largest archive whose texts are held in memory to be scanned.
const MOST_SCANNED: usize = 50_000;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds a flag of its own.
    let mut folders =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).map(PathBuf::from);
    let Some(site) = folders.next() else {
        println!("a site's folder is missing: cargo bench --bench search -- SITE [FOLDER]");
        return Ok(());
    };
    let config = Config::read(&site, &Overrides::default(), &|_| None)?;
    let archive = Arc::new(archive::load(&config, paths::RESERVED_PATHS, &Progress::default())?);
    let temporary = tempfile::tempdir()?;
    let folder = folders.next().unwrap_or_else(|| temporary.path().to_owned());
    let before = memory();
    let start = Instant::now();
    let index = SearchIndex::open(&folder)?;
    let mut writer = Writer::new(&index, BATCH)?.ok_or("another process writes the index")?;
    while writer.follow(&archive)? > 0 {}
    row("posts", archive.listed().len() as f64, "");
    row("built in", start.elapsed().as_secs_f64(), "s");
    row("on the disk", size(&folder)? as f64 / 1e6, "MB");
    row("memory more", memory().saturating_sub(before) as f64 / 1e6, "MB");
    drop(writer);
    let start = Instant::now();
    let mut writer = Writer::new(&index, BATCH)?.ok_or("another process writes the index")?;
    writer.follow(&archive)?;
    row("compared again in", start.elapsed().as_secs_f64() * 1e3, "ms");
    if archive.listed().len() <= MOST_SCANNED {
        parity(&index, &archive)?;
    }
    known_items(&index, &archive)?;
    for (name, order) in [("newest", Order::Newest), ("best", Order::Best)] {
        latencies(&index, &archive, name, order)?;
    }
    Ok(())
}

/// Compares searches for parts of texts, whole words and codes with a plain scan.
fn parity(index: &SearchIndex, archive: &Snapshot) -> Result<(), Box<dyn Error>> {
    let mut texts: Vec<(PostId, [Vec<char>; 2])> = Vec::new();
    for id in archive.listed().iter() {
        let post = archive.post(id);
        let text = archive.article(post)?.text();
        texts.push((id, [post.title(), &text].map(|text| normalised(text).chars)));
    }
    let (mut tried, mut hits, mut missed, mut wrong) = (0, 0, 0, 0);
    let mut number = 0usize;
    while tried < 2 * TIMES {
        number += 1;
        let (_, [_, text]) = &texts[number * 7919 % texts.len()];
        let start = number * 104_729 % text.len().max(1);
        let Some(part) = sought(text, start, 2 + number % 5) else { continue };
        let mut scanned: Vec<PostId> = texts
            .par_iter()
            .filter(|(_, fields)| fields.iter().any(|text| holds(text, part)))
            .map(|(id, _)| *id)
            .collect();
        let asked = Query { texts: vec![part.iter().collect()], ..Query::default() };
        let mut found = index.search(archive, &asked, Order::Newest, None, texts.len())?.posts;
        scanned.sort_unstable();
        found.sort_unstable();
        let is_in = |posts: &[PostId], id: &PostId| posts.binary_search(id).is_ok();
        missed += scanned.iter().filter(|id| !is_in(&found, id)).count();
        wrong += found.iter().filter(|id| !is_in(&scanned, id)).count();
        tried += 1;
        hits += scanned.len();
    }
    for (name, count) in
        [("parts looked for", tried), ("in posts", hits), ("missed", missed), ("wrong", wrong)]
    {
        row(&format!("parity: {name}"), count as f64, "");
    }
    Ok(())
}

/// At least `length` characters of a text, extended to the end of a word; `None` if they begin inside a word
/// or include characters that the search ignores.
fn sought(text: &[char], start: usize, length: usize) -> Option<&[char]> {
    let mut end = (start + length).min(text.len());
    while end < text.len() && is_word(text[end - 1]) && is_word(text[end]) {
        end += 1;
    }
    let part = text.get(start..end)?;
    let word = |at: usize| part.get(at).is_some_and(|c| is_word(*c));
    let is_sought = |at: usize| {
        is_han(part[at])
            || word(at)
            || at > 0 && part[at].is_ascii_punctuation() && word(at - 1) && word(at + 1)
    };
    let cuts = start > 0 && is_word(text[start - 1]) && is_word(text[start]);
    (part.len() > 1 && !cuts && (0..part.len()).all(is_sought)).then_some(part)
}

/// Returns whether a text contains another: Han characters anywhere, words only whole.
fn holds(text: &[char], part: &[char]) -> bool {
    text.windows(part.len()).enumerate().any(|(start, here)| {
        let cuts = |at: usize| at > 0 && at < text.len() && is_word(text[at - 1]) && is_word(text[at]);
        here == part && !cuts(start) && !cuts(start + part.len())
    })
}

/// Measures how often a title, or six characters of it, finds its post.
fn known_items(index: &SearchIndex, archive: &Snapshot) -> Result<(), Box<dyn Error>> {
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
            let found = index.search(archive, &asked, Order::Best, None, 10)?;
            // Several posts may have the same title.
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

fn latencies(
    index: &SearchIndex,
    archive: &Snapshot,
    name: &str,
    order: Order,
) -> Result<(), Box<dyn Error>> {
    for length in [2, 4] {
        let (mut milliseconds, mut found) = (Vec::new(), 0);
        for (number, post) in sample(archive).enumerate() {
            let text: Vec<char> =
                archive.article(post)?.text().chars().filter(|c| !c.is_whitespace()).collect();
            let place = (number * 7919) % text.len().max(1);
            let part: String = text.iter().skip(place).take(length).collect();
            let start = Instant::now();
            found += index.search(archive, &Query::new(&part), order, None, 20)?.count;
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

/// A sample of posts from the whole archive.
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

/// Anonymous memory of this process, in bytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) * 1024
}
