//! Cost of the documents that programs read: feeds, sitemaps, and the months of the archive.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::finews::Finews;
use crate::http::Client;
use crate::report::{Report, Section};
use crate::site::Sites;
use crate::stats::{grouped, median, mib, number, quantile};
use crate::{Cli, Result, progress};

/// Requests for each document.
const TIMES: usize = 21;
/// Requests for each month.
const MONTHS: usize = 3;

/// Requests documents of the largest archive, from a finews whose page cache holds none of them.
pub(crate) fn measure(cli: &Cli, sites: &Sites, report: &mut Report) -> Result<()> {
    let posts = *cli.posts.last().ok_or("no archive")?;
    let finews = Finews::serve_with(&sites.of(posts)?, &sites.scratch("scratch")?, &["--page-cache", "1"])?;
    progress(&format!("{posts} posts: documents"));
    let mut client = Client::new(finews.port);
    let month = busiest_month(&mut client)?;
    documents(&mut client, posts, &month, report)?;
    months(&finews, &mut client, posts, &month, report)
}

fn documents(client: &mut Client, posts: usize, month: &str, report: &mut Report) -> Result<()> {
    let mut section = Section::new(
        &format!("Documents of {posts} posts"),
        "Each asked for by one client, made anew each time: bytes of the answer's body, gzip; milliseconds from the \
         request to the last byte of the answer.",
        &["document", "gzip", "p50 ms", "p99 ms", "runs"],
    );
    let paths = [
        "/feed.xml".to_owned(),
        "/feed.json".to_owned(),
        "/sitemap.xml".to_owned(),
        "/sitemap/lists.xml".to_owned(),
        format!("/sitemap/{month}.xml"),
        "/news-sitemap.xml".to_owned(),
    ];
    let mut slowest_file = 0.0f64;
    for path in paths {
        let (mut milliseconds, mut bytes) = (Vec::new(), 0);
        for _ in 0..TIMES {
            let start = Instant::now();
            let answer = client.get(&path, &[("Accept-Encoding", "gzip")])?;
            milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
            if answer.status != 200 {
                return Err(format!("{path} is answered with {}", answer.status).into());
            }
            bytes = answer.body.len();
        }
        let slowest = quantile(&milliseconds, 0.99);
        if path == "/sitemap.xml" {
            report.figure(&format!("sitemap index {posts}"), slowest);
        } else if path.starts_with("/sitemap/") {
            slowest_file = slowest_file.max(slowest);
        }
        let times = [number(median(&milliseconds)), number(slowest), TIMES.to_string()];
        section.row([path, grouped(bytes as u64)].into_iter().chain(times));
    }
    report.figure(&format!("sitemap file {posts}"), slowest_file);
    report.add(section);
    Ok(())
}

fn months(
    finews: &Finews,
    client: &mut Client,
    posts: usize,
    month: &str,
    report: &mut Report,
) -> Result<()> {
    let path = format!("/archive/{month}.ndjson");
    let mut section = Section::new(
        &format!("A month of {posts} posts"),
        "The busiest month as lines of JSON, read by one client: millions of bytes of lines a second, as they are and \
         packed; and by how much anonymous memory (RssAnon) was greater while they were sent than before.",
        &["coding", "lines, bytes", "sent, bytes", "MB/s", "memory, MiB", "runs"],
    );
    let plain = client.get(&path, &[])?.body.len();
    for coding in ["identity", "gzip"] {
        let (mut rates, mut sent, mut most) = (Vec::new(), 0, 0);
        for _ in 0..MONTHS {
            let (body, seconds, growth) =
                watched(finews, || Ok(client.get(&path, &[("Accept-Encoding", coding)])?.body.len()))?;
            rates.push(plain as f64 / 1e6 / seconds);
            (sent, most) = (body, most.max(growth));
        }
        report.figure(&format!("month {coding} {posts}"), median(&rates));
        section.row([
            coding.to_owned(),
            grouped(plain as u64),
            grouped(sent as u64),
            number(median(&rates)),
            number(mib(most)),
            MONTHS.to_string(),
        ]);
    }
    report.add(section);
    Ok(())
}

/// Runs `work`; returns its result, its duration in seconds, and the peak growth of finews in bytes.
fn watched<T>(finews: &Finews, work: impl FnOnce() -> Result<T>) -> Result<(T, f64, u64)> {
    let memory = || finews.process.memory("RssAnon").unwrap_or(0);
    let (before, is_over) = (memory(), AtomicBool::new(false));
    let start = Instant::now();
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut most = before;
            while !is_over.load(Ordering::Relaxed) {
                most = most.max(memory());
                std::thread::sleep(Duration::from_millis(20));
            }
            most
        });
        let made = work();
        let seconds = start.elapsed().as_secs_f64();
        is_over.store(true, Ordering::Relaxed);
        let most = watcher.join().map_err(|_| "the watcher failed")?;
        Ok((made?, seconds, most.saturating_sub(before)))
    })
}

/// The month with the most posts, spelled as in its file name.
fn busiest_month(client: &mut Client) -> Result<String> {
    let index: Value = serde_json::from_slice(&client.get("/archive/index.json", &[])?.body)?;
    let months = index["months"].as_array().ok_or("no months")?;
    let busiest = months.iter().max_by_key(|month| month["posts"].as_u64()).ok_or("no month")?;
    // Wait for the checksums: finews computes them in the background, which would distort the measurement.
    for _ in 0..600 {
        let body = client.get("/archive/index.json", &[])?.body;
        if !body.windows(4).any(|window| window == b"null") {
            return Ok(busiest["month"].as_str().ok_or("no name")?.to_owned());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    Err("the sums of the months are not taken in time".into())
}
