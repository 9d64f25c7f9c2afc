//! The pages, one file each: handler and template struct side by side. A handler gathers what the
//! page shows, takes its fingerprint, and renders it if the client does not have it.

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

use super::feeds::FeedLink;
use super::metadata::Metadata;
use super::reply::Visit;
use super::site::Site;
use super::timeline::Link;

/// What a page's head says of it.
#[derive(Debug)]
pub struct Head {
    /// The page's own title, without the site's name; empty on the front page.
    pub title: String,
    /// One or two sentences.
    pub description: String,
    /// The one address of the page, as a whole URL; empty for pages that have none.
    pub canonical: String,
    /// The feed of what the page lists, if it lists less than all.
    pub feed: Option<FeedLink>,
    /// What else is said of it to those who link to it.
    pub metadata: Option<Box<Metadata>>,
}

impl Head {
    /// The head of the page at a path without `baseurl`.
    pub fn new(
        visit: &Visit<'_>,
        title: impl Into<String>,
        description: impl Into<String>,
        path: impl std::fmt::Display,
    ) -> Self {
        Self {
            title: title.into(),
            description: description.into(),
            canonical: visit.site.absolute(path),
            feed: None,
            metadata: None,
        }
    }

    /// The head of a page that no address is for.
    pub fn nowhere(title: &str) -> Self {
        Self {
            title: title.into(),
            description: String::new(),
            canonical: String::new(),
            feed: None,
            metadata: None,
        }
    }

    /// The same, with the feed of what the page lists.
    #[must_use]
    pub fn with_feed(self, feed: Option<FeedLink>) -> Self {
        Self { feed, ..self }
    }

    /// The same, with metadata.
    #[must_use]
    pub fn with_metadata(self, metadata: Metadata) -> Self {
        Self { metadata: Some(Box::new(metadata)), ..self }
    }

    /// The same of a list below other pages.
    #[must_use]
    pub fn of_collection(self, site: &Site, above: &[&Link]) -> Self {
        let metadata = Metadata::of_page(site, "CollectionPage", &self, above);
        self.with_metadata(metadata)
    }

    /// The same of a page that is neither a list nor an article.
    #[must_use]
    pub fn of_page(self, site: &Site) -> Self {
        let metadata = Metadata::of_page(site, "WebPage", &self, &[]);
        self.with_metadata(metadata)
    }

    /// The feeds that the page names: that of what it lists, and that of the whole site.
    pub fn feeds<'h>(&'h self, site: &'h Site) -> impl Iterator<Item = &'h FeedLink> {
        self.feed.iter().chain([&site.feed])
    }

    /// The window's title.
    pub fn window_title(&self, site: &Site) -> String {
        if self.title.is_empty() { site.title.clone() } else { format!("{} - {}", self.title, site.title) }
    }
}
