//! The lists of all sources and of all tags.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use askama::Template;
use chrono::NaiveDate;

use crate::archive::Timestamp;
use crate::archive::snapshot::{Group, Groups};
use crate::web::http::cache::CachePolicy;
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::view::link::Link;
use crate::web::view::metadata::Head;
use crate::web::view::name_filter::NameFilter;
use crate::web::view::site::Site;
use crate::web::view::timeline;

#[derive(Template)]
#[template(path = "pages/groups.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    texts: ListTexts,
    /// The address of the filter form; `query` is its text.
    filter: String,
    query: String,
    sections: Vec<Section<'a>>,
}

/// The texts in which sources and tags differ.
struct ListTexts {
    title: &'static str,
    summary: String,
    /// The placeholder of the filter, and the text for its number of matches.
    hint: &'static str,
    found: &'static str,
}

struct Section<'a> {
    /// The first letter of the names.
    initial: String,
    items: Vec<GroupItem<'a>>,
}

struct GroupItem<'a> {
    link: Link,
    /// The name in URLs, if it differs from the visible one.
    name: Option<&'a str>,
    count: usize,
    /// The days of the first and the last post.
    first: NaiveDate,
    last: NaiveDate,
}

/// Serves `/category/`.
pub fn sources(request: &PageRequest<'_>) -> Option<Reply> {
    let groups = request.archive.categories();
    let site_texts = request.site.texts;
    let texts = ListTexts {
        title: site_texts.sources,
        summary: site_texts.count_of_sources(groups.len()),
        hint: site_texts.source_hint,
        found: site_texts.sources_found,
    };
    Some(all(request, groups, Route::Sources, texts))
}

/// Serves `/tag/`.
pub fn tags(request: &PageRequest<'_>) -> Option<Reply> {
    let groups = request.archive.tags();
    let site_texts = request.site.texts;
    let texts = ListTexts {
        title: site_texts.tags,
        summary: site_texts.count_of_tags(groups.len()),
        hint: site_texts.tag_hint,
        found: site_texts.tags_found,
    };
    Some(all(request, groups, Route::Tags, texts))
}

fn all(request: &PageRequest<'_>, groups: &Groups, path: Route<'_>, texts: ListTexts) -> Reply {
    let query = request.typed_query().unwrap_or_default();
    let fingerprint = request.fingerprint(texts.title).with((&query, groups.version()));
    request.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let description = format!("{} · {}", request.site.title, texts.title);
        let route = if path == Route::Sources { Route::source } else { Route::tag };
        Ok(Page {
            site: request.site,
            head: Head::new(request, texts.title, description, &path)
                .with_collection_metadata(request.site, &[]),
            filter: request.site.href(&path),
            sections: sections(request, groups, &NameFilter::new(&query), route),
            query,
            texts,
        })
    })
}

/// The groups that match the filter, by the first letter of their names: letters, then digits, then all
/// others with the most frequent group first.
fn sections<'a>(
    request: &PageRequest<'a>,
    groups: &'a Groups,
    asked: &NameFilter,
    route: fn(&'a str) -> Route<'a>,
) -> Vec<Section<'a>> {
    let found = groups.iter().filter(|group| asked.matches_group(request.archive, group));
    let mut sorted: Vec<(&str, &Group)> =
        found.map(|group| (request.archive.name(group.name()), group)).collect();
    sorted.sort_by_cached_key(|(name, _)| (name.to_lowercase(), *name));
    let mut sections: BTreeMap<(u8, String), Vec<GroupItem<'a>>> = BTreeMap::new();
    for (name, group) in sorted {
        let initial = match name.chars().next() {
            Some(first) if first.is_ascii_alphabetic() => (0, first.to_ascii_uppercase().to_string()),
            Some(first) if first.is_ascii_digit() => (1, "0–9".to_owned()),
            _ => (2, request.site.texts.other_initials.to_owned()),
        };
        sections.entry(initial).or_default().push(item(request, group, name, route));
    }
    // Readers know no alphabetical order of Han characters.
    for ((_, _), items) in sections.iter_mut().filter(|((kind, _), _)| *kind == 2) {
        items.sort_by_key(|item| Reverse(item.count));
    }
    sections.into_iter().map(|((_, initial), items)| Section { initial, items }).collect()
}

fn item<'a>(
    request: &PageRequest<'a>,
    group: &'a Group,
    name: &'a str,
    route: fn(&'a str) -> Route<'a>,
) -> GroupItem<'a> {
    let day = |moment: Timestamp| moment.day(request.archive.zone());
    GroupItem {
        link: timeline::link_to(request, group, route),
        name: (name != group.label()).then_some(name),
        count: group.posts().len(),
        first: day(group.first()),
        last: day(group.last()),
    }
}
