//! Parsers of the keys whose values are more than a text or a switch.

use std::num::NonZeroUsize;

use percent_encoding::{CONTROLS, utf8_percent_encode};

use crate::config::error::ConfigError;
use crate::config::file::{ConfigFile, Node};
use crate::config::http_url::parse_http_url;
use crate::config::settings::{self, SETTINGS};
use crate::config::{timezone, values};

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
const FILE_KEYS: &str = "cdn charts disclaimer footer images legacy_hosts naive_dates names nav on_publish \
                         original_url share_image source static websub";

/// Returns the keys under `finews:`. The key of `--url` is Jekyll's.
fn known_keys() -> Vec<String> {
    let with_flag = SETTINGS.iter().filter(|setting| setting.flag != "url");
    let with_flag = with_flag.map(|setting| settings::key(setting.flag));
    let mut keys: Vec<String> = with_flag.chain(FILE_KEYS.split(' ').map(String::from)).collect();
    keys.sort_unstable();
    keys
}

/// Returns warnings about ignored and repaired values. An unknown key under `finews:` is not an error, so that a
/// configuration for a later version does not stop this one.
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
    warnings.extend(file.encoding_warning.clone());
    warnings.extend(timezone::warning(file));
    if let Ok(Some((host, place))) = file.text_at(&["url"])
        && let Some(url) = url_of_host(&host)
    {
        warnings.push(format!("{place}: `{host}` has no scheme, so {url} is used; write the complete URL"));
    }
    if let Some(Node::Map(_)) = file.get(&["defaults"]) {
        let place = file.origin(&["defaults"]);
        warnings.push(format!("{place}: a mapping is ignored, as in Jekyll; expected {DEFAULTS_ALLOWED}"));
    }
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
    match parse_http_url(&value) {
        Some(url) => Ok(Some(url)),
        None => Err(ConfigError::value(origin, &value, ALLOWED)),
    }
}

/// The URL of a host that is written without a scheme, which Jekyll accepts. `None` for any other value.
pub(super) fn url_of_host(value: &str) -> Option<String> {
    let value = value.trim_end_matches('/');
    let host = value.split('/').next().unwrap_or(value);
    let name = host.split(':').next().unwrap_or(host);
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | ':');
    let is_host = name.starts_with(char::is_alphanumeric) && (name.contains('.') || name == "localhost");
    let is_path =
        !value.contains("//") && !value.contains(|c: char| c.is_whitespace() || "?#<>\"'".contains(c));
    let url = format!("https://{value}");
    (is_host && is_path && host.chars().all(is_part) && parse_http_url(&url).is_some()).then_some(url)
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
    match file.name(key)? {
        Some(text) => crate::config::file::folder(&text, &file.origin(&[key])),
        None => Ok(String::new()),
    }
}

pub(super) fn trim_folder(text: &str) -> &str {
    text.trim_start_matches("./").trim_matches('/')
}

/// The language tag of the site. Some themes write `zh_CN`, which browsers do not accept.
pub(super) fn lang(file: &ConfigFile) -> String {
    file.word("lang").unwrap_or("en").replace('_', "-")
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

const DEFAULTS_ALLOWED: &str = "a list of entries with scope (path, type) and values";

pub(super) fn defaults(file: &ConfigFile) -> Result<Vec<DefaultValues>, ConfigError> {
    let key = ["defaults"];
    let wrong = |node: &Node| ConfigError::value(file.origin(&key), &node.to_string(), DEFAULTS_ALLOWED);
    let entries = match file.get(&key) {
        Some(Node::List(entries)) => entries,
        // Jekyll ignores a mapping; a warning names it.
        None | Some(Node::Null | Node::Bool(false) | Node::Map(_)) => return Ok(Vec::new()),
        Some(other) => return Err(wrong(other)),
    };
    let mut defaults = Vec::new();
    for entry in entries.iter().filter(|entry| **entry != Node::Null) {
        let scope = entry.get("scope");
        let part = |name: &str| match scope.and_then(|scope| scope.get(name)) {
            None | Some(Node::Null) => Ok(None),
            Some(Node::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(entry)),
        };
        match (scope, entry.get("values")) {
            (None | Some(Node::Null | Node::Map(_)), Some(Node::Map(values))) => {
                defaults.push(DefaultValues {
                    path: part("path")?.unwrap_or_default(),
                    kind: part("type")?,
                    values: values.clone(),
                });
            }
            // Like Jekyll, ignore a scope without values.
            (Some(Node::Null | Node::Map(_)), None | Some(Node::Null)) => {}
            _ => return Err(wrong(entry)),
        }
    }
    Ok(defaults)
}

/// jekyll-paginate's posts per page. The default also applies to a site without such pages.
pub(super) fn paginate(file: &ConfigFile) -> Result<usize, ConfigError> {
    const DEFAULT: usize = 10;
    let is_off = |value: &str| matches!(value, "" | "0" | "false" | "no" | "off");
    match file.text_at(&["paginate"])?.filter(|(value, _)| !is_off(value)) {
        Some(written) => Ok(values::parsed::<NonZeroUsize>(written)?.get()),
        None => Ok(DEFAULT),
    }
}

/// `collections.posts.permalink`
pub(super) const POSTS_PERMALINK: [&str; 3] = ["collections", "posts", "permalink"];

/// The permalink of posts alone, from the settings of collections.
pub(super) fn posts_permalink(file: &ConfigFile) -> Result<Option<String>, ConfigError> {
    let key = ["collections"];
    match file.get(&key) {
        None | Some(Node::Null | Node::Bool(false) | Node::List(_) | Node::Map(_)) => {
            file.text(&POSTS_PERMALINK)
        }
        Some(other) => {
            let allowed = "a mapping of collections to their settings, or a list of their names";
            Err(ConfigError::value(file.origin(&key), &other.to_string(), allowed))
        }
    }
}

/// Rejects a `finews` without keys.
pub(super) fn check_own_section(file: &ConfigFile) -> Result<(), ConfigError> {
    let key = ["finews"];
    match file.get(&key) {
        None | Some(Node::Null | Node::Map(_)) => Ok(()),
        Some(other) => Err(ConfigError::value(
            file.origin(&key),
            &other.to_string(),
            "a mapping of settings, such as source: true",
        )),
    }
}
