//! Request rates of finews and the static file servers in turns, for the same pages with the same headers.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::finews::Finews;
use crate::http::Client;
use crate::mirror::Mirror;
use crate::nginx::{self, Server};
use crate::process::{self, Process};
use crate::report::{Report, Section};
use crate::site::{Addresses, Sites};
use crate::stats::{median, number};
use crate::wrk::{Rate, Requests};
use crate::{Cli, Result, bytes, progress, site};

/// Articles to request at random; nginx can keep all their files open.
const ARTICLES: usize = 15_000;
/// Largest archive to compare the servers on, in posts.
const MOST: usize = 100_000;

pub(crate) fn measure(cli: &Cli, sites: &Sites, report: &mut Report) -> Result<()> {
    if process::output(Command::new("wrk").arg("-v")).is_none() {
        report.absent("request rates", "wrk is not installed");
        return Ok(());
    }
    let posts = cli.up_to(MOST).ok_or("no archive")?;
    let archive = sites.of(posts)?;
    let scratch = sites.scratch("scratch")?;
    let addresses = site::addresses(&archive)?;
    let (finews, uncached) = all_articles(cli, &archive, &scratch, &addresses, report)?;
    let hot = against_peers(cli, &finews, &scratch, &addresses, report)?;
    if let Some(largest) = cli.posts.iter().max().filter(|largest| **largest > posts) {
        let archive = sites.of(*largest)?;
        let addresses = site::addresses(&archive)?;
        all_articles(cli, &archive, &sites.scratch("scratch-largest")?, &addresses, report)?;
    }
    let section = beside_http(cli, uncached, hot, report);
    report.add(section);
    bytes::measure(&finews, &addresses, report)
}

/// Requests each article once while none is cached, and then all of them at random. Returns the server, and
/// the CPU microseconds of an uncached article.
fn all_articles(
    cli: &Cli,
    archive: &Path,
    scratch: &Path,
    addresses: &Addresses,
    report: &mut Report,
) -> Result<(Finews, f64)> {
    let count = addresses.articles.len();
    let mut section = Section::new(
        &format!("All {count} articles"),
        "Each article once, right after a start, so that every page is read, rendered and compressed; then all of \
         them at random. gzip, one finews, no other server.",
        &COLUMNS,
    );
    let requests = Requests::new(scratch, "all", &addresses.articles)?;
    let (mut first, mut steady, mut last) = (Vec::new(), Vec::new(), None);
    for run in 0..cli.runs.max(1) {
        drop(last.take());
        let finews = Finews::serve(archive, scratch, None)?;
        first.push(requests.once(&finews.process, finews.port)?);
        steady.push(requests.at_random(&finews.process, finews.port, cli.second(), run)?);
        progress(&format!("all articles once: {:.0} a second", first[run].per_second));
        last = Some(finews);
    }
    section.row(cells("each once, not cached", "finews", &first, None));
    section.row(cells("at random", "finews", &steady, None));
    report.add(section);
    Ok((last.ok_or("no run")?, of(&first, |rate| rate.cpu)))
}

/// CPU microseconds of finews for one hot article, as a page and as a 304.
#[derive(Clone, Copy, Debug, Default)]
struct Hot {
    page: f64,
    not_modified: f64,
}

/// Compares the CPU cost of an uncached article with the cost of HTTP alone.
fn beside_http(cli: &Cli, uncached: f64, hot: Hot, report: &mut Report) -> Section {
    // A hot article that costs far more than a 304 is rendered each time: then the 304 is the cost of HTTP.
    let is_cached = hot.page < 2.0 * hot.not_modified;
    let (basis, http) = if is_cached {
        ("one hot article", hot.page)
    } else {
        ("one 304, as hot articles are not cached", hot.not_modified)
    };
    report.figure("uncached cpu", uncached - http);
    let mut section = Section::new(
        "An article that is not cached",
        "CPU of finews for each request, in microseconds: in the pass over all articles, and for the same HTTP without \
         the reading, rendering and compressing.",
        &["HTTP is taken from", "not cached", "HTTP", "beside HTTP", "runs of each"],
    );
    section.row([
        basis.to_owned(),
        number(uncached),
        number(http),
        number(uncached - http),
        format!("{}, {}", cli.runs.max(1), cli.rounds),
    ]);
    section
}

const COLUMNS: [&str; 10] = [
    "requests",
    "server",
    "a second",
    "finews to it",
    "p50 ms",
    "p99 ms",
    "CPU µs each",
    "bytes each",
    "errors",
    "runs",
];

/// Measures finews and its peers in turns. Returns the cost of one hot article on finews.
fn against_peers(
    cli: &Cli,
    finews: &Finews,
    scratch: &Path,
    addresses: &Addresses,
    report: &mut Report,
) -> Result<Hot> {
    let articles: Vec<_> = addresses.articles.iter().take(ARTICLES).cloned().collect();
    let random = Requests::new(scratch, "articles", &articles)?;
    let source = format!("/category/{}.html", addresses.largest.0);
    let root = scratch.join("mirror");
    progress("writing the pages of finews as files");
    let mirror = Mirror::make(finews, &root, &articles, &["/", &source])?;

    let mut servers = Vec::new();
    let mut section = Section::new(
        "Rates, by turns",
        &format!(
            "{} articles at random, and single pages; gzip, connections kept, the servers take turns: a round is \
             one measurement of each. The files of the others are what finews answers, plain and gzipped, and they \
             add the same headers. Medians of the rounds; the ratio is the median of the rounds' ratios.",
            articles.len()
        ),
        &COLUMNS,
    );
    if nginx::program().is_some() {
        let nginx = nginx::nginx(&mirror, scratch, &random, cli.second() / 2)?;
        section.note(&format!("nginx runs with what was fastest here: {}.", nginx.settings));
        servers.push(nginx);
    } else {
        report.absent("nginx", "not installed");
    }
    match nginx::static_web_server(&mirror, scratch)? {
        Some(server) => servers.push(server),
        None => report.absent("static-web-server", "not installed"),
    }

    let article = articles.first().ok_or("no articles")?.as_str();
    let pages: [(&str, &str, bool); 5] = [
        ("one article", article, false),
        ("one article, 304", article, true),
        ("home", "/", false),
        ("home, 304", "/", true),
        ("largest source", &source, false),
    ];
    let warm = random.once(&finews.process, finews.port)?;
    progress(&format!("warm: {:.0} a second", warm.per_second));
    let round = turns(cli, finews, &servers, |_| Ok(Some(random.clone())))?;
    add("articles at random", &round, &servers, &mut section, Some(report));
    let mut hot = Hot::default();
    for (name, path, is_known) in pages {
        let round = turns(cli, finews, &servers, |port| page(scratch, port, path, is_known))?;
        add(name, &round, &servers, &mut section, None);
        let cpu = of(&round[0], |rate| rate.cpu);
        match name {
            "one article" => hot.page = cpu,
            "one article, 304" => hot.not_modified = cpu,
            _ => {}
        }
    }
    report.add(section);
    fs::remove_dir_all(root)?;
    Ok(hot)
}

/// Requests for one page, with the server's own ETag if `is_known`; `None` if it sends no ETag.
fn page(scratch: &Path, port: u16, path: &str, is_known: bool) -> Result<Option<Requests>> {
    let mut line = path.to_owned();
    if is_known {
        let answer = Client::new(port).get(path, &[("Accept-Encoding", "gzip")])?;
        let Some(etag) = answer.header("etag") else { return Ok(None) };
        line = format!("{path} {etag}");
    }
    Requests::new(scratch, &format!("page-{port}"), &[line]).map(Some)
}

/// The rates of each server over all rounds, with finews first.
fn turns(
    cli: &Cli,
    finews: &Finews,
    servers: &[Server],
    requests: impl Fn(u16) -> Result<Option<Requests>>,
) -> Result<Vec<Vec<Rate>>> {
    let of_servers = servers.iter().map(|server| (&server.process, server.port));
    let all: Vec<(&Process, u16)> =
        std::iter::once((&finews.process, finews.port)).chain(of_servers).collect();
    let mut rates = vec![Vec::new(); all.len()];
    let asked: Vec<_> = all.iter().map(|(_, port)| requests(*port)).collect::<Result<_>>()?;
    // Round 0 is the warm-up.
    for round in 0..=cli.rounds {
        for (index, (process, port)) in all.iter().enumerate() {
            let Some(requests) = &asked[index] else { continue };
            let time = if round == 0 { cli.second() / 2 } else { cli.second() };
            let rate = requests.at_random(process, *port, time, round)?;
            if round > 0 {
                rates[index].push(rate);
            }
        }
    }
    Ok(rates)
}

fn add(
    name: &str,
    rates: &[Vec<Rate>],
    servers: &[Server],
    section: &mut Section,
    report: Option<&mut Report>,
) {
    let finews = &rates[0];
    section.row(cells(name, "finews", finews, None));
    for (server, theirs) in servers.iter().zip(&rates[1..]) {
        section.row(cells(name, server.name, theirs, Some(finews)));
    }
    progress(&format!("{name}: {:.0} a second", of(finews, |rate| rate.per_second)));
    if let (Some(report), Some(0)) = (report, servers.iter().position(|server| server.name == "nginx")) {
        report.figure("rate to nginx", ratio(finews, &rates[1], |rate| rate.per_second));
        report.figure("p99 to nginx", ratio(finews, &rates[1], |rate| rate.p99));
        report.figure("cpu to nginx", ratio(finews, &rates[1], |rate| rate.cpu));
    }
}

fn cells(name: &str, server: &str, rates: &[Rate], finews: Option<&[Rate]>) -> Vec<String> {
    let to_it = finews.filter(|_| !rates.is_empty()).map_or("".into(), |finews| {
        let ratio = |figure: fn(&Rate) -> f64| ratio(finews, rates, figure);
        let (rate, p99, cpu) = (ratio(|r| r.per_second), ratio(|r| r.p99), ratio(|r| r.cpu));
        format!("{rate:.2} × (p99 {p99:.2}, CPU {cpu:.2})")
    });
    let median = |figure: fn(&Rate) -> f64| number(of(rates, figure));
    let errors: f64 = rates.iter().map(|rate| rate.errors).sum();
    vec![
        name.to_owned(),
        server.to_owned(),
        median(|rate| rate.per_second),
        to_it,
        median(|rate| rate.p50),
        median(|rate| rate.p99),
        median(|rate| rate.cpu),
        median(|rate| rate.bytes),
        format!("{errors}"),
        rates.len().to_string(),
    ]
}

/// The median of one figure.
fn of(rates: &[Rate], figure: fn(&Rate) -> f64) -> f64 {
    median(&rates.iter().map(figure).collect::<Vec<_>>())
}

/// The median of the ratios of all rounds.
fn ratio(ours: &[Rate], theirs: &[Rate], figure: fn(&Rate) -> f64) -> f64 {
    median(&ours.iter().zip(theirs).map(|(ours, theirs)| figure(ours) / figure(theirs)).collect::<Vec<_>>())
}
