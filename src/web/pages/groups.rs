//! All sources, and all tags.

use std::collections::BTreeMap;

use askama::Template;
use chrono::NaiveDate;

use super::Head;
use crate::archive::snapshot::{Group, Groups};
use crate::web::cache::CachePolicy;
use crate::web::paths::Route;
use crate::web::reply::{Reply, Visit};
use crate::web::site::Site;
use crate::web::timeline::{self, Asked, Link};

#[derive(Template)]
#[template(path = "pages/groups.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    summary: String,
    /// Where a filter is sent, and what it is.
    filter: String,
    query: String,
    sections: Vec<Section<'a>>,
}

struct Section<'a> {
    /// The letter that its names begin with.
    initial: String,
    items: Vec<Item<'a>>,
}

struct Item<'a> {
    link: Link,
    /// The name in URLs, where readers see another.
    name: Option<&'a str>,
    count: usize,
    /// The days of the first post and of the last.
    first: NaiveDate,
    last: NaiveDate,
}

/// Answers `/category/`.
pub fn sources(visit: &Visit<'_>) -> Option<Reply> {
    let groups = visit.archive.categories();
    let words = visit.site.words;
    Some(all(visit, groups, Route::Sources, [words.sources.into(), words.count_of_sources(groups.len())]))
}

/// Answers `/tag/`.
pub fn tags(visit: &Visit<'_>) -> Option<Reply> {
    let groups = visit.archive.tags();
    let words = visit.site.words;
    Some(all(visit, groups, Route::Tags, [words.tags.into(), words.count_of_tags(groups.len())]))
}

fn all(visit: &Visit<'_>, groups: &Groups, path: Route<'_>, [title, summary]: [String; 2]) -> Reply {
    let query = visit.asked().unwrap_or_default();
    let mut fingerprint = visit.fingerprint(&title).with(&query);
    fingerprint.add_unordered(groups.iter().map(|group| {
        let ends = [group.posts().first(), group.posts().last()];
        let ends = ends.map(|id| id.map(|id| visit.archive.post(id).date));
        (visit.archive.name(group.name()), group.label(), group.posts().len(), ends)
    }));
    visit.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let description = format!("{} · {title}", visit.site.title);
        let route = if path == Route::Sources { Route::source } else { Route::tag };
        Ok(Page {
            site: visit.site,
            head: Head::new(visit, title, description, &path),
            filter: visit.site.href(&path),
            sections: sections(visit, groups, &Asked::new(&query), route),
            query,
            summary,
        })
    })
}

/// The groups that are asked for, by the first letter of their names: letters, then digits, then
/// everything else.
fn sections<'a>(
    visit: &Visit<'a>,
    groups: &'a Groups,
    asked: &Asked,
    route: fn(&'a str) -> Route<'a>,
) -> Vec<Section<'a>> {
    let found = groups.iter().filter(|group| timeline::is_asked_for(visit, group, asked));
    let mut sorted: Vec<(&str, &Group)> =
        found.map(|group| (visit.archive.name(group.name()), group)).collect();
    sorted.sort_by_cached_key(|(name, _)| (name.to_lowercase(), *name));
    let mut sections: BTreeMap<(u8, String), Vec<Item<'a>>> = BTreeMap::new();
    for (name, group) in sorted {
        let initial = match name.chars().next() {
            Some(first) if first.is_ascii_alphabetic() => (0, first.to_ascii_uppercase().to_string()),
            Some(first) if first.is_ascii_digit() => (1, "0–9".to_owned()),
            _ => (2, "…".to_owned()),
        };
        sections.entry(initial).or_default().push(item(visit, group, name, route));
    }
    sections.into_iter().map(|((_, initial), items)| Section { initial, items }).collect()
}

fn item<'a>(visit: &Visit<'a>, group: &'a Group, name: &'a str, route: fn(&'a str) -> Route<'a>) -> Item<'a> {
    let day = |id: Option<crate::archive::PostId>| {
        id.map(|id| visit.archive.post(id).date.day(visit.archive.zone())).unwrap_or_default()
    };
    Item {
        link: timeline::link_to(visit, group, route),
        name: (name != group.label()).then_some(name),
        count: group.posts().len(),
        first: day(group.posts().first()),
        last: day(group.posts().last()),
    }
}
