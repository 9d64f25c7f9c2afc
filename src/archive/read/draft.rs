//! A post as read from its file, with its names still as text.

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::Xxh3;

use crate::archive::body::Body;
use crate::archive::packed::Article;
use crate::archive::post::{Timestamp, Visibility};

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
    /// Who may see it, once its time has come.
    pub visibility: Visibility,
    /// Unless `sitemap: false`.
    pub sitemap: bool,
    /// Former paths.
    pub redirect_from: Vec<String>,
    /// Where the post has moved away to: a path of this site, or a page of the web.
    pub away: Option<Box<str>>,
    /// What was read of the body.
    pub body: Body,
    /// The body names other posts.
    pub linking: bool,
}

impl Draft {
    /// What only the article shows.
    pub(in crate::archive) fn article(&self) -> Article<'_> {
        let Body { html, digest, source_url, .. } = &self.body;
        Article {
            html: html.as_str().into(),
            digest: digest.as_deref().map(Into::into),
            source_url: source_url.as_deref().map(Into::into),
        }
    }

    /// A hash of everything that anything of finews depends on, wherever it came from: the file, the
    /// configuration's defaults, or the posts that the body links to.
    pub(in crate::archive) fn version(&self) -> u64 {
        let mut hasher = Xxh3::new();
        let Self { path, url, other_day_url, id, title, date, modified, categories, tags, author, .. } = self;
        (path, url, other_day_url, id, title, date, modified, categories, tags, author).hash(&mut hasher);
        (&self.lang, self.visibility as u8, self.sitemap, &self.redirect_from, &self.away).hash(&mut hasher);
        let Body { html, excerpt, digest, source_url, source_name, securities, .. } = &self.body;
        (html.as_str(), excerpt, digest, source_url, source_name, self.linking).hash(&mut hasher);
        for security in securities {
            (security.code.as_str(), &security.name).hash(&mut hasher);
        }
        hasher.finish()
    }
}
