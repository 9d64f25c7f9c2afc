//! A post, complete and made once, and the small types that name posts and their parts.
//! A [`Snapshot`](super::snapshot::Snapshot) owns them; everybody else holds ids.

use std::borrow::Cow;
use std::io;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeZone};
use chrono_tz::Tz;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use super::address;
use super::body::Security;
use super::load::Claims;
use super::names::{Interner, NameId};
use super::packed::{PackedArticle, Packing};
use super::read::Draft;
use super::snapshot;
use super::stamp::Stamp;

/// A post's place in the archive's memory. It says nothing of the order of posts, and stays the
/// same when the post's file changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(#[serde(deserialize_with = "in_a_year")] i64);

/// Seconds of a year that dates can have, since no other can be shown in every zone. From a damaged store they
/// may be anything.
fn in_a_year<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let seconds = i64::deserialize(deserializer)?;
    // In a zone it may be another year than in UTC.
    let is_sound = DateTime::from_timestamp(seconds, 0).is_some_and(|at| (0..=10_000).contains(&at.year()));
    if is_sound { Ok(seconds) } else { Err(Error::custom("a moment in no year of a date")) }
}

impl Timestamp {
    /// The moment of a clock.
    pub fn of(clock: SystemTime) -> Self {
        DateTime::<chrono::Utc>::from(clock).into()
    }

    /// The moment so many seconds after 1970 began in UTC.
    pub fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970 began in UTC.
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// When a day begins in a zone.
    pub fn start_of(day: NaiveDate, zone: Tz) -> Self {
        let midnight = day.and_time(NaiveTime::MIN);
        // In some zones summer time begins at midnight, which is then skipped.
        let mut clocks = (0..24).map(|hours| midnight + chrono::Duration::hours(hours));
        let start = clocks.find_map(|clock| zone.from_local_datetime(&clock).earliest());
        start.map_or(Self(midnight.and_utc().timestamp()), Self::from)
    }

    /// The moment as clocks have it; the beginning of 1970 for what is before.
    pub fn clock(self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(self.0).unwrap_or(0))
    }

    /// The moment in a zone.
    pub fn in_zone(self, zone: Tz) -> DateTime<Tz> {
        DateTime::from_timestamp(self.0, 0).unwrap_or_default().with_timezone(&zone)
    }

    /// The moment in a zone, as RFC 3339 writes it.
    pub fn to_rfc3339(self, zone: Tz) -> String {
        self.in_zone(zone).to_rfc3339()
    }

    /// The day of the moment in a zone.
    pub fn day(self, zone: Tz) -> NaiveDate {
        self.in_zone(zone).date_naive()
    }

    /// How long after another moment this is; nothing if it is before.
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
    /// `600160.SH`, or `BK0493` for a sector.
    pub code: NameId,
    /// The name it was mentioned by.
    pub name: NameId,
}

/// Who may see a post whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Visibility {
    /// Everybody, in lists too.
    Listed,
    /// Whoever has the link: `hidden: true`.
    Unlisted,
    /// Nobody; the URL says that it is gone: `published: false`.
    Withdrawn,
}

/// The texts that lists show and addresses are made of, end to end in one allocation: there are
/// millions of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Texts {
    all: Box<str>,
    /// Where `path`, `url`, `title` and `excerpt` end; what follows is `id`, unless that is the
    /// URL without `.html`.
    ends: [u32; 4],
}

/// What few posts have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rare {
    modified: Option<Timestamp>,
    lang: Option<NameId>,
    author: Option<NameId>,
    /// Former paths, decoded, of `redirect_from` and of the other reading of a date without a zone.
    former: Vec<Box<str>>,
    /// Where the post has moved away to: a path of this site, or a page of the web.
    away: Option<Box<str>>,
    out_of_sitemap: bool,
}

/// Everything about one post but what only its article shows, which is packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    texts: Texts,
    /// When it was published.
    pub date: Timestamp,
    /// Who may see it, once its time has come.
    pub visibility: Visibility,
    /// Its URL is that of a page of finews which is always there.
    pub(super) reserved: bool,
    /// Its URL is of the shape of a list of finews, which may be there or not.
    pub(super) list_like: bool,
    /// The body names other posts by their files, so that its links depend on these.
    pub(super) linking: bool,
    /// Categories and then tags.
    names: Box<[NameId]>,
    categories: u16,
    /// Who first published it.
    pub source_name: Option<NameId>,
    /// The securities mentioned, in the order of their first mention.
    pub securities: Box<[Mention]>,
    /// The cleaned body and what else only the article shows.
    pub body: PackedArticle,
    /// Characters of the body's text.
    pub length: u32,
    /// A hash of what the file says: two versions of a post that show anything else differ in it.
    pub hash: u64,
    rare: Option<Box<Rare>>,
    /// The file that it was read from.
    pub(super) stamp: Stamp,
}

impl Post {
    /// Since when it could be shown: when its file was written, or later if it is dated so.
    pub fn due_since(&self) -> SystemTime {
        self.stamp.changed_at().max(self.date.clock())
    }

    /// A post of a draft, with its names interned and its article packed.
    ///
    /// # Errors
    /// When the article cannot be packed.
    pub(super) fn of(
        draft: &Draft,
        stamp: Stamp,
        names: &Interner,
        packing: &Packing,
        claims: Claims,
    ) -> io::Result<Self> {
        let body = &draft.body;
        let path = address::decoded(&draft.url);
        let categories = names.intern_all(&draft.categories);
        let count = categories.len().min(usize::from(u16::MAX));
        let mention = |security: &Security| Mention {
            code: names.intern(security.code.as_str()),
            name: names.intern(&security.name),
        };
        Ok(Self {
            texts: Texts::of(draft),
            date: draft.date,
            visibility: draft.visibility,
            reserved: (claims.always)(&path),
            list_like: (claims.list_like)(&path),
            linking: draft.linking,
            names: categories.into_iter().take(count).chain(names.intern_all(&draft.tags)).collect(),
            categories: count as u16,
            source_name: body.source_name.as_deref().map(|name| names.intern(name)),
            securities: body.securities.iter().map(mention).collect(),
            body: packing.pack(&draft.article())?,
            length: u32::try_from(body.text_len).unwrap_or(u32::MAX),
            hash: draft.version(),
            rare: Rare::of(draft, names),
            stamp,
        })
    }

    fn rare(&self) -> Option<&Rare> {
        self.rare.as_deref()
    }

    /// The file, relative to the site's folder, with `/` between its parts.
    pub fn path(&self) -> &str {
        self.texts.part(0)
    }

    /// What the post is known by from one start to the next: a hash of its file's path.
    pub fn key(&self) -> u64 {
        snapshot::index_hash(self.path())
    }

    /// The URL path, percent-encoded, without `baseurl`.
    pub fn url(&self) -> &str {
        self.texts.part(1)
    }

    /// The title as written; may be empty, see [`Post::headline`].
    pub fn title(&self) -> &str {
        self.texts.part(2)
    }

    /// About 120 characters of plain text.
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

    /// Categories, in Jekyll's order, each once.
    pub fn categories(&self) -> &[NameId] {
        self.groups().0
    }

    /// Tags, in the order written, each once.
    pub fn tags(&self) -> &[NameId] {
        self.groups().1
    }

    /// Categories and tags. From a damaged store their number may be anything.
    fn groups(&self) -> (&[NameId], &[NameId]) {
        self.names.split_at(usize::from(self.categories).min(self.names.len()))
    }

    /// `last_modified_at` of the front matter.
    pub fn modified(&self) -> Option<Timestamp> {
        self.rare()?.modified
    }

    /// When it was last changed, as far as it says so.
    pub fn updated(&self) -> Timestamp {
        self.modified().unwrap_or(self.date)
    }

    /// `lang` of the front matter, a BCP 47 tag.
    pub fn lang(&self) -> Option<NameId> {
        self.rare()?.lang
    }

    /// `author` of the front matter.
    pub fn author(&self) -> Option<NameId> {
        self.rare()?.author
    }

    /// In the sitemap, unless `sitemap: false`.
    fn in_sitemap(&self) -> bool {
        !self.rare().is_some_and(|rare| rare.out_of_sitemap)
    }

    /// Where the post has moved away to: a path of this site, or a page of the web.
    pub(super) fn away(&self) -> Option<&str> {
        self.rare()?.away.as_deref()
    }

    /// Whether search engines are to find it.
    pub fn is_to_be_found(&self) -> bool {
        self.in_sitemap() && !self.has_moved()
    }

    /// Whether its URL leads elsewhere.
    pub fn has_moved(&self) -> bool {
        self.away().is_some()
    }

    /// Decoded paths that once led here.
    pub(super) fn former(&self) -> &[Box<str>] {
        self.rare().map_or(&[], |rare| &rare.former)
    }

    /// What the order of posts goes by: the date, then the path in byte order.
    pub(super) fn order(&self) -> (Timestamp, &str) {
        (self.date, self.path())
    }

    /// What a list shows as title: the title, or the first words of the body.
    pub fn headline(&self) -> Cow<'_, str> {
        if !self.is_untitled() {
            Cow::Borrowed(self.title())
        } else if self.excerpt().is_empty() {
            Cow::Borrowed(self.path())
        } else {
            first_words(self.excerpt())
        }
    }

    /// The headline shows the body's first words for want of a title.
    pub fn is_untitled(&self) -> bool {
        self.title().trim().is_empty()
    }
}

#[cfg(test)]
impl Post {
    /// A post of which nothing matters but its file and the second when it was published.
    pub(super) fn sample(path: &str, second: i64) -> Self {
        Self {
            texts: Texts { all: path.into(), ends: [path.len() as u32; 4] },
            date: Timestamp(second),
            visibility: Visibility::Listed,
            reserved: false,
            list_like: false,
            linking: false,
            names: Box::default(),
            categories: 0,
            source_name: None,
            securities: Box::default(),
            body: PackedArticle::default(),
            length: 0,
            hash: 0,
            rare: None,
            stamp: Stamp::default(),
        }
    }
}

impl Texts {
    fn of(draft: &Draft) -> Self {
        let is_plain = draft.url.strip_suffix(".html") == Some(&*draft.id);
        let id = if is_plain { "" } else { &draft.id };
        let parts: [&str; 5] = [&draft.path, &draft.url, &draft.title, &draft.body.excerpt, id];
        let mut end = 0;
        let ends = std::array::from_fn(|index| {
            end += parts[index].len();
            // A file, and so each of its texts, is far smaller than 4 GiB.
            end as u32
        });
        Self { all: parts.concat().into(), ends }
    }

    fn part(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        let end = self.ends.get(index).map_or(self.all.len(), |end| *end as usize);
        // From a damaged store the ends may be anything.
        self.all.get(start..end).unwrap_or_default()
    }
}

impl Rare {
    fn of(draft: &Draft, names: &Interner) -> Option<Box<Self>> {
        let former = draft.redirect_from.iter().chain(&draft.other_day_url);
        let rare = Self {
            modified: draft.modified,
            lang: draft.lang.as_deref().map(|lang| names.intern(lang)),
            author: draft.author.as_deref().map(|author| names.intern(author)),
            former: former.map(|path| address::former(path)).collect(),
            away: draft.away.clone(),
            out_of_sitemap: !draft.sitemap,
        };
        (rare != Self::default()).then(|| Box::new(rare))
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
    use super::{Timestamp, first_words};

    #[test]
    fn a_moment_that_no_date_can_be_is_not_read() {
        let again = |seconds| postcard::from_bytes(&postcard::to_stdvec(&Timestamp(seconds)).expect("bytes"));
        for seconds in [0, 1_700_000_000, -62_135_596_800, 253_402_300_799] {
            assert_eq!(again(seconds), Ok(Timestamp(seconds)));
        }
        for seconds in [i64::MIN, -8_334_601_228_800, 8_210_266_876_799, i64::MAX] {
            assert!(again(seconds).is_err(), "{seconds}");
        }
    }

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
