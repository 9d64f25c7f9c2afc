//! The pages of a year, a month and a day.

use askama::Template;
use chrono::{Datelike, NaiveDate};

use super::Head;
use crate::archive::snapshot::{ListPage, Number};
use crate::web::cache::CachePolicy;
use crate::web::calendar::{Month, bounds};
use crate::web::paths::Route;
use crate::web::pictures::{self, YearOfDays};
use crate::web::reply::{Reply, Visit};
use crate::web::site::Site;
use crate::web::timeline::{self, Day, Entry, Link, Pager, Shown};

/// Headlines per day on a month's page. One more is shown if only one would be left out.
const HEADLINES: usize = 5;

#[derive(Template)]
#[template(path = "pages/year.html")]
struct YearPage<'a> {
    site: &'a Site,
    head: Head,
    label: String,
    summary: String,
    picture: YearOfDays,
    months: Vec<Month>,
    years: Vec<Link>,
}

/// Serves `/<year>/`.
pub fn year(visit: &Visit<'_>, year: i32) -> Option<Reply> {
    let range = NaiveDate::from_ymd_opt(year, 1, 1)?..=NaiveDate::from_ymd_opt(year, 12, 31)?;
    let days: Vec<_> = visit.archive.days(range.clone()).collect();
    if days.is_empty() {
        return None;
    }
    let years: Vec<i32> = visit.archive.years().into_iter().map(|(year, _)| year).collect();
    let fingerprint = visit.fingerprint("year").with(&days).with(&years);
    Some(visit.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let words = visit.site.words;
        let count = days.iter().map(|(_, count)| count).sum();
        let label = words.year(year);
        let busiest = pictures::busiest(&days);
        let head = Head::new(visit, &label, words.date_description(&label, count), Route::Year(year));
        let months = (1..=12).rev().filter_map(|month| Month::of(visit, year, month, busiest));
        Ok(YearPage {
            site: visit.site,
            head: head.of_collection(visit.site, &[]),
            summary: words.posts(count),
            picture: pictures::days_of_archive(visit, *range.start(), *range.end()),
            months: months.filter(|month| month.posts > 0).collect(),
            years: years
                .iter()
                .filter(|other| **other != year)
                .map(|year| Link { label: words.year(*year), href: visit.site.href(Route::Year(*year)) })
                .collect(),
            label,
        })
    }))
}

#[derive(Template)]
#[template(path = "pages/month.html")]
struct MonthPage<'a> {
    site: &'a Site,
    head: Head,
    label: String,
    summary: String,
    year: Link,
    month: Month,
    days: Vec<MonthDay<'a>>,
    older: Option<Link>,
    newer: Option<Link>,
}

/// A day on a month's page, with its newest headlines.
struct MonthDay<'a> {
    link: Link,
    iso: String,
    count: String,
    entries: Vec<Entry<'a>>,
    /// The link text for the day's other posts.
    others: Option<String>,
}

/// Serves `/<year>/<month>/`.
pub fn month(visit: &Visit<'_>, year: i32, month: u32) -> Option<Reply> {
    let (first, last) = bounds(year, month)?;
    let counts: Vec<_> = visit.archive.days(first..=last).rev().collect();
    if counts.is_empty() {
        return None;
    }
    let (before, _) = visit.archive.days_beside(first);
    let (_, after) = visit.archive.days_beside(last);
    let mut fingerprint = visit.fingerprint("month").with((&counts, before, after));
    for (day, _) in &counts {
        for id in newest_of(visit, *day) {
            fingerprint.add(timeline::version(visit, id));
        }
    }
    Some(visit.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let words = visit.site.words;
        let label = words.month(year, month);
        let total = counts.iter().map(|(_, count)| count).sum();
        let beside = |day: Option<NaiveDate>| day.map(|day| month_link(visit, day));
        let busiest = pictures::busiest(&counts);
        let above = Link { label: words.year(year), href: visit.site.href(Route::Year(year)) };
        let head = Head::new(visit, &label, words.date_description(&label, total), Route::Month(year, month));
        let grid = Month::of(visit, year, month, busiest);
        Ok(MonthPage {
            site: visit.site,
            head: head.of_collection(visit.site, &[&above]),
            summary: words.posts(total),
            year: above,
            month: grid.unwrap_or(Month { link: month_link(visit, first), weeks: Vec::new(), posts: total }),
            days: counts.iter().map(|(day, count)| month_day(visit, *day, *count)).collect(),
            older: beside(before),
            newer: beside(after),
            label,
        })
    }))
}

fn newest_of(visit: &Visit<'_>, day: NaiveDate) -> Vec<crate::archive::PostId> {
    let Some(list) = visit.archive.day(day) else { return Vec::new() };
    let shown = if list.len() == HEADLINES + 1 { list.len() } else { HEADLINES };
    list.newest(shown).collect()
}

fn month_day<'a>(visit: &Visit<'a>, day: NaiveDate, count: usize) -> MonthDay<'a> {
    let words = visit.site.words;
    let entries = newest_of(visit, day);
    MonthDay {
        link: Link { label: words.day_heading(day), href: visit.site.href(Route::day(day)) },
        iso: day.to_string(),
        count: words.posts(count),
        others: (count > entries.len()).then(|| words.other_posts(count - entries.len())),
        entries: entries.iter().map(|id| timeline::entry(visit, visit.archive.post(*id), true)).collect(),
    }
}

fn month_link(visit: &Visit<'_>, day: NaiveDate) -> Link {
    let (year, month) = (day.year(), day.month());
    Link { label: visit.site.words.month(year, month), href: visit.site.href(Route::Month(year, month)) }
}

#[derive(Template)]
#[template(path = "pages/day.html")]
struct DayPage<'a> {
    site: &'a Site,
    head: Head,
    label: String,
    summary: String,
    month: Link,
    days: Vec<Day<'a>>,
    pager: Pager,
    older: Option<Link>,
    newer: Option<Link>,
}

/// Serves `/<year>/<month>/<day>/` and its numbered pages.
pub fn day(visit: &Visit<'_>, day: NaiveDate, number: Number) -> Option<Reply> {
    let page = ListPage::of(visit.archive.day(day)?, number)?;
    let beside = visit.archive.days_beside(day);
    let fingerprint = visit.fingerprint("day").with(Shown(visit, &page)).with((day, beside));
    Some(visit.page(CachePolicy::of_list(&page), fingerprint.finish(), || {
        let words = visit.site.words;
        let link = |day: Option<NaiveDate>| {
            day.map(|day| Link { label: words.day(day), href: visit.site.href(Route::day(day)) })
        };
        let label = words.day_heading(day);
        let (title, description, summary) = match number {
            Number::Latest => {
                let description = words.date_description(&words.day(day), page.total);
                (label.clone(), description, words.posts(page.total))
            }
            Number::Page(n) => (format!("{label} ({})", words.page(n)), label.clone(), words.page(n)),
        };
        let year = Link { label: words.year(day.year()), href: visit.site.href(Route::Year(day.year())) };
        let month = month_link(visit, day);
        let head = Head::new(visit, title, description, Route::Day(day, number));
        Ok(DayPage {
            site: visit.site,
            head: head.of_collection(visit.site, &[&year, &month]),
            summary,
            month,
            days: timeline::days(visit, &page.posts, true),
            pager: Pager::of(visit, &page, |number| Route::Day(day, number)),
            older: link(beside.0),
            newer: link(beside.1),
            label,
        })
    }))
}
