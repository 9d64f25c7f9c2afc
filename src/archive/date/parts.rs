//! The parts of a date that `Date._parse` looks for, and which of three numbers is which.

/// What was found; the numbers are as written, in range or not.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    pub(super) year: Option<i64>,
    pub(super) month: Option<i64>,
    pub(super) day: Option<i64>,
    /// Day of the year.
    pub(super) yday: Option<i64>,
    pub(super) hour: Option<i64>,
    pub(super) minute: Option<i64>,
    pub(super) second: Option<i64>,
    pub(super) zone: Option<String>,
    /// A year below 100 is meant as it stands.
    pub(super) full_year: bool,
    pub(super) before_christ: bool,
}

impl Parts {
    /// 24 is 2024 and 69 is 1969, but for years written in full.
    pub(super) fn complete_year(&mut self) {
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

/// Too long a number is out of any range, and so is what is returned for it.
pub(super) fn number(digits: &str) -> i64 {
    digits.parse().ok().filter(|number: &i64| number.abs() < 1_000_000_000).unwrap_or(1_000_000_000)
}

/// `s3e`: finds out which of three is the year, which the month and which the day.
pub(super) fn ymd<'t>(
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
