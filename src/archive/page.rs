//! The site's own pages: Markdown and HTML with front matter outside the folders of posts.

use serde::{Deserialize, Serialize};

use crate::archive::body::BodyHtml;
use crate::archive::head_fields::HeadFields;

/// A page such as `about.md`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OwnPage {
    /// The file's path relative to the site's folder.
    pub path: Box<str>,
    /// The URL path, percent-encoded, without `baseurl`.
    pub url: Box<str>,
    /// The title; may be empty.
    pub title: Box<str>,
    /// The cleaned body, not compressed because pages are few.
    pub body: BodyHtml,
    /// An excerpt of about 120 characters of plain text.
    pub excerpt: Box<str>,
    /// The fields that only the head of the page uses.
    pub head: HeadFields,
    /// The authors, in the form of [`Author::from_lines`](crate::config::Author::from_lines); may be empty.
    pub authors: Box<str>,
    /// False if the front matter has `sitemap: false`.
    pub in_sitemap: bool,
    /// Former paths, which redirect to the page.
    pub redirect_from: Vec<String>,
    /// A hash of the content.
    pub hash: u64,
}

impl OwnPage {
    /// The author's description, else the excerpt.
    pub fn description(&self) -> &str {
        if self.head.description.is_empty() { &self.excerpt } else { &self.head.description }
    }
}
