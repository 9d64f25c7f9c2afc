//! The years, months and days in paths: `/2024/`, `/2024/02/`, `/2024/02/03/`.

use chrono::{Days, NaiveDate};

/// Returns the first and last day of a year; `None` if the year is out of range.
pub(crate) fn year_bounds(year: i32) -> Option<(NaiveDate, NaiveDate)> {
    NaiveDate::from_ymd_opt(year, 1, 1).zip(NaiveDate::from_ymd_opt(year, 12, 31))
}

/// Returns the first and last day of a month; `None` if the month is invalid.
pub(crate) fn month_bounds(year: i32, month: u32) -> Option<(NaiveDate, NaiveDate)> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let last = NaiveDate::from_ymd_opt(next_year, next_month, 1)?.checked_sub_days(Days::new(1))?;
    Some((first, last))
}

/// Parses a year of four digits.
pub(super) fn year(text: &str) -> Option<i32> {
    (text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Parses a month of two digits.
pub(super) fn month(text: &str) -> Option<u32> {
    two_digits(text).filter(|month| (1..=12).contains(month))
}

/// Parses the year, month and day of a date.
pub(super) fn day(y: &str, m: &str, d: &str) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year(y)?, month(m)?, two_digits(d)?)
}

/// Returns the day and the name in a decoded permalink: `/…/<year>/<month>/<day>/<name>`, with `.html`, a slash or
/// neither at its end.
pub(crate) fn parts_of_permalink(path: &str) -> Option<(NaiveDate, &str)> {
    let mut parts = path.strip_suffix('/').unwrap_or(path).rsplit('/');
    let name = parts.next()?;
    let name = name.strip_suffix(".html").unwrap_or(name);
    let (d, m, y) = (parts.next()?, parts.next()?, parts.next()?);
    Some((day(y, m, d)?, name)).filter(|(_, name)| !name.is_empty())
}

fn two_digits(text: &str) -> Option<u32> {
    (text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permalinks_have_a_day_and_a_name() {
        let table = [
            ("/2024/01/02/a.html", Some("a")),
            ("/2024/01/02/a/", Some("a")),
            ("/2024/01/02/a", Some("a")),
            ("/market/hetan/2024/01/02/a.b.html", Some("a.b")),
            ("/2024/01/02/NW202401012200000002.html", Some("NW202401012200000002")),
            ("/2024/01/02/页 1.html", Some("页 1")),
            ("/2024/01/02/", None),
            ("/2024/01/02//", None),
            ("/2024/01/02/.html", None),
            ("/2024/02/30/a.html", None),
            ("/2024/1/2/a.html", None),
            ("/2024/01/02/a/b.html", None),
            ("/2024/01/a.html", None),
            ("/a.html", None),
            ("/", None),
            ("", None),
        ];
        let day = NaiveDate::from_ymd_opt(2024, 1, 2).expect("a day");
        for (path, name) in table {
            assert_eq!(parts_of_permalink(path), name.map(|name| (day, name)), "{path}");
        }
    }
}
