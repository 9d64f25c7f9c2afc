//! What the name of a post's file says.

/// What the name of a post's file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// Year, month and day as written, but for a year of two digits, which becomes one of
    /// 1969 to 2068. Not always a date of the calendar. `None`: the name is `-ID.ext`.
    pub date: Option<(i32, u32, u32)>,
    /// What follows the date, without extension and trailing dots. May be empty after a date.
    pub slug: String,
    /// With its dot.
    pub ext: String,
}

/// Reads the last component of a path (Document::DATE_FILENAME_MATCHER; EntryFilter).
/// `None`: Jekyll ignores the file, and it is no undated `-ID.ext` either.
pub fn file_name(name: &str) -> Option<FileName> {
    if name.starts_with(['.', '_', '#', '~']) || name.ends_with('~') || name.contains('/') {
        return None;
    }
    let (stem, ext) = name.rsplit_once('.').filter(|(_, ext)| !ext.is_empty())?;
    let (date, slug) = match stem.strip_prefix('-') {
        Some(slug) => (None, slug.trim_end_matches('.')),
        None => {
            let (date, slug) = dated(stem)?;
            (Some(date), slug.trim_end_matches('.'))
        }
    };
    if date.is_none() && slug.is_empty() {
        return None;
    }
    Some(FileName { date, slug: slug.into(), ext: format!(".{ext}") })
}

/// `2024-1-2-slug` → the date and the slug.
fn dated(stem: &str) -> Option<((i32, u32, u32), &str)> {
    let mut parts = stem.splitn(4, '-');
    let mut number = |digits: std::ops::RangeInclusive<usize>| {
        let part = parts.next()?;
        let fits = digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| part.parse::<u16>().ok()).flatten().map(|number| (number, part.len()))
    };
    let (year, width) = number(2..=4)?;
    let (month, _) = number(1..=2)?;
    let (day, _) = number(1..=2)?;
    // Date._parse completes a year of two digits.
    let century = match (width, year) {
        (2, 69..) => 1900,
        (2, _) => 2000,
        _ => 0,
    };
    Some(((i32::from(year) + century, month.into(), day.into()), parts.next()?))
}
