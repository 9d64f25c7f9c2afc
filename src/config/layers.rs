//! The three sources of a setting: flag, environment, file.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::config::error::{ConfigError, Origin};
use crate::config::file::{self, ConfigFile};
use crate::config::keys;
use crate::config::overrides::Overrides;
use crate::config::settings;
use crate::config::values::{self, ConnectionLimit, SettingValue, TrustedProxy};

/// The three sources of a setting in order of precedence: flag, environment, file.
pub(super) struct Layers<'a> {
    pub(super) file: &'a ConfigFile,
    pub(super) flags: &'a Overrides,
    pub(super) env: &'a dyn Fn(&str) -> Option<OsString>,
}

impl Layers<'_> {
    /// Returns the value of a key as written and its origin; `path` is the place of the key in the file.
    fn raw(&self, key: &str, path: &[&str]) -> Result<Option<(String, Origin)>, ConfigError> {
        if let Some(value) = self.flags.values(key).next() {
            return Ok(Some((value.to_owned(), flag(key))));
        }
        match self.variable(key)? {
            Some(found) => Ok(Some(found)),
            None => self.file.text_at(path),
        }
    }

    /// Returns the value of a key below `finews:` as written, and its origin.
    fn own(&self, key: &str) -> Result<Option<(String, Origin)>, ConfigError> {
        self.raw(key, &["finews", key])
    }

    fn variable(&self, key: &str) -> Result<Option<(String, Origin)>, ConfigError> {
        let variable = settings::variable(key);
        let Some(value) = (self.env)(&variable).filter(|value| !value.is_empty()) else { return Ok(None) };
        let origin = Origin::Environment(variable);
        match value.into_string() {
            Ok(value) => Ok(Some((value, origin))),
            Err(value) => Err(ConfigError::value(origin, &value.to_string_lossy(), "UTF-8 text")),
        }
    }

    pub(super) fn url(&self) -> Result<String, ConfigError> {
        let Some((value, origin)) = self.raw("url", &["url"])? else { return Ok(String::new()) };
        if let Origin::File { .. } = origin
            && let Some(url) = keys::url_of_host(&value)
        {
            return Ok(url);
        }
        let trimmed = value.trim_end_matches('/');
        let (scheme, rest) = match trimmed.split_once("//") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => (String::new(), ""),
        };
        let scheme = if scheme.is_empty() { "https:" } else { &scheme };
        // Some sites include their `baseurl` in `url`.
        let valid = !rest.starts_with('/')
            && !rest.contains(|c: char| c.is_whitespace() || "?#<>\"'".contains(c))
            && matches!(scheme, "http:" | "https:");
        if trimmed.is_empty() || value == "false" {
            Ok(String::new())
        } else if valid && !rest.is_empty() {
            Ok(format!("{scheme}//{rest}"))
        } else {
            Err(ConfigError::value(
                origin,
                &value,
                "a scheme and host, such as https://news.example (a path belongs in baseurl)",
            ))
        }
    }

    /// Returns the texts of a list below `finews:` and their origin. They come from flags, from a variable that
    /// `split` takes apart, or from a list in the file.
    fn list(&self, key: &str, split: fn(&str) -> Vec<&str>) -> Result<(Vec<String>, Origin), ConfigError> {
        let flags: Vec<String> = self.flags.values(key).map(String::from).collect();
        if !flags.is_empty() {
            return Ok((flags, flag(key)));
        }
        if let Some((value, origin)) = self.variable(key)? {
            let parts = split(&value).into_iter().filter(|part| !part.is_empty());
            return Ok((parts.map(String::from).collect(), origin));
        }
        let path = ["finews", key];
        Ok((self.file.strings(&path)?.unwrap_or_default(), self.file.origin(&path)))
    }

    /// Reads the folders of posts. The variable separates them like the folders in PATH.
    pub(super) fn posts(&self) -> Result<Vec<String>, ConfigError> {
        let (folders, origin) = self.list("posts", |value| value.split(':').collect())?;
        folders.iter().map(|folder| file::folder(folder, &origin)).collect()
    }

    /// Reads a list of proxies. The variable has commas between them.
    pub(super) fn proxies(&self, key: &str) -> Result<Vec<TrustedProxy>, ConfigError> {
        let (proxies, origin) = self.list(key, |value| value.split(',').map(str::trim).collect())?;
        let proxies = proxies.into_iter().filter(|proxy| !proxy.is_empty());
        proxies.map(|proxy| values::parsed((proxy, origin.clone()))).collect()
    }

    /// Reads a path; `None` if it is empty.
    pub(super) fn path(&self, key: &str) -> Result<Option<PathBuf>, ConfigError> {
        let found = self.own(key)?.filter(|(path, _)| !path.is_empty());
        Ok(found.map(|(path, _)| path.into()))
    }

    /// Parses a value of a type that describes its valid values.
    pub(super) fn optional<T: SettingValue>(&self, key: &str) -> Result<Option<T>, ConfigError> {
        self.own(key)?.map(values::parsed).transpose()
    }

    /// Parses a value, or the default of the table.
    pub(super) fn parsed<T: SettingValue>(&self, key: &str) -> Result<T, ConfigError> {
        let default = || (settings::default(key).to_owned(), flag(key));
        values::parsed(self.own(key)?.unwrap_or_else(default))
    }

    /// Reads the maximum of connections. The default of the table describes it in words.
    pub(super) fn connections(&self, key: &str) -> Result<ConnectionLimit, ConfigError> {
        Ok(self.optional(key)?.unwrap_or_default())
    }
}

/// The origin of a value from the flag of a key.
fn flag(key: &str) -> Origin {
    Origin::Flag(format!("--{}", key.replace('_', "-")))
}
