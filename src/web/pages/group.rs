//! The posts of one source, tag, security or sector, in pages. The latest page also has facts and charts of
//! the whole list.

use std::borrow::Cow;

use askama::Template;

use crate::archive::snapshot::{Group, List, ListPage, PER_PAGE, PageNumber, Period, RecentCounts};
use crate::web::http::cache::CachePolicy;
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::paths::feed::FeedOf;
use crate::web::view::charts::{ChartData, Charts};
use crate::web::view::feed_link::FeedLink;
use crate::web::view::link::Link;
use crate::web::view::metadata::Head;
use crate::web::view::site::Site;
use crate::web::view::timeline::{self, Day, ListVersion, LiveFilter, Pager};

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
    charts: Option<Charts>,
    follow: Option<LiveFilter<'a>>,
    days: Vec<Day<'a>>,
    pager: Pager,
}

/// Serves the page of a source: one category, or several joined ones of an old URL.
pub fn source(request: &PageRequest<'_>, name: &str, number: PageNumber) -> Option<Reply> {
    let route = |number| Route::Source(Cow::Borrowed(name), number);
    match request.archive.category(name) {
        Some(group) => list(request, &GroupList::group(request, group, GroupPageKind::Source), number, route),
        None => {
            let posts = request.archive.joined_categories(name)?;
            let recent = RecentCounts::default();
            let group = GroupList {
                kind: GroupPageKind::Joined,
                name,
                label: name,
                called: vec![],
                posts: &posts,
                recent,
            };
            list(request, &group, number, route)
        }
    }
}

/// Serves the page of a tag.
pub fn tag(request: &PageRequest<'_>, name: &str, number: PageNumber) -> Option<Reply> {
    let group = GroupList::group(request, request.archive.tag(name)?, GroupPageKind::Tag);
    list(request, &group, number, |number| Route::Tag(Cow::Borrowed(name), number))
}

/// Serves the page of a security or sector, by its canonical code.
pub fn security(request: &PageRequest<'_>, code: &str, number: PageNumber) -> Option<Reply> {
    let group = GroupList::group(request, request.archive.security(code)?, GroupPageKind::Security);
    list(request, &group, number, |number| Route::security_page(code, number))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum GroupPageKind {
    Source,
    /// Several sources in one list.
    Joined,
    Tag,
    Security,
}

/// The list of posts behind a page.
struct GroupList<'a> {
    kind: GroupPageKind,
    name: &'a str,
    label: &'a str,
    /// The names that posts use for a security; empty for other kinds.
    called: Vec<&'a str>,
    posts: &'a List,
    recent: RecentCounts,
}

impl<'a> GroupList<'a> {
    fn group(request: &PageRequest<'a>, group: &'a Group, kind: GroupPageKind) -> Self {
        let mut called = Vec::new();
        if kind == GroupPageKind::Security {
            called = request.archive.used_names(group);
            called.truncate(NAMES);
        }
        let (name, label) = (request.archive.name(group.name()), group.label());
        Self { kind, name, label, called, posts: group.posts(), recent: group.recent() }
    }

    /// The link to the list of all groups of this kind.
    fn all(&self, request: &PageRequest<'_>) -> Link {
        let texts = request.site.texts;
        let (label, route) = match self.kind {
            GroupPageKind::Source | GroupPageKind::Joined => (texts.sources, Route::Sources),
            GroupPageKind::Tag => (texts.tags, Route::Tags),
            GroupPageKind::Security => (texts.securities_page, Route::Securities),
        };
        request.site.link(label, route)
    }

    fn facts(&self, request: &PageRequest<'_>, ends: &[String; 2]) -> Vec<(&'static str, String)> {
        let texts = request.site.texts;
        let mut facts = Vec::new();
        if self.kind == GroupPageKind::Security {
            facts.extend([
                (texts.code, self.name.to_owned()),
                (texts.market, texts.market_of(self.name).to_owned()),
            ]);
            if self.called.len() > 1 {
                facts.push((texts.names_seen, self.called.join(" · ")));
            }
        } else if self.name != self.label {
            facts.push((texts.slug, self.name.to_owned()));
        }
        facts.push((texts.total, texts.posts(self.posts.len())));
        if matches!(self.kind, GroupPageKind::Source | GroupPageKind::Security) {
            facts.push((texts.last_week, texts.posts(self.recent.week)));
            facts.push((texts.last_month, texts.posts(self.recent.month)));
        }
        let [first, last] = ends.clone();
        facts.extend([(texts.first_post, first), (texts.last_post, last)]);
        facts
    }

    /// The feed of the list; joined sources have none.
    fn feed(&self, request: &PageRequest<'_>) -> Option<FeedLink> {
        let name = self.name.into();
        let of = match self.kind {
            GroupPageKind::Source => FeedOf::Source(name),
            GroupPageKind::Tag => FeedOf::Tag(name),
            GroupPageKind::Security => FeedOf::Security(name),
            GroupPageKind::Joined => return None,
        };
        Some(FeedLink::new(&request.site.title, self.label, request.site.baseurl(), of))
    }

    fn follow(&self) -> Option<LiveFilter<'a>> {
        match self.kind {
            GroupPageKind::Source => Some(LiveFilter { what: "source", of: self.name }),
            GroupPageKind::Security => Some(LiveFilter { what: "security", of: self.name }),
            GroupPageKind::Tag | GroupPageKind::Joined => None,
        }
    }

    fn description(&self, request: &PageRequest<'_>) -> String {
        let (texts, count) = (request.site.texts, self.posts.len());
        match self.kind {
            GroupPageKind::Security => texts.security_description(self.label, self.name, count),
            _ => texts.list_description(self.label, count),
        }
    }
}

fn list<'r>(
    request: &PageRequest<'_>,
    group: &GroupList<'_>,
    number: PageNumber,
    route: impl Fn(PageNumber) -> Route<'r>,
) -> Option<Reply> {
    let page = ListPage::new(group.posts, number)?;
    let is_latest = number == PageNumber::Latest;
    // The dates cover the whole list on the latest page, and the page's own posts on a numbered one.
    let (first, last) = match number {
        PageNumber::Latest => (group.posts.first(), group.posts.last()),
        PageNumber::Page(_) => (page.posts.last().copied(), page.posts.first().copied()),
    };
    let ends = [first, last].map(|id| id.map(|id| request.archive.post(id).date));
    let is_whole = is_latest && matches!(group.kind, GroupPageKind::Source | GroupPageKind::Security);
    let numbers = is_whole
        .then(|| ChartData::from_list(request, group.posts, group.kind == GroupPageKind::Source))
        .flatten();
    let mut fingerprint = request.fingerprint("group").with(ListVersion(request, &page)).with(group.kind);
    fingerprint.add((group.name, group.label, ends, &numbers));
    if is_latest {
        fingerprint.add((&group.called, group.recent));
    }
    Some(request.page(CachePolicy::for_list(&page), fingerprint.finish(), || {
        let texts = request.site.texts;
        let ends = ends
            .map(|date| date.map_or_else(String::new, |date| texts.day(date.day(request.archive.zone()))));
        let (title, description, summary) = match number {
            PageNumber::Latest => (group.label.to_owned(), group.description(request), String::new()),
            PageNumber::Page(n) => {
                let span =
                    if ends[0] == ends[1] { ends[0].clone() } else { texts.from_to(&ends[0], &ends[1]) };
                let title = format!("{} ({})", group.label, texts.page(n));
                (title, format!("{} · {span}", group.label), format!("{} · {span}", texts.page(n)))
            }
        };
        let link = |day: &Period| day_link(request, group.posts, day, &route);
        let all = group.all(request);
        Ok(Page {
            site: request.site,
            head: Head::new(request, title, description, route(number))
                .with_feed(group.feed(request))
                .with_collection_metadata(request.site, &[&all]),
            all,
            label: group.label,
            summary,
            facts: if is_latest { group.facts(request, &ends) } else { Vec::new() },
            charts: numbers.map(|numbers| numbers.draw(texts, link)),
            follow: group.follow().filter(|_| is_latest),
            days: timeline::days(
                request,
                &page.posts,
                !matches!(group.kind, GroupPageKind::Source | GroupPageKind::Joined),
            ),
            pager: Pager::new(request, &page, &route),
        })
    }))
}

/// The link to the newest posts of a day within the list: the numbered page, at the day's heading.
fn day_link<'r>(
    request: &PageRequest<'_>,
    list: &List,
    day: &Period,
    route: impl Fn(PageNumber) -> Route<'r>,
) -> String {
    let is_newest = day.places.end + PER_PAGE > list.len();
    let number =
        if is_newest { PageNumber::Latest } else { PageNumber::Page((day.places.end - 1) / PER_PAGE + 1) };
    format!("{}#{}", request.site.href(route(number)), timeline::day_id(day.day))
}
