//! The archive by day.

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate};

use crate::archive::post::PostId;
use crate::archive::snapshot::Snapshot;
use crate::archive::snapshot::list::List;
use crate::archive::snapshot::paging::{PER_PAGE, PageNumber};

impl Snapshot {
    /// The listed posts of a day, oldest first.
    pub fn day(&self, day: NaiveDate) -> Option<&List> {
        self.days.get(&day)
    }

    /// The page of the day's list to link to for a listed post: the plain URL if the day fits on one page
    /// or the post is its newest, else the numbered page, which keeps its posts.
    pub fn day_page(&self, id: PostId) -> (NaiveDate, PageNumber) {
        let day = self.post(id).date.day(self.zone());
        let Some(list) = self.day(day) else { return (day, PageNumber::Latest) };
        let (Ok(place) | Err(place)) = list.place(&self.posts, id);
        let is_newest = place + PER_PAGE >= list.len();
        let fits = list.len() <= PER_PAGE || place + 1 == list.len();
        let number =
            if is_newest && fits { PageNumber::Latest } else { PageNumber::Page(place / PER_PAGE + 1) };
        (day, number)
    }

    /// The days in a range that have posts, in ascending order, with the number of posts.
    pub fn days(
        &self,
        range: RangeInclusive<NaiveDate>,
    ) -> impl DoubleEndedIterator<Item = (NaiveDate, usize)> {
        self.days.range(range).map(|(day, posts)| (*day, posts.len()))
    }

    /// The day of the newest listed post.
    pub fn newest_day(&self) -> Option<NaiveDate> {
        self.days.last().map(|(day, _)| *day)
    }

    /// The nearest days with posts before and after `day`.
    pub fn days_beside(&self, day: NaiveDate) -> (Option<NaiveDate>, Option<NaiveDate>) {
        use std::ops::Bound::{Excluded, Unbounded};
        let before = self.days.range(..day).next_back().map(|(day, _)| *day);
        let after = self.days.range((Excluded(day), Unbounded)).next().map(|(day, _)| *day);
        (before, after)
    }

    /// The day with posts nearest to `day`. The earlier day wins a tie.
    pub fn nearest_day(&self, day: NaiveDate) -> Option<NaiveDate> {
        if self.days.contains_key(&day) {
            return Some(day);
        }
        let (before, after) = self.days_beside(day);
        [before, after].into_iter().flatten().min_by_key(|near| (*near - day).num_days().abs())
    }

    /// The years that have posts, newest first, with the number of posts.
    pub fn years(&self) -> Vec<(i32, usize)> {
        let mut years: Vec<(i32, usize)> = Vec::new();
        for (day, posts) in self.days.iter().rev() {
            match years.last_mut() {
                Some((year, count)) if *year == day.year() => *count += posts.len(),
                _ => years.push((day.year(), posts.len())),
            }
        }
        years
    }
}
