//! The site's own pages: files with front matter outside the folders of posts, documents of collections, and
//! plain files that have the URL of a page.

use serde::{Deserialize, Serialize};

use crate::archive::body::BodyHtml;
use crate::archive::head_fields::HeadFields;
use crate::archive::snapshot::group::kind::GroupKind;

/// A page such as `about.md`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OwnPage {
    /// The file's path relative to the site's folder.
    pub path: Box<str>,
    /// The URL path, percent-encoded, without `baseurl`.
    pub url: Box<str>,
    /// The title; may be empty.
    pub title: Box<str>,
    /// The language of the content, a BCP 47 tag, if the front matter has one.
    pub lang: Option<Box<str>>,
    /// The content of the page.
    pub body: PageBody,
    /// An excerpt of about 120 characters of plain text.
    pub excerpt: Box<str>,
    /// The fields that only the head of the page uses.
    pub head: HeadFields,
    /// The authors, in the form of [`Author::from_lines`](crate::config::Author::from_lines); may be empty.
    pub authors: Box<str>,
    /// Whether the sitemap lists the page. False for `sitemap: false` and for files that are not HTML.
    pub in_sitemap: bool,
    /// Former paths, which redirect to the page.
    pub redirect_from: Vec<String>,
    /// A hash of the content.
    pub hash: u64,
}

/// The content of a page, not compressed because pages are few.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PageBody {
    /// Cleaned HTML, shown in the layout of finews.
    Html(BodyHtml),
    /// Text of another type, such as XML, JSON or a style sheet.
    Text(Box<str>),
    /// The file itself, which has no front matter.
    File,
    /// The target of `redirect_to`: a path of this site or an HTTP(S) URL.
    RedirectTo(Box<str>),
    /// The page is not served; a list of finews replaces it.
    ReplacedBy(Replacement),
}

/// The list of finews that replaces a page whose Liquid lists posts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Replacement {
    /// The list, unless the list of a single group replaces the page.
    pub list: PostList,
    /// The only tag or category that the Liquid of the page names.
    pub group: Option<(GroupKind, Box<str>)>,
}

impl From<PostList> for Replacement {
    fn from(list: PostList) -> Self {
        Self { list, group: None }
    }
}

/// A list of finews that can replace a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PostList {
    /// The newest posts.
    Newest,
    /// The posts by year.
    Years,
    /// The posts by category.
    Sources,
    /// The posts by tag.
    Tags,
    /// The Atom feed of the site.
    Feed,
    /// The JSON feed of the site.
    JsonFeed,
}

impl OwnPage {
    /// The text of a link to the page: the title, else the URL.
    pub fn label(&self) -> &str {
        if self.title.is_empty() { &self.url } else { &self.title }
    }

    /// The author's description, else the excerpt.
    pub fn description(&self) -> &str {
        if self.head.description.is_empty() { &self.excerpt } else { &self.head.description }
    }

    /// The target of a page that only redirects.
    pub fn redirect_to(&self) -> Option<&str> {
        match &self.body {
            PageBody::RedirectTo(to) => Some(to),
            _ => None,
        }
    }

    /// The HTML of a page that is shown in the layout of finews.
    pub fn html(&self) -> Option<&BodyHtml> {
        match &self.body {
            PageBody::Html(html) => Some(html),
            _ => None,
        }
    }
}
