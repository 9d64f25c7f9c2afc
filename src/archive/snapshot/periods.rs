//! Counts the posts of a list per day, month and hour of the day, for the charts of a source or security.

use std::ops::{Range, RangeInclusive};

use chrono::{Datelike, Months, NaiveDate, Timelike};

use crate::archive::post::{PostId, Timestamp};
use crate::archive::snapshot::Snapshot;
use crate::archive::snapshot::list::List;

/// A day or month of a list that has posts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Period {
    /// The day, or the first day of the month.
    pub day: NaiveDate,
    /// The positions of its posts in the list, counted from the oldest.
    pub places: Range<usize>,
}

impl Period {
    /// The number of posts; at least one.
    pub fn posts(&self) -> usize {
        self.places.len()
    }
}

impl Snapshot {
    /// The days in a range on which a list has posts, ascending.
    pub fn days_of(&self, list: &List, range: RangeInclusive<NaiveDate>) -> Vec<Period> {
        let first = list.place_since(&self.posts, Timestamp::start_of_day(*range.start(), self.zone()), 0);
        let days = self.periods(list, first, |day| (day, day.succ_opt()));
        days.take_while(|period| period.day <= *range.end()).collect()
    }

    /// The months in which a list has posts, ascending.
    pub fn months_of(&self, list: &List) -> Vec<Period> {
        let month = |day: NaiveDate| {
            let first = day.with_day(1).unwrap_or(day);
            (first, first.checked_add_months(Months::new(1)))
        };
        self.periods(list, 0, month).collect()
    }

    /// The month of a list that starts on `first`, if it has posts.
    pub fn month_of(&self, list: &List, first: NaiveDate) -> Option<Period> {
        let next = first.checked_add_months(Months::new(1))?;
        let start = list.place_since(&self.posts, Timestamp::start_of_day(first, self.zone()), 0);
        let end = list.place_since(&self.posts, Timestamp::start_of_day(next, self.zone()), start);
        (start < end).then_some(Period { day: first, places: start..end })
    }

    /// The latest front-matter modification date among the listed posts in the time span of `places`, or
    /// the date of the last post. Posts of other lists in that span count too.
    pub fn last_modified(&self, list: &List, places: Range<usize>) -> Option<Timestamp> {
        let [first, last] = [list.get(places.start)?, list.get(places.end.checked_sub(1)?)?];
        let [first, last] = [first, last].map(|id| self.post(id).date);
        let modified = self.modified.range((first, PostId::new(0))..);
        let modified = modified.take_while(|(date, _)| *date <= last);
        modified.filter_map(|(_, id)| self.post(*id).modified()).chain([last]).max()
    }

    /// Counts the `newest` posts of a list by the hour of the day in the site's time zone.
    pub fn hours_of(&self, list: &List, newest: usize) -> [usize; 24] {
        let mut hours = [0; 24];
        for id in list.newest(newest) {
            hours[self.post(id).date.in_zone(self.zone()).hour() as usize] += 1;
        }
        hours
    }

    /// The periods of a list's posts from a position on. `around` maps a day to the first days of its
    /// period and of the next one. A search skips to the end of each period, so a long list costs little
    /// more than a short one.
    fn periods(
        &self,
        list: &List,
        mut place: usize,
        around: impl Fn(NaiveDate) -> (NaiveDate, Option<NaiveDate>),
    ) -> impl Iterator<Item = Period> {
        let start = |day: NaiveDate| Timestamp::start_of_day(day, self.zone());
        std::iter::from_fn(move || {
            let (day, next) = around(self.post(list.get(place)?).date.day(self.zone()));
            let end = next.map_or(list.len(), |next| list.place_since(&self.posts, start(next), place));
            // The period includes its first post even if the zone's clock changes.
            let places = place..end.max(place + 1);
            place = places.end;
            Some(Period { day, places })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::snapshot::tests::snapshot_of;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn posts_are_counted_by_local_day_month_and_hour() {
        let dates = [
            "2024-02-28T23:59:59+08:00",
            "2024-02-29T00:00:00+08:00",
            "2024-02-29T23:59:59+08:00",
            "2024-03-01T00:00:00+08:00",
            "2024-12-31T08:30:00+08:00",
        ];
        let archive = snapshot_of(&dates, chrono_tz::Asia::Shanghai);
        let list = archive.listed();
        let counted =
            |periods: Vec<Period>| periods.iter().map(|p| (p.day.to_string(), p.posts())).collect::<Vec<_>>();
        let days = archive.days_of(list, day("2024-02-29")..=day("2024-03-31"));
        assert_eq!(counted(days), [("2024-02-29".into(), 2), ("2024-03-01".into(), 1)]);
        let months = archive.months_of(list);
        let expected = [("2024-02-01".into(), 3), ("2024-03-01".into(), 1), ("2024-12-01".into(), 1)];
        assert_eq!(counted(months), expected);
        let hours = archive.hours_of(list, 3);
        assert_eq!((hours[0], hours[8], hours[23]), (1, 1, 1));
        assert_eq!(archive.days_of(list, day("2025-01-01")..=day("2025-12-31")), []);
    }
}
