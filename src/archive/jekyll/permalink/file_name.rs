//! Parses the file name of a post.

/// The parts of a post's file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// Year, month and day as written; a year of two digits becomes one of 1969 to 2068. The date may not
    /// exist in the calendar. `None`: the name is `-ID.ext`.
    pub date: Option<(i32, u32, u32)>,
    /// The text after the date, without extension and trailing dots. May be empty after a date.
    pub slug: String,
    /// The extension with its dot.
    pub ext: String,
}

impl FileName {
    /// Parses the last component of a path, like [`file_name`].
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        file_name(path.rsplit('/').next()?)
    }
}

/// Parses the last component of a path (`Document::DATE_FILENAME_MATCHER`; `EntryFilter`). Returns `None`
/// if Jekyll ignores the file and its name is not an undated `-ID.ext` either.
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

/// Splits `2024-1-2-slug` into the date and the slug.
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
    // `Date._parse` completes a year of two digits.
    let century = match (width, year) {
        (2, 69..) => 1900,
        (2, _) => 2000,
        _ => 0,
    };
    Some(((i32::from(year) + century, month.into(), day.into()), parts.next()?))
}
