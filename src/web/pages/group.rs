//! The posts of one source or tag, in pages.

use std::borrow::Cow;

use askama::Template;

use super::Head;
use crate::archive::snapshot::{Group, List, ListPage, Number};
use crate::web::cache::CachePolicy;
use crate::web::paths::Route;
use crate::web::reply::{Reply, Visit};
use crate::web::site::Site;
use crate::web::timeline::{self, Day, Link, Pager, Shown};

#[derive(Template)]
#[template(path = "pages/group.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    /// All sources, or all tags.
    all: Link,
    label: &'a str,
    /// The name in URLs, where readers see another.
    name: Option<&'a str>,
    summary: String,
    days: Vec<Day<'a>>,
    pager: Pager,
}

/// Answers for a source: one category, or several at once for old addresses.
pub fn source(visit: &Visit<'_>, name: &str, number: Number) -> Option<Reply> {
    let route = |number| Route::Source(Cow::Borrowed(name), number);
    match visit.archive.category(name) {
        Some(group) => list(visit, Named::group(visit, group), number, Route::Sources, route),
        None => {
            let posts = visit.archive.joined_categories(name)?;
            list(visit, Named { name, label: name, posts: &posts }, number, Route::Sources, route)
        }
    }
}

/// Answers for a tag.
pub fn tag(visit: &Visit<'_>, name: &str, number: Number) -> Option<Reply> {
    let group = Named::group(visit, visit.archive.tag(name)?);
    list(visit, group, number, Route::Tags, |number| Route::Tag(Cow::Borrowed(name), number))
}

struct Named<'a> {
    name: &'a str,
    label: &'a str,
    posts: &'a List,
}

impl<'a> Named<'a> {
    fn group(visit: &Visit<'a>, group: &'a Group) -> Self {
        Self { name: visit.archive.name(group.name()), label: group.label(), posts: group.posts() }
    }
}

fn list<'r>(
    visit: &Visit<'_>,
    group: Named<'_>,
    number: Number,
    all: Route<'_>,
    route: impl Fn(Number) -> Route<'r>,
) -> Option<Reply> {
    let page = ListPage::of(group.posts, number)?;
    let kind = all.to_string();
    // The summary speaks of the whole list on the plain page, and of itself on a numbered one.
    let (first, last) = match number {
        Number::Latest => (group.posts.first(), group.posts.last()),
        Number::Page(_) => (page.posts.last().copied(), page.posts.first().copied()),
    };
    let ends = [first, last].map(|id| id.map(|id| visit.archive.post(id).date));
    let fingerprint =
        visit.fingerprint(&kind).with(Shown(visit, &page)).with((group.name, group.label)).with(ends);
    Some(visit.page(CachePolicy::of_list(&page), fingerprint.finish(), || {
        let words = visit.site.words;
        let span = match ends {
            [Some(first), Some(last)] => {
                words.span(first.day(visit.archive.zone()), last.day(visit.archive.zone()))
            }
            _ => String::new(),
        };
        let (title, description, summary) = match number {
            Number::Latest => (
                group.label.to_owned(),
                words.list_description(group.label, page.total),
                format!("{} · {span}", words.posts(page.total)),
            ),
            Number::Page(n) => (
                format!("{} ({})", group.label, words.page(n)),
                format!("{} · {span}", group.label),
                format!("{} · {span}", words.page(n)),
            ),
        };
        let is_source = all == Route::Sources;
        Ok(Page {
            site: visit.site,
            head: Head::new(visit, title, description, route(number)),
            all: Link {
                label: if is_source { words.sources } else { words.tags }.into(),
                href: visit.site.href(&all),
            },
            label: group.label,
            name: (group.name != group.label).then_some(group.name),
            summary,
            days: timeline::days(visit, &page.posts, !is_source),
            pager: Pager::of(visit, &page, &route),
        })
    }))
}
