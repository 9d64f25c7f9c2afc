//! The home page: the newest posts as a timeline, the most active sources, the calendar.

use askama::Template;
use chrono::{Datelike, NaiveDate};

use super::Head;
use crate::archive::snapshot::{Group, ListPage, Number};
use crate::web::cache::CachePolicy;
use crate::web::calendar::Month;
use crate::web::metadata::Metadata;
use crate::web::paths::Route;
use crate::web::pictures::{self, YearOfDays};
use crate::web::reply::{Reply, Visit};
use crate::web::site::Site;
use crate::web::timeline::{self, Day, Entry, Follow, Link, Shown};

/// Number of sources shown.
const SOURCES: usize = 9;
/// Number of posts shown per source.
const POSTS_EACH: usize = 5;

#[derive(Template)]
#[template(path = "pages/home.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    days: Vec<Day<'a>>,
    older: Option<String>,
    sources: Vec<Source<'a>>,
    months: Vec<Month>,
    picture: Option<YearOfDays>,
    follow: Option<Follow<'a>>,
}

struct Source<'a> {
    link: Link,
    count: String,
    entries: Vec<Entry<'a>>,
}

/// Serves `/`.
pub fn get(visit: &Visit<'_>) -> Option<Reply> {
    let list = ListPage::of(visit.archive.listed(), Number::Latest)?;
    let newest = visit.archive.newest_day();
    let active: Vec<&Group> = visit.archive.active_categories().take(SOURCES).collect();
    let mut fingerprint = visit.fingerprint("home").with(Shown(visit, &list)).with(newest);
    // The page labels today and yesterday.
    fingerprint.add(visit.archive.today());
    for group in &active {
        fingerprint.add((group.label(), group.posts().len()));
        for id in group.posts().newest(POSTS_EACH) {
            fingerprint.add(visit.archive.post(id).hash);
        }
    }
    let next = visit.archive.listed().len().checked_sub(list.posts.len() + 1);
    let next = next.and_then(|index| visit.archive.listed().get(index));
    let older = next.map(|id| visit.archive.day_page(id)).map(|(day, number)| Route::Day(day, number));
    fingerprint.add(older.as_ref().map(ToString::to_string));
    // The calendars show these days.
    let days: Vec<_> =
        newest.into_iter().flat_map(|day| visit.archive.days(pictures::a_year_before(day)..=day)).collect();
    fingerprint.add(&days);
    Some(visit.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        Ok(Page {
            site: visit.site,
            head: Head::new(visit, "", &visit.site.description, Route::Home)
                .with_metadata(Metadata::of_home(visit.site)),
            days: near_days(visit, timeline::days(visit, &list.posts, true)),
            older: older.map(|route| visit.site.href(route)),
            sources: active.iter().map(|group| source(visit, group)).collect(),
            months: newest.map(|day| months(visit, day, &days)).unwrap_or_default(),
            picture: newest.map(|day| pictures::days_of_archive(visit, pictures::a_year_before(day), day)),
            follow: Some(Follow { what: "all", of: "" }),
        })
    }))
}

/// Adds "today" or "yesterday" to the heading of such a day. Both labels change at midnight.
fn near_days<'a>(visit: &Visit<'_>, mut days: Vec<Day<'a>>) -> Vec<Day<'a>> {
    let (words, today) = (visit.site.words, visit.archive.today());
    let near = [(Some(today), words.today), (today.pred_opt(), words.yesterday)];
    for day in &mut days {
        if let Some((_, word)) =
            near.iter().find(|(near, _)| near.is_some_and(|near| near.to_string() == day.iso))
        {
            day.heading = format!("{word} · {}", day.heading);
        }
    }
    days
}

fn source<'a>(visit: &Visit<'a>, group: &'a Group) -> Source<'a> {
    let posts = group.posts().newest(POSTS_EACH);
    Source {
        link: timeline::link_to(visit, group, Route::source),
        count: visit.site.words.posts(group.posts().len()),
        entries: posts.map(|id| timeline::entry(visit, visit.archive.post(id), false)).collect(),
    }
}

/// The newest month and the one before it, newest first. `days` are the days of the year's picture.
fn months(visit: &Visit<'_>, newest: NaiveDate, days: &[(NaiveDate, usize)]) -> Vec<Month> {
    let busiest = pictures::busiest(days);
    let before = newest.with_day(1).and_then(|first| first.pred_opt());
    [Some(newest), before]
        .into_iter()
        .flatten()
        .filter_map(|day| Month::of(visit, day.year(), day.month(), busiest))
        .filter(|month| month.posts > 0)
        .collect()
}
