//! A month as a grid of days; each day with posts is a link.

use chrono::{Datelike, NaiveDate};

use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::view::charts::heat;
use crate::web::view::link::Link;

/// A cell of the grid: a day, or empty space before or after the month.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    /// The day of the month; 0 outside the month.
    pub(crate) day: u32,
    /// The day's page, if the day has posts.
    pub(crate) href: Option<String>,
    /// Date and number of posts, for readers who do not see the grid.
    pub(crate) label: String,
    /// The activity of the day relative to the busiest day of the page, from 0 to 4.
    pub(crate) heat: usize,
}

/// The calendar of one month.
#[derive(Debug)]
pub(crate) struct MonthCalendar {
    /// Name and URL of the month's page.
    pub(crate) link: Link,
    /// The weeks, which begin on Monday.
    pub(crate) weeks: Vec<[Cell; 7]>,
    /// Number of posts in the month.
    pub(crate) posts: usize,
}

impl MonthCalendar {
    /// Builds the calendar of a month from its first and last day. `busiest` is the number of posts on the
    /// busiest day of the page.
    pub(crate) fn new(
        request: &PageRequest<'_>,
        (first, last): (NaiveDate, NaiveDate),
        busiest: usize,
    ) -> Self {
        let (year, month) = (first.year(), first.month());
        let counts: Vec<(NaiveDate, usize)> = request.archive.days(first..=last).collect();
        let offset = first.weekday().num_days_from_monday() as usize;
        let length = last.day() as usize;
        let mut weeks = vec![<[Cell; 7]>::default(); (offset + length).div_ceil(7)];
        for day in 1..=length {
            let place = offset + day - 1;
            weeks[place / 7][place % 7].day = day as u32;
        }
        for &(date, count) in &counts {
            let place = offset + date.day0() as usize;
            let texts = request.site.texts;
            weeks[place / 7][place % 7] = Cell {
                day: date.day(),
                href: Some(request.site.href(Route::day(date))),
                label: format!("{} {}", texts.day(date), texts.posts(count)),
                heat: heat(count, busiest),
            };
        }
        let link = request.site.link(request.site.texts.month(year, month), Route::Month(year, month));
        Self { link, weeks, posts: counts.iter().map(|(_, count)| count).sum() }
    }
}
