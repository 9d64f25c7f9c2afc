//! The pages of a year, a month and a day.

use askama::Template;
use chrono::{Datelike, NaiveDate};

use crate::archive::snapshot::{ListPage, PageNumber};
use crate::web::http::cache::CachePolicy;
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::paths::date::{month_bounds, year_bounds};
use crate::web::view::calendar::MonthCalendar;
use crate::web::view::charts::{self, YearChart};
use crate::web::view::link::Link;
use crate::web::view::metadata::Head;
use crate::web::view::site::Site;
use crate::web::view::timeline::{self, Day, ListVersion, Pager, TimelineEntry};

/// Headlines per day on a month's page. One more is shown if only one would be left out.
const HEADLINES: usize = 5;

#[derive(Template)]
#[template(path = "pages/year.html")]
struct YearPage<'a> {
    site: &'a Site,
    head: Head,
    label: String,
    summary: String,
    chart: YearChart,
    months: Vec<MonthCalendar>,
    years: Vec<Link>,
}

/// Serves `/<year>/`.
pub fn year(request: &PageRequest<'_>, year: i32) -> Option<Reply> {
    let (first, last) = year_bounds(year)?;
    let days: Vec<_> = request.archive.days(first..=last).collect();
    if days.is_empty() {
        return None;
    }
    let years: Vec<i32> = request.archive.years().into_iter().map(|(year, _)| year).collect();
    let fingerprint = request.fingerprint("year").with(&days).with(&years);
    Some(request.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let texts = request.site.texts;
        let count = days.iter().map(|(_, count)| count).sum();
        let label = texts.year(year);
        let busiest = charts::busiest(&days);
        let head = Head::new(request, &label, texts.date_description(&label, count), Route::Year(year));
        let months = (1..=12).rev().filter_map(|month| month_bounds(year, month));
        let months = months.map(|days| MonthCalendar::new(request, days, busiest));
        let others = years.iter().filter(|other| **other != year);
        Ok(YearPage {
            site: request.site,
            head: head.with_collection_metadata(request.site, &[]),
            summary: texts.posts(count),
            chart: charts::days_of_archive(request, first, last),
            months: months.filter(|month| month.posts > 0).collect(),
            years: others.map(|year| request.site.link(texts.year(*year), Route::Year(*year))).collect(),
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
    month: MonthCalendar,
    days: Vec<MonthDay<'a>>,
    older: Option<Link>,
    newer: Option<Link>,
}

/// A day on a month's page, with its newest headlines.
struct MonthDay<'a> {
    link: Link,
    iso: String,
    count: String,
    entries: Vec<TimelineEntry<'a>>,
    /// The link text for the day's other posts.
    others: Option<String>,
}

/// Serves `/<year>/<month>/`.
pub fn month(request: &PageRequest<'_>, year: i32, month: u32) -> Option<Reply> {
    let (first, last) = month_bounds(year, month)?;
    let counts: Vec<_> = request.archive.days(first..=last).rev().collect();
    if counts.is_empty() {
        return None;
    }
    let (before, _) = request.archive.days_beside(first);
    let (_, after) = request.archive.days_beside(last);
    let mut fingerprint = request.fingerprint("month").with((&counts, before, after));
    for (day, _) in &counts {
        for id in newest_of(request, *day) {
            fingerprint.add(timeline::version(request, id));
        }
    }
    Some(request.page(CachePolicy::Revalidate, fingerprint.finish(), || {
        let texts = request.site.texts;
        let label = texts.month(year, month);
        let total = counts.iter().map(|(_, count)| count).sum();
        let beside = |day: Option<NaiveDate>| day.map(|day| month_link(request, day));
        let busiest = charts::busiest(&counts);
        let above = request.site.link(texts.year(year), Route::Year(year));
        let head =
            Head::new(request, &label, texts.date_description(&label, total), Route::Month(year, month));
        Ok(MonthPage {
            site: request.site,
            head: head.with_collection_metadata(request.site, &[&above]),
            summary: texts.posts(total),
            year: above,
            month: MonthCalendar::new(request, (first, last), busiest),
            days: counts.iter().map(|(day, count)| month_day(request, *day, *count)).collect(),
            older: beside(before),
            newer: beside(after),
            label,
        })
    }))
}

fn newest_of(request: &PageRequest<'_>, day: NaiveDate) -> Vec<crate::archive::PostId> {
    let Some(list) = request.archive.day(day) else { return Vec::new() };
    let shown = if list.len() == HEADLINES + 1 { list.len() } else { HEADLINES };
    list.newest(shown).collect()
}

fn month_day<'a>(request: &PageRequest<'a>, day: NaiveDate, count: usize) -> MonthDay<'a> {
    let texts = request.site.texts;
    let entries = newest_of(request, day);
    MonthDay {
        link: request.site.link(texts.day_heading(day), Route::day(day)),
        iso: day.to_string(),
        count: texts.posts(count),
        others: (count > entries.len()).then(|| texts.other_posts(count - entries.len())),
        entries: entries.iter().map(|id| timeline::entry(request, request.archive.post(*id), true)).collect(),
    }
}

fn month_link(request: &PageRequest<'_>, day: NaiveDate) -> Link {
    let (year, month) = (day.year(), day.month());
    request.site.link(request.site.texts.month(year, month), Route::Month(year, month))
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
pub fn day(request: &PageRequest<'_>, day: NaiveDate, number: PageNumber) -> Option<Reply> {
    let page = ListPage::new(request.archive.day(day)?, number)?;
    let beside = request.archive.days_beside(day);
    let fingerprint = request.fingerprint("day").with(ListVersion(request, &page)).with((day, beside));
    Some(request.page(CachePolicy::for_list(&page), fingerprint.finish(), || {
        let texts = request.site.texts;
        let link = |day: NaiveDate| request.site.link(texts.day(day), Route::day(day));
        let label = texts.day_heading(day);
        let (title, description, summary) = match number {
            PageNumber::Latest => {
                let description = texts.date_description(&texts.day(day), page.total);
                (label.clone(), description, texts.posts(page.total))
            }
            PageNumber::Page(n) => (format!("{label} ({})", texts.page(n)), label.clone(), texts.page(n)),
        };
        let year = request.site.link(texts.year(day.year()), Route::Year(day.year()));
        let month = month_link(request, day);
        let head = Head::new(request, title, description, Route::Day(day, number));
        Ok(DayPage {
            site: request.site,
            head: head.with_collection_metadata(request.site, &[&year, &month]),
            summary,
            month,
            days: timeline::days(request, &page.posts, true),
            pager: Pager::new(request, &page, |number| Route::Day(day, number)),
            older: beside.0.map(link),
            newer: beside.1.map(link),
            label,
        })
    }))
}
