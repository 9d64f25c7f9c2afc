//! A post, complete and made once, and the small types that name posts and their parts.
//! A [`Snapshot`](super::snapshot::Snapshot) owns them; everybody else holds ids.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, TimeZone};
use chrono_tz::Tz;

use super::body::SecurityCode;
use super::names::NameId;
use super::packed::PackedBody;

/// A post's place in its snapshot, in ascending order of date and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PostId(u32);

impl PostId {
    /// The id of the post at an index of the snapshot's posts.
    pub(super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// The index into the snapshot's posts.
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A moment, in whole seconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment in a zone.
    pub fn in_zone(self, zone: Tz) -> DateTime<Tz> {
        DateTime::from_timestamp(self.0, 0).unwrap_or_default().with_timezone(&zone)
    }

    /// The day of the moment in a zone.
    pub fn day(self, zone: Tz) -> NaiveDate {
        self.in_zone(zone).date_naive()
    }
}

impl<Z: TimeZone> From<DateTime<Z>> for Timestamp {
    fn from(at: DateTime<Z>) -> Self {
        Self(at.timestamp())
    }
}

/// A security or sector that a post mentions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// `600160.SH`, or `BK0493` for a sector.
    pub code: SecurityCode,
    /// The name it was mentioned by.
    pub name: NameId,
}

/// Everything about one post but its compressed body's dictionary and its interned names,
/// which the snapshot holds.
#[derive(Debug)]
pub struct Post {
    /// The file, relative to the site's folder, with `/` between its parts.
    pub path: Box<str>,
    /// The URL path, percent-encoded, without `baseurl`.
    pub url: Box<str>,
    /// Jekyll's `post.id`, which feeds use.
    pub id: Box<str>,
    /// The title as written; may be empty, see [`Post::headline`].
    pub title: Box<str>,
    /// When it was published.
    pub date: Timestamp,
    /// `last_modified_at` of the front matter.
    pub modified: Option<Timestamp>,
    /// `lang` of the front matter, a BCP 47 tag.
    pub lang: Option<NameId>,
    /// Categories, in Jekyll's order, each once.
    pub categories: Box<[NameId]>,
    /// Tags, in the order written, each once.
    pub tags: Box<[NameId]>,
    /// `author` of the front matter.
    pub author: Option<NameId>,
    /// About 120 characters of plain text.
    pub excerpt: Box<str>,
    /// The digest that stood at the head of the body.
    pub digest: Option<Box<str>>,
    /// Where the article was first published.
    pub source_url: Option<Box<str>>,
    /// Who first published it.
    pub source_name: Option<NameId>,
    /// The securities mentioned, in the order of their first mention.
    pub securities: Box<[Mention]>,
    /// The cleaned body.
    pub body: PackedBody,
    /// Characters of the body's text.
    pub length: u32,
    /// Out of lists, by `hidden: true`.
    pub hidden: bool,
    /// In the sitemap, unless `sitemap: false`.
    pub sitemap: bool,
    /// A hash of everything above: two versions of a post that show anything else differ in it.
    pub hash: u64,
}

impl Post {
    /// What a list shows as title: the title, or the first words of the body.
    pub fn headline(&self) -> Cow<'_, str> {
        if !self.is_untitled() {
            Cow::Borrowed(&self.title)
        } else if self.excerpt.is_empty() {
            Cow::Borrowed(&self.path)
        } else {
            first_words(&self.excerpt)
        }
    }

    /// The headline shows the body's first words for want of a title.
    pub fn is_untitled(&self) -> bool {
        self.title.trim().is_empty()
    }
}

/// The first sentence, or as much of it as a headline holds, cut where the text pauses.
fn first_words(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 36;
    const SHORTEST: usize = 20;
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(end, _)| end);
    let start = text.char_indices().nth(SHORTEST).map_or(text.len(), |(start, _)| start);
    let head = &text[..end];
    let stops = head.match_indices(['。', '！', '？', '\n']).map(|(stop, _)| head[..stop].trim());
    if let Some(sentence) = stops.into_iter().find(|sentence| sentence.chars().any(char::is_alphanumeric)) {
        return Cow::Borrowed(sentence);
    }
    if end == text.len() {
        return Cow::Borrowed(text);
    }
    let pause = head.rfind(['，', '；', '、', '：', ' ', ',']).filter(|pause| *pause >= start);
    Cow::Owned(format!("{}…", head[..pause.unwrap_or(end)].trim_end()))
}

#[cfg(test)]
mod tests {
    use super::first_words;

    #[test]
    fn the_first_words_end_where_the_text_pauses() {
        let long = "河".repeat(60);
        let table = [
            ("两市收平。成交放大。", "两市收平".to_owned()),
            ("两市收平", "两市收平".to_owned()),
            ("！快讯 今天很好", "！快讯 今天很好".to_owned()),
            ("……", "……".to_owned()),
            (
                "开盘后指数一路走低，午后回升，到收盘时已经收复上午的全部失地，成交额比前一日放大",
                "开盘后指数一路走低，午后回升，到收盘时已经收复上午的全部失地…".to_owned(),
            ),
            (long.as_str(), format!("{}…", "河".repeat(36))),
        ];
        for (text, expected) in table {
            assert_eq!(first_words(text), expected);
        }
    }
}
