//! The pages for what is not there, no longer there, or failed.

use askama::Template;
use axum::http::StatusCode;
use chrono::NaiveDate;

use super::Head;
use crate::web::paths::Route;
use crate::web::reply::{Reply, Visit, status};
use crate::web::site::Site;
use crate::web::timeline::Link;

#[derive(Template)]
#[template(path = "pages/error.html")]
struct Page<'a> {
    site: &'a Site,
    head: Head,
    title: &'a str,
    text: &'a str,
    /// A day, and why that.
    nearest: Option<(&'a str, Link)>,
}

impl<'a> Page<'a> {
    fn new(site: &'a Site, title: &'a str, text: &'a str) -> Self {
        Self { site, head: Head::nowhere(title), title, text, nearest: None }
    }
}

/// 404, with the day with posts that is nearest to a date in the path, else the newest.
pub fn not_found(visit: &Visit<'_>, path: &str) -> Reply {
    let words = visit.site.words;
    let named = date_in(path).and_then(|day| visit.archive.nearest_day(day));
    let newest = visit.archive.newest_day().map(|day| (words.newest_day, day));
    let day = named.map(|day| (words.nearest_day, day)).or(newest);
    let nearest = day.map(|(why, day)| {
        (why, Link { label: words.day_heading(day), href: visit.site.href(Route::day(day)) })
    });
    let page = Page { nearest, ..Page::new(visit.site, words.not_found, words.not_found_text) };
    visit.absent(StatusCode::NOT_FOUND, &page)
}

/// 410: a post that its owner withdrew.
pub fn gone(visit: &Visit<'_>) -> Reply {
    let words = visit.site.words;
    visit.absent(StatusCode::GONE, &Page::new(visit.site, words.gone, words.gone_text))
}

/// 500, said without a word about why.
pub fn failed(site: &Site) -> Reply {
    let page = Page::new(site, site.words.failed, site.words.failed_text);
    let mut reply = match page.render() {
        Ok(html) => Reply::new(html.into()),
        Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR),
    };
    *reply.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let headers = reply.headers_mut();
    headers.insert("content-type", axum::http::HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert("cache-control", crate::web::cache::CachePolicy::NoStore.header());
    reply
}

/// A date that the path names: `/2021/12/09/…`, or eight digits that begin an id.
fn date_in(path: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = path.split(['/', '-']).collect();
    let number = |text: &str| text.parse::<u32>().ok();
    let ymd = parts.windows(3).find_map(|window| {
        let year = window[0].parse().ok().filter(|year| (1000..=9999).contains(year))?;
        NaiveDate::from_ymd_opt(year, number(window[1])?, number(window[2])?)
    });
    ymd.or_else(|| {
        parts.iter().find_map(|part| {
            let digits = part.trim_start_matches(|c: char| c.is_ascii_alphabetic()).get(..8)?;
            NaiveDate::parse_from_str(digits, "%Y%m%d").ok()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_found_in_old_and_damaged_paths() {
        let day = NaiveDate::from_ymd_opt(2021, 12, 9);
        let table = [
            ("/emnews/2021/12/09/1.html", day),
            ("/x/2021-12-09-title", day),
            ("/NW202112092206805832.html", day),
            ("/2021/13/09/", None),
            ("/", None),
            ("/中文", None),
        ];
        for (path, expected) in table {
            assert_eq!(date_in(path), expected, "{path}");
        }
    }
}
