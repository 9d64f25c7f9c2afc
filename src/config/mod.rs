//! One typed [`Config`] from a site's `_config.yml`, the environment and the command line. All other modules
//! use it; it uses no other module of the crate.

mod error;
mod file;
mod keys;
mod layers;
mod overrides;
mod settings;
mod values;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;

use crate::config::error::Origin;
use crate::config::file::ConfigFile;
use crate::config::layers::Layers;

pub use error::ConfigError;
pub use file::Node;
pub use keys::{DefaultValues, NavLink};
pub use overrides::Overrides;
pub use settings::{SETTINGS, Setting, SettingKind};
pub use values::{
    AccessLog, ByteSize, ConnectionLimit, ImageMode, Interval, ListenAddress, LogFormat, NaiveDates,
    ProxyHeader, RequestLimit, SearchRate, SettingValue, TrustedProxy, WatchMode,
};

/// Maximum posts of a feed: longer feeds would be megabytes. The feed archives contain the rest.
const MOST_FEED_POSTS: usize = 200;

/// All settings of the operator, validated.
#[derive(Debug, Clone)]
pub struct Config {
    /// The site's folder, as an absolute path.
    pub root: PathBuf,
    /// The configuration file, if it exists.
    pub file: Option<PathBuf>,
    /// The site's name; may be empty.
    pub title: String,
    /// One or two sentences about the site; may be empty.
    pub description: String,
    /// Scheme and host of absolute URLs, without a trailing slash; may be empty.
    pub url: String,
    /// Prefix of every path: empty, or such as `/archive`.
    pub baseurl: String,
    /// BCP 47 language tag of the site, such as `zh-CN`.
    pub lang: String,
    /// The publisher of the site.
    pub author: Option<String>,
    /// Path or URL of the site's logo.
    pub logo: Option<String>,
    /// Time zone of local times and of the days in URLs.
    pub timezone: Tz,
    /// Name of a permalink style, or a template. The caller of [`Config::permalink_error`] validates it.
    pub permalink: String,
    /// `collections.posts.permalink`: a template for posts only; takes precedence over `permalink`.
    pub posts_permalink: Option<String>,
    /// Whether posts with a future date are shown.
    pub future: bool,
    /// Whether posts with `published: false` are served.
    pub unpublished: bool,
    /// Jekyll's `defaults`: front matter for the files in each scope.
    pub defaults: Vec<DefaultValues>,
    /// Jekyll's `exclude`, including its built-in entries.
    pub exclude: Vec<String>,
    /// Jekyll's `include`; by default `.htaccess`.
    pub include: Vec<String>,
    /// The only folder whose `_posts` folders are read; empty for the whole site.
    pub collections_dir: String,
    /// The output folder of Jekyll, which contains no sources.
    pub destination: String,
    /// Extensions of Markdown files; `None` for the usual ones.
    pub markdown_ext: Option<Vec<String>>,
    /// jekyll-paginate's posts per page, for the URLs of its pages.
    pub paginate: usize,
    /// jekyll-feed's `feed.path`, with a leading slash: the former URL of the feed.
    pub feed_path: Option<String>,
    /// jekyll-feed's `feed.posts_limit`: posts per feed.
    pub feed_posts: usize,
    /// jekyll-feed's `feed.excerpt_only`: feeds contain excerpts instead of bodies.
    pub feed_excerpts: bool,
    /// Folders of posts; empty for every `_posts` and `posts`.
    pub posts: Vec<String>,
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
    /// Former hosts of the site; links to them become local.
    pub legacy_hosts: Vec<String>,
    /// Time zone of dates without one.
    pub naive_dates: NaiveDates,
    /// Display names of categories, which take precedence over names from tags.
    pub names: Vec<(String, String)>,
    /// Address of the public listener.
    pub listen: ListenAddress,
    /// Address of the operator's listener; `None` if it is not configured.
    pub admin_listen: Option<ListenAddress>,
    /// Format of log lines.
    pub log_format: LogFormat,
    /// Folder that keeps the cached archive between restarts; `None` for no cache.
    pub cache_dir: Option<PathBuf>,
    /// Memory limit of the cache of encoded pages.
    pub page_cache: ByteSize,
    /// How file changes are detected.
    pub watch: WatchMode,
    /// Interval of the full scan of all files, which runs whether or not changes were detected.
    pub rescan: Interval,
    /// Maximum concurrent client connections.
    pub max_connections: ConnectionLimit,
    /// Maximum concurrent requests that have to wait.
    pub max_requests: RequestLimit,
    /// Maximum searches per minute from one client address.
    pub search_rate: SearchRate,
    /// Proxies whose forwarded client address is used.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// The header with the forwarded client address.
    pub proxy_header: ProxyHeader,
    /// The requests that are logged.
    pub access_log: AccessLog,
    /// URL of the WebSub hub that is notified of new posts. Feeds name it.
    pub hub: Option<String>,
    /// URL of the operator's service that is notified of new posts.
    pub on_publish: Option<String>,
    /// Warnings about unknown `finews` keys, each with its place.
    pub warnings: Vec<String>,
    permalink_origin: Origin,
}

const POSTS_PERMALINK: [&str; 3] = ["collections", "posts", "permalink"];

/// Paths that Jekyll excludes by default (`lib/jekyll/configuration.rb`, `DEFAULT_EXCLUDES`).
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
    /// Reads the configuration of the site in `root`. `env` looks up an environment variable.
    ///
    /// # Errors
    /// When `root` is not a readable folder, or when a value is not allowed for its key.
    pub fn read(
        root: &Path,
        flags: &Overrides,
        env: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        match std::fs::metadata(root) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => return Err(ConfigError::site(root, "not a folder")),
            Err(error) => return Err(ConfigError::site(root, error)),
        }
        let file = ConfigFile::find(root)?;
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
            // Some themes write `zh_CN`, which browsers do not accept.
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
            // A value such as `false`: the site has no such pages.
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
                .parsed::<NonZeroUsize>(&["feed", "posts_limit"])?
                .map_or(10, |posts| posts.get().min(MOST_FEED_POSTS)),
            feed_excerpts: file.bool(&["feed", "excerpt_only"])?.unwrap_or(false),
            posts: layers.posts()?,
            static_files: file.folders(&["finews", "static"])?,
            source: file.bool(&["finews", "source"])?.unwrap_or(false),
            images: file.parsed(&["finews", "images"])?.unwrap_or_default(),
            share_image: file.text(&["finews", "share_image"])?.filter(|image| !image.is_empty()),
            nav: keys::nav(&file)?,
            footer: file.text(&["finews", "footer"])?.unwrap_or_default(),
            legacy_hosts: keys::hosts(&file)?,
            naive_dates: file.parsed(&["finews", "naive_dates"])?.unwrap_or_default(),
            names: file.pairs(&["finews", "names"])?,
            listen: layers.optional("listen")?.unwrap_or_else(|| ListenAddress::Tcp("127.0.0.1:8080".into())),
            admin_listen: layers.optional("admin-listen")?,
            log_format: layers.parsed("log-format")?,
            cache_dir: layers.text("cache-dir")?.map(PathBuf::from),
            page_cache: layers.parsed("page-cache")?,
            watch: layers.parsed("watch")?,
            rescan: layers.parsed("rescan")?,
            max_connections: layers.parsed("max-connections")?,
            max_requests: layers.parsed("max-requests")?,
            search_rate: layers.parsed("search-rate")?,
            trusted_proxies: layers.trusted_proxies()?,
            proxy_header: layers.parsed("proxy-header")?,
            access_log: layers.parsed("access-log")?,
            hub: keys::address(&file, &["finews", "websub", "hub"])?,
            on_publish: keys::address(&file, &["finews", "on_publish"])?,
            warnings: keys::warnings(&file),
            url,
            file: file.path,
        })
    }

    /// The error for a `permalink` that is invalid for this reason.
    pub fn permalink_error(&self, reason: &str) -> ConfigError {
        let setting = self.posts_permalink.as_ref().unwrap_or(&self.permalink);
        ConfigError::invalid(&self.permalink_origin, setting, reason)
    }

    /// A copy in which all settings that do not change the meaning of files have fixed values.
    fn file_settings(&self) -> Self {
        Self {
            description: String::new(),
            // Bodies contain a word in one of two languages.
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
            images: ImageMode::default(),
            nav: Vec::new(),
            footer: String::new(),
            listen: ListenAddress::Tcp(String::new()),
            admin_listen: None,
            log_format: LogFormat::default(),
            cache_dir: None,
            page_cache: ByteSize::default(),
            watch: WatchMode::default(),
            rescan: Interval::default(),
            max_connections: ConnectionLimit::default(),
            max_requests: RequestLimit::default(),
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

    /// A text that is equal for two configurations only if files mean the same under both. It is part of the
    /// cache key of the archive.
    pub fn reading_key(&self) -> String {
        format!("{:?}", self.file_settings())
    }

    /// The names of settings that differ from those of the running program and need a restart.
    pub fn changes_needing_restart(&self, running: &Self) -> Vec<&'static str> {
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

    /// A sentence about what the site lacks without a `url`; `None` if it is set.
    pub fn missing_url_warning(&self) -> Option<&'static str> {
        self.url.is_empty().then_some(
            "url is not set: feeds and sitemaps contain URLs without a host, and no service is notified of \
             new posts; set it to the public address of the site, such as https://news.example",
        )
    }

    /// True if the interface texts are Chinese.
    pub fn is_chinese(&self) -> bool {
        self.lang.split('-').next().is_some_and(|primary| primary.eq_ignore_ascii_case("zh"))
    }
}

/// Makes a path independent of the working directory. Symbolic links stay, since their targets may change
/// later.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

#[cfg(test)]
mod tests;
