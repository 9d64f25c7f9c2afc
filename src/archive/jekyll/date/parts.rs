//! The parts of a date that `Date._parse` finds, and the order of year, month and day.

/// The parts found; numbers are as written and may be out of range.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    pub(crate) year: Option<i64>,
    pub(crate) month: Option<i64>,
    pub(crate) day: Option<i64>,
    /// The day of the year, from 1.
    pub(crate) yday: Option<i64>,
    pub(crate) hour: Option<i64>,
    pub(crate) minute: Option<i64>,
    pub(crate) second: Option<i64>,
    pub(crate) zone: Option<String>,
    /// The year is complete as written, even if it is below 100.
    pub(crate) full_year: bool,
    pub(crate) before_christ: bool,
}

impl Parts {
    /// Completes years of two digits: 24 becomes 2024 and 69 becomes 1969. Years written in full stay.
    pub(crate) fn complete_year(&mut self) {
        if let Some(year) = &mut self.year {
            if self.before_christ {
                *year = 1 - *year;
            }
            if !self.full_year {
                *year += match *year {
                    0..69 => 2000,
                    69..100 => 1900,
                    _ => 0,
                };
            }
        }
    }
}

/// Parses a number. A number that is too long for any part becomes 1,000,000,000, which is out of range.
pub(crate) fn number(digits: &str) -> i64 {
    digits.parse().ok().filter(|number: &i64| number.abs() < 1_000_000_000).unwrap_or(1_000_000_000)
}

/// `s3e`: decides which of three numbers is the year, which the month and which the day.
pub(crate) fn ymd<'t>(
    parts: &mut Parts,
    mut year: Option<&'t str>,
    mut month: Option<&'t str>,
    mut day: Option<&'t str>,
) {
    let is_year = |part: &str| part.starts_with('\'') || part.len() > 2;
    if year.is_some() && month.is_some() && day.is_none() {
        (year, month, day) = (None, year, month);
    }
    if year.is_none() && day.is_some_and(is_year) {
        year = day.take();
    }
    if let Some(text) = year {
        let start = text.find(|c: char| matches!(c, '-' | '+' | '0'..='9')).unwrap_or(text.len());
        let number = &text[start..];
        let end = number[1.min(number.len())..].find(|c: char| !c.is_ascii_digit()).map(|end| end + 1);
        if let Some(end) = end {
            year = day;
            day = Some(&number[..end]);
        }
    }
    if month.is_some_and(is_year) {
        (year, month, day) = (month, day, year);
    }
    if day.is_some_and(is_year) {
        (year, day) = (day, year);
    }
    if let Some(text) = year {
        let text = text.trim_start_matches('\'');
        let digits = text.trim_start_matches(['-', '+']);
        parts.full_year |= digits.len() != text.len() || digits.len() > 2;
        let year = number(digits);
        parts.year = Some(if text.starts_with('-') { -year } else { year });
    }
    let unsigned = |text: &str| number(text.trim_start_matches(|c: char| !c.is_ascii_digit()));
    parts.month = month.map(unsigned).or(parts.month);
    parts.day = day.map(unsigned).or(parts.day);
}
