//! The id of an article: the digits that scrapers put into file names and that original URLs hold.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// The usual prefix in the name of the file that a source's own article has. Upper and lower case are equal.
const OWN: &str = "NW";
/// The number of capital letters of any other prefix.
pub(crate) const LETTERS: RangeInclusive<usize> = 1..=4;
/// The number of digits after any other prefix: eight for the day, and ten more.
pub(crate) const DIGITS_AFTER_LETTERS: usize = 18;
/// The number of digits of an id. Dates, page numbers and codes have fewer.
const DIGITS: RangeInclusive<usize> = 12..=19;

/// The digits of an article's id, such as `202401052200000003`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct ArticleId(u64);

impl ArticleId {
    /// Reads the id of a post's file: `2024-01-05-202401052200000003.md`, with or without a date and `NW`. Other
    /// letters count only before 18 digits that begin with the day in the name of the file.
    pub(crate) fn from_file(path: &str) -> Option<Self> {
        let (date, id) = split(path)?;
        Self::from_digits(without_prefix(date, id).unwrap_or(id))
    }

    /// Reads the last id in a URL.
    pub(crate) fn from_url(url: &str) -> Option<Self> {
        url.rsplit(|c: char| !c.is_ascii_digit()).find_map(Self::from_digits)
    }

    fn from_digits(digits: &str) -> Option<Self> {
        let is_id = DIGITS.contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit());
        if is_id { digits.parse().ok().map(Self) } else { None }
    }
}

impl fmt::Display for ArticleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns whether the name of a file marks the source's own article, not an aggregator's copy.
pub(crate) fn is_own_article(path: &str) -> bool {
    split(path).is_some_and(|(date, id)| without_prefix(date, id).is_some())
}

/// Returns an id without the prefix of a source's own article; `None` if it has none.
fn without_prefix<'i>(date: &str, id: &'i str) -> Option<&'i str> {
    let usual = id.split_at_checked(OWN.len()).filter(|(prefix, _)| prefix.eq_ignore_ascii_case(OWN));
    usual.map(|(_, rest)| rest).or_else(|| {
        let digits = id.trim_start_matches(|c: char| c.is_ascii_uppercase());
        let is_of_day = || {
            let day = date.bytes().filter(|byte| *byte != b'-');
            digits.len() == DIGITS_AFTER_LETTERS && digits.bytes().take(8).eq(day)
        };
        (LETTERS.contains(&(id.len() - digits.len())) && is_of_day()).then_some(digits)
    })
}

/// Splits the name of a file into its date, which may be empty, and its id.
fn split(path: &str) -> Option<(&str, &str)> {
    let name = path.rsplit('/').next()?;
    let (stem, _) = name.rsplit_once('.')?;
    let (date, id) = stem.rsplit_once('-')?;
    date.bytes().all(|b| b.is_ascii_digit() || b == b'-').then_some((date, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_ids_are_their_digits_with_or_without_letters() {
        let id = Some(ArticleId(202_401_052_200_000_003));
        for (path, expected, is_own) in [
            ("_posts/2024-01-05-202401052200000003.md", id, false),
            ("old_post/2024-01-05-NW202401052200000003.md", id, true),
            ("_posts/-202401052200000003.md", id, false),
            ("_posts/24-1-5-NW202401052200000003.html", id, true),
            ("_posts/2024-01-05-NWx.md", None, true),
            ("_posts/2024-01-05-CJ202401052200000003.md", id, true),
            ("_posts/2024-01-05-A202401052200000003.md", id, true),
            // Some file systems and programs change the case.
            ("_posts/2024-01-05-nw202401052200000003.md", id, true),
            ("_posts/2024-01-05-Nw202401052200000003.html", id, true),
            // The letters or digits are too many, or the day is another one or missing.
            ("_posts/2024-01-05-ABCDE202401052200000003.md", None, false),
            ("_posts/2024-01-05-CJ2024010522000000.md", None, false),
            ("_posts/2024-01-06-CJ202401052200000003.md", None, false),
            ("_posts/-CJ202401052200000003.md", None, false),
            ("_posts/2024-01-05-CJ20240105220000000甲.md", None, false),
            ("_posts/2024-01-05-part-202401052200000003.md", None, false),
            ("_posts/2024-01-05-x202401052200000003.md", None, false),
            ("_posts/2024-01-05-n中202401052200000003.md", None, false),
            ("_posts/2024-01-05-20240105.md", None, false),
            ("_posts/2024-01-05-012345678901234567.md", None, false),
            ("_posts/2024-01-05-20240105220000000300000.md", None, false),
            ("202401052200000003.md", None, false),
            ("2024-01-05-202401052200000003", None, false),
        ] {
            assert_eq!((ArticleId::from_file(path), is_own_article(path)), (expected, is_own), "{path}");
        }
        assert_eq!(id.map(|id| id.to_string()).as_deref(), Some("202401052200000003"));
    }

    #[test]
    fn url_ids_are_found_in_paths_and_queries() {
        let id = Some(ArticleId(202_401_052_200_000_003));
        for (url, expected) in [
            ("https://a.example/a/202401052200000003.html", id),
            ("http://a.example/news/11060,202401052200000003.html?from=2", id),
            ("http://a.example/share.html?infoCode=NW202401052200000003", id),
            ("https://a.example/2024/01/05/", None),
            ("https://a.example/D24676903417074885805_w800h555.jpg", None),
            ("https://a.example/", None),
        ] {
            assert_eq!(ArticleId::from_url(url), expected, "{url}");
        }
    }
}
