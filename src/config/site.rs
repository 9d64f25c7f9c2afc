//! The settings of pages and feeds that do not change the meaning of files.

use std::num::NonZeroUsize;

use crate::config::authors::{KnownAuthors, author_lines};
use crate::config::error::ConfigError;
use crate::config::file::ConfigFile;
use crate::config::keys::{self, NavLink};
use crate::config::values::ImageMode;

/// Maximum posts of a feed: longer feeds would be megabytes. The feed archives contain the rest.
const MOST_FEED_POSTS: usize = 200;

/// The settings of pages and feeds that do not change the meaning of files. They are part of every ETag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SiteSettings {
    /// One or two sentences about the site; may be empty.
    pub description: String,
    /// BCP 47 language tag of the site, such as `zh-CN`.
    pub lang: String,
    /// The authors of posts without their own, in the form of [`Author::from_lines`](crate::config::Author::from_lines).
    pub authors: String,
    /// Path or URL of the site's logo.
    pub logo: Option<String>,
    /// jekyll-paginate's posts per page, for the URLs of its pages.
    pub paginate: usize,
    /// jekyll-paginate's `paginate_path`, with a leading slash and `:num` in place of the page number.
    pub paginate_path: Option<String>,
    /// jekyll-feed's `feed.path`, with a leading slash: the former URL of the feed.
    pub feed_path: Option<String>,
    /// jekyll-feed's `feed.posts_limit`: posts per feed.
    pub feed_posts: usize,
    /// jekyll-feed's `feed.excerpt_only`: feeds contain excerpts instead of bodies.
    pub feed_excerpts: bool,
    /// Additional folders and files that are served unchanged.
    pub static_files: Vec<String>,
    /// Whether the source file of each post is served too.
    pub source: bool,
    /// Path or URL of the preview image for links to pages without an image.
    pub share_image: Option<String>,
    /// How images on other hosts are shown.
    pub images: ImageMode,
    /// Links of the page header.
    pub nav: Vec<NavLink>,
    /// HTML of the page footer, as the operator wrote it.
    pub footer: String,
    /// HTML of a line below each article, as the operator wrote it; may be empty.
    pub disclaimer: String,
    /// URL of the WebSub hub that is notified of new posts. Feeds name it.
    pub hub: Option<String>,
    /// URL of the operator's service that is notified of new posts.
    pub on_publish: Option<String>,
    /// Whether responses have cache headers for a content delivery network.
    pub cdn: bool,
}

impl SiteSettings {
    pub(super) fn read(file: &ConfigFile, known: &KnownAuthors) -> Result<Self, ConfigError> {
        Ok(Self {
            description: file.loose_text(&["description"]).unwrap_or_default(),
            lang: keys::lang(file),
            authors: file.get(&["author"]).map(|author| author_lines(author, known)).unwrap_or_default(),
            logo: file.word("logo").map(Into::into),
            paginate: keys::paginate(file)?,
            paginate_path: file
                .name("paginate_path")?
                .filter(|path| path.contains(":num"))
                .map(|path| format!("/{}", path.trim_start_matches('/'))),
            feed_path: file
                .text(&["feed", "path"])?
                .map(|path| format!("/{}", path.trim_start_matches('/')))
                .filter(|path| path.len() > 1),
            feed_posts: file
                .parsed::<NonZeroUsize>(&["feed", "posts_limit"])?
                .map_or(10, |posts| posts.get().min(MOST_FEED_POSTS)),
            feed_excerpts: file.bool(&["feed", "excerpt_only"])?.unwrap_or(false),
            static_files: file.folders(&["finews", "static"])?,
            source: file.bool(&["finews", "source"])?.unwrap_or(false),
            share_image: file.text(&["finews", "share_image"])?.filter(|image| !image.is_empty()),
            images: file.parsed(&["finews", "images"])?.unwrap_or_default(),
            nav: keys::nav(file)?,
            footer: file.text(&["finews", "footer"])?.unwrap_or_default(),
            disclaimer: file.text(&["finews", "disclaimer"])?.unwrap_or_default(),
            hub: keys::address(file, &["finews", "websub", "hub"])?,
            on_publish: keys::address(file, &["finews", "on_publish"])?,
            cdn: file.bool(&["finews", "cdn"])?.unwrap_or(false),
        })
    }
}
