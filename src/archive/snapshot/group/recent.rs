//! Counts of recent posts.

use std::ops::{AddAssign, SubAssign};

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

use crate::archive::post::Timestamp;

/// Numbers of recent posts, counted back from the day of the archive's newest post, that day included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecentCounts {
    /// Posts of 30 days. A source with at least one counts as active.
    pub month: usize,
    /// Posts of 7 days.
    pub week: usize,
}

/// The start of each recent period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecentPeriods {
    month: Option<Timestamp>,
    week: Option<Timestamp>,
}

impl RecentPeriods {
    /// Computes the periods from the day of the archive's newest post.
    pub(crate) fn new(newest: Option<NaiveDate>, zone: Tz) -> Self {
        let before = |days| {
            let first = newest?.checked_sub_days(Days::new(days))?;
            Some(Timestamp::start_of_day(first, zone))
        };
        Self { month: before(29), week: before(6) }
    }

    /// The contribution of a post with this date: 0 or 1 for each period.
    pub(crate) fn count(self, date: Timestamp) -> RecentCounts {
        let counts = |since: Option<Timestamp>| usize::from(since.is_none_or(|since| date >= since));
        RecentCounts { month: counts(self.month), week: counts(self.week) }
    }
}

impl AddAssign for RecentCounts {
    fn add_assign(&mut self, other: Self) {
        *self = Self { month: self.month + other.month, week: self.week + other.week };
    }
}

impl SubAssign for RecentCounts {
    fn sub_assign(&mut self, other: Self) {
        *self = Self { month: self.month - other.month, week: self.week - other.week };
    }
}
