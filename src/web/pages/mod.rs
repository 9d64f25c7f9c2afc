//! The pages, one file each, with handler and template struct side by side. A handler collects the page's
//! content, computes its fingerprint, and renders the page if the client does not have it.

pub mod article;
pub mod dataset;
pub mod date;
pub mod error;
pub mod group;
pub mod groups;
pub mod home;
pub mod own;
pub mod search;
pub mod securities;
pub mod source_text;
pub mod suggest;

use crate::web::http::reply::PageRequest;
use crate::web::view::feed_link::FeedLink;
use crate::web::view::metadata::Metadata;
use crate::web::view::site::Site;
use crate::web::view::timeline::Link;

/// The content of a page's `<head>`.
#[derive(Debug)]
pub struct Head {
    /// The page's own title, without the site's name; empty on the home page.
    pub title: String,
    /// One or two sentences for search engines.
    pub description: String,
    /// The canonical URL; empty for pages without one.
    pub canonical: String,
    /// The feed of the page's list, if it is not the whole site's.
    pub feed: Option<FeedLink>,
    /// Structured data and link previews; `None` for pages without them.
    pub metadata: Option<Box<Metadata>>,
}

impl Head {
    /// Makes the head of the page at a path without `baseurl`.
    pub fn new(
        request: &PageRequest<'_>,
        title: impl Into<String>,
        description: impl Into<String>,
        path: impl std::fmt::Display,
    ) -> Self {
        Self {
            title: title.into(),
            description: description.into(),
            canonical: request.site.absolute(path),
            feed: None,
            metadata: None,
        }
    }

    /// Makes the head of a page without a URL of its own, such as an error.
    pub fn nowhere(title: &str) -> Self {
        Self {
            title: title.into(),
            description: String::new(),
            canonical: String::new(),
            feed: None,
            metadata: None,
        }
    }

    /// Adds the feed of the page's list.
    #[must_use]
    pub fn with_feed(self, feed: Option<FeedLink>) -> Self {
        Self { feed, ..self }
    }

    /// Adds metadata.
    #[must_use]
    pub fn with_metadata(self, metadata: Metadata) -> Self {
        Self { metadata: Some(Box::new(metadata)), ..self }
    }

    /// Adds the metadata of a list; `above` holds the pages above it.
    #[must_use]
    pub fn with_collection_metadata(self, site: &Site, above: &[&Link]) -> Self {
        let metadata = Metadata::for_page(site, "CollectionPage", &self, above);
        self.with_metadata(metadata)
    }

    /// Adds the metadata of a page that is neither a list nor an article.
    #[must_use]
    pub fn with_page_metadata(self, site: &Site) -> Self {
        let metadata = Metadata::for_page(site, "WebPage", &self, &[]);
        self.with_metadata(metadata)
    }

    /// The feeds that the page links to: its list's, and the whole site's.
    pub fn feeds<'h>(&'h self, site: &'h Site) -> impl Iterator<Item = &'h FeedLink> {
        self.feed.iter().chain([&site.feed])
    }

    /// The title of the browser window.
    pub fn window_title(&self, site: &Site) -> String {
        if self.title.is_empty() { site.title.clone() } else { format!("{} - {}", self.title, site.title) }
    }
}
