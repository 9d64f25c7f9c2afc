//! One typed [`Config`] from a site's `_config.yml`, the environment and the command line.
//! Everything else reads it; it reads nothing of the crate.

mod error;
mod file;
mod keys;
mod layers;
mod values;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;

pub use error::ConfigError;
use error::Origin;
use file::File;
pub use file::Node;
use layers::Layers;
pub use values::{
    AccessLog, Address, ByteSize, Connections, Images, Interval, LogFormat, NaiveDates, ProxyHeader,
    Requests, SearchRate, TrustedProxy, Watching,
};

/// Feeds of more posts would be megabytes; their archives hold the rest.
const MOST_FEED_POSTS: usize = 200;

/// What the command line says; the environment is asked for what is `None` here.
/// Values are as typed, so that a wrong one is reported the same way wherever it came from.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--listen`
    pub listen: Option<String>,
    /// `--admin-listen`
    pub admin_listen: Option<String>,
    /// `--url`
    pub url: Option<String>,
    /// `--posts`, once a folder
    pub posts: Vec<String>,
    /// `--log-format`
    pub log_format: Option<String>,
    /// `--cache-dir`
    pub cache_dir: Option<String>,
    /// `--page-cache`
    pub page_cache: Option<String>,
    /// `--watch`
    pub watch: Option<String>,
    /// `--rescan`
    pub rescan: Option<String>,
    /// `--max-connections`
    pub max_connections: Option<String>,
    /// `--max-requests`
    pub max_requests: Option<String>,
    /// `--search-rate`
    pub search_rate: Option<String>,
    /// `--trusted-proxy`, once a network
    pub trusted_proxies: Vec<String>,
    /// `--proxy-header`
    pub proxy_header: Option<String>,
    /// `--access-log`
    pub access_log: Option<String>,
}

/// A link of the navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavLink {
    /// What readers see.
    pub label: String,
    /// A path of the site, without `baseurl`, or a whole URL.
    pub url: String,
}

/// An entry of Jekyll's `defaults`: front matter for the files in its scope.
#[derive(Debug, Clone, PartialEq)]
pub struct DefaultValues {
    /// A path prefix or glob, relative to the site; empty for all.
    pub path: String,
    /// `posts` or `pages`; absent for both.
    pub kind: Option<String>,
    /// The front matter given.
    pub values: Vec<(String, Node)>,
}

/// Everything the owner can say, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The site's folder.
    pub root: PathBuf,
    /// The configuration file, if there is one.
    pub file: Option<PathBuf>,
    /// The site's name.
    pub title: String,
    /// One or two sentences about the site.
    pub description: String,
    /// The scheme and host of absolute URLs, without a slash at the end; may be empty.
    pub url: String,
    /// What stands before every path: empty, or `/archive`.
    pub baseurl: String,
    /// BCP 47 language tag of the site, such as `zh-CN`.
    pub lang: String,
    /// Who publishes the site.
    pub author: Option<String>,
    /// Path or URL of the site's picture.
    pub logo: Option<String>,
    /// The zone of local times and of the days in URLs.
    pub timezone: Tz,
    /// A permalink style's name or a template; checked by [`Config::permalink_error`]'s caller.
    pub permalink: String,
    /// `collections.posts.permalink`: a template for posts alone, which goes before `permalink`.
    pub posts_permalink: Option<String>,
    /// Whether posts of the future are shown.
    pub future: bool,
    /// Whether `published: false` is passed over.
    pub unpublished: bool,
    /// Front matter for files in a scope.
    pub defaults: Vec<DefaultValues>,
    /// Jekyll's `exclude`, its own defaults included.
    pub exclude: Vec<String>,
    /// Jekyll's `include`.
    pub include: Vec<String>,
    /// The only folder whose `_posts` count; empty: all do.
    pub collections_dir: String,
    /// Where Jekyll writes the site to, which is no source.
    pub destination: String,
    /// The extensions of Markdown files, if they are not the usual ones.
    pub markdown_ext: Option<Vec<String>>,
    /// Posts a page of jekyll-paginate, for its old addresses.
    pub paginate: usize,
    /// jekyll-feed's `feed.path`, with a leading slash: where the feed was.
    pub feed_path: Option<String>,
    /// jekyll-feed's `feed.posts_limit`: posts of a feed.
    pub feed_posts: usize,
    /// jekyll-feed's `feed.excerpt_only`: feeds hold no whole bodies.
    pub feed_excerpts: bool,
    /// The folders of posts; empty: every `_posts`, and `posts`.
    pub posts: Vec<String>,
    /// Further folders and files that are served as they are.
    pub static_files: Vec<String>,
    /// Whether the source of each post is served beside it.
    pub source: bool,
    /// Path or URL of the picture beside links to pages that have none of their own.
    pub share_image: Option<String>,
    /// What becomes of images on other hosts.
    pub images: Images,
    /// The links of the header.
    pub nav: Vec<NavLink>,
    /// HTML of the footer, as the owner wrote it.
    pub footer: String,
    /// Former hosts of the site, whose links become local.
    pub legacy_hosts: Vec<String>,
    /// The meaning of a date without a zone.
    pub naive_dates: NaiveDates,
    /// Display names of categories, which win over those found in tags.
    pub names: Vec<(String, String)>,
    /// Where readers are served.
    pub listen: Address,
    /// Where the owner is served; nothing if that was left to us.
    pub admin_listen: Option<Address>,
    /// How log lines are written.
    pub log_format: LogFormat,
    /// Where the prepared archive is kept between two starts; nothing: it is not.
    pub cache_dir: Option<PathBuf>,
    /// How many bytes of encoded pages are kept in memory.
    pub page_cache: ByteSize,
    /// How changes of files are noticed.
    pub watch: Watching,
    /// How often every file is looked at, whatever was noticed.
    pub rescan: Interval,
    /// `--max-connections`: connections of readers at once.
    pub max_connections: Connections,
    /// Requests that may be worked on at once.
    pub max_requests: Requests,
    /// How often one address may search.
    pub search_rate: SearchRate,
    /// The proxies that are believed when they say whom they ask for.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// How they say it.
    pub proxy_header: ProxyHeader,
    /// Which requests have a line in the log.
    pub access_log: AccessLog,
    /// WebSub's hub, which is told of new posts; feeds name it.
    pub hub: Option<String>,
    /// The owner's address that is told of new posts.
    pub on_publish: Option<String>,
    /// Sentences about keys of ours that mean nothing, each with its place.
    pub warnings: Vec<String>,
    permalink_origin: Origin,
}

/// Our own keys.
const KEYS: [&str; 25] = [
    "access_log",
    "admin_listen",
    "cache_dir",
    "footer",
    "images",
    "legacy_hosts",
    "listen",
    "log_format",
    "max_connections",
    "max_requests",
    "naive_dates",
    "names",
    "nav",
    "on_publish",
    "page_cache",
    "posts",
    "proxy_header",
    "rescan",
    "search_rate",
    "share_image",
    "source",
    "static",
    "trusted_proxy",
    "watch",
    "websub",
];

const POSTS_PERMALINK: [&str; 3] = ["collections", "posts", "permalink"];

/// What Jekyll passes over when the configuration does not say otherwise
/// (`lib/jekyll/configuration.rb`, `DEFAULT_EXCLUDES`).
const JEKYLL_EXCLUDES: [&str; 10] = [
    ".sass-cache",
    ".jekyll-cache",
    "gemfiles",
    "Gemfile",
    "Gemfile.lock",
    "node_modules",
    "vendor/bundle/",
    "vendor/cache/",
    "vendor/gems/",
    "vendor/ruby/",
];

impl Config {
    /// Reads the configuration of the site in `root`. `env` looks a variable up.
    ///
    /// # Errors
    /// When `root` is no readable folder, or a value is not what its key allows.
    pub fn read(
        root: &Path,
        flags: &Overrides,
        env: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        match std::fs::metadata(root) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => return Err(ConfigError::site(root, "is not a folder")),
            Err(error) => return Err(ConfigError::site(root, error)),
        }
        let file = File::find(root)?;
        let layers = Layers { file: &file, flags, env };
        let (permalink, mut permalink_origin) =
            file.text_at(&["permalink"])?.unwrap_or_else(|| ("date".into(), file.origin(&["permalink"])));
        let posts_permalink = match file.get(&POSTS_PERMALINK) {
            Some(Node::Text(template)) => {
                permalink_origin = file.origin(&POSTS_PERMALINK);
                Some(template.clone())
            }
            _ => None,
        };
        let mut exclude = file.strings(&["exclude"])?.unwrap_or_default();
        exclude.extend(JEKYLL_EXCLUDES.map(String::from));
        let url = layers.url()?;
        Ok(Self {
            root: absolute(root.join(keys::folder(&file, "source")?)),
            title: file.loose_text(&["title"]).or(file.loose_text(&["name"])).unwrap_or_default(),
            description: file.loose_text(&["description"]).unwrap_or_default(),
            baseurl: keys::baseurl(&file)?,
            // Some themes write `zh_CN`, which browsers do not know.
            lang: file.word("lang").unwrap_or("en").replace('_', "-"),
            author: file.loose_text(&["author"]),
            logo: file.word("logo").map(Into::into),
            timezone: keys::timezone(&file)?,
            permalink,
            posts_permalink,
            permalink_origin,
            future: file.bool(&["future"])?.unwrap_or(false),
            unpublished: file.bool(&["unpublished"])?.unwrap_or(false),
            defaults: keys::defaults(&file)?,
            exclude,
            include: file.strings(&["include"])?.unwrap_or_else(|| vec![".htaccess".into()]),
            collections_dir: keys::folder(&file, "collections_dir")?,
            destination: file.word("destination").map_or("_site", |folder| keys::trim_folder(folder)).into(),
            markdown_ext: file
                .word("markdown_ext")
                .map(|list| list.to_ascii_lowercase().split(',').map(Into::into).collect()),
            // `false` and the like: the site has no such pages.
            paginate: file
                .word("paginate")
                .and_then(|number| number.parse().ok())
                .filter(|posts| *posts > 0)
                .unwrap_or(10),
            feed_path: file
                .text(&["feed", "path"])?
                .map(|path| format!("/{}", path.trim_start_matches('/')))
                .filter(|path| path.len() > 1),
            feed_posts: file
                .parsed::<NonZeroUsize>(&["feed", "posts_limit"], "a number of posts from 1")?
                .map_or(10, |posts| posts.get().min(MOST_FEED_POSTS)),
            feed_excerpts: file.bool(&["feed", "excerpt_only"])?.unwrap_or(false),
            posts: layers.posts()?,
            static_files: file.folders(&["finews", "static"])?,
            source: file.bool(&["finews", "source"])?.unwrap_or(false),
            images: file.parsed(&["finews", "images"], "show, click or off")?.unwrap_or_default(),
            share_image: file.text(&["finews", "share_image"])?.filter(|image| !image.is_empty()),
            nav: keys::nav(&file)?,
            footer: file.text(&["finews", "footer"])?.unwrap_or_default(),
            legacy_hosts: keys::hosts(&file)?,
            naive_dates: file.parsed(&["finews", "naive_dates"], "utc or local")?.unwrap_or_default(),
            names: file.pairs(&["finews", "names"])?,
            listen: layers
                .address("listen", flags.listen.as_deref())?
                .unwrap_or_else(|| Address::Tcp("127.0.0.1:8080".into())),
            admin_listen: layers.address("admin-listen", flags.admin_listen.as_deref())?,
            log_format: layers.parsed("log-format", flags.log_format.as_deref())?,
            cache_dir: layers.text("cache-dir", flags.cache_dir.as_deref())?.map(PathBuf::from),
            page_cache: layers.parsed("page-cache", flags.page_cache.as_deref())?,
            watch: layers.parsed("watch", flags.watch.as_deref())?,
            rescan: layers.parsed("rescan", flags.rescan.as_deref())?,
            max_connections: layers.parsed("max-connections", flags.max_connections.as_deref())?,
            max_requests: layers.parsed("max-requests", flags.max_requests.as_deref())?,
            search_rate: layers.parsed("search-rate", flags.search_rate.as_deref())?,
            trusted_proxies: layers.trusted_proxies()?,
            proxy_header: layers.parsed("proxy-header", flags.proxy_header.as_deref())?,
            access_log: layers.parsed("access-log", flags.access_log.as_deref())?,
            hub: keys::address(&file, &["finews", "websub", "hub"])?,
            on_publish: keys::address(&file, &["finews", "on_publish"])?,
            warnings: keys::warnings(&file),
            url,
            file: file.path,
        })
    }

    /// The error for a `permalink` that its reader refuses; `allowed` says what it takes.
    pub fn permalink_error(&self, allowed: &str) -> ConfigError {
        let setting = self.posts_permalink.as_ref().unwrap_or(&self.permalink);
        ConfigError::value(self.permalink_origin.clone(), setting, allowed)
    }

    /// The same with everything at its default that says how the site looks and is served, and nothing
    /// of what its files mean.
    fn of_files(&self) -> Self {
        Self {
            description: String::new(),
            // Bodies hold a word in one of two languages.
            lang: if self.is_chinese() { "zh".into() } else { String::new() },
            author: None,
            logo: None,
            paginate: 0,
            share_image: None,
            feed_path: None,
            feed_posts: 0,
            feed_excerpts: false,
            static_files: Vec::new(),
            source: false,
            images: Images::default(),
            nav: Vec::new(),
            footer: String::new(),
            listen: Address::Tcp(String::new()),
            admin_listen: None,
            log_format: LogFormat::default(),
            cache_dir: None,
            page_cache: ByteSize::default(),
            watch: Watching::default(),
            rescan: Interval::default(),
            max_connections: Connections::default(),
            max_requests: Requests::default(),
            search_rate: SearchRate::default(),
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::default(),
            access_log: AccessLog::default(),
            hub: None,
            on_publish: None,
            warnings: Vec::new(),
            permalink_origin: Origin::Flag(String::new()),
            ..self.clone()
        }
    }

    /// A text that is the same for two configurations only if files mean the same to both.
    pub fn reading(&self) -> String {
        format!("{:?}", self.of_files())
    }

    /// The settings that differ from those of a program that runs, and that it does not take on.
    pub fn changed_for_the_next_start(&self, running: &Self) -> Vec<&'static str> {
        let settings = [
            ("listen", self.listen != running.listen),
            ("admin_listen", self.admin_listen != running.admin_listen),
            ("log_format", self.log_format != running.log_format),
            ("cache_dir", self.cache_dir != running.cache_dir),
            ("page_cache", self.page_cache != running.page_cache),
            ("max_connections", self.max_connections != running.max_connections),
            ("max_requests", self.max_requests != running.max_requests),
            ("search_rate", self.search_rate != running.search_rate),
            ("trusted_proxy", self.trusted_proxies != running.trusted_proxies),
            ("proxy_header", self.proxy_header != running.proxy_header),
            ("access_log", self.access_log != running.access_log),
        ];
        settings.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }

    /// What is lost without a `url`, if there is none.
    pub fn want_of_url(&self) -> Option<&'static str> {
        self.url.is_empty().then_some(
            "url is not set, so feeds and sitemaps name pages without their host, and nobody is told of new \
             posts; set it to where readers find the site, such as https://news.example",
        )
    }

    /// Whether interface text is Chinese.
    pub fn is_chinese(&self) -> bool {
        self.lang.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case("zh"))
    }
}

/// A path that means the same wherever it is looked at from. Links in it stay, since they may lead
/// elsewhere later.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

#[cfg(test)]
mod tests;
