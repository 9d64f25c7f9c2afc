//! One typed [`Config`] from a site's `_config.yml`, the environment and the command line. All other modules
//! use it; it uses no other module of the crate.

mod error;
mod file;
mod keys;
mod layers;
mod overrides;
mod settings;
mod site;
mod source;
mod values;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::config::error::Origin;
use crate::config::file::ConfigFile;
use crate::config::layers::Layers;
use crate::config::source::POSTS_PERMALINK;

pub use error::ConfigError;
pub use file::Node;
pub use keys::{DefaultValues, NavLink};
pub use overrides::Overrides;
pub use settings::{SETTINGS, Setting, SettingKind};
pub use site::SiteSettings;
pub use source::SourceSettings;
pub use values::{
    AccessLog, ByteSize, ConnectionLimit, ImageMode, Interval, ListenAddress, LogFormat, NaiveDates,
    ProxyHeader, RequestLimit, SearchRate, SettingValue, TrustedProxy, WatchMode,
};

/// All settings of the operator, validated.
#[derive(Debug, Clone)]
pub struct Config {
    /// The site's folder, as an absolute path.
    pub root: PathBuf,
    /// The settings that determine what files mean.
    pub source: SourceSettings,
    /// The settings of pages and feeds.
    pub site: SiteSettings,
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
    /// URL of the operator's service that is notified of new posts.
    pub on_publish: Option<String>,
    /// Warnings about unknown `finews` keys, each with its place.
    pub warnings: Vec<String>,
    permalink_origin: Origin,
}

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
        let source = SourceSettings::read(&layers)?;
        let permalink_key: &[&str] =
            if source.posts_permalink.is_some() { &POSTS_PERMALINK } else { &["permalink"] };
        Ok(Self {
            root: absolute(root.join(keys::folder(&file, "source")?)),
            source,
            site: SiteSettings::read(&file)?,
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
            on_publish: keys::address(&file, &["finews", "on_publish"])?,
            warnings: keys::warnings(&file),
            permalink_origin: file.origin(permalink_key),
        })
    }

    /// The error for a `permalink` that is invalid for this reason.
    pub fn permalink_error(&self, reason: &str) -> ConfigError {
        let setting = self.source.posts_permalink.as_ref().unwrap_or(&self.source.permalink);
        ConfigError::invalid(&self.permalink_origin, setting, reason)
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
        self.source.url.is_empty().then_some(
            "url is not set: feeds and sitemaps contain URLs without a host, and no service is notified of \
             new posts; set it to the public address of the site, such as https://news.example",
        )
    }
}

/// Makes a path independent of the working directory. Symbolic links stay, since their targets may change
/// later.
fn absolute(path: PathBuf) -> PathBuf {
    std::path::absolute(&path).unwrap_or(path)
}

#[cfg(test)]
mod tests;
