//! The lists of all sources and of all tags.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use askama::Template;
use chrono::NaiveDate;

use super::Head;
use crate::archive::Timestamp;
use crate::archive::snapshot::{Group, Groups};
use crate::web::asked::Asked;
use crate::web::cache::CachePolicy;
use crate::web::paths::Route;
use crate::web::reply::{Reply, Visit};
use crate::web::site::Site;
use crate::web::timeline::{self, Link};

#[derive(Template)]
#[template(path = "pages/groups.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    texts: Texts,
    /// The address of the filter form; `query` is its text.
    filter: String,
    query: String,
    sections: Vec<Section<'a>>,
}

/// The texts in which sources and tags differ.
struct Texts {
    title: &'static str,
    summary: String,
    /// The placeholder of the filter, and the text for its number of matches.
    hint: &'static str,
    found: &'static str,
}

struct Section<'a> {
    /// The first letter of the names.
    initial: String,
    items: Vec<Item<'a>>,
}

struct Item<'a> {
    link: Link,
    /// The name in URLs, if it differs from the visible one.
    name: Option<&'a str>,
    count: usize,
    /// The days of the first and the last post.
    first: NaiveDate,
    last: NaiveDate,
}

/// Serves `/category/`.
pub fn sources(visit: &Visit<'_>) -> Option<Reply> {
    let groups = visit.archive.categories();
    let words = visit.site.words;
    let texts = Texts {
        title: words.sources,
        summary: words.count_of_sources(groups.len()),
        hint: words.source_hint,
        found: words.sources_found,
    };
    Some(all(visit, groups, Route::Sources, texts))
}

/// Serves `/tag/`.
pub fn tags(visit: &Visit<'_>) -> Option<Reply> {
    let groups = visit.archive.tags();
    let words = visit.site.words;
    let texts = Texts {
        title: words.tags,
        summary: words.count_of_tags(groups.len()),
        hint: words.tag_hint,
        found: words.tags_found,
    };
    Some(all(visit, groups, Route::Tags, texts))
}

fn all(visit: &Visit<'_>, groups: &Groups, path: Route<'_>, texts: Texts) -> Reply {
    let query = visit.asked().unwrap_or_default();
    let fingerprint = visit.fingerprint(texts.title).with((&query, groups.version()));
    visit.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let description = format!("{} · {}", visit.site.title, texts.title);
        let route = if path == Route::Sources { Route::source } else { Route::tag };
        Ok(Page {
            site: visit.site,
            head: Head::new(visit, texts.title, description, &path).of_collection(visit.site, &[]),
            filter: visit.site.href(&path),
            sections: sections(visit, groups, &Asked::new(&query), route),
            query,
            texts,
        })
    })
}

/// The groups that match the filter, by the first letter of their names: letters, then digits, then all
/// others with the most frequent group first.
fn sections<'a>(
    visit: &Visit<'a>,
    groups: &'a Groups,
    asked: &Asked,
    route: fn(&'a str) -> Route<'a>,
) -> Vec<Section<'a>> {
    let found = groups.iter().filter(|group| asked.is_in_names(visit, group));
    let mut sorted: Vec<(&str, &Group)> =
        found.map(|group| (visit.archive.name(group.name()), group)).collect();
    sorted.sort_by_cached_key(|(name, _)| (name.to_lowercase(), *name));
    let mut sections: BTreeMap<(u8, String), Vec<Item<'a>>> = BTreeMap::new();
    for (name, group) in sorted {
        let initial = match name.chars().next() {
            Some(first) if first.is_ascii_alphabetic() => (0, first.to_ascii_uppercase().to_string()),
            Some(first) if first.is_ascii_digit() => (1, "0–9".to_owned()),
            _ => (2, visit.site.words.other_initials.to_owned()),
        };
        sections.entry(initial).or_default().push(item(visit, group, name, route));
    }
    // Readers know no alphabetical order of Han characters.
    for ((_, _), items) in sections.iter_mut().filter(|((kind, _), _)| *kind == 2) {
        items.sort_by_key(|item| Reverse(item.count));
    }
    sections.into_iter().map(|((_, initial), items)| Section { initial, items }).collect()
}

fn item<'a>(visit: &Visit<'a>, group: &'a Group, name: &'a str, route: fn(&'a str) -> Route<'a>) -> Item<'a> {
    let day = |moment: Timestamp| moment.day(visit.archive.zone());
    Item {
        link: timeline::link_to(visit, group, route),
        name: (name != group.label()).then_some(name),
        count: group.posts().len(),
        first: day(group.first()),
        last: day(group.last()),
    }
}
