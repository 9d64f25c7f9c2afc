//! Size and cost of each kind of page when it is not cached.

use std::time::Instant;

use crate::finews::Finews;
use crate::http::{Answer, Client};
use crate::report::{Report, Section};
use crate::site::{self, Sites};
use crate::stats::{median, number, quantile};
use crate::{Cli, Result, progress};

/// Largest archive to measure: a larger one gives no new information on pages.
const MOST_POSTS: usize = 100_000;
/// Requests for each page.
const TIMES: usize = 51;

/// Requests a page of each kind, from a finews whose page cache holds no page.
pub(crate) fn measure(cli: &Cli, sites: &Sites, report: &mut Report) -> Result<()> {
    let posts = cli.up_to(MOST_POSTS).ok_or("no archive")?;
    let archive = sites.of(posts)?;
    let addresses = site::addresses(&archive)?;
    let finews = Finews::serve_with(&archive, &sites.scratch("scratch")?, &["--page-cache", "1"])?;
    progress(&format!("{posts} posts: pages"));
    let mut client = Client::new(finews.port);
    let mut section = Section::new(
        &format!("Pages of {posts} posts"),
        "Each asked for by one client, made anew each time: bytes of the answer's body; with the style sheet, scripts and \
         icon that a first visit asks for beside, gzip; milliseconds from the request to the last byte of the answer.",
        &["page", "plain", "gzip", "Brotli", "first visit", "gzip p50 ms", "p99 ms", "Brotli p50 ms", "runs"],
    );
    let (mut heaviest, mut slowest) = (0.0f64, 0.0f64);
    for (kind, path) in kinds(&mut client, &addresses.articles, &addresses.largest.0)? {
        let plain = get(&mut client, &path, "identity")?;
        let gzip = timed(&mut client, &path, "gzip")?;
        let brotli = timed(&mut client, &path, "br")?;
        let first_visit = gzip.bytes + beside(&mut client, &plain)?;
        heaviest = heaviest.max(gzip.bytes);
        slowest = slowest.max(median(&gzip.milliseconds));
        section.row([
            kind.to_owned(),
            number(plain.body.len() as f64),
            number(gzip.bytes),
            number(brotli.bytes),
            number(first_visit),
            number(median(&gzip.milliseconds)),
            number(quantile(&gzip.milliseconds, 0.99)),
            number(median(&brotli.milliseconds)),
            TIMES.to_string(),
        ]);
    }
    report.figure("heaviest page", heaviest / 1e3);
    report.figure("slowest page", slowest);
    report.add(section);
    Ok(())
}

/// Finds a page of each kind by its links, as a reader does.
fn kinds(client: &mut Client, articles: &[String], source: &str) -> Result<Vec<(&'static str, String)>> {
    let source = format!("/category/{source}.html");
    let numbered = link(client, &source, |path| {
        path.rsplit('/').next().is_some_and(|last| {
            last.strip_suffix(".html").is_some_and(|number| number.parse::<u32>().is_ok())
        })
    })?;
    let day = link(client, "/", |path| depth(path) == 3)?;
    let [month, year] = [2, 1].map(|parts| {
        let kept: Vec<_> = day.split('/').take(parts + 1).collect();
        format!("{}/", kept.join("/"))
    });
    Ok(vec![
        ("home", "/".to_owned()),
        ("article", articles.get(articles.len() / 2).ok_or("no article")?.clone()),
        ("sources", "/category/".to_owned()),
        ("largest source", source),
        ("its numbered page", numbered),
        ("tags", "/tag/".to_owned()),
        ("tag", link(client, "/tag/", |path| path.starts_with("/tag/") && path.ends_with(".html"))?),
        ("securities", "/stock/".to_owned()),
        ("security", link(client, "/stock/", |path| path.starts_with("/stock/") && path.ends_with(".html"))?),
        ("year", year),
        ("month", month),
        ("day", day),
        // Two characters that many titles contain.
        ("search", "/search?q=%E5%85%AC%E5%8F%B8".to_owned()),
    ])
}

/// Number of path segments if all are numbers and the path ends in a slash; otherwise 0.
fn depth(path: &str) -> usize {
    let parts: Vec<_> = path.trim_matches('/').split('/').collect();
    let are_numbers = parts.iter().all(|part| part.parse::<u32>().is_ok());
    if are_numbers && path.ends_with('/') { parts.len() } else { 0 }
}

/// The first link on a page that `is_wanted` accepts.
fn link(client: &mut Client, page: &str, is_wanted: impl Fn(&str) -> bool) -> Result<String> {
    let answer = get(client, page, "identity")?;
    let html = String::from_utf8(answer.body)?;
    let mut links = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let found = links.find(|path| is_wanted(path));
    Ok(found.ok_or_else(|| format!("{page} has no link of a kind that is measured"))?.to_owned())
}

/// Total gzip size in bytes of the finews assets that a page links to.
fn beside(client: &mut Client, page: &Answer) -> Result<f64> {
    let html = String::from_utf8_lossy(&page.body);
    let mut bytes = 0.0;
    for path in html.split('"').filter(|text| text.starts_with("/_finews/") && text.contains('.')) {
        bytes += get(client, path, "gzip")?.body.len() as f64;
    }
    Ok(bytes)
}

/// Measurements of one page: body size in bytes, and the time of each request.
struct Timed {
    bytes: f64,
    milliseconds: Vec<f64>,
}

fn timed(client: &mut Client, path: &str, encoding: &str) -> Result<Timed> {
    let mut timed = Timed { bytes: 0.0, milliseconds: Vec::with_capacity(TIMES) };
    for _ in 0..TIMES {
        let start = Instant::now();
        let answer = get(client, path, encoding)?;
        timed.milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        if answer.header("content-encoding") != Some(encoding) {
            return Err(format!("{path} is not sent as {encoding}").into());
        }
        timed.bytes = answer.body.len() as f64;
    }
    Ok(timed)
}

fn get(client: &mut Client, path: &str, encoding: &str) -> Result<Answer> {
    let answer = client.get(path, &[("Accept-Encoding", encoding)])?;
    if answer.status != 200 {
        return Err(format!("{path} is answered with {}", answer.status).into());
    }
    Ok(answer)
}
