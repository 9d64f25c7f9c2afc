//! Which posts are recent, and how many.

use std::ops::{AddAssign, SubAssign};

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

use crate::archive::post::Timestamp;

/// Posts of the last days before the newest post of the archive, its day included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recent {
    /// Of 30 days, in which a source counts as active.
    pub month: usize,
    /// Of 7 days.
    pub week: usize,
}

/// The moments from which posts are recent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::archive::snapshot) struct Since {
    month: Option<Timestamp>,
    week: Option<Timestamp>,
}

impl Since {
    /// In an archive of this newest day, if it has any.
    pub(in crate::archive::snapshot) fn of(newest: Option<NaiveDate>, zone: Tz) -> Self {
        let before = |days| {
            let first = newest?.checked_sub_days(Days::new(days))?;
            Some(Timestamp::start_of(first, zone))
        };
        Self { month: before(29), week: before(6) }
    }

    /// What a post of a moment counts for.
    pub(in crate::archive::snapshot) fn count(self, date: Timestamp) -> Recent {
        let counts = |since: Option<Timestamp>| usize::from(since.is_none_or(|since| date >= since));
        Recent { month: counts(self.month), week: counts(self.week) }
    }
}

impl AddAssign for Recent {
    fn add_assign(&mut self, other: Self) {
        *self = Self { month: self.month + other.month, week: self.week + other.week };
    }
}

impl SubAssign for Recent {
    fn sub_assign(&mut self, other: Self) {
        *self = Self { month: self.month - other.month, week: self.week - other.week };
    }
}
