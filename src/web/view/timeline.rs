//! Lists of posts as a timeline by day, and the navigation between the pages of a list. Home, source, tag and
//! day pages share them.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use chrono::{DateTime, NaiveDate, Offset};
use chrono_tz::Tz;

use crate::archive::snapshot::{Group, GroupKind, ListPage, NewerPage, PageNumber};
use crate::archive::{Post, PostId};
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::view::link::Link;
use crate::web::view::texts::phrases::clock_time;

/// A post in a list.
#[derive(Debug)]
pub struct TimelineEntry<'a> {
    /// The address of the article.
    pub href: String,
    /// The title, or what [`headline`] shows instead.
    pub headline: Cow<'a, str>,
    /// The beginning of the text; `None` if the headline shows it already.
    pub excerpt: Option<&'a str>,
    /// RFC 3339 date and time, for the `datetime` attribute.
    pub iso: String,
    /// The date and time with seconds and zone.
    pub exact: String,
    /// The local time, `08:12`.
    pub clock: String,
    /// The language of the post, if its front matter has one.
    pub lang: Option<&'a str>,
    /// The source; `None` if the list does not show sources.
    pub source: Option<Link>,
}

/// The posts of a day in a list.
#[derive(Debug)]
pub struct Day<'a> {
    /// The address of the day's page.
    pub href: String,
    /// The `id` attribute of the day's heading, for links to it.
    pub id: String,
    /// ISO date, for the `datetime` attribute.
    pub iso: String,
    /// The date with its weekday.
    pub heading: String,
    /// Newest first.
    pub entries: Vec<TimelineEntry<'a>>,
}

/// The new posts that a page follows through the event stream.
#[derive(Debug, Clone, Copy)]
pub struct LiveFilter<'a> {
    /// `all`, `source` or `security`.
    pub what: &'static str,
    /// The source's name in URLs, or the security's code; empty for `all`.
    pub of: &'a str,
}

/// The `id` attribute of a day's heading.
pub fn day_id(day: NaiveDate) -> String {
    format!("ui-{day}")
}

/// Groups the posts of `ids` by day; `ids` must be in the order of the list.
pub fn days<'a>(request: &PageRequest<'a>, ids: &[PostId], with_source: bool) -> Vec<Day<'a>> {
    let mut days: Vec<(NaiveDate, Day<'a>)> = Vec::new();
    for &id in ids {
        let post = request.archive.post(id);
        let date = post.date.day(request.archive.zone());
        let entry = entry(request, post, with_source);
        match days.last_mut() {
            Some((last, day)) if *last == date => day.entries.push(entry),
            _ => {
                let day = Day {
                    href: request.site.href(Route::day(date)),
                    id: day_id(date),
                    iso: date.to_string(),
                    heading: request.site.texts.day_heading(date),
                    entries: vec![entry],
                };
                days.push((date, day));
            }
        }
    }
    days.into_iter().map(|(_, day)| day).collect()
}

/// A post as lists show it.
pub fn entry<'a>(request: &PageRequest<'a>, post: &'a Post, with_source: bool) -> TimelineEntry<'a> {
    let at = post.date.in_zone(request.archive.zone());
    let excerpt = (!post.is_untitled() && !post.excerpt().is_empty()).then_some(post.excerpt());
    TimelineEntry {
        href: request.site.href(post.url()),
        headline: headline(request, post),
        excerpt,
        iso: at.to_rfc3339(),
        exact: exact_time(at),
        clock: clock_time(at),
        lang: post.lang().map(|lang| request.archive.name(lang)),
        source: with_source.then(|| source(request, post)).flatten(),
    }
}

/// A date and time with seconds and zone, as the tooltip of a time shows it.
pub(crate) fn exact_time(at: DateTime<Tz>) -> String {
    // `DateTime::format` interprets its pattern at each call, which costs several times as much.
    format!("{} {}", at.naive_local(), at.offset().fix())
}

/// The title of a post: its own, else the first words of its text, else its day and source.
pub fn headline<'a>(request: &PageRequest<'a>, post: &'a Post) -> Cow<'a, str> {
    post.headline().unwrap_or_else(|| {
        let day = request.site.texts.day(post.date.day(request.archive.zone()));
        Cow::Owned(match request.archive.source(post).map(Group::label) {
            Some(label) => format!("{day} · {label}"),
            None => day,
        })
    })
}

/// The link to a post's source, if it has one.
pub fn source(request: &PageRequest<'_>, post: &Post) -> Option<Link> {
    Some(link_to(request, GroupKind::Source, request.archive.source(post)?))
}

/// The link to a group.
pub fn link_to(request: &PageRequest<'_>, kind: GroupKind, group: &Group) -> Link {
    request.site.link(group.label(), Route::group(kind, request.archive.name(group.name())))
}

/// The links below a list.
#[derive(Debug)]
pub struct Pager {
    /// The address of the page with newer posts.
    pub newer: Option<String>,
    /// The address of the page with older posts.
    pub older: Option<String>,
    /// The page's number as text; empty on the latest page.
    pub place: String,
}

impl Pager {
    /// Makes the links of a page; `route` returns the route of each page of the list.
    pub fn new<'r>(
        request: &PageRequest<'_>,
        page: &ListPage,
        route: impl Fn(PageNumber) -> Route<'r>,
    ) -> Self {
        let href = |number| request.site.href(route(number));
        Self {
            newer: page.newer.map(|newer| match newer {
                NewerPage::Page(n) => href(PageNumber::Page(n)),
                NewerPage::Latest => href(PageNumber::Latest),
            }),
            older: page.older.map(|n| href(PageNumber::Page(n))),
            place: match page.number {
                PageNumber::Latest => String::new(),
                PageNumber::Page(n) => request.site.texts.page(n),
            },
        }
    }
}

/// The inputs of a list page's fingerprint: the versions of its posts, and the numbers of the pages around
/// it.
pub struct ListVersion<'a>(pub &'a PageRequest<'a>, pub &'a ListPage);

impl Hash for ListVersion<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self(request, page) = self;
        for &id in &page.posts {
            version(request, id).hash(state);
        }
        // A numbered page does not show the total, so its fingerprint stays the same when the list grows.
        let whole = (page.number == PageNumber::Latest).then_some(page.total);
        (whole, page.number, page.older, page.newer).hash(state);
    }
}

/// A value that changes when anything changes that lists show of a post.
pub fn version<'a>(request: &PageRequest<'a>, id: PostId) -> (u64, Option<&'a str>) {
    let post = request.archive.post(id);
    (post.hash, request.archive.source(post).map(Group::label))
}
