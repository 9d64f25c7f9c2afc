//! What every page shows of the site: its name, navigation and footer, and how links are written.

use std::fmt::Display;
use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::Xxh3;

use super::assets;
use super::dataset;
use super::feeds::{FeedLink, FeedOf};
use super::html::Html;
use super::paths::{self, Route};
use super::words::Words;
use crate::archive::body::{self, BodyHtml};
use crate::archive::read::site_context;
use crate::config::{Config, Images};

/// A link of the navigation, ready to print.
#[derive(Debug)]
pub struct NavItem {
    /// What readers see.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// The site, as its pages show it. Made once from the configuration.
#[derive(Debug)]
pub struct Site {
    /// Its name.
    pub title: String,
    /// What it is.
    pub description: String,
    /// BCP 47 language tag.
    pub lang: String,
    /// Interface text in that language.
    pub words: &'static Words,
    /// The owner's picture.
    pub logo: Option<String>,
    /// The links of the header.
    pub nav: Vec<NavItem>,
    /// What becomes of images on other hosts.
    pub images: Images,
    /// Posts of a feed, and of each of its archives.
    pub feed_posts: usize,
    /// Whether feeds hold excerpts only.
    pub feed_excerpts: bool,
    /// WebSub's hub, which feeds name.
    pub hub: Option<String>,
    /// The links to the feed of the whole site.
    pub feed: FeedLink,
    /// The picture beside links to pages that have none of their own.
    share_image: Option<String>,
    footer: BodyHtml,
    has_icon: bool,
    url: String,
    baseurl: String,
    settings: u64,
}

impl Site {
    /// The site of a configuration.
    pub fn new(config: &Config) -> Self {
        let words = Words::of(config.is_chinese());
        let baseurl = config.baseurl.clone();
        let local = |url: &str| match url {
            _ if url.starts_with("//") || url.starts_with(['#', '?']) || has_scheme(url) => url.to_owned(),
            _ => format!("{baseurl}/{}", url.trim_start_matches('/')),
        };
        let mut nav: Vec<_> = config
            .nav
            .iter()
            .map(|link| NavItem { label: link.label.clone(), href: local(&link.url) })
            .collect();
        if nav.is_empty() {
            let ours = [
                (words.home, Route::Home),
                (words.sources, Route::Sources),
                (words.securities_page, Route::Securities),
                (words.tags, Route::Tags),
            ];
            nav.extend(
                ours.map(|(label, route)| NavItem { label: label.into(), href: local(&route.to_string()) }),
            );
        }
        let title = if config.title.is_empty() { "finews".to_owned() } else { config.title.clone() };
        let has_icon = config.root.join("favicon.ico").is_file();
        Self {
            share_image: config.share_image.as_deref().map(local),
            feed: FeedLink::new(&title, "", &baseurl, FeedOf::All),
            title,
            description: config.description.clone(),
            lang: config.lang.clone(),
            words,
            logo: config.logo.as_deref().map(local),
            nav,
            images: config.images,
            feed_posts: config.feed_posts,
            feed_excerpts: config.feed_excerpts,
            hub: config.hub.clone().filter(|_| !config.url.is_empty()),
            footer: body::clean_fragment(&config.footer, &site_context(config)),
            has_icon,
            url: config.url.clone(),
            settings: settings_hash(config, has_icon),
            baseurl,
        }
    }

    /// The address of a page, for links: a path with `baseurl`.
    pub fn href(&self, path: impl Display) -> String {
        paths::escaped(format!("{}{path}", self.baseurl))
    }

    /// The whole URL of a page; a path where the configuration has no `url`.
    pub fn absolute(&self, path: impl Display) -> String {
        format!("{}{}", self.url, self.href(path))
    }

    /// The whole URL of an address that links have already.
    pub fn whole(&self, href: &str) -> String {
        if href.starts_with('/') && !href.starts_with("//") {
            format!("{}{href}", self.url)
        } else {
            href.into()
        }
    }

    /// The picture beside links to the site, a whole URL.
    pub fn picture(&self) -> Option<String> {
        self.share_image.as_deref().or(self.logo.as_deref()).map(|href| self.whole(href))
    }

    /// What stands before every path.
    pub fn baseurl(&self) -> &str {
        &self.baseurl
    }

    /// The owner's footer.
    pub fn footer(&self) -> Option<Html<'_>> {
        (!self.footer.as_str().is_empty()).then_some(Html::below_title(&self.footer))
    }

    /// The style sheet's address.
    pub fn style(&self) -> String {
        self.href(Route::Asset(assets::STYLE.name().into()))
    }

    /// The address of the style sheet of the search page.
    pub fn search_style(&self) -> String {
        self.href(Route::Asset(assets::SEARCH_STYLE.name().into()))
    }

    /// The icon's address: the site's own, or ours.
    pub fn icon(&self) -> String {
        if self.has_icon {
            self.href(Route::Favicon)
        } else {
            self.href(Route::Asset(assets::ICON.name().into()))
        }
    }

    /// The front page's address.
    pub fn home(&self) -> String {
        self.href(Route::Home)
    }

    /// The address of all sources.
    pub fn sources(&self) -> String {
        self.href(Route::Sources)
    }

    /// The address of all securities.
    pub fn securities(&self) -> String {
        self.href(Route::Securities)
    }

    /// Where a search is sent.
    pub fn search(&self) -> String {
        self.href(Route::Search)
    }

    /// Where one is told what may be meant.
    pub fn suggest(&self) -> String {
        self.href(Route::Suggest)
    }

    /// Where new posts are told.
    pub fn live(&self) -> String {
        self.href(paths::LIVE)
    }

    /// The address of the script that is run before a page is shown.
    pub fn early_script(&self) -> String {
        self.href(Route::Asset(assets::EARLY.name().into()))
    }

    /// The address of the script.
    pub fn script(&self) -> String {
        self.href(Route::Asset(assets::SCRIPT.name().into()))
    }

    /// The address of the script that offers what may be meant.
    pub fn suggest_script(&self) -> String {
        self.href(Route::Asset(assets::SUGGEST.name().into()))
    }

    /// The address that says how to search.
    pub fn opensearch(&self) -> String {
        self.href(Route::OpenSearch)
    }

    /// The address of the manifest.
    pub fn manifest(&self) -> String {
        self.href(Route::Manifest)
    }

    /// The address of the style sheet of feeds.
    pub fn feed_style(&self) -> String {
        self.href(Route::Asset(assets::FEED_STYLE.name().into()))
    }

    /// The address of the archive as files.
    pub fn dataset(&self) -> String {
        self.href(Route::Dataset(dataset::File::Index))
    }

    /// The address of all tags.
    pub fn tags(&self) -> String {
        self.href(Route::Tags)
    }

    /// A hash of the settings that pages depend on.
    pub fn settings(&self) -> u64 {
        self.settings
    }
}

/// Whether an address begins with a scheme: `https:`, `mailto:`.
fn has_scheme(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

fn settings_hash(config: &Config, has_icon: bool) -> u64 {
    let mut hasher = Xxh3::new();
    let Config { title, description, url, baseurl, lang, author, logo, footer, names, legacy_hosts, .. } =
        config;
    (title, description, url, baseurl, lang, author).hash(&mut hasher);
    (logo, footer, names, legacy_hosts, config.timezone.name(), config.source, config.images, has_icon)
        .hash(&mut hasher);
    (config.feed_posts, config.feed_excerpts, &config.hub, &config.share_image).hash(&mut hasher);
    for link in &config.nav {
        (&link.label, &link.url).hash(&mut hasher);
    }
    hasher.finish()
}
