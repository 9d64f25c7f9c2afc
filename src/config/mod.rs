//! One typed [`Config`] from a site's `_config.yml`, the environment and the command line. All other modules
//! use it; it uses no other module of the crate.

mod authors;
mod encoding;
mod error;
mod file;
mod http_url;
mod keys;
mod layers;
mod original_url;
mod overrides;
mod server;
mod settings;
mod site;
mod source;
mod timezone;
mod values;
mod variables;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::error::Origin;
use crate::config::file::ConfigFile;
use crate::config::keys::POSTS_PERMALINK;
use crate::config::layers::Layers;

pub use crate::config::authors::{Author, KnownAuthors, author_lines};
pub(crate) use crate::config::encoding::{EncodingRepair, decode_text};
pub use crate::config::error::ConfigError;
pub use crate::config::file::Node;
pub(crate) use crate::config::http_url::{is_http_url, names_host, parse_http_url};
pub use crate::config::keys::{Collection, DefaultValues, NavLink};
pub use crate::config::overrides::Overrides;
pub use crate::config::server::ServerSettings;
pub use crate::config::settings::{SETTINGS, Setting, SettingKind};
pub use crate::config::site::SiteSettings;
pub use crate::config::source::SourceSettings;
pub use crate::config::values::{
    AccessLog, Announcements, ByteSize, ChartMode, ConnectionLimit, ImageMode, Interval, ListenAddress,
    LogFormat, NaiveDates, ProxyHeader, RequestLimit, SearchRate, SettingValue, TocLevels, TrustedProxy,
    WatchMode,
};
pub(crate) use crate::config::variables::is_secret;
pub use crate::config::variables::{DataFileError, DataFileErrorKind, SiteVariables};

/// All settings of the operator, validated.
#[derive(Debug, Clone)]
pub struct Config {
    /// The site's folder, as an absolute path.
    pub root: PathBuf,
    /// The settings that determine what files mean.
    pub source: SourceSettings,
    /// The settings of pages and feeds.
    pub site: SiteSettings,
    /// The settings of the server.
    pub server: ServerSettings,
    /// Folders outside `_posts` that are archives of posts, relative to the site. They depend on the site's
    /// files, so the list is empty until the site is opened.
    pub archives: Vec<String>,
    /// The variables that Liquid in posts and pages can use. After a change, all files are read again, and the
    /// cache of the archive is not used.
    pub variables: Arc<SiteVariables>,
    /// Files and folders that finews keeps for itself. It never serves them, even inside the site.
    pub private_paths: Vec<PathBuf>,
    /// Warnings about ignored and repaired settings, each with its place.
    pub warnings: Vec<String>,
    permalink_origin: Origin,
    /// The name of the configuration file, and the hash of its bytes.
    read_file: Option<(String, u64)>,
}

impl Config {
    /// Returns whether files mean the same under another configuration.
    pub(crate) fn reads_files_like(&self, other: &Self) -> bool {
        (&self.root, &self.source, &self.archives) == (&other.root, &other.source, &other.archives)
            && self.variables == other.variables
    }

    /// Returns whether a `_config.yml` or `_config.yaml` with this hash of its bytes is the one that was read, or is
    /// without effect beside it.
    pub(crate) fn agrees_with_file(&self, name: &str, hash: u64) -> bool {
        match &self.read_file {
            Some((read, content)) if read == name => *content == hash,
            Some((read, _)) => read == "_config.yml",
            None => false,
        }
    }

    /// Returns whether another configuration has the same settings.
    pub fn has_settings_of(&self, other: &Self) -> bool {
        self.reads_files_like(other) && (&self.site, &self.server) == (&other.site, &other.server)
    }

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
        crate::config::keys::check_own_section(&file)?;
        let layers = Layers { file: &file, flags, env };
        let root = absolute(root.join(crate::config::keys::folder(&file, "source")?));
        let variables = SiteVariables::read(&file, &root)?;
        let authors = crate::config::authors::known_authors(variables.authors());
        let source = SourceSettings::read(&layers, authors)?;
        let permalink_key: &[&str] =
            if source.posts_permalink.is_some() { &POSTS_PERMALINK } else { &["permalink"] };
        let server = ServerSettings::read(&layers)?;
        if server.cache_dir.iter().any(|folder| is_same_folder(folder, &root)) {
            return Err(ConfigError::site(&root, "it is also the cache folder; choose another --cache-dir"));
        }
        Ok(Self {
            variables: Arc::new(variables),
            private_paths: server.cache_dir.iter().cloned().map(absolute).collect(),
            root,
            site: SiteSettings::read(&file, &source.authors)?,
            source,
            server,
            archives: Vec::new(),
            warnings: crate::config::keys::warnings(&file),
            permalink_origin: file.origin(permalink_key),
            read_file: file.name_and_hash(),
        })
    }

    /// Reads the address of the public listener from the flags and the environment alone, for a command that
    /// asks the running server.
    ///
    /// # Errors
    /// When the value is not an address.
    pub fn listen_address(
        flags: &Overrides,
        env: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<ListenAddress, ConfigError> {
        Layers { file: &ConfigFile::default(), flags, env }.parsed("listen")
    }

    /// Reads the cache folder from the flags and the environment alone, for a site whose files are not on this machine.
    ///
    /// # Errors
    /// When the value is not UTF-8.
    pub fn cache_dir(
        flags: &Overrides,
        env: &dyn Fn(&str) -> Option<OsString>,
    ) -> Result<Option<PathBuf>, ConfigError> {
        Layers { file: &ConfigFile::default(), flags, env }.path("cache_dir")
    }

    /// The error for a `permalink` that is invalid for this reason.
    pub fn permalink_error(&self, reason: &str) -> ConfigError {
        let setting = self.source.posts_permalink.as_ref().unwrap_or(&self.source.permalink);
        ConfigError::invalid(&self.permalink_origin, setting, reason)
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

/// Returns whether two paths lead to one folder. The folder of the first path may not exist yet.
fn is_same_folder(one: &Path, other: &Path) -> bool {
    let place = one.canonicalize().ok();
    absolute(one.to_owned()) == other || place.is_some() && place == other.canonicalize().ok()
}

#[cfg(test)]
mod tests;
