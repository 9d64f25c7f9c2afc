//! A post, complete and immutable, and the small types that name posts and their parts. A
//! [`Snapshot`](super::snapshot::Snapshot) owns the posts; all other code holds ids.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use crate::archive::address;
use crate::archive::article_id::ArticleId;
use crate::archive::compressed::CompressedArticle;
use crate::archive::file_version::FileVersion;
use crate::archive::head_fields::HeadFields;
use crate::archive::jekyll::permalink::FileName;
use crate::archive::names::NameId;
use crate::archive::snapshot::group::kind::GroupKind;

/// A post's index in the archive's storage. The index does not reflect the order of posts, and it does
/// not change when the post's file changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PostId(u32);

impl PostId {
    /// Creates the id of the post at an index of the snapshot's posts.
    pub(super) fn new(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Returns the index into the snapshot's posts.
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A point in time, in whole seconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(#[serde(deserialize_with = "in_a_year")] i64);

/// Accepts seconds within the years that dates can have, since no other year can be shown in every zone.
/// A damaged store may contain any number.
fn in_a_year<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let seconds = i64::deserialize(deserializer)?;
    // The year in a zone may differ from the year in UTC.
    let is_sound = DateTime::from_timestamp(seconds, 0).is_some_and(|at| (0..=10_000).contains(&at.year()));
    if is_sound { Ok(seconds) } else { Err(Error::custom("timestamp outside the years 0 to 10000")) }
}

impl Timestamp {
    /// Converts a system time; drops fractions of a second.
    pub fn from_system_time(clock: SystemTime) -> Self {
        DateTime::<chrono::Utc>::from(clock).into()
    }

    /// Creates a timestamp from seconds since 1970 UTC.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Returns the seconds since 1970 UTC.
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// Returns the beginning of a day in a zone.
    pub fn start_of_day(day: NaiveDate, zone: Tz) -> Self {
        let midnight = day.and_time(NaiveTime::MIN);
        // In some zones summer time begins at midnight, so clocks skip that midnight.
        let mut clocks = (0..24).map(|hours| midnight + chrono::Duration::hours(hours));
        let start = clocks.find_map(|clock| zone.from_local_datetime(&clock).earliest());
        start.map_or(Self(midnight.and_utc().timestamp()), Self::from)
    }

    /// Converts to a system time; a time before 1970 becomes the beginning of 1970.
    pub fn system_time(self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(self.0).unwrap_or(0))
    }

    /// Returns the local time in a zone.
    pub fn in_zone(self, zone: Tz) -> DateTime<Tz> {
        DateTime::from_timestamp(self.0, 0).unwrap_or_default().with_timezone(&zone)
    }

    /// Formats the local time in a zone as RFC 3339.
    pub fn to_rfc3339(self, zone: Tz) -> String {
        self.in_zone(zone).to_rfc3339()
    }

    /// Returns the calendar day in a zone.
    pub fn day(self, zone: Tz) -> NaiveDate {
        self.in_zone(zone).date_naive()
    }

    /// Returns the time since another timestamp; zero if that one is later.
    pub fn since(self, other: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(other.0).try_into().unwrap_or(0))
    }
}

impl<Z: TimeZone> From<DateTime<Z>> for Timestamp {
    fn from(at: DateTime<Z>) -> Self {
        Self(at.timestamp())
    }
}

/// A security or sector that a post mentions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mention {
    /// The code: `600160.SH`, or `BK0493` for a sector.
    pub code: NameId,
    /// The name that the post uses for it.
    pub name: NameId,
}

/// The visibility of a post once its date has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Visibility {
    /// All readers see the post, in lists too.
    Listed,
    /// Readers with the link see the post: `hidden: true`.
    Unlisted,
    /// No reader sees the post; its URL reports that it is gone: `published: false`.
    Withdrawn,
}

/// The texts of lists and URLs, concatenated in one allocation: an archive has millions of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PostTexts {
    all: Box<str>,
    /// The ends of `path`, `url`, `title` and `excerpt`. The rest is `id`, or empty if the id
    /// is the URL without `.html`.
    ends: [u32; 4],
}

/// Fields that few posts have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RareFields {
    pub(super) modified: Option<Timestamp>,
    pub(super) lang: Option<NameId>,
    /// The authors as one name, in the form of [`Author::from_lines`](crate::config::Author::from_lines).
    pub(super) authors: Option<NameId>,
    pub(super) head: Option<Box<HeadFields>>,
    /// Decoded former paths from `redirect_from` and from the other reading of a date without a zone.
    pub(super) former: Vec<Box<str>>,
    /// The target of `redirect_to`: a path of this site or an HTTP(S) URL.
    pub(super) away: Option<Box<str>>,
    pub(super) out_of_sitemap: bool,
    /// The articles that the body links to by their ids.
    pub(super) linked: Box<[ArticleId]>,
}

/// A post. The content that only its article page shows is compressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    pub(super) texts: PostTexts,
    /// The publication date, to the second.
    pub date: Timestamp,
    /// The visibility once the date has come.
    pub visibility: Visibility,
    /// The URL is that of a built-in page of finews that always exists.
    pub(super) reserved: bool,
    /// The URL has the shape of a list of finews, which may or may not exist.
    pub(super) list_like: bool,
    /// The body names other posts by their files, so its links depend on those posts.
    pub(super) linking: bool,
    /// The categories, followed by the tags.
    pub(super) names: Box<[NameId]>,
    pub(super) categories: u16,
    /// The original publisher, if the body names one.
    pub source_name: Option<NameId>,
    /// The securities mentioned, in the order of their first mention.
    pub securities: Box<[Mention]>,
    /// The compressed article: the cleaned body, the digest and the source URL.
    pub body: CompressedArticle,
    /// Length of the body's text: 1 for each Han character, 2 for each word of another script.
    pub length: u32,
    /// A hash of the content: two versions of a post with any visible difference have different hashes.
    pub hash: u64,
    pub(super) rare: Option<Box<RareFields>>,
    /// The version of the file that the post was read from.
    pub(super) file_version: FileVersion,
}

impl Post {
    /// Returns when the post was due: at its file's last change, or at its date if that is later.
    pub fn due_since(&self) -> SystemTime {
        self.file_version.changed_at().max(self.date.system_time())
    }

    fn rare(&self) -> Option<&RareFields> {
        self.rare.as_deref()
    }

    /// The file's path relative to the site's folder, with `/` as separator.
    pub fn path(&self) -> &str {
        self.texts.part(0)
    }

    /// The parts of the file's name.
    pub(super) fn file_name(&self) -> Option<FileName> {
        FileName::from_path(self.path())
    }

    /// Identifies the post across restarts: a hash of its file's path.
    pub fn key(&self) -> u64 {
        address::hash(self.path())
    }

    /// The URL path, percent-encoded, without `baseurl`.
    pub fn url(&self) -> &str {
        self.texts.part(1)
    }

    /// The title as written; may be empty, see [`Post::headline`].
    pub fn title(&self) -> &str {
        self.texts.part(2)
    }

    /// An excerpt of about 120 characters of plain text.
    pub fn excerpt(&self) -> &str {
        self.texts.part(3)
    }

    /// Jekyll's `post.id`, which feeds use.
    pub fn id(&self) -> &str {
        match self.texts.part(4) {
            "" => self.url().strip_suffix(".html").unwrap_or_default(),
            id => id,
        }
    }

    /// The names of the post's groups of a kind: categories, tags, or the codes of the mentioned securities.
    pub fn group_names(&self, kind: GroupKind) -> impl Iterator<Item = NameId> {
        let (names, mentions): (&[NameId], &[Mention]) = match kind {
            GroupKind::Source => (self.categories(), &[]),
            GroupKind::Tag => (self.tags(), &[]),
            GroupKind::Security => (&[], &self.securities),
        };
        names.iter().copied().chain(mentions.iter().map(|mention| mention.code))
    }

    /// The categories in Jekyll's order, without duplicates.
    pub fn categories(&self) -> &[NameId] {
        self.groups().0
    }

    /// The tags in the order written, without duplicates.
    pub fn tags(&self) -> &[NameId] {
        self.groups().1
    }

    /// Splits the names into categories and tags. A damaged store may contain any count.
    fn groups(&self) -> (&[NameId], &[NameId]) {
        self.names.split_at(usize::from(self.categories).min(self.names.len()))
    }

    /// `last_modified_at` of the front matter.
    pub fn modified(&self) -> Option<Timestamp> {
        self.rare()?.modified
    }

    /// The time of the last change: `last_modified_at`, or else the date.
    pub fn updated(&self) -> Timestamp {
        self.modified().unwrap_or(self.date)
    }

    /// `lang` of the front matter, a BCP 47 tag.
    pub fn lang(&self) -> Option<NameId> {
        self.rare()?.lang
    }

    /// The authors as one name, in the form of [`Author::from_lines`](crate::config::Author::from_lines).
    pub fn authors(&self) -> Option<NameId> {
        self.rare()?.authors
    }

    /// The front matter that only the head of the page and feeds use.
    pub fn head(&self) -> Option<&HeadFields> {
        self.rare()?.head.as_deref()
    }

    /// The author's description, else the excerpt.
    pub fn description(&self) -> &str {
        let own = self.head().map(|head| &*head.description);
        own.filter(|own| !own.is_empty()).unwrap_or_else(|| self.excerpt())
    }

    /// False if the front matter has `sitemap: false`.
    fn in_sitemap(&self) -> bool {
        !self.rare().is_some_and(|rare| rare.out_of_sitemap)
    }

    /// The target of `redirect_to`: a path of this site or an HTTP(S) URL.
    pub(super) fn away(&self) -> Option<&str> {
        self.rare()?.away.as_deref()
    }

    /// The articles that the body links to by their ids.
    pub(super) fn linked(&self) -> &[ArticleId] {
        self.rare().map_or(&[], |rare| &rare.linked)
    }

    /// Returns whether search engines should index the post.
    pub fn is_to_be_found(&self) -> bool {
        self.in_sitemap() && !self.has_moved()
    }

    /// Returns whether the URL redirects elsewhere.
    pub fn has_moved(&self) -> bool {
        self.away().is_some()
    }

    /// Decoded former paths that redirect to the post.
    pub(super) fn former(&self) -> &[Box<str>] {
        self.rare().map_or(&[], |rare| &rare.former)
    }

    /// Returns whether a copy of the post's file differs from it in its bytes and in what readers see. The posts must
    /// belong to one snapshot.
    pub(super) fn has_other_content(&self, copy: &Self) -> bool {
        // The folder of a file may add a category or other values, so the bytes must differ too.
        !self.file_version.has_bytes_of(&copy.file_version)
            && ((self.date, self.visibility) != (copy.date, copy.visibility)
                || (self.url(), self.title(), self.excerpt()) != (copy.url(), copy.title(), copy.excerpt())
                || self.groups() != copy.groups()
                || self.rare != copy.rare
                || self.body != copy.body)
    }

    /// The sort key of posts: the date, then the path in byte order.
    pub(super) fn order(&self) -> (Timestamp, &str) {
        (self.date, self.path())
    }

    /// The title in lists: the title, else the first words of the body; `None` without either.
    pub fn headline(&self) -> Option<Cow<'_, str>> {
        if !self.is_untitled() {
            Some(Cow::Borrowed(self.title()))
        } else if self.excerpt().is_empty() {
            None
        } else {
            Some(first_words(self.excerpt()))
        }
    }

    /// True if the post has no title, so that the headline shows the body's first words.
    pub fn is_untitled(&self) -> bool {
        self.title().trim().is_empty()
    }
}

#[cfg(test)]
impl Post {
    /// Creates a post for tests that depend only on its path and its date in seconds.
    pub(super) fn sample(path: &str, second: i64) -> Self {
        Self {
            texts: PostTexts { all: path.into(), ends: [path.len() as u32; 4] },
            date: Timestamp(second),
            visibility: Visibility::Listed,
            reserved: false,
            list_like: false,
            linking: false,
            names: Box::default(),
            categories: 0,
            source_name: None,
            securities: Box::default(),
            body: CompressedArticle::default(),
            length: 0,
            hash: 0,
            rare: None,
            file_version: FileVersion::default(),
        }
    }
}

impl PostTexts {
    /// Joins the path, the URL, the title, the excerpt and the id of a post.
    pub(super) fn new([path, url, title, excerpt, id]: [&str; 5]) -> Self {
        let is_plain = url.strip_suffix(".html") == Some(id);
        let parts = [path, url, title, excerpt, if is_plain { "" } else { id }];
        let mut end = 0;
        let ends = std::array::from_fn(|index| {
            end += parts[index].len();
            // A file is far smaller than 4 GiB, and so is each of its texts.
            end as u32
        });
        Self { all: parts.concat().into(), ends }
    }

    fn part(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let end = self.ends.get(index).map_or(self.all.len(), |end| *end as usize);
        // A damaged store may contain any offsets.
        self.all.get(start..end).unwrap_or_default()
    }
}

/// Returns the first sentence, cut at a pause if it is too long for a headline.
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
    use crate::archive::post::{Timestamp, first_words};

    #[test]
    fn timestamps_out_of_date_range_are_not_deserialised() {
        let again = |seconds| postcard::from_bytes(&postcard::to_stdvec(&Timestamp(seconds)).expect("bytes"));
        for seconds in [0, 1_700_000_000, -62_135_596_800, 253_402_300_799] {
            assert_eq!(again(seconds), Ok(Timestamp(seconds)));
        }
        for seconds in [i64::MIN, -8_334_601_228_800, 8_210_266_876_799, i64::MAX] {
            assert!(again(seconds).is_err(), "{seconds}");
        }
    }

    #[test]
    fn first_words_end_at_a_sentence_or_pause() {
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
