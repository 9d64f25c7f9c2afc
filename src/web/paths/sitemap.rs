//! The names of the sitemap's files, `/sitemap/<file>.xml`.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

/// A file of the sitemap. The number is the file's part, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SitemapFile {
    /// Home, sources, tags, securities, years, months and the site's own pages.
    Lists(usize),
    /// The posts of a month, identified by its first day.
    Month(NaiveDate, usize),
}

impl Display for SitemapFile {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (written, part) = match self {
            Self::Lists(part) => (f.write_str("lists"), part),
            Self::Month(first, part) => (write!(f, "{:04}-{:02}", first.year(), first.month()), part),
        };
        if *part > 1 { written.and_then(|()| write!(f, "-{part}")) } else { written }
    }
}

/// The text is not the name of a sitemap file.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidSitemapName;

impl FromStr for SitemapFile {
    type Err = InvalidSitemapName;

    fn from_str(text: &str) -> Result<Self, InvalidSitemapName> {
        let parts: Vec<&str> = text.split('-').collect();
        let number = |text: &str| text.parse::<u32>().map_err(|_| InvalidSitemapName);
        let part =
            |text: Option<&&str>| text.map_or(Ok(1), |text| text.parse().map_err(|_| InvalidSitemapName));
        let file = match parts[..] {
            ["lists", ..] if parts.len() <= 2 => Self::Lists(part(parts.get(1))?),
            [year, month, ..] if parts.len() <= 3 => {
                let year = year.parse().map_err(|_| InvalidSitemapName)?;
                let first = NaiveDate::from_ymd_opt(year, number(month)?, 1).ok_or(InvalidSitemapName)?;
                Self::Month(first, part(parts.get(2))?)
            }
            _ => return Err(InvalidSitemapName),
        };
        // Each file has exactly one name: no sign, no extra zeros, no number for the first part.
        if file.to_string() == text { Ok(file) } else { Err(InvalidSitemapName) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_sitemap_names_are_parsed() {
        let month = |part| SitemapFile::Month(NaiveDate::from_ymd_opt(2021, 12, 1).expect("a day"), part);
        let table = [
            ("lists", Ok(SitemapFile::Lists(1))),
            ("lists-2", Ok(SitemapFile::Lists(2))),
            ("2021-12", Ok(month(1))),
            ("2021-12-3", Ok(month(3))),
            ("lists-1", Err(InvalidSitemapName)),
            ("2021-12-1", Err(InvalidSitemapName)),
            ("2021-12-0", Err(InvalidSitemapName)),
            ("2021-12-03", Err(InvalidSitemapName)),
            ("2021-13", Err(InvalidSitemapName)),
            ("21-12", Err(InvalidSitemapName)),
            ("", Err(InvalidSitemapName)),
            ("lists-2-3", Err(InvalidSitemapName)),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse(), expected, "{text}");
        }
    }
}
