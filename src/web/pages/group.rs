//! The posts of one source, tag, security or sector, in pages. The latest page also has facts and charts of
//! the whole list.

use std::borrow::Cow;

use askama::Template;

use super::Head;
use crate::archive::snapshot::{Group, List, ListPage, Number, PER_PAGE, Period, Recent};
use crate::web::cache::CachePolicy;
use crate::web::feeds::{FeedLink, FeedOf};
use crate::web::paths::Route;
use crate::web::pictures::{Numbers, Pictures};
use crate::web::reply::{Reply, Visit};
use crate::web::site::Site;
use crate::web::timeline::{self, Day, Follow, Link, Pager, Shown};

/// Maximum number of a security's names that its page shows.
const NAMES: usize = 8;

#[derive(Template)]
#[template(path = "pages/group.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    /// The list of all sources, all tags or all securities.
    all: Link,
    label: &'a str,
    summary: String,
    /// Facts about the whole list: label and value.
    facts: Vec<(&'static str, String)>,
    pictures: Option<Pictures>,
    follow: Option<Follow<'a>>,
    days: Vec<Day<'a>>,
    pager: Pager,
}

/// Serves the page of a source: one category, or several joined ones of an old URL.
pub fn source(visit: &Visit<'_>, name: &str, number: Number) -> Option<Reply> {
    let route = |number| Route::Source(Cow::Borrowed(name), number);
    match visit.archive.category(name) {
        Some(group) => list(visit, &Named::group(visit, group, Kind::Source), number, route),
        None => {
            let posts = visit.archive.joined_categories(name)?;
            let recent = Recent::default();
            let group =
                Named { kind: Kind::Joined, name, label: name, called: vec![], posts: &posts, recent };
            list(visit, &group, number, route)
        }
    }
}

/// Serves the page of a tag.
pub fn tag(visit: &Visit<'_>, name: &str, number: Number) -> Option<Reply> {
    let group = Named::group(visit, visit.archive.tag(name)?, Kind::Tag);
    list(visit, &group, number, |number| Route::Tag(Cow::Borrowed(name), number))
}

/// Serves the page of a security or sector, by its canonical code.
pub fn security(visit: &Visit<'_>, code: &str, number: Number) -> Option<Reply> {
    let group = Named::group(visit, visit.archive.security(code)?, Kind::Security);
    list(visit, &group, number, |number| Route::security_page(code, number))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Source,
    /// Several sources in one list.
    Joined,
    Tag,
    Security,
}

/// The list of posts behind a page.
struct Named<'a> {
    kind: Kind,
    name: &'a str,
    label: &'a str,
    /// The names that posts use for a security; empty for other kinds.
    called: Vec<&'a str>,
    posts: &'a List,
    recent: Recent,
}

impl<'a> Named<'a> {
    fn group(visit: &Visit<'a>, group: &'a Group, kind: Kind) -> Self {
        let mut called = Vec::new();
        if kind == Kind::Security {
            called = visit.archive.called(group);
            called.truncate(NAMES);
        }
        let (name, label) = (visit.archive.name(group.name()), group.label());
        Self { kind, name, label, called, posts: group.posts(), recent: group.recent() }
    }

    /// The link to the list of all groups of this kind.
    fn all(&self, visit: &Visit<'_>) -> Link {
        let words = visit.site.words;
        let (label, route) = match self.kind {
            Kind::Source | Kind::Joined => (words.sources, Route::Sources),
            Kind::Tag => (words.tags, Route::Tags),
            Kind::Security => (words.securities_page, Route::Securities),
        };
        Link { label: label.into(), href: visit.site.href(route) }
    }

    fn facts(&self, visit: &Visit<'_>, ends: &[String; 2]) -> Vec<(&'static str, String)> {
        let words = visit.site.words;
        let mut facts = Vec::new();
        if self.kind == Kind::Security {
            facts.extend([
                (words.code, self.name.to_owned()),
                (words.market, words.market_of(self.name).to_owned()),
            ]);
            if self.called.len() > 1 {
                facts.push((words.names_seen, self.called.join(" · ")));
            }
        } else if self.name != self.label {
            facts.push((words.slug, self.name.to_owned()));
        }
        facts.push((words.total, words.posts(self.posts.len())));
        if matches!(self.kind, Kind::Source | Kind::Security) {
            facts.push((words.last_week, words.posts(self.recent.week)));
            facts.push((words.last_month, words.posts(self.recent.month)));
        }
        let [first, last] = ends.clone();
        facts.extend([(words.first_post, first), (words.last_post, last)]);
        facts
    }

    /// The feed of the list; joined sources have none.
    fn feed(&self, visit: &Visit<'_>) -> Option<FeedLink> {
        let name = self.name.into();
        let of = match self.kind {
            Kind::Source => FeedOf::Source(name),
            Kind::Tag => FeedOf::Tag(name),
            Kind::Security => FeedOf::Security(name),
            Kind::Joined => return None,
        };
        Some(FeedLink::new(&visit.site.title, self.label, visit.site.baseurl(), of))
    }

    fn follow(&self) -> Option<Follow<'a>> {
        match self.kind {
            Kind::Source => Some(Follow { what: "source", of: self.name }),
            Kind::Security => Some(Follow { what: "security", of: self.name }),
            Kind::Tag | Kind::Joined => None,
        }
    }

    fn description(&self, visit: &Visit<'_>) -> String {
        let (words, count) = (visit.site.words, self.posts.len());
        match self.kind {
            Kind::Security => words.security_description(self.label, self.name, count),
            _ => words.list_description(self.label, count),
        }
    }
}

fn list<'r>(
    visit: &Visit<'_>,
    group: &Named<'_>,
    number: Number,
    route: impl Fn(Number) -> Route<'r>,
) -> Option<Reply> {
    let page = ListPage::of(group.posts, number)?;
    let is_latest = number == Number::Latest;
    // The dates cover the whole list on the latest page, and the page's own posts on a numbered one.
    let (first, last) = match number {
        Number::Latest => (group.posts.first(), group.posts.last()),
        Number::Page(_) => (page.posts.last().copied(), page.posts.first().copied()),
    };
    let ends = [first, last].map(|id| id.map(|id| visit.archive.post(id).date));
    let is_whole = is_latest && matches!(group.kind, Kind::Source | Kind::Security);
    let numbers = is_whole.then(|| Numbers::of(visit, group.posts, group.kind == Kind::Source)).flatten();
    let mut fingerprint = visit.fingerprint("group").with(Shown(visit, &page)).with(group.kind);
    fingerprint.add((group.name, group.label, ends, &numbers));
    if is_latest {
        fingerprint.add((&group.called, group.recent));
    }
    Some(visit.page(CachePolicy::of_list(&page), fingerprint.finish(), || {
        let words = visit.site.words;
        let ends =
            ends.map(|date| date.map_or_else(String::new, |date| words.day(date.day(visit.archive.zone()))));
        let (title, description, summary) = match number {
            Number::Latest => (group.label.to_owned(), group.description(visit), String::new()),
            Number::Page(n) => {
                let span =
                    if ends[0] == ends[1] { ends[0].clone() } else { words.from_to(&ends[0], &ends[1]) };
                let title = format!("{} ({})", group.label, words.page(n));
                (title, format!("{} · {span}", group.label), format!("{} · {span}", words.page(n)))
            }
        };
        let link = |day: &Period| day_link(visit, group.posts, day, &route);
        let all = group.all(visit);
        Ok(Page {
            site: visit.site,
            head: Head::new(visit, title, description, route(number))
                .with_feed(group.feed(visit))
                .of_collection(visit.site, &[&all]),
            all,
            label: group.label,
            summary,
            facts: if is_latest { group.facts(visit, &ends) } else { Vec::new() },
            pictures: numbers.map(|numbers| numbers.drawn(words, link)),
            follow: group.follow().filter(|_| is_latest),
            days: timeline::days(visit, &page.posts, !matches!(group.kind, Kind::Source | Kind::Joined)),
            pager: Pager::of(visit, &page, &route),
        })
    }))
}

/// The link to the newest posts of a day within the list: the numbered page, at the day's heading.
fn day_link<'r>(visit: &Visit<'_>, list: &List, day: &Period, route: impl Fn(Number) -> Route<'r>) -> String {
    let is_newest = day.places.end + PER_PAGE > list.len();
    let number = if is_newest { Number::Latest } else { Number::Page((day.places.end - 1) / PER_PAGE + 1) };
    format!("{}#{}", visit.site.href(route(number)), timeline::day_id(day.day))
}
