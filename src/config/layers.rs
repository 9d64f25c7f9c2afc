//! The three sources of a setting: flag, environment, file.

use std::ffi::OsString;

use crate::config::error::{ConfigError, Origin};
use crate::config::file::{self, ConfigFile};
use crate::config::overrides::Overrides;
use crate::config::values::{ListenAddress, SettingValue, TrustedProxy};

/// The three sources of a setting in order of precedence: flag, environment, file.
pub(super) struct Layers<'a> {
    pub(super) file: &'a ConfigFile,
    pub(super) flags: &'a Overrides,
    pub(super) env: &'a dyn Fn(&str) -> Option<OsString>,
}

impl Layers<'_> {
    /// Returns the value of `name` as written and its origin; `key` is its path in the file.
    fn raw(
        &self,
        name: &str,
        flag: Option<&str>,
        key: &[&str],
    ) -> Result<Option<(String, Origin)>, ConfigError> {
        if let Some(value) = flag {
            return Ok(Some((value.to_owned(), Origin::Flag(format!("--{name}")))));
        }
        match self.variable(name)? {
            Some(found) => Ok(Some(found)),
            None => self.file.text_at(key),
        }
    }

    fn variable(&self, name: &str) -> Result<Option<(String, Origin)>, ConfigError> {
        let variable = format!("FINEWS_{}", name.to_ascii_uppercase().replace('-', "_"));
        let Some(value) = (self.env)(&variable).filter(|value| !value.is_empty()) else { return Ok(None) };
        let origin = Origin::Environment(variable);
        match value.into_string() {
            Ok(value) => Ok(Some((value, origin))),
            Err(value) => Err(ConfigError::value(origin, &value.to_string_lossy(), "UTF-8 text")),
        }
    }

    pub(super) fn address(
        &self,
        name: &str,
        flag: Option<&str>,
    ) -> Result<Option<ListenAddress>, ConfigError> {
        let Some((value, origin)) = self.raw(name, flag, &["finews", &name.replace('-', "_")])? else {
            return Ok(None);
        };
        let address =
            value.parse().map_err(|()| ConfigError::value(origin, &value, ListenAddress::ALLOWED))?;
        Ok(Some(address))
    }

    pub(super) fn url(&self) -> Result<String, ConfigError> {
        let Some((value, origin)) = self.raw("url", self.flags.url.as_deref(), &["url"])? else {
            return Ok(String::new());
        };
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

    pub(super) fn posts(&self) -> Result<Vec<String>, ConfigError> {
        if !self.flags.posts.is_empty() {
            let origin = Origin::Flag("--posts".into());
            return self.flags.posts.iter().map(|folder| file::folder(folder, &origin)).collect();
        }
        match self.variable("posts")? {
            // Separated like the folders in PATH.
            Some((value, origin)) => value
                .split(':')
                .filter(|part| !part.is_empty())
                .map(|part| file::folder(part, &origin))
                .collect(),
            None => self.file.folders(&["finews", "posts"]),
        }
    }

    /// Reads the proxies from flags, from a variable with commas between them, or from a list in the file.
    pub(super) fn trusted_proxies(&self) -> Result<Vec<TrustedProxy>, ConfigError> {
        const NAME: &str = "trusted-proxy";
        let key = ["finews", "trusted_proxy"];
        let (proxies, origin) = if !self.flags.trusted_proxies.is_empty() {
            (self.flags.trusted_proxies.clone(), Origin::Flag(format!("--{NAME}")))
        } else if let Some((value, origin)) = self.variable(NAME)? {
            (value.split(',').map(|part| part.trim().to_owned()).collect(), origin)
        } else {
            (self.file.strings(&key)?.unwrap_or_default(), self.file.origin(&key))
        };
        let parse = |proxy: &String| {
            proxy.parse().map_err(|()| ConfigError::value(origin.clone(), proxy, TrustedProxy::ALLOWED))
        };
        proxies.iter().filter(|proxy| !proxy.is_empty()).map(parse).collect()
    }

    /// Returns a text, or `None` if it is empty.
    pub(super) fn text(&self, name: &str, flag: Option<&str>) -> Result<Option<String>, ConfigError> {
        let found = self.raw(name, flag, &["finews", &name.replace('-', "_")])?;
        Ok(found.map(|(value, _)| value).filter(|value| !value.is_empty()))
    }

    /// Parses a value of a type that describes its valid values.
    pub(super) fn parsed<T: SettingValue>(&self, name: &str, flag: Option<&str>) -> Result<T, ConfigError> {
        match self.raw(name, flag, &["finews", &name.replace('-', "_")])? {
            Some((value, origin)) => {
                value.parse().map_err(|_| ConfigError::value(origin, &value, T::ALLOWED))
            }
            None => Ok(T::default()),
        }
    }
}
