//! The settings, the post and the size limit that the parsing of a body uses.

use crate::archive::body::original_url::OriginalUrls;
use crate::config::ChartMode;

/// Size limit of a source, in bytes; a larger one loses its markup.
pub(crate) const MAX_LEN: usize = 4 << 20;

/// The settings that bodies depend on.
#[derive(Debug, Clone, Default)]
pub struct SiteContext {
    /// `url`, for `{{ site.url }}`.
    pub url: String,
    /// `baseurl`: empty, or a path with a leading slash.
    pub baseurl: String,
    /// `title`, for `{{ site.title }}`.
    pub title: String,
    /// The host of `url`.
    pub host: Option<String>,
    /// `finews.legacy_hosts`: links to these hosts become local paths.
    pub legacy_hosts: Vec<String>,
    /// `finews.original_url`: rewrites the URLs of original articles.
    pub original_urls: OriginalUrls,
    /// `finews.charts`: how articles show the charts of quote sites.
    pub charts: ChartMode,
}

/// The post and the site that a body belongs to.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The settings of the site.
    pub site: &'a SiteContext,
    /// The post's title, for `{{ page.title }}`.
    pub title: &'a str,
    /// The post's URL without `baseurl`, for `{{ page.url }}`.
    pub url: &'a str,
    /// Returns the URL, without `baseurl`, of the post that `{% post_url %}` names, or of the file whose
    /// path `{% link %}` gives.
    pub posts: &'a dyn Fn(&str) -> Option<String>,
    /// True if lists show the post: only then does each security that it names have a page.
    pub is_listed: bool,
}
