//! The publication date of a post. Jekyll reads a `date` in the front matter through YAML's scalars
//! (psych/scalar_scanner.rb) and Ruby's `Time.parse`, or takes the date from the file name.

mod parse;
mod parts;
mod time;

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, NaiveDate};
use chrono_tz::Tz;
use regex::Regex;

use crate::archive::jekyll::date::time::Clock;
use crate::config::NaiveDates;

/// The date of a post, to the second, in the site's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostDate {
    /// The instant; its year is between 1 and 9999.
    pub at: DateTime<Tz>,
    /// True if the date is unquoted and has seconds but no zone: YAML reads it as UTC, but its author
    /// most likely meant the site's zone.
    pub naive: bool,
}

/// Parses a front matter `date` as Jekyll does. Returns `None` where Jekyll would abort its build or
/// complete the date with parts of the current one.
pub fn parse(text: &str, quoted: bool, zone: Tz, naive_dates: NaiveDates) -> Option<PostDate> {
    if quoted {
        return Some(PostDate { at: time::parse(text, zone)?, naive: false });
    }
    if let Some((clock, offset)) = timestamp(text) {
        let at = match (offset, naive_dates) {
            (Some(offset), _) => clock.at_offset(offset, zone),
            (None, NaiveDates::Utc) => clock.at_offset(0, zone),
            (None, NaiveDates::Local) => clock.local(zone),
        };
        // Psych returns the text if the time does not exist.
        if let Some(at) = at {
            return time::in_range(at).map(|at| PostDate { at, naive: offset.is_none() });
        }
    }
    let at = match number(text) {
        Some(number) => time::parse(&number, zone),
        None => time::parse(text, zone),
    };
    Some(PostDate { at: at?, naive: false })
}

/// Returns the local midnight of a file name's date. Ruby carries 31 February over into March.
pub fn from_file_name((year, month, day): (i32, u32, u32), zone: Tz) -> Option<DateTime<Tz>> {
    Clock::day(year.into(), month.into(), day.into()).local(zone).and_then(time::in_range)
}

/// Reads the first eight digits of a slug such as `202205262391921712` as a date, at local midnight.
pub fn from_slug_digits(slug: &str, zone: Tz) -> Option<DateTime<Tz>> {
    let digits = slug.get(..8).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    let number: u32 = digits.parse().ok()?;
    let (year, month, day) = (i32::try_from(number / 10_000).ok()?, number / 100 % 100, number % 100);
    let day = NaiveDate::from_ymd_opt(year, month, day)?;
    from_file_name((day.year(), day.month(), day.day()), zone)
}

/// Parses a YAML timestamp; the offset is in seconds (`ScalarScanner#parse_time`).
fn timestamp(text: &str) -> Option<(Clock, Option<i64>)> {
    static TIME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?x-u) \A ([0-9]{4})-([0-9]{1,2})-([0-9]{1,2}) (?:[Tt]|\s+)
            ([0-9]{1,2}):([0-9]{2}):([0-9]{2}) (?:\.[0-9]*)?
            (?: \s* (?: (Z) | ([-+][0-9]{1,2}) :? ([0-9]{1,2})? ) )? \z",
        )
        .expect("the pattern is a constant")
    });
    if !text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let found = TIME.captures(text)?;
    let part = |group| found.get(group).and_then(|part| part.as_str().parse::<i64>().ok());
    let clock = Clock {
        year: part(1)?,
        month: part(2)?,
        day: part(3)?,
        hour: part(4)?,
        minute: part(5)?,
        second: part(6)?,
    };
    let offset = if found.get(7).is_some() {
        Some(0)
    } else {
        // Psych also loses the sign of `-00:30`.
        part(8).map(|hours| hours * 3600 + part(9).unwrap_or(0) * if hours < 0 { -60 } else { 60 })
    };
    Some((clock, offset))
}

/// Formats a number of YAML as Ruby prints it: `03:04` is 11040, `0x7E8` is 2024. Returns `None` if
/// YAML reads no number (`ScalarScanner#tokenize`).
fn number(text: &str) -> Option<String> {
    static SEXAGESIMAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\A[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}(\.[0-9_]*)?\z")
            .expect("the pattern is a constant")
    });
    static FLOAT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\A[-+]?(?:[0-9][0-9_,]*)?\.[0-9]*(?:[eE][-+][0-9]+)?\z")
            .expect("the pattern is a constant")
    });
    static INTEGER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?x) \A ([-+]?) (?: 0b([01_,]+) | 0([0-7_,]+)
            | (0|[1-9](?:[0-9]|,[0-9]|_[0-9])*) | 0x([0-9a-fA-F_,]+) ) \z",
        )
        .expect("the pattern is a constant")
    });
    // `Date._parse` rejects longer texts anyway.
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) || text.len() > 128 {
        return None;
    }
    let plain = |digits: &str| digits.replace([',', '_'], "");
    if let Some(found) = SEXAGESIMAL.captures(text) {
        let parts = text.split(':').zip([3600.0, 60.0, 1.0]);
        let terms = parts.map(|(part, unit)| plain(part).parse::<f64>().map(|number| number * unit));
        let sum = terms.sum::<Result<f64, _>>().ok()?;
        return Some(if found.get(1).is_some() { float(sum) } else { format!("{sum:.0}") });
    }
    if FLOAT.is_match(text) {
        return plain(text).parse().ok().map(float);
    }
    let found = INTEGER.captures(text)?;
    let sign = if &found[1] == "-" { "-" } else { "" };
    let digits = |group: usize, radix| u128::from_str_radix(&plain(found.get(group)?.as_str()), radix).ok();
    if let Some(decimal) = found.get(4) {
        return Some(format!("{sign}{}", plain(decimal.as_str())));
    }
    let value = digits(2, 2).or_else(|| digits(3, 8)).or_else(|| digits(5, 16))?;
    Some(format!("{sign}{value}"))
}

/// Formats a number like Ruby's `Float#to_s`.
fn float(value: f64) -> String {
    match value.abs() {
        0.0 | 1e-4..1e16 => format!("{value:?}"),
        _ => format!("{value:e}"),
    }
}

#[cfg(test)]
mod tests;
