//! Lists of posts as a time line by day, and the navigation between the pages of a list:
//! what home, source, tag and day pages have in common.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use chrono::NaiveDate;

use super::paths::Route;
use super::reply::Visit;
use crate::archive::snapshot::{Group, ListPage, Newer, Number};
use crate::archive::{Post, PostId};

/// A link with its text.
#[derive(Debug, Clone)]
pub struct Link {
    /// What readers see.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// A post in a list.
#[derive(Debug)]
pub struct Entry<'a> {
    /// Its article.
    pub href: String,
    /// Its title, or first words.
    pub headline: Cow<'a, str>,
    /// The beginning of its text, unless the headline is that already.
    pub excerpt: Option<&'a str>,
    /// For machines.
    pub iso: String,
    /// The local time.
    pub clock: String,
    /// The language of the post, where it says one.
    pub lang: Option<&'a str>,
    /// Its source.
    pub source: Option<Link>,
}

/// The posts of a day.
#[derive(Debug)]
pub struct Day<'a> {
    /// The day's page.
    pub href: String,
    /// What a link to its heading names.
    pub id: String,
    /// For machines.
    pub iso: String,
    /// With its weekday.
    pub heading: String,
    /// Newest first.
    pub entries: Vec<Entry<'a>>,
}

/// Which new posts a page is told of.
#[derive(Debug, Clone, Copy)]
pub struct Follow<'a> {
    /// `all`, or those of a `source` or a `security`.
    pub what: &'static str,
    /// The source's name in addresses, or the security's code.
    pub of: &'a str,
}

/// The id of a day's heading.
pub fn day_id(day: NaiveDate) -> String {
    format!("ui-{day}")
}

/// The posts of `ids`, by day.
pub fn days<'a>(visit: &Visit<'a>, ids: &[PostId], with_source: bool) -> Vec<Day<'a>> {
    let mut days: Vec<(NaiveDate, Day<'a>)> = Vec::new();
    for &id in ids {
        let post = visit.archive.post(id);
        let date = post.date.day(visit.archive.zone());
        let entry = entry(visit, post, with_source);
        match days.last_mut() {
            Some((last, day)) if *last == date => day.entries.push(entry),
            _ => {
                let day = Day {
                    href: visit.site.href(Route::day(date)),
                    id: day_id(date),
                    iso: date.to_string(),
                    heading: visit.site.words.day_heading(date),
                    entries: vec![entry],
                };
                days.push((date, day));
            }
        }
    }
    days.into_iter().map(|(_, day)| day).collect()
}

/// A post as lists show it.
pub fn entry<'a>(visit: &Visit<'a>, post: &'a Post, with_source: bool) -> Entry<'a> {
    let at = post.date.in_zone(visit.archive.zone());
    let headline = post.headline();
    let excerpt = (!post.is_untitled() && !post.excerpt().is_empty()).then_some(post.excerpt());
    Entry {
        href: visit.site.href(post.url()),
        headline,
        excerpt,
        iso: at.to_rfc3339(),
        clock: at.format("%H:%M").to_string(),
        lang: post.lang().map(|lang| visit.archive.name(lang)),
        source: with_source.then(|| source(visit, post)).flatten(),
    }
}

/// The link to a post's source.
pub fn source(visit: &Visit<'_>, post: &Post) -> Option<Link> {
    Some(link_to(visit, visit.archive.source(post)?, Route::source))
}

/// The link to a source, tag or security; `route` gives its page by its name.
pub fn link_to<'a>(visit: &Visit<'a>, group: &Group, route: fn(&'a str) -> Route<'a>) -> Link {
    let href = visit.site.href(route(visit.archive.name(group.name())));
    Link { label: group.label().to_owned(), href }
}

/// The links below a list.
#[derive(Debug)]
pub struct Pager {
    /// To newer posts.
    pub newer: Option<String>,
    /// To older posts.
    pub older: Option<String>,
    /// Which page this is; empty on the latest.
    pub place: String,
}

impl Pager {
    /// The links of a page; `route` gives the path of each of the list's pages.
    pub fn of<'r>(visit: &Visit<'_>, page: &ListPage, route: impl Fn(Number) -> Route<'r>) -> Self {
        let href = |number| visit.site.href(route(number));
        Self {
            newer: page.newer.map(|newer| match newer {
                Newer::Page(n) => href(Number::Page(n)),
                Newer::Latest => href(Number::Latest),
            }),
            older: page.older.map(|n| href(Number::Page(n))),
            place: match page.number {
                Number::Latest => String::new(),
                Number::Page(n) => visit.site.words.page(n),
            },
        }
    }
}

/// What of a list its fingerprint depends on: the versions of the posts shown, and the pages around.
pub struct Shown<'a>(pub &'a Visit<'a>, pub &'a ListPage);

impl Hash for Shown<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self(visit, page) = self;
        for &id in &page.posts {
            version(visit, id).hash(state);
        }
        // A numbered page says nothing of the list as a whole, so that it stays as it is.
        let whole = (page.number == Number::Latest).then_some(page.total);
        (whole, page.number, page.older, page.newer).hash(state);
    }
}

/// What changes when anything changes that a list shows of a post.
pub fn version<'a>(visit: &Visit<'a>, id: PostId) -> (u64, Option<&'a str>) {
    let post = visit.archive.post(id);
    (post.hash, visit.archive.source(post).map(Group::label))
}
