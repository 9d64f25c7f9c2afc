//! One typed [`Config`] from a site's `_config.yml`, the environment and the command line. All other modules
//! use it; it uses no other module of the crate.

mod error;
mod file;
mod keys;
mod layers;
mod overrides;
mod server;
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

pub use crate::config::error::ConfigError;
pub use crate::config::file::Node;
pub use crate::config::keys::{Collection, DefaultValues, NavLink};
pub use crate::config::overrides::Overrides;
pub use crate::config::server::ServerSettings;
pub use crate::config::settings::{SETTINGS, Setting, SettingKind};
pub use crate::config::site::SiteSettings;
pub use crate::config::source::SourceSettings;
pub use crate::config::values::{
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
    /// The settings of the server.
    pub server: ServerSettings,
    /// Files and folders that finews keeps for itself. It never serves them, even inside the site.
    pub private_paths: Vec<PathBuf>,
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
        let server = ServerSettings::read(&layers)?;
        Ok(Self {
            private_paths: server.cache_dir.iter().cloned().map(absolute).collect(),
            root: absolute(root.join(crate::config::keys::folder(&file, "source")?)),
            source,
            site: SiteSettings::read(&file)?,
            server,
            warnings: crate::config::keys::warnings(&file),
            permalink_origin: file.origin(permalink_key),
        })
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

#[cfg(test)]
mod tests;
