//! The search: the cost of its index, its latency at a steady rate of queries, and the delay until it finds a
//! new post under that load.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::finews::Finews;
use crate::http::Client;
use crate::publish::{NewPost, Written, watch};
use crate::report::{Report, Section};
use crate::site::{self, Sites};
use crate::stats::{grouped, mib, number, quantile};
use crate::{Cli, Result, progress};

/// Number of titles to build queries from.
const TITLES: usize = 500;
/// Queries per second.
const RATE: usize = 100;
/// Queries per second while posts are published.
const RATE_OF_PUBLISHING: usize = 50;
/// Duration of each run in seconds.
const SECONDS: usize = 20;
/// Readers that share the rate, so that a slow response delays no other query.
const READERS: usize = 8;
/// Time limit for building the index.
const PATIENCE: Duration = Duration::from_secs(3600);
/// Time limit for a new post to be found.
const FOUND_WITHIN: Duration = Duration::from_secs(30);

/// Kinds of queries that readers send.
const KINDS: [&str; 6] =
    ["two characters", "six characters", "two words", "of a source", "newest first", "found nowhere"];

/// Measures the search of the largest archive.
pub(crate) fn measure(cli: &Cli, sites: &Sites, report: &mut Report) -> Result<()> {
    let posts = *cli.posts.last().ok_or("no archive")?;
    let site = sites.of(posts)?;
    let cache = tempfile::tempdir_in(sites.scratch("scratch")?)?;
    let flags = ["--page-cache", "1", "--cache-dir", cache.path().to_str().ok_or("no UTF-8")?];
    let finews = Finews::serve_with(&site, &sites.scratch("scratch")?, &flags)?;
    index(&finews, cache.path(), posts, report)?;
    let queries = queries(&finews)?;
    settle(&finews);
    asked(cli, &finews, &queries, posts, report)?;
    published(cli, &finews, &site, &queries, posts, report)
}

fn index(finews: &Finews, cache: &Path, posts: usize, report: &mut Report) -> Result<()> {
    progress(&format!("{posts} posts: the search index is built"));
    let memory = || finews.process.memory("RssAnon").unwrap_or(0);
    let (start, before) = (Instant::now(), memory());
    let mut client = Client::new(finews.port);
    let mut most = before;
    while !client.get("/readyz?verbose", &[])?.holds("search: ok") {
        most = most.max(memory());
        if start.elapsed() > PATIENCE {
            return Err("the index was not built in time".into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let seconds = start.elapsed().as_secs_f64();
    let mut section = Section::new(
        &format!("The search index of {posts} posts"),
        "Built in the background right after a start without one, from when the site was ready; anonymous memory \
         (RssAnon) when it was ready, at most until the index was, and then.",
        &["seconds", "posts a second", "bytes", "before, MiB", "at most, MiB", "after, MiB"],
    );
    section.row([
        number(seconds),
        number(posts as f64 / seconds),
        grouped(size(cache)?),
        number(mib(before)),
        number(mib(most)),
        number(mib(memory())),
    ]);
    report.add(section);
    Ok(())
}

/// Waits up to two minutes until finews is idle: after the build it merges the index segments.
fn settle(finews: &Finews) {
    for _ in 0..60 {
        let before = finews.process.cpu();
        std::thread::sleep(Duration::from_secs(2));
        if finews.process.cpu() - before < 0.2 {
            return;
        }
    }
}

/// Size of the search index in a cache folder, in bytes.
fn size(folder: &Path) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in walkdir::WalkDir::new(folder).into_iter().flatten() {
        if entry.depth() > 1 && entry.file_type().is_file() {
            bytes += entry.metadata()?.len();
        }
    }
    Ok(bytes)
}

/// Queries with their kinds, built from titles of the whole archive.
fn queries(finews: &Finews) -> Result<Vec<(usize, String)>> {
    let mut client = Client::new(finews.port);
    let mut feed =
        |path: &str| -> Result<Value> { Ok(serde_json::from_slice(&client.get(path, &[])?.body)?) };
    let newest = feed("/feed.json")?;
    let next = newest["next_url"].as_str().unwrap_or_default();
    let archives: usize = next.rsplit('=').next().and_then(|number| number.parse().ok()).unwrap_or(1);
    let mut queries = Vec::new();
    for number in 0..TITLES / 10 {
        let page = feed(&format!("/feed.json?page={}", 1 + number * archives / (TITLES / 10)))?;
        for (place, item) in page["items"].as_array().ok_or("no items")?.iter().enumerate() {
            let title: Vec<char> = item["title"].as_str().unwrap_or_default().chars().collect();
            let source = item["tags"][0].as_str().unwrap_or_default();
            let start = (number * 7 + place) % title.len().saturating_sub(6).max(1);
            let part =
                |start: usize, length: usize| title.iter().skip(start).take(length).collect::<String>();
            let kind = (number + place) % KINDS.len();
            let query = match kind {
                0 => part(start, 2),
                1 => format!("\"{}\"", part(start, 6)),
                2 => format!("{} {}", part(0, 2), part(title.len().saturating_sub(2), 2)),
                3 => format!("{} source:{source}", part(start, 2)),
                4 => part(start, 2),
                _ => format!("{} {}龘", part(start, 2), part(0, 2)),
            };
            let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
            let order = if kind == 4 { "&order=newest" } else { "" };
            queries.push((kind, format!("/search?q={query}{order}")));
        }
    }
    Ok(queries)
}

/// Sends queries at a steady rate until `stop` is set, at most `most` queries. Returns the milliseconds from
/// the due time of a query to the end of its response, by kind.
fn ask(
    finews: &Finews,
    queries: &[(usize, String)],
    rate: usize,
    most: usize,
    stop: &AtomicBool,
) -> Result<Vec<Vec<f64>>> {
    let (next, times) = (AtomicUsize::new(0), Mutex::new(vec![Vec::new(); KINDS.len()]));
    let start = Instant::now();
    let reader = || -> Result<()> {
        let mut client = Client::new(finews.port);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= most || stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            let due = start + Duration::from_secs_f64(number as f64 / rate as f64);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            let (kind, path) = &queries[number % queries.len()];
            let answer = client.get(path, &[("Accept-Encoding", "gzip")])?;
            if answer.status != 200 {
                return Err(format!("{path} is answered with {}", answer.status).into());
            }
            let took = due.elapsed().as_secs_f64() * 1e3;
            times.lock().map_err(|_| "a reader failed")?[*kind].push(took);
        }
    };
    std::thread::scope(|scope| {
        let reader = || reader().map_err(|error| error.to_string());
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(reader)).collect();
        readers.into_iter().try_for_each(|reader| reader.join().map_err(|_| "a reader failed")?)
    })?;
    Ok(times.into_inner().map_err(|_| "a reader failed")?)
}

fn asked(
    cli: &Cli,
    finews: &Finews,
    queries: &[(usize, String)],
    posts: usize,
    report: &mut Report,
) -> Result<()> {
    let mut section = Section::new(
        &format!("Searches of {posts} posts"),
        &format!(
            "Whole pages, gzip, made anew each time, at {RATE} a second: milliseconds from when a query was due to the \
             last byte of its answer. The queries are made of titles from all over the archive; the mix has all kinds."
        ),
        &["query", "p50 ms", "p99 ms", "greatest ms", "queries"],
    );
    let seconds = if cli.quick { 1 } else { SECONDS };
    let mut times = vec![Vec::new(); KINDS.len()];
    for _ in 0..cli.runs.max(1) {
        let run = ask(finews, queries, RATE, RATE * seconds, &AtomicBool::new(false))?;
        times.iter_mut().zip(run).for_each(|(all, run)| all.extend(run));
    }
    let mix = times.concat();
    report.figure(&format!("search p50 {posts}"), quantile(&mix, 0.5));
    report.figure(&format!("search p99 {posts}"), quantile(&mix, 0.99));
    let mut row = |name: &str, times: &[f64]| {
        let figures = [0.5, 0.99, 1.0].map(|share| number(quantile(times, share)));
        section.row([name.to_owned()].into_iter().chain(figures).chain([times.len().to_string()]));
    };
    row("the mix", &mix);
    KINDS.iter().zip(&times).for_each(|(name, times)| row(name, times));
    report.add(section);
    Ok(())
}

fn published(
    cli: &Cli,
    finews: &Finews,
    site: &Path,
    queries: &[(usize, String)],
    posts: usize,
    report: &mut Report,
) -> Result<()> {
    progress("posts are published and searched for");
    let category = site::addresses(site)?.largest.0;
    let (mut written, mut delays, stop) = (Written::default(), Vec::new(), AtomicBool::new(false));
    std::thread::scope(|scope| -> Result<()> {
        let readers = scope.spawn(|| {
            ask(finews, queries, RATE_OF_PUBLISHING, usize::MAX, &stop)
                .map(|_| ())
                .map_err(|error| error.to_string())
        });
        let mut client = Client::new(finews.port);
        let mut look = || -> Result<()> {
            for number in 0..cli.publish {
                std::thread::sleep(Duration::from_millis(100 + (number as u64 * 7919) % 400));
                let post = NewPost::new(number, &category);
                let closed = post.write(site, &mut written)?;
                let path = format!("/search?q={}&order=newest", post.slug);
                // Look for the URL of the post: the page always repeats the query.
                delays.push(watch(&mut client, &path, &post.url, closed, FOUND_WITHIN));
            }
            Ok(())
        };
        let looked = look();
        stop.store(true, Ordering::Relaxed);
        readers.join().map_err(|_| "a reader failed")??;
        looked
    })?;
    let seen: Vec<f64> = delays.iter().copied().flatten().collect();
    let p99 = quantile(&seen, 0.99);
    report.figure(
        &format!("publish search {posts}"),
        if seen.len() == delays.len() { p99 } else { f64::INFINITY },
    );
    let mut section = Section::new(
        &format!("New posts among {posts} found"),
        &format!(
            "Milliseconds from the end of the writing until a search shows the post, asked for every 5 ms, while \
             {RATE_OF_PUBLISHING} other searches a second run."
        ),
        &["p50 ms", "p99 ms", "greatest ms", "new posts", "not seen"],
    );
    let figures = [0.5, 0.99, 1.0].map(|share| number(quantile(&seen, share) * 1e3));
    let counts = [delays.len(), delays.len() - seen.len()].map(|count| count.to_string());
    section.row(figures.into_iter().chain(counts));
    report.add(section);
    Ok(())
}
