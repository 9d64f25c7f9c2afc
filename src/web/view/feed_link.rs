//! The links to a feed in the head of a page.

use crate::web::paths::Route;
use crate::web::paths::feed::{FeedFormat, FeedOf};

/// The links to a feed, one for each format.
#[derive(Debug)]
pub struct FeedLink {
    /// The title of the feed.
    pub title: String,
    /// The URL of the Atom feed.
    pub atom: String,
    /// The URL of the JSON feed.
    pub json: String,
}

impl FeedLink {
    /// Creates the links to a feed. `label` is the name of its posts for readers, and empty for all posts.
    pub fn new(site: &str, label: &str, baseurl: &str, of: FeedOf<'_>) -> Self {
        let href = |format| format!("{baseurl}{}", Route::Feed(of.clone(), format));
        Self { title: feed_title(site, label), atom: href(FeedFormat::Atom), json: href(FeedFormat::Json) }
    }
}

/// Returns the title of a feed, in jekyll-feed's format.
pub(crate) fn feed_title(site: &str, label: &str) -> String {
    if label.is_empty() { site.to_owned() } else { format!("{site} | {label}") }
}
