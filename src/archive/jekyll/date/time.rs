//! Ruby's `Time.parse` (lib/time.rb): converts the parts that `Date._parse` finds to an instant.

use chrono::{DateTime, Datelike, Duration, FixedOffset, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{OffsetName, Tz};

use crate::archive::jekyll::date::parse::date_parts;
use crate::archive::jekyll::date::parts::Parts;

/// A reading of a clock and a calendar, like the arguments of `Time.utc`. The reading may not exist.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
}

impl Clock {
    /// Midnight at the beginning of a day.
    pub(crate) fn day(year: i64, month: i64, day: i64) -> Self {
        Self { year, month, day, hour: 0, minute: 0, second: 0 }
    }

    /// Returns the instant at which a clock `offset` seconds ahead of UTC shows this reading.
    pub(crate) fn at_offset(self, offset: i64, zone: Tz) -> Option<DateTime<Tz>> {
        let offset = i32::try_from(offset).ok().and_then(FixedOffset::east_opt)?;
        Some(offset.from_local_datetime(&self.normal()?).single()?.with_timezone(&zone))
    }

    /// Returns the instant at which the site's clocks show this reading; the later one if there are two.
    /// A reading that the clocks skip uses the offset from before the change.
    pub(crate) fn local(self, zone: Tz) -> Option<DateTime<Tz>> {
        let reading = self.normal()?;
        // No zone has skipped more than a day.
        (0..=25).find_map(|hours| {
            let hours = Duration::hours(hours);
            let before = reading.checked_sub_signed(hours)?;
            zone.from_local_datetime(&before).latest()?.checked_add_signed(hours)
        })
    }

    /// Normalizes the reading as `Time.utc` does: 31 February, 24:00:00 and a 60th second carry over.
    fn normal(self) -> Option<NaiveDateTime> {
        let Self { year, month, day, hour, minute, second } = self;
        let fits = (1..=31).contains(&day)
            && (0..=24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..=60).contains(&second)
            && (hour < 24 || (minute == 0 && second == 0));
        let first = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, u32::try_from(month).ok()?, 1)?;
        let since = Duration::days(day - 1) + Duration::seconds(hour * 3600 + minute * 60 + second);
        fits.then(|| first.and_time(chrono::NaiveTime::MIN).checked_add_signed(since)).flatten()
    }

    /// `Time.apply_offset`: the reading at UTC. A part that the offset does not change is not carried and
    /// may stay out of range; an overflowing day becomes the first or last of the adjacent month.
    fn to_utc(mut self, offset: i64) -> Self {
        let sign = -offset.signum();
        let mut rest = offset.abs();
        for (part, base) in [(&mut self.second, 60), (&mut self.minute, 60), (&mut self.hour, 24)] {
            let shift = rest % base;
            rest /= base;
            if shift != 0 {
                *part += sign * shift;
                rest += sign * part.div_euclid(base);
                *part = part.rem_euclid(base);
            }
        }
        self.day += sign * rest;
        if rest == 0 {
            return self;
        }
        if sign > 0 && month_days(self.year, self.month).is_some_and(|days| days < self.day) {
            self.day = 1;
            self.month += 1;
            if self.month > 12 {
                self.month = 1;
                self.year += 1;
            }
        } else if sign < 0 && self.day < 1 {
            self.month -= 1;
            if self.month < 1 {
                self.month = 12;
                self.year -= 1;
            }
            self.day = month_days(self.year, self.month).unwrap_or(0);
        }
        self
    }
}

/// `Time.parse` in the site's zone; also `None` where Ruby would assume the current year.
pub(crate) fn parse(text: &str, zone: Tz) -> Option<DateTime<Tz>> {
    let parts = date_parts(text)?;
    let year = parts.year?;
    let offset = parts.zone.as_deref().and_then(|name| zone_offset(name, year, zone));
    if offset.is_some_and(|offset| offset.abs() >= 24 * 3600) {
        return None;
    }
    let at = match parts.yday {
        Some(yday) => day_of_year(yday, &parts, year, offset, zone),
        None => make_time(&parts, year, offset, zone),
    };
    at.and_then(in_range)
}

/// Rejects years outside 1 to 9999, since no permalink can contain them.
pub(crate) fn in_range(at: DateTime<Tz>) -> Option<DateTime<Tz>> {
    (1..=9999).contains(&at.year()).then_some(at)
}

/// `Time.make_time`; missing parts have their minimum.
fn make_time(parts: &Parts, year: i64, offset: Option<i64>, zone: Tz) -> Option<DateTime<Tz>> {
    let clock = Clock {
        year,
        month: parts.month.unwrap_or(1),
        day: parts.day.unwrap_or(1),
        hour: parts.hour.unwrap_or(0),
        minute: parts.minute.unwrap_or(0),
        second: parts.second.unwrap_or(0),
    };
    // The limit keeps the sums below far from overflow.
    let sane = |part: i64| part.abs() < 1_000_000;
    let all = [clock.year, clock.month, clock.day, clock.hour, clock.minute, clock.second];
    if !all.into_iter().all(sane) {
        return None;
    }
    match offset {
        Some(offset) => clock.to_utc(offset).at_offset(0, zone),
        None => clock.local(zone),
    }
}

/// `2024-060`: guesses the day of the year with months of 31 days and corrects the guess.
fn day_of_year(yday: i64, parts: &Parts, year: i64, offset: Option<i64>, zone: Tz) -> Option<DateTime<Tz>> {
    if !(1..=366).contains(&yday) {
        return None;
    }
    let (mut month, mut day) = ((yday - 1) / 31 + 1, (yday - 1) % 31 + 1);
    let on = |month, day| {
        let parts = Parts { month: Some(month), day: Some(day), ..parts.clone() };
        make_time(&parts, year, offset, zone)
    };
    let guess = on(month, day)?;
    let shown = match offset.and_then(|offset| i32::try_from(offset).ok()).and_then(FixedOffset::east_opt) {
        Some(offset) => guess.with_timezone(&offset).ordinal(),
        None => guess.ordinal(),
    };
    let days_off = yday - i64::from(shown);
    if days_off == 0 {
        return Some(guess);
    }
    day += days_off;
    if let Some(days) = month_days(year, month).filter(|&days| day > 28 && day > days) {
        day -= days;
        month += 1;
        if month > 12 {
            return None;
        }
    }
    on(month, day)
}

/// `Time.zone_offset`: seconds ahead of UTC; `None` means local time.
fn zone_offset(name: &str, year: i64, zone: Tz) -> Option<i64> {
    let name = name.to_uppercase();
    if let Some(digits) = name.strip_prefix(['+', '-']) {
        let offset = numeric_offset(digits)?;
        return Some(if name.starts_with('-') { -offset } else { offset });
    }
    let hours = match name.as_str() {
        "UTC" | "Z" | "UT" | "GMT" => 0,
        "EST" | "CDT" => -5,
        "EDT" => -4,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        // The letters of military zones.
        letter if let (1, Some(at)) = (letter.len(), "ABCDEFGHIKLM".find(letter)) => 1 + at as i64,
        letter if let (1, Some(at)) = (letter.len(), "NOPQRSTUVWXY".find(letter)) => -1 - at as i64,
        _ => return site_offset(&name, year, zone),
    };
    Some(hours * 3600)
}

/// Parses `08`, `0800`, `08:00`, `080000` or `08:00:00` to seconds.
fn numeric_offset(digits: &str) -> Option<i64> {
    let colons = digits.matches(':').count();
    let plain = digits.replace(':', "");
    let colons_fit = match (digits.len(), colons) {
        (2 | 4 | 6, 0) => true,
        (5, 1) => digits.as_bytes()[2] == b':',
        (8, 2) => digits.as_bytes()[2] == b':' && digits.as_bytes()[5] == b':',
        _ => false,
    };
    if !colons_fit || !plain.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |at: usize| plain.get(at..at + 2).map_or(Some(0), |part| part.parse::<i64>().ok());
    Some(part(0)? * 3600 + part(2)? * 60 + part(4)?)
}

/// Looks up the site's own zone abbreviations, for winter and summer of that year.
fn site_offset(name: &str, year: i64, zone: Tz) -> Option<i64> {
    [1, 7].into_iter().find_map(|month| {
        let at = Clock::day(year, month, 1).local(zone)?;
        let same = at.offset().abbreviation().is_some_and(|own| own.to_uppercase() == name);
        same.then(|| at.offset().fix().local_minus_utc().into())
    })
}

/// `Time.month_days`. Month 0 is December, as in Ruby; months past December are `None`.
fn month_days(year: i64, month: i64) -> Option<i64> {
    match month {
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => Some(29),
        2 => Some(28),
        4 | 6 | 9 | 11 => Some(30),
        0 | 1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        _ => None,
    }
}
