//! The lists of all sources, of all tags and of all securities.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use askama::Template;

use crate::archive::Timestamp;
use crate::archive::snapshot::{Group, GroupKind};
use crate::web::http::cache::CachePolicy;
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::pages::securities;
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
    title: &'static str,
    summary: String,
    /// The placeholder of the filter, and the text for its number of matches.
    hint: &'static str,
    found: &'static str,
    /// The address of the filter form; `query` is its text.
    filter: String,
    query: String,
    sections: Vec<Section<'a>>,
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
    /// The days of the first and the last post, in ISO form; empty without posts.
    span: String,
}

/// Serves the list of all groups of a kind.
pub fn get(request: &PageRequest<'_>, kind: GroupKind) -> Option<Reply> {
    let (groups, texts) = (request.archive.groups(kind), request.site.texts);
    let title = texts.all_groups(kind);
    let empty = request.archive.empty_groups(kind);
    let count = groups.len() + empty.len();
    let (summary, hint, found) = match kind {
        GroupKind::Source => (texts.count_of_sources(count), texts.source_hint, texts.sources_found),
        GroupKind::Tag => (texts.count_of_tags(count), texts.tag_hint, texts.tags_found),
        GroupKind::Security => return securities::all(request),
    };
    let query = request.typed_query().unwrap_or_default();
    let fingerprint = request.fingerprint(title).with((&query, groups.version(), &empty));
    Some(request.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let (site, path) = (request.site, Route::Groups(kind));
        let description = format!("{} · {title}", site.title);
        Ok(Page {
            site,
            head: Head::new(request, title, description, &path).with_collection_metadata(site, &[]),
            title,
            summary,
            hint,
            found,
            filter: site.href(path),
            sections: sections(request, kind, &empty, &NameFilter::new(&query)),
            query,
        })
    }))
}

/// The groups that match the filter, by the first letter of their names: letters, then digits, then all
/// others with the most frequent group first. `empty` has the names and labels of the groups without posts.
fn sections<'a>(
    request: &PageRequest<'a>,
    kind: GroupKind,
    empty: &[(&'a str, &'a str)],
    asked: &NameFilter,
) -> Vec<Section<'a>> {
    let groups = request.archive.groups(kind).iter();
    let found = groups.filter(|group| asked.matches_group(request.archive, group));
    let found = found.map(|group| item(request, kind, group));
    let empty = empty.iter().filter(|&&(name, label)| asked.matches([name, label]));
    let empty = empty.map(|&(name, label)| (name, empty_item(request, kind, name, label)));
    let mut sorted: Vec<(&str, GroupItem<'a>)> = found.chain(empty).collect();
    sorted.sort_by_cached_key(|(name, _)| (name.to_lowercase(), *name));
    let mut sections: BTreeMap<(u8, String), Vec<GroupItem<'a>>> = BTreeMap::new();
    for (name, item) in sorted {
        let initial = match name.chars().next() {
            Some(first) if first.is_ascii_alphabetic() => (0, first.to_ascii_uppercase().to_string()),
            Some(first) if first.is_ascii_digit() => (1, "0–9".to_owned()),
            _ => (2, request.site.texts.other_initials.to_owned()),
        };
        sections.entry(initial).or_default().push(item);
    }
    // Readers know no alphabetical order of Han characters.
    for ((_, _), items) in sections.iter_mut().filter(|((kind, _), _)| *kind == 2) {
        items.sort_by_key(|item| Reverse(item.count));
    }
    sections.into_iter().map(|((_, initial), items)| Section { initial, items }).collect()
}

/// The item of a group, with the name of the group.
fn item<'a>(request: &PageRequest<'a>, kind: GroupKind, group: &Group) -> (&'a str, GroupItem<'a>) {
    let day = |moment: Timestamp| moment.day(request.archive.zone());
    let (first, last) = (day(group.first()), day(group.last()));
    let name = request.archive.name(group.name());
    let item = GroupItem {
        link: timeline::link_to(request, kind, group),
        name: (name != group.label()).then_some(name),
        count: group.posts().len(),
        span: if first == last { first.to_string() } else { format!("{first} – {last}") },
    };
    (name, item)
}

/// The item of a group without posts.
fn empty_item<'a>(request: &PageRequest<'a>, kind: GroupKind, name: &'a str, label: &str) -> GroupItem<'a> {
    GroupItem {
        link: request.site.link(label, Route::group(kind, name)),
        name: (name != label).then_some(name),
        count: 0,
        span: String::new(),
    }
}
