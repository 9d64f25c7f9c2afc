//! The three sources of a setting: flag, environment, file.

use std::ffi::OsString;

use crate::config::error::{ConfigError, Origin};
use crate::config::file::{self, ConfigFile};
use crate::config::overrides::Overrides;
use crate::config::settings;
use crate::config::values::{self, SettingValue, TrustedProxy};

/// The three sources of a setting in order of precedence: flag, environment, file.
pub(super) struct Layers<'a> {
    pub(super) file: &'a ConfigFile,
    pub(super) flags: &'a Overrides,
    pub(super) env: &'a dyn Fn(&str) -> Option<OsString>,
}

impl Layers<'_> {
    /// Returns the value of a flag as written and its origin; `key` is its path in the file.
    fn raw(&self, flag: &str, key: &[&str]) -> Result<Option<(String, Origin)>, ConfigError> {
        if let Some(value) = self.flags.values(flag).next() {
            return Ok(Some((value.to_owned(), Origin::Flag(format!("--{flag}")))));
        }
        match self.variable(flag)? {
            Some(found) => Ok(Some(found)),
            None => self.file.text_at(key),
        }
    }

    /// Returns the value of a flag whose key is below `finews:`, and its origin.
    fn own(&self, flag: &str) -> Result<Option<(String, Origin)>, ConfigError> {
        self.raw(flag, &["finews", &settings::key(flag)])
    }

    fn variable(&self, flag: &str) -> Result<Option<(String, Origin)>, ConfigError> {
        let variable = settings::variable(flag);
        let Some(value) = (self.env)(&variable).filter(|value| !value.is_empty()) else { return Ok(None) };
        let origin = Origin::Environment(variable);
        match value.into_string() {
            Ok(value) => Ok(Some((value, origin))),
            Err(value) => Err(ConfigError::value(origin, &value.to_string_lossy(), "UTF-8 text")),
        }
    }

    pub(super) fn url(&self) -> Result<String, ConfigError> {
        let Some((value, origin)) = self.raw("url", &["url"])? else { return Ok(String::new()) };
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

    /// Returns the texts of a list and their origin. They come from flags, from a variable that `split` takes
    /// apart, or from a list in the file.
    fn list(&self, flag: &str, split: fn(&str) -> Vec<&str>) -> Result<(Vec<String>, Origin), ConfigError> {
        let flags: Vec<String> = self.flags.values(flag).map(String::from).collect();
        if !flags.is_empty() {
            return Ok((flags, Origin::Flag(format!("--{flag}"))));
        }
        if let Some((value, origin)) = self.variable(flag)? {
            let parts = split(&value).into_iter().filter(|part| !part.is_empty());
            return Ok((parts.map(String::from).collect(), origin));
        }
        let key = settings::key(flag);
        let key = ["finews", key.as_str()];
        Ok((self.file.strings(&key)?.unwrap_or_default(), self.file.origin(&key)))
    }

    /// Reads the folders of posts. The variable separates them like the folders in PATH.
    pub(super) fn posts(&self) -> Result<Vec<String>, ConfigError> {
        let (folders, origin) = self.list("posts", |value| value.split(':').collect())?;
        folders.iter().map(|folder| file::folder(folder, &origin)).collect()
    }

    /// Reads the trusted proxies. The variable has commas between them.
    pub(super) fn trusted_proxies(&self) -> Result<Vec<TrustedProxy>, ConfigError> {
        let (proxies, origin) =
            self.list("trusted-proxy", |value| value.split(',').map(str::trim).collect())?;
        let parse = |proxy: &String| {
            TrustedProxy::from_text(proxy)
                .ok_or_else(|| ConfigError::value(origin.clone(), proxy, TrustedProxy::ALLOWED))
        };
        proxies.iter().filter(|proxy| !proxy.is_empty()).map(parse).collect()
    }

    /// Returns a text, or `None` if it is empty.
    pub(super) fn text(&self, flag: &str) -> Result<Option<String>, ConfigError> {
        Ok(self.own(flag)?.map(|(value, _)| value).filter(|value| !value.is_empty()))
    }

    /// Parses a value of a type that describes its valid values.
    pub(super) fn optional<T: SettingValue>(&self, flag: &str) -> Result<Option<T>, ConfigError> {
        values::parsed(self.own(flag)?)
    }

    /// Parses a value of a type that has a default.
    pub(super) fn parsed<T: SettingValue + Default>(&self, flag: &str) -> Result<T, ConfigError> {
        Ok(self.optional(flag)?.unwrap_or_default())
    }
}
