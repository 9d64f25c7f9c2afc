//! `/search?q=`: the newest posts whose titles hold every word, and sources and securities of the name.

use askama::Template;

use super::Head;
use super::securities;
use crate::archive::PostId;
use crate::archive::snapshot::{Group, PER_PAGE};
use crate::web::asked::Asked;
use crate::web::cache::CachePolicy;
use crate::web::paths::Route;
use crate::web::reply::{Reply, Visit};
use crate::web::site::Site;
use crate::web::timeline::{self, Day, Link};

/// So many of the newest posts are looked through.
const POSTS: usize = 20_000;
/// Sources shown, and securities.
const NAMES: usize = 12;

#[derive(Template)]
#[template(path = "pages/search.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    query: String,
    title: String,
    names: Vec<Names>,
    days: Vec<Day<'a>>,
}

/// Sources or securities of a name.
struct Names {
    label: &'static str,
    links: Vec<Link>,
}

/// Answers `/search`.
pub fn get(visit: &Visit<'_>) -> Option<Reply> {
    let query = visit.asked().unwrap_or_default();
    let found: Vec<PostId> = if query.is_empty() { Vec::new() } else { posts(visit, &query) };
    let (sources, securities) = if query.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        (sources(visit, &query), securities::matching(visit, &query, NAMES))
    };
    let mut fingerprint = visit.fingerprint("search").with(&query);
    for id in &found {
        fingerprint.add(timeline::version(visit, *id));
    }
    for group in sources.iter().chain(&securities) {
        fingerprint.add((visit.archive.name(group.name()), group.label()));
    }
    Some(visit.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let words = visit.site.words;
        let title = if query.is_empty() { words.search.to_owned() } else { words.results_for(&query) };
        let sources = sources.iter().map(|group| timeline::link_to(visit, group, Route::source));
        let securities = securities.iter().map(|group| timeline::link_to(visit, group, Route::security));
        let names = [
            Names { label: words.sources, links: sources.collect() },
            Names { label: words.securities_page, links: securities.collect() },
        ];
        Ok(Page {
            site: visit.site,
            head: Head::nowhere(&title),
            names: names.into_iter().filter(|names| !names.links.is_empty()).collect(),
            days: timeline::days(visit, &found, true),
            query,
            title,
        })
    }))
}

fn posts(visit: &Visit<'_>, query: &str) -> Vec<PostId> {
    let asked = Asked::new(query);
    let holds = |id: &PostId| asked.is_in([&visit.archive.post(*id).headline()]);
    visit.archive.listed().newest(POSTS).filter(holds).take(PER_PAGE).collect()
}

/// Sources whose name, in addresses or for readers, holds the query; those with the newest posts first.
fn sources<'a>(visit: &Visit<'a>, query: &str) -> Vec<&'a Group> {
    let asked = Asked::new(query);
    let groups = visit.archive.categories().iter();
    let mut groups: Vec<&Group> = groups.filter(|group| asked.is_in_names(visit, group)).collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.last()), visit.archive.name(group.name())));
    groups.truncate(NAMES);
    groups
}
