//! Charts in SVG, each with its numbers as a table: the days of a year, bars by month, bars by hour.

use chrono::{Datelike, Days, NaiveDate};

use crate::archive::snapshot::{List, Period};
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::view::link::Link;
use crate::web::view::texts::InterfaceTexts;

/// The distance between two cells of a calendar, in units of the chart.
const STEP: u32 = 13;
/// Space for the weekdays at the left of a calendar.
const LEFT: u32 = 16;
/// Space for the months above a calendar.
const TOP: u32 = 16;
/// Width and height of a bar chart.
const BARS: (u32, u32) = (360, 96);
/// The chart of hours counts this number of a list's newest posts.
const POSTS_OF_HOURS: usize = 1000;
/// A bar chart shows at most this number of months, the newest: a wrong date could otherwise stretch it over
/// millennia.
const MOST_MONTHS: i32 = BARS.0 as i32;
/// The highest heat needs at least this number of posts a day, however quiet the other days are.
const BUSY: usize = 4;

/// A year of days, in two halves that the page lays out beside or below each other.
#[derive(Debug)]
pub(crate) struct YearChart {
    /// A sentence that describes the chart.
    pub(crate) description: String,
    /// Width of each half, in units of the chart.
    pub(crate) width: u32,
    /// Always two: the earlier months, then the later.
    pub(crate) halves: Vec<HalfYear>,
    /// The same numbers as a table, one row per month.
    pub(crate) table: Vec<MonthRow>,
}

/// Half a year of days, in columns of weeks.
#[derive(Debug)]
pub(crate) struct HalfYear {
    /// The months' names with their x coordinates.
    pub(crate) months: Vec<(u32, String)>,
    /// In order of date.
    pub(crate) days: Vec<DayCell>,
}

/// The cell of a day.
#[derive(Debug)]
pub(crate) struct DayCell {
    /// From the left, in units of the chart.
    pub(crate) x: u32,
    /// From the top, in units of the chart.
    pub(crate) y: u32,
    /// 0 to 4: the day's posts relative to the busiest day.
    pub(crate) heat: usize,
    /// The day's link and label; `None` without posts.
    pub(crate) link: Option<Link>,
}

/// The row of a month in the table.
#[derive(Debug)]
pub(crate) struct MonthRow {
    /// The month with its year.
    pub(crate) label: String,
    /// 31 entries; `None` for days outside the month or the chart.
    pub(crate) days: Vec<Option<DayCount>>,
}

/// The number of posts of a day.
#[derive(Debug, Clone)]
pub(crate) struct DayCount {
    /// Zero for a day without posts.
    pub(crate) count: usize,
    /// The day's page; `None` without posts.
    pub(crate) href: Option<String>,
}

/// A bar chart.
#[derive(Debug)]
pub(crate) struct BarChart {
    /// A sentence that describes the chart.
    pub(crate) description: String,
    /// From left to right.
    pub(crate) bars: Vec<Bar>,
    /// Labels below the bars, with their x coordinates.
    pub(crate) ticks: Vec<(u32, String)>,
}

/// One bar, in units of the chart.
#[derive(Debug)]
pub(crate) struct Bar {
    /// From the left.
    pub(crate) x: u32,
    /// From the top.
    pub(crate) y: u32,
    /// At least 1.
    pub(crate) width: u32,
    /// 0 without posts.
    pub(crate) height: u32,
    /// The month or the hour.
    pub(crate) label: String,
    /// The number of posts.
    pub(crate) count: usize,
}

/// The numbers that a list's charts are drawn from. The fingerprint of the list's page includes them.
#[derive(Debug, Hash)]
pub(crate) struct ChartData {
    from: NaiveDate,
    to: NaiveDate,
    days: Vec<Period>,
    months: Vec<Period>,
    hours: Option<[usize; 24]>,
}

/// The charts of a list.
#[derive(Debug)]
pub(crate) struct Charts {
    /// The last twelve months, by day.
    pub(crate) year: YearChart,
    /// All months; `None` if the list has posts in only one.
    pub(crate) months: Option<BarChart>,
    /// The hours of the day, if the caller wanted them.
    pub(crate) hours: Option<BarChart>,
}

impl ChartData {
    /// Counts the posts of a list by day in its last year, by month and, with `with_hours`, by hour.
    pub(crate) fn from_list(request: &PageRequest<'_>, list: &List, with_hours: bool) -> Option<Self> {
        let archive = request.archive;
        let to = archive.post(list.last()?).date.day(archive.zone());
        let from = a_year_before(to);
        Some(Self {
            from,
            to,
            days: archive.days_of(list, from..=to),
            months: archive.months_of(list),
            hours: with_hours.then(|| archive.hours_of(list, POSTS_OF_HOURS)),
        })
    }

    /// Draws the charts; `link` returns the address of a day.
    pub(crate) fn draw(&self, texts: &InterfaceTexts, link: impl Fn(&Period) -> String) -> Charts {
        let days = self.days.iter().map(|day| (day.day, day.posts(), link(day)));
        Charts {
            year: YearChart::new(texts, self.from, self.to, days.collect()),
            months: (self.months.len() > 1).then(|| BarChart::from_months(texts, &self.months)),
            hours: self.hours.map(|hours| BarChart::from_hours(texts, hours)),
        }
    }
}

/// The first day of the year (365 days) that ends with a day.
pub(crate) fn a_year_before(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(364)).unwrap_or(day)
}

impl YearChart {
    /// Draws the days from `from` to `to`, at most about a year. `counts` holds the days that have posts, in
    /// order, each with the number of posts and the address.
    pub(crate) fn new(
        texts: &InterfaceTexts,
        from: NaiveDate,
        to: NaiveDate,
        counts: Vec<(NaiveDate, usize, String)>,
    ) -> Self {
        let most = counts.iter().max_by_key(|(day, count, _)| (*count, *day));
        let most =
            most.map_or_else(String::new, |(day, count, _)| texts.posts_at(&texts.day_of_year(*day), *count));
        let total = counts.iter().map(|(_, count, _)| count).sum();
        let busiest = counts.iter().map(|(_, count, _)| *count).max().unwrap_or(0);
        // Weeks start on Monday, so the first may begin before `from`.
        let monday = |day: NaiveDate| {
            day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).unwrap_or(day)
        };
        let weeks = (monday(to) - monday(from)).num_weeks() as u32 + 1;
        let first_half = weeks.div_ceil(2);
        let half = || HalfYear { months: Vec::new(), days: Vec::with_capacity((first_half * 7) as usize) };
        let mut halves = vec![half(), half()];
        let mut table: Vec<MonthRow> = Vec::new();
        let mut named = 0;
        let mut counts = counts.into_iter().peekable();
        for day in from.iter_days().take_while(|day| *day <= to) {
            let week = (monday(day) - monday(from)).num_weeks() as u32;
            let (index, column) = if week < first_half { (0, week) } else { (1, week - first_half) };
            let half = &mut halves[index];
            let x = LEFT + column * STEP;
            // A month's name stands at its start, or in the next half if this half has no space left for it.
            if day.day() < 15 && named != day.month() && column + 1 < first_half {
                named = day.month();
                half.months.push((x, texts.short_month(named)));
            }
            let counted = counts.next_if(|(other, ..)| *other == day);
            let count = counted.as_ref().map_or(0, |(_, count, _)| *count);
            let href = counted.map(|(.., href)| href);
            if table.is_empty() || day.day() == 1 {
                let label = texts.month(day.year(), day.month());
                table.push(MonthRow { label, days: vec![None; 31] });
            }
            if let Some(row) = table.last_mut() {
                row.days[day.day0() as usize] = Some(DayCount { count, href: href.clone() });
            }
            half.days.push(DayCell {
                x,
                y: TOP + day.weekday().num_days_from_monday() * STEP,
                heat: heat(count, busiest),
                link: href.map(|href| Link { label: texts.posts_at(&texts.day_of_year(day), count), href }),
            });
        }
        let description = texts.chart_description(total, &texts.span(from, to), &most);
        Self { description, width: LEFT + first_half * STEP, halves, table }
    }

    /// The weekdays at the left of the calendar, with their y coordinates: Monday, Wednesday, Friday.
    pub(crate) fn weekdays(
        &self,
        texts: &'static InterfaceTexts,
    ) -> impl Iterator<Item = (u32, &'static str)> {
        [0, 2, 4].into_iter().map(|day: u32| (TOP + day * STEP + 9, texts.weekdays[day as usize]))
    }

    /// The height of each half, in units of the chart.
    pub(crate) fn height(&self) -> u32 {
        TOP + 7 * STEP
    }
}

/// The largest number of posts on one day; 0 without days.
pub(crate) fn busiest(days: &[(NaiveDate, usize)]) -> usize {
    days.iter().map(|(_, count)| *count).max().unwrap_or(0)
}

/// The heat of a day relative to the busiest day: 0 to 4.
pub(crate) fn heat(count: usize, busiest: usize) -> usize {
    (count * 4).div_ceil(busiest.max(BUSY))
}

/// The calendar of the whole archive from `from` to `to`.
pub(crate) fn days_of_archive(request: &PageRequest<'_>, from: NaiveDate, to: NaiveDate) -> YearChart {
    let days = request.archive.days(from..=to);
    let counts = days.map(|(day, count)| (day, count, request.site.href(Route::day(day)))).collect();
    YearChart::new(request.site.texts, from, to, counts)
}

impl BarChart {
    fn from_months(texts: &InterfaceTexts, months: &[Period]) -> Self {
        let number = |day: NaiveDate| day.year() * 12 + day.month0() as i32;
        let last = months.last().map_or(0, |month| number(month.day));
        // With fewer than 12 months the bars would be too wide.
        let first = months.first().map_or(0, |month| number(month.day)).min(last - 11);
        let first = first.max(last - MOST_MONTHS + 1);
        let mut counted = months.iter().skip_while(|month| number(month.day) < first).peekable();
        let all = (first..=last).map(|at| {
            let count = counted.next_if(|month| number(month.day) == at).map_or(0, Period::posts);
            (texts.month(at.div_euclid(12), at.rem_euclid(12) as u32 + 1), count)
        });
        let all: Vec<_> = all.collect();
        let years = (first..=last).enumerate().filter(|(_, at)| at.rem_euclid(12) == 0);
        let years: Vec<_> = years.map(|(index, at)| (index, at.div_euclid(12).to_string())).collect();
        // With many years, only some labels fit.
        let every = years.len().div_ceil(8).max(1);
        let ticks = years.into_iter().step_by(every).collect();
        Self::new(texts, all, ticks)
    }

    fn from_hours(texts: &InterfaceTexts, hours: [usize; 24]) -> Self {
        let all = hours.into_iter().enumerate().map(|(hour, count)| (format!("{hour:02}:00"), count));
        let ticks = [0, 6, 12, 18].map(|hour| (hour, format!("{hour:02}:00")));
        let bars = Self::new(texts, all.collect(), ticks.into());
        match hours.iter().sum::<usize>() {
            // The list may be longer, so the description says that it covers the newest posts only.
            POSTS_OF_HOURS => {
                Self { description: texts.of_the_newest(POSTS_OF_HOURS, &bars.description), ..bars }
            }
            _ => bars,
        }
    }

    fn new(texts: &InterfaceTexts, all: Vec<(String, usize)>, ticks: Vec<(usize, String)>) -> Self {
        let (width, height) = BARS;
        let place = |index: usize| (index as u32 * width) / all.len() as u32;
        let most = all.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
        let busiest = all.iter().find(|(_, count)| *count == most);
        let busiest = busiest.map_or_else(String::new, |(label, count)| texts.posts_at(label, *count));
        let total = all.iter().map(|(_, count)| count).sum();
        let span = match (all.first(), all.last()) {
            (Some((first, _)), Some((last, _))) => format!("{first} – {last}"),
            _ => String::new(),
        };
        let bar = |(index, (label, count)): (usize, &(String, usize))| {
            let tall = (*count * height as usize).div_ceil(most) as u32;
            let room = place(index + 1) - place(index);
            Bar {
                x: place(index),
                y: height - tall,
                width: if room > 3 { room - 1 } else { room.max(1) },
                height: tall,
                label: label.clone(),
                count: *count,
            }
        };
        Self {
            description: texts.chart_description(total, &span, &busiest),
            bars: all.iter().enumerate().map(bar).collect(),
            ticks: ticks.into_iter().map(|(index, label)| (place(index), label)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::view::texts::CHINESE;

    #[test]
    fn year_chart_shows_every_day_in_chart_and_table() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        for (from, to) in
            [("2024-01-01", "2024-12-31"), ("2023-11-21", "2024-11-19"), ("2024-02-29", "2024-02-29")]
        {
            let (from, to) = (day(from), day(to));
            let counts = vec![(from, 3, "/from".to_owned())];
            let year = YearChart::new(&CHINESE, from, to, counts);
            let days = (to - from).num_days() as usize + 1;
            assert_eq!(year.halves.iter().map(|half| half.days.len()).sum::<usize>(), days);
            let in_table: Vec<usize> =
                year.table.iter().flat_map(|row| &row.days).flatten().map(|day| day.count).collect();
            assert_eq!((in_table.len(), in_table.iter().sum::<usize>()), (days, 3));
            let fields = year.halves.iter().flat_map(|half| &half.days);
            assert_eq!(fields.filter(|field| field.link.is_some()).count(), 1);
            for half in &year.halves {
                assert!(
                    half.days
                        .iter()
                        .all(|field| field.x + STEP <= year.width && field.y + STEP <= year.height())
                );
            }
        }
    }

    #[test]
    fn year_chart_names_each_month_once() {
        for year in 2000..2028 {
            let day = |month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day");
            let chart = YearChart::new(&CHINESE, day(1, 1), day(12, 31), Vec::new());
            let names = chart.halves.iter().flat_map(|half| &half.months).map(|(_, name)| name.clone());
            let months: Vec<String> = (1..=12).map(|month| CHINESE.short_month(month)).collect();
            assert_eq!(names.collect::<Vec<_>>(), months, "{year}");
            for half in &chart.halves {
                let places: Vec<u32> = half.months.iter().map(|(x, _)| *x).chain([chart.width]).collect();
                assert!(places.windows(2).all(|pair| pair[1] - pair[0] >= 2 * STEP), "{year}: {places:?}");
            }
        }
    }

    #[test]
    fn bar_heights_are_proportional_to_counts() {
        let mut hours = [0; 24];
        (hours[0], hours[23]) = (1, 4);
        let bars = BarChart::from_hours(&CHINESE, hours).bars;
        assert_eq!(bars.len(), 24);
        assert_eq!((bars[0].height, bars[1].height, bars[23].height), (BARS.1 / 4, 0, BARS.1));
        assert!(bars.iter().all(|bar| bar.x + bar.width <= BARS.0 && bar.y + bar.height == BARS.1));
    }
}
