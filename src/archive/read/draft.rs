//! A post before it enters the archive.

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::Xxh3;

use crate::archive::body::Body;
use crate::archive::compressed::ArticleFields;
use crate::archive::head_fields::HeadFields;
use crate::archive::post::{Timestamp, Visibility};

/// A post as read from its file, with its names still as text. Its hash covers all fields.
#[derive(Debug, Hash)]
pub struct Draft {
    /// The file's path relative to the site's folder.
    pub path: String,
    /// The URL path, percent-encoded, without `baseurl`.
    pub url: String,
    /// The URL that follows from the other reading of a date without a zone.
    pub other_day_url: Option<String>,
    /// Jekyll's `post.id`.
    pub id: String,
    /// The title as written; may be empty.
    pub title: String,
    /// The publication date.
    pub date: Timestamp,
    /// `last_modified_at` of the front matter.
    pub modified: Option<Timestamp>,
    /// The categories in Jekyll's order, without duplicates.
    pub categories: Vec<String>,
    /// The tags in the order written, without duplicates.
    pub tags: Vec<String>,
    /// The authors, in the form of [`Author::from_lines`](crate::config::Author::from_lines).
    pub authors: Option<String>,
    /// The fields that only the head of the page and feeds use.
    pub head: Option<Box<HeadFields>>,
    /// `lang` of the front matter, a BCP 47 tag.
    pub lang: Option<String>,
    /// The visibility once the date has come.
    pub visibility: Visibility,
    /// False if the front matter has `sitemap: false`.
    pub sitemap: bool,
    /// Former paths, from `redirect_from`.
    pub redirect_from: Vec<String>,
    /// The target of `redirect_to`: a path of this site or an HTTP(S) URL.
    pub away: Option<Box<str>>,
    /// The parsed body; empty if the post is withdrawn.
    pub body: Body,
    /// True if the body names other posts.
    pub linking: bool,
}

impl Draft {
    /// Returns the content that only the article page shows.
    pub(in crate::archive) fn article(&self) -> ArticleFields<'_> {
        let Body { html, digest, source_url, .. } = &self.body;
        ArticleFields {
            html: html.as_str().into(),
            digest: digest.as_deref().map(Into::into),
            source_url: source_url.as_deref().map(Into::into),
        }
    }

    /// Hashes all content that finews depends on, whatever its source: the file, the configuration's
    /// defaults, or the posts that the body links to.
    pub(in crate::archive) fn version(&self) -> u64 {
        let mut hasher = Xxh3::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}
