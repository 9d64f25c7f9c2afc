//! `finews list`: every post that is served, for scripts.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use finews::archive::{Post, Snapshot};
use serde::Serialize;

use super::{Outcome, load, unless_closed};
use crate::SiteArgs;

/// A line of the list. `url` and `id` are Jekyll's, without `baseurl`.
#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    url: &'a str,
    id: &'a str,
    title: &'a str,
    date: String,
    categories: Vec<&'a str>,
    tags: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl<'a> Line<'a> {
    fn new(archive: &'a Snapshot, post: &'a Post, with_body: bool) -> io::Result<Self> {
        let names = |ids: &[_]| ids.iter().map(|id| archive.name(*id)).collect();
        let body = with_body.then(|| archive.article(post)).transpose()?;
        Ok(Self {
            path: post.path(),
            url: post.url(),
            id: post.id(),
            title: post.title(),
            date: post.date.in_zone(archive.zone()).to_rfc3339(),
            categories: names(post.categories()),
            tags: names(post.tags()),
            body: body.map(|article| article.html.as_str().to_owned()),
        })
    }
}

/// Prints the list, newest first.
pub(crate) fn run(site: &SiteArgs, with_body: bool) -> Outcome {
    let archive = load(&site.config()?)?;
    unless_closed(print(&archive, with_body))?;
    Ok(ExitCode::SUCCESS)
}

fn print(archive: &Snapshot, with_body: bool) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for post in archive.posts() {
        serde_json::to_writer(&mut out, &Line::new(archive, post, with_body)?)?;
        writeln!(out)?;
    }
    out.flush()
}
