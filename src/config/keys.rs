//! Parsers of the keys whose values are more than a text or a switch.

use chrono_tz::Tz;
use percent_encoding::{CONTROLS, utf8_percent_encode};
use url::Url;

use crate::config::error::ConfigError;
use crate::config::file::{ConfigFile, Node};
use crate::config::settings::{self, SETTINGS};

/// A link of the site's navigation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NavLink {
    /// The text of the link.
    pub label: String,
    /// A path of the site without `baseurl`, or a complete URL.
    pub url: String,
}

/// An entry of Jekyll's `defaults`: front matter for the files in its scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DefaultValues {
    /// A path prefix or glob, relative to the site; empty for all files.
    pub path: String,
    /// `posts` or `pages`; `None` for both.
    pub kind: Option<String>,
    /// The front matter, as pairs of key and value.
    pub values: Vec<(String, Node)>,
}

/// A collection of documents with `output: true`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Collection {
    /// The name of the collection; its documents are in the folder `_<label>`.
    pub label: String,
    /// The permalink of its documents, a template.
    pub permalink: Option<String>,
}

/// The keys under `finews:` that have no flag.
const FILE_KEYS: &str =
    "footer images legacy_hosts naive_dates names nav on_publish share_image source static websub";

/// Returns the keys under `finews:`. The key of `--url` is Jekyll's.
fn known_keys() -> Vec<String> {
    let with_flag = SETTINGS.iter().filter(|setting| setting.flag != "url");
    let with_flag = with_flag.map(|setting| settings::key(setting.flag));
    let mut keys: Vec<String> = with_flag.chain(FILE_KEYS.split(' ').map(String::from)).collect();
    keys.sort_unstable();
    keys
}

/// Returns warnings about unknown keys under `finews:`. They are not errors, so that a configuration for a
/// later version does not stop this one.
pub(super) fn warnings(file: &ConfigFile) -> Vec<String> {
    let known = |parent: &[&str], known: &[String]| {
        let Some(Node::Map(pairs)) = file.get(parent) else { return Vec::new() };
        let unknown = pairs.iter().map(|(key, _)| key).filter(|key| !known.contains(key));
        let place = |key: &str| file.origin(&[parent, &[key]].concat());
        unknown
            .map(|key| format!("{}: unknown key is ignored; known keys: {}", place(key), known.join(", ")))
            .collect::<Vec<_>>()
    };
    let mut warnings = known(&["finews"], &known_keys());
    warnings.extend(known(&["finews", "websub"], &["hub".to_owned()]));
    warnings
}

/// The URL of a service that is notified of new posts.
pub(super) fn address(file: &ConfigFile, key: &[&str]) -> Result<Option<String>, ConfigError> {
    const ALLOWED: &str = "a URL, such as https://hub.example/";
    if let Some((last, parent)) = key.split_last()
        && !matches!(file.get(parent), None | Some(Node::Null | Node::Map(_)))
    {
        let value = file.get(parent).map(ToString::to_string).unwrap_or_default();
        let allowed = format!("a mapping with the key {last}, {ALLOWED}");
        return Err(ConfigError::value(file.origin(parent), &value, &allowed));
    }
    let Some((value, origin)) = file.text_at(key)?.filter(|(value, _)| !value.is_empty()) else {
        return Ok(None);
    };
    match Url::parse(&value) {
        // In the form for requests: escaped, and with the host in ASCII.
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(url.into())),
        _ => Err(ConfigError::value(origin, &value, ALLOWED)),
    }
}

pub(super) fn baseurl(file: &ConfigFile) -> Result<String, ConfigError> {
    let Some((value, origin)) = file.text_at(&["baseurl"])? else { return Ok(String::new()) };
    // Keep only the path of a complete URL.
    let path = match value.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |start| &rest[start..]),
        None => &value,
    };
    let trimmed = path.trim_matches('/');
    if trimmed.contains(|c: char| c.is_whitespace() || "?#<>\"'".contains(c)) || trimmed.contains("//") {
        return Err(ConfigError::value(origin, &value, "a path, such as /archive"));
    }
    // In the spelling of requests and links.
    let encoded = utf8_percent_encode(trimmed, CONTROLS);
    Ok(if trimmed.is_empty() { String::new() } else { format!("/{encoded}") })
}

/// A folder inside the site in which Jekyll looks for files; empty for the site itself.
pub(super) fn folder(file: &ConfigFile, key: &str) -> Result<String, ConfigError> {
    file.word(key).map_or(Ok(String::new()), |text| crate::config::file::folder(text, &file.origin(&[key])))
}

pub(super) fn trim_folder(text: &str) -> &str {
    text.trim_start_matches("./").trim_matches('/')
}

/// The language tag of the site. Some themes write `zh_CN`, which browsers do not accept.
pub(super) fn lang(file: &ConfigFile) -> String {
    file.word("lang").unwrap_or("en").replace('_', "-")
}

pub(super) fn timezone(file: &ConfigFile) -> Result<Tz, ConfigError> {
    let Some((value, origin)) = file.text_at(&["timezone"])?.filter(|(value, _)| !value.is_empty()) else {
        return Ok(Tz::UTC);
    };
    value
        .parse()
        .ok()
        .or_else(|| posix_zone(&value))
        .ok_or_else(|| ConfigError::value(origin, &value, "an IANA time zone, such as Asia/Shanghai"))
}

/// Parses a POSIX zone such as `CST-8`, which Jekyll passes to the C library. A negative offset is east of
/// Greenwich.
fn posix_zone(value: &str) -> Option<Tz> {
    let hours = value.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let is_named = value.len() - hours.len() >= 3;
    let hours = hours.parse::<i8>().ok().filter(|_| is_named)?;
    format!("Etc/GMT{hours:+}").parse().ok()
}

pub(super) fn nav(file: &ConfigFile) -> Result<Vec<NavLink>, ConfigError> {
    let key = ["finews", "nav"];
    let wrong = |node: &Node| {
        ConfigError::value(file.origin(&key), &node.to_string(), "a list of entries with label and url")
    };
    match file.get(&key) {
        None | Some(Node::Null) => Ok(Vec::new()),
        Some(Node::List(entries)) => entries
            .iter()
            .map(|entry| match (entry.text_of("label"), entry.text_of("url")) {
                (Some(label), Some(url)) => Ok(NavLink { label: label.into(), url: url.into() }),
                _ => Err(wrong(entry)),
            })
            .collect(),
        Some(other) => Err(wrong(other)),
    }
}

pub(super) fn hosts(file: &ConfigFile) -> Result<Vec<String>, ConfigError> {
    let key = ["finews", "legacy_hosts"];
    let hosts = file.strings(&key)?.unwrap_or_default();
    match hosts.iter().find(|host| host.is_empty() || host.contains(['/', ' '])) {
        Some(wrong) => {
            Err(ConfigError::value(file.origin(&key), wrong, "host names, such as old.news.example"))
        }
        None => Ok(hosts.iter().map(|host| host.to_ascii_lowercase()).collect()),
    }
}

/// The collections with `output: true`. Posts are a collection too, but Jekyll publishes them in any case.
pub(super) fn collections(file: &ConfigFile) -> Result<Vec<Collection>, ConfigError> {
    const KEY: &str = "collections";
    // A list of names sets no `output`.
    let Some(Node::Map(pairs)) = file.get(&[KEY]) else { return Ok(Vec::new()) };
    let mut collections = Vec::new();
    for (name, settings) in pairs {
        // `Collection#sanitize_label`
        let is_kept = |c: &char| c.is_ascii_alphanumeric() || ['_', '-', '.'].contains(c);
        let label: String = name.chars().filter(is_kept).collect();
        let is_ours = !label.is_empty() && label != "posts";
        if is_ours && file.bool(&[KEY, name.as_str(), "output"])? == Some(true) {
            let permalink = settings.text_of("permalink").filter(|permalink| !permalink.is_empty());
            collections.push(Collection { label, permalink: permalink.map(Into::into) });
        }
    }
    Ok(collections)
}

pub(super) fn defaults(file: &ConfigFile) -> Result<Vec<DefaultValues>, ConfigError> {
    let key = ["defaults"];
    let wrong = |node: &Node| {
        ConfigError::value(
            file.origin(&key),
            &node.to_string(),
            "a list of entries with scope (path, type) and values",
        )
    };
    // Like Jekyll, ignore a value that is not a list, and a scope without values.
    let Some(Node::List(entries)) = file.get(&key) else { return Ok(Vec::new()) };
    let mut defaults = Vec::new();
    for entry in entries.iter().filter(|entry| **entry != Node::Null) {
        match (entry.get("scope"), entry.get("values")) {
            (scope, Some(Node::Map(values))) => defaults.push(DefaultValues {
                path: scope.and_then(|scope| scope.text_of("path")).unwrap_or("").into(),
                kind: scope.and_then(|scope| scope.text_of("type")).map(Into::into),
                values: values.clone(),
            }),
            (Some(_), None | Some(Node::Null)) => {}
            _ => return Err(wrong(entry)),
        }
    }
    Ok(defaults)
}
