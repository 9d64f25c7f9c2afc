//! The site-wide part of every page: title, navigation, footer, and how links are written.

use std::fmt::Display;
use std::hash::{Hash, Hasher};
use std::path::Path;

use xxhash_rust::xxh3::Xxh3;

use crate::archive::body::{self, BodyHtml};
use crate::archive::jekyll::files::has_icon;
use crate::archive::read::site_context;
use crate::archive::snapshot::{ByKind, GroupKind};
use crate::config::{Config, ImageMode};
use crate::web::http::assets;
use crate::web::paths::dataset::DatasetFile;
use crate::web::paths::feed::FeedOf;
use crate::web::paths::{self, Route};
use crate::web::view::feed_link::FeedLink;
use crate::web::view::html::Html;
use crate::web::view::link::Link;
use crate::web::view::texts::InterfaceTexts;

/// The lists of groups in the order of the navigation.
const LISTS: [GroupKind; 3] = [GroupKind::Source, GroupKind::Security, GroupKind::Tag];

/// The site as its pages show it. Built once from the configuration.
#[derive(Debug)]
pub struct Site {
    /// The site's name; `finews` without one in the configuration.
    pub title: String,
    /// A description for the home page and for metadata; may be empty.
    pub description: String,
    /// BCP 47 language tag.
    pub lang: String,
    /// Interface text in that language.
    pub texts: &'static InterfaceTexts,
    /// The address of the operator's logo.
    pub logo: Option<String>,
    /// The authors of pages without their own, in the form of [`Author::from_lines`](crate::config::Author::from_lines).
    pub authors: String,
    /// The links of the header: those of the configuration, else the default ones, each with its list of groups.
    nav: Vec<(Option<GroupKind>, Link)>,
    /// How pages show images on other hosts.
    pub images: ImageMode,
    /// Whether responses have cache headers for a content delivery network.
    pub cdn: bool,
    /// The number of posts in a feed, and in each of its archive documents.
    pub feed_posts: usize,
    /// True if feeds contain excerpts only.
    pub feed_excerpts: bool,
    /// The WebSub hub that feeds name; `None` without `url` in the configuration.
    pub hub: Option<String>,
    /// Links to the feed of the whole site.
    pub feed: FeedLink,
    /// The preview image for pages that have none of their own.
    share_image: Option<String>,
    footer: BodyHtml,
    disclaimer: BodyHtml,
    has_icon: bool,
    url: String,
    baseurl: String,
    settings: u64,
}

impl Site {
    /// Builds the site from a configuration.
    pub fn new(config: &Config) -> Self {
        let Config { source, site, .. } = config;
        let texts = InterfaceTexts::for_language(source.is_chinese);
        let baseurl = source.baseurl.clone();
        let local = |url: &str| match url {
            _ if url.starts_with("//") || url.starts_with(['#', '?']) || has_scheme(url) => url.to_owned(),
            _ => format!("{baseurl}/{}", url.trim_start_matches('/')),
        };
        let link = |label: &str, url: &str| Link { label: label.to_owned(), href: local(url) };
        let mut nav: Vec<_> = site.nav.iter().map(|item| (None, link(&item.label, &item.url))).collect();
        if nav.is_empty() {
            nav.push((None, link(texts.home, &Route::Home.to_string())));
            for kind in LISTS {
                nav.push((Some(kind), link(texts.all_groups(kind), &Route::Groups(kind).to_string())));
            }
        }
        let title = if source.title.is_empty() { "finews".to_owned() } else { source.title.clone() };
        let has_icon = has_icon(&config.root);
        Self {
            share_image: site.share_image.as_deref().map(local),
            feed: FeedLink::new(&title, "", &baseurl, FeedOf::All),
            title,
            description: site.description.clone(),
            lang: site.lang.clone(),
            texts,
            logo: site.logo.as_deref().map(local),
            authors: site.authors.clone(),
            nav,
            images: site.images,
            cdn: site.cdn,
            feed_posts: site.feed_posts,
            feed_excerpts: site.feed_excerpts,
            hub: site.hub.clone().filter(|_| !source.url.is_empty()),
            footer: body::clean_fragment(&site.footer, &site_context(config)),
            disclaimer: body::clean_fragment(&site.disclaimer, &site_context(config)),
            has_icon,
            url: source.url.clone(),
            settings: settings_hash(config, has_icon),
            baseurl,
        }
    }

    /// The address of a page, for links: the path with `baseurl`, escaped.
    pub fn href(&self, path: impl Display) -> String {
        paths::escaped(format!("{}{path}", self.baseurl))
    }

    /// A link to a page, by its path without `baseurl`.
    pub fn link(&self, label: impl Into<String>, path: impl Display) -> Link {
        Link { label: label.into(), href: self.href(path) }
    }

    /// The absolute URL of a page; a path if the configuration has no `url`.
    pub fn absolute(&self, path: impl Display) -> String {
        format!("{}{}", self.url, self.href(path))
    }

    /// The absolute URL of an address that [`Site::href`] returned.
    pub fn absolute_href(&self, href: &str) -> String {
        if href.starts_with('/') && !href.starts_with("//") {
            format!("{}{href}", self.url)
        } else {
            href.into()
        }
    }

    /// The links of the header, without the default ones to hidden lists.
    pub fn nav(&self, hidden: ByKind<bool>) -> impl Iterator<Item = &Link> {
        let is_shown = move |kind: Option<GroupKind>| kind.is_none_or(|kind| !hidden[kind]);
        self.nav.iter().filter(move |(kind, _)| is_shown(*kind)).map(|(_, link)| link)
    }

    /// The links to the lists of groups, without hidden lists.
    pub fn list_links(&self, hidden: ByKind<bool>) -> impl Iterator<Item = Link> {
        let shown = LISTS.into_iter().filter(move |kind| !hidden[*kind]);
        shown.map(move |kind| self.link(self.texts.all_groups(kind), Route::Groups(kind)))
    }

    /// The absolute URL of an image that front matter names by its path on this site, or by its URL.
    pub fn absolute_image(&self, image: &str) -> String {
        if image.starts_with('/') { self.absolute(image) } else { image.to_owned() }
    }

    /// The preview image for links to the site, as an absolute URL.
    pub fn preview_image(&self) -> Option<String> {
        self.share_image.as_deref().or(self.logo.as_deref()).map(|href| self.absolute_href(href))
    }

    /// The prefix of every path, without a slash at its end; may be empty.
    pub fn baseurl(&self) -> &str {
        &self.baseurl
    }

    /// The operator's footer; `None` if it is empty.
    pub fn footer(&self) -> Option<Html<'_>> {
        let footer = Html::new(&self.footer, ImageMode::Show, "").below_title();
        (!self.footer.as_str().is_empty()).then_some(footer)
    }

    /// The operator's line below each article; `None` if it is empty.
    pub(crate) fn disclaimer(&self) -> Option<Html<'_>> {
        let disclaimer = Html::new(&self.disclaimer, ImageMode::Show, "").below_title();
        (!self.disclaimer.as_str().is_empty()).then_some(disclaimer)
    }

    /// The address of the main style sheet.
    pub fn style(&self) -> String {
        self.href(Route::Asset(assets::STYLE.name().into()))
    }

    /// The address of the search page's style sheet.
    pub fn search_style(&self) -> String {
        self.href(Route::Asset(assets::SEARCH_STYLE.name().into()))
    }

    /// Returns whether the site still has, or still lacks, an icon of its own.
    pub fn has_current_icon(&self, root: &Path) -> bool {
        self.has_icon == has_icon(root)
    }

    /// The address of the icon: the site's `favicon.ico`, or the built-in one.
    pub fn icon(&self) -> String {
        let route = if self.has_icon { Route::Favicon } else { Route::Asset(assets::ICON.name().into()) };
        self.href(route)
    }

    /// The address of the home page.
    pub fn home(&self) -> String {
        self.href(Route::Home)
    }

    /// The address of the list of sources.
    pub fn sources(&self) -> String {
        self.href(Route::Groups(GroupKind::Source))
    }

    /// The address of the list of securities.
    pub fn securities(&self) -> String {
        self.href(Route::Groups(GroupKind::Security))
    }

    /// The address of the search page.
    pub fn search(&self) -> String {
        self.href(Route::Search)
    }

    /// The address of search suggestions.
    pub fn suggest(&self) -> String {
        self.href(Route::Suggest)
    }

    /// The address of the event stream of new posts.
    pub fn live(&self) -> String {
        self.href(paths::LIVE)
    }

    /// The address of the script that runs before the page is shown.
    pub fn early_script(&self) -> String {
        self.href(Route::Asset(assets::EARLY.name().into()))
    }

    /// The address of the main script.
    pub fn script(&self) -> String {
        self.href(Route::Asset(assets::SCRIPT.name().into()))
    }

    /// The address of the script of search suggestions.
    pub fn suggest_script(&self) -> String {
        self.href(Route::Asset(assets::SUGGEST.name().into()))
    }

    /// The address of the OpenSearch description.
    pub fn opensearch(&self) -> String {
        self.href(Route::OpenSearch)
    }

    /// The address of the web app manifest.
    pub fn manifest(&self) -> String {
        self.href(Route::Manifest)
    }

    /// The address of the style sheet of feeds.
    pub fn feed_style(&self) -> String {
        self.href(Route::Asset(assets::FEED_STYLE.name().into()))
    }

    /// The address of the page of the data set.
    pub fn dataset(&self) -> String {
        self.href(Route::Dataset(DatasetFile::Index))
    }

    /// A hash of the settings that pages depend on. Fingerprints include it.
    pub fn settings(&self) -> u64 {
        self.settings
    }
}

/// Returns whether an address starts with a scheme: `https:`, `mailto:`.
fn has_scheme(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

fn settings_hash(config: &Config, has_icon: bool) -> u64 {
    let mut hasher = Xxh3::new();
    (&config.source, &config.site, has_icon).hash(&mut hasher);
    hasher.finish()
}
