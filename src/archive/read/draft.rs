//! A post as read from its file, with its names still as text.

use crate::archive::body::Body;
use crate::archive::packed::PackedBody;
use crate::archive::post::Timestamp;

/// Who may see a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everybody, in lists too.
    Listed,
    /// Whoever has the link: `hidden: true`.
    Unlisted,
    /// Nobody; the URL says that it is gone: `published: false`.
    Withdrawn,
    /// Nobody before its time.
    Future,
}

/// A post as read from its file.
#[derive(Debug)]
pub struct Draft {
    /// The file, relative to the site.
    pub path: String,
    /// The URL path, percent-encoded, without `baseurl`.
    pub url: String,
    /// The URL that the other reading of a date without a zone would give.
    pub other_day_url: Option<String>,
    /// Jekyll's `post.id`.
    pub id: String,
    /// As written; may be empty.
    pub title: String,
    /// When it was published.
    pub date: Timestamp,
    /// `last_modified_at`.
    pub modified: Option<Timestamp>,
    /// In Jekyll's order, each once.
    pub categories: Vec<String>,
    /// Each once.
    pub tags: Vec<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// The language that it is written in, where it says so.
    pub lang: Option<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// Unless `sitemap: false`.
    pub sitemap: bool,
    /// Former paths.
    pub redirect_from: Vec<String>,
    /// Where the post has moved away to.
    pub redirect_to: Option<String>,
    /// A hash of the body's HTML.
    pub hash: u64,
    /// The slug of an undated `-ID.md` file, and of the dated files that may be its twin.
    pub twin: Twin,
    /// What was read of the body; its HTML only until it is packed.
    pub body: Body,
    /// The body at rest.
    pub packed: Option<PackedBody>,
    /// The body names other posts, whose URLs were not known, and is yet to be read.
    pub is_waiting: bool,
}

/// How a file stands to its twin of the same slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Twin {
    /// The name has a date.
    Dated,
    /// The name has none, and the slug is this.
    Undated(String),
}
