//! The home page: the newest posts as a timeline, the most active sources, the calendar. A site without posts lists
//! its own pages.

use askama::Template;
use chrono::{Datelike, NaiveDate};

use crate::archive::page::OwnPage;
use crate::archive::snapshot::{Group, GroupKind, ListPage, PER_PAGE, PageNumber};
use crate::archive::{PostId, Snapshot};
use crate::web::http::cache::CachePolicy;
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::paths::date::month_bounds;
use crate::web::view::calendar::MonthCalendar;
use crate::web::view::charts::{self, YearChart};
use crate::web::view::link::Link;
use crate::web::view::metadata::{Head, Metadata};
use crate::web::view::site::Site;
use crate::web::view::timeline::{self, Day, ListVersion, LiveFilter, TimelineEntry};

/// Number of sources shown.
const SOURCES: usize = 9;
/// Number of posts shown per source.
const POSTS_EACH: usize = 5;
/// Number of posts examined per source.
const REACH: usize = 50;

#[derive(Template)]
#[template(path = "pages/home.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    days: Vec<Day<'a>>,
    /// The site's own pages, if it has no posts.
    pages: Vec<Link>,
    older: Option<String>,
    sources: Vec<ActiveSource<'a>>,
    months: Vec<MonthCalendar>,
    chart: Option<YearChart>,
    follow: Option<LiveFilter<'a>>,
}

struct ActiveSource<'a> {
    link: Link,
    count: String,
    entries: Vec<TimelineEntry<'a>>,
}

/// Serves `/`.
pub fn get(request: &PageRequest<'_>) -> Option<Reply> {
    let list = ListPage::new(request.archive.listed(), PageNumber::Latest)?;
    let newest = request.archive.newest_day();
    let active: Vec<&Group> = request.archive.active_categories().take(SOURCES).collect();
    let mut fingerprint = request.fingerprint("home").with(ListVersion(request, &list)).with(newest);
    // The page labels today and yesterday.
    fingerprint.add(request.archive.today());
    for group in &active {
        fingerprint.add((group.label(), group.posts().len()));
        for id in newest_of(request.archive, group) {
            fingerprint.add(timeline::version(request, id));
        }
    }
    let next = request.archive.listed().len().checked_sub(list.posts.len() + 1);
    let next = next.and_then(|index| request.archive.listed().get(index));
    let older = next.map(|id| request.archive.day_page(id)).map(|(day, number)| Route::Day(day, number));
    fingerprint.add(older.as_ref().map(ToString::to_string));
    // The calendars show these days.
    let days: Vec<_> =
        newest.into_iter().flat_map(|day| request.archive.days(charts::a_year_before(day)..=day)).collect();
    fingerprint.add(&days);
    let pages = if list.posts.is_empty() { own_pages(request) } else { Vec::new() };
    for page in &pages {
        fingerprint.add((page.label(), &page.url));
    }
    Some(request.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        Ok(Page {
            site: request.site,
            head: Head::new(request, "", &request.site.description, Route::Home)
                .with_metadata(Metadata::for_home(request.site)),
            days: near_days(request, timeline::days(request, &list.posts, true)),
            pages: pages.iter().map(|page| request.site.link(page.label(), &page.url)).collect(),
            older: older.map(|route| request.site.href(route)),
            sources: active.iter().map(|group| source(request, group)).collect(),
            months: newest.map(|day| months(request, day, &days)).unwrap_or_default(),
            chart: newest.map(|day| charts::days_of_archive(request, charts::a_year_before(day), day)),
            follow: Some(LiveFilter { what: "all", of: "" }),
        })
    }))
}

/// The first of the site's own pages for readers, in the order of their files, up to the number of posts on a list page.
fn own_pages<'a>(request: &PageRequest<'a>) -> Vec<&'a OwnPage> {
    let not_found = request.archive.not_found_page().map(|page| &page.path);
    let pages = request.archive.served_pages().filter(|page| page.html().is_some() && page.in_sitemap);
    pages.filter(|page| Some(&page.path) != not_found).take(PER_PAGE).collect()
}

/// Adds "today" or "yesterday" to the heading of such a day. Both labels change at midnight.
fn near_days<'a>(request: &PageRequest<'_>, mut days: Vec<Day<'a>>) -> Vec<Day<'a>> {
    let (texts, today) = (request.site.texts, request.archive.today());
    let near = [(Some(today), texts.today), (today.pred_opt(), texts.yesterday)];
    for day in &mut days {
        if let Some((_, word)) =
            near.iter().find(|(near, _)| near.is_some_and(|near| near.to_string() == day.iso))
        {
            day.heading = format!("{word} · {}", day.heading);
        }
    }
    days
}

/// The newest posts of a source. A story with a second source is left out there, because its own source shows it.
fn newest_of<'a>(archive: &'a Snapshot, group: &'a Group) -> impl Iterator<Item = PostId> + 'a {
    let is_own = move |id: &PostId| archive.post(*id).categories().contains(&group.name());
    group.posts().newest(REACH).filter(is_own).take(POSTS_EACH)
}

fn source<'a>(request: &PageRequest<'a>, group: &'a Group) -> ActiveSource<'a> {
    let posts = newest_of(request.archive, group);
    ActiveSource {
        link: timeline::link_to(request, GroupKind::Source, group),
        count: request.site.texts.posts(group.posts().len()),
        entries: posts.map(|id| timeline::entry(request, request.archive.post(id), false)).collect(),
    }
}

/// The newest month and the one before it, newest first. `days` are the days of the year's chart.
fn months(request: &PageRequest<'_>, newest: NaiveDate, days: &[(NaiveDate, usize)]) -> Vec<MonthCalendar> {
    let busiest = charts::busiest(days);
    let before = newest.with_day(1).and_then(|first| first.pred_opt());
    [Some(newest), before]
        .into_iter()
        .flatten()
        .filter_map(|day| month_bounds(day.year(), day.month()))
        .map(|days| MonthCalendar::new(request, days, busiest))
        .filter(|month| month.posts > 0)
        .collect()
}
