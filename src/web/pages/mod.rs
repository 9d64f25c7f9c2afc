//! The pages, one file each: handler and template struct side by side. A handler gathers what the
//! page shows, takes its fingerprint, and renders it if the client does not have it.

pub mod article;
pub mod date;
pub mod error;
pub mod group;
pub mod groups;
pub mod home;
pub mod own;
pub mod search;
pub mod securities;
pub mod source_text;

use super::reply::Visit;
use super::site::Site;

/// What a page's head says of it.
#[derive(Debug)]
pub struct Head {
    /// The page's own title, without the site's name; empty on the front page.
    pub title: String,
    /// One or two sentences.
    pub description: String,
    /// The one address of the page, as a whole URL; empty for pages that have none.
    pub canonical: String,
}

impl Head {
    /// The head of the page at a path without `baseurl`.
    pub fn new(
        visit: &Visit<'_>,
        title: impl Into<String>,
        description: impl Into<String>,
        path: impl std::fmt::Display,
    ) -> Self {
        Self { title: title.into(), description: description.into(), canonical: visit.site.absolute(path) }
    }

    /// The head of a page that no address is for.
    pub fn nowhere(title: &str) -> Self {
        Self { title: title.into(), description: String::new(), canonical: String::new() }
    }

    /// The window's title.
    pub fn window_title(&self, site: &Site) -> String {
        if self.title.is_empty() { site.title.clone() } else { format!("{} - {}", self.title, site.title) }
    }
}
