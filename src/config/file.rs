//! `_config.yml`: a tree of [`Node`]s, typed access to its keys, and the line of each.

use std::collections::HashSet;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use serde::de::{
    Deserialize, Deserializer, EnumAccess, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::config::encoding::decode_text;
use crate::config::error::{ConfigError, Origin};
use crate::config::values::{self, SettingValue};

/// A value of the configuration. If a key occurs twice, the last one counts, as in Jekyll.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Node {
    /// `null`, `~` or an empty value.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number or text.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order written.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Returns the value of a key if this is a mapping that contains it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Self::Map(pairs) => pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    fn into_pairs(self) -> Option<Vec<(String, Node)>> {
        match self {
            Self::Map(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// Returns the text of a key if this is a mapping that contains it as text.
    pub fn text_of(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(Self::Text(text)) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Map(pairs) => {
                f.write_str("{")?;
                for (index, (key, value)) in pairs.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }
    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }
    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }
    fn visit_u128<E>(self, value: u128) -> Result<Node, E> {
        Ok(Node::Text(value.to_string()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        // The fraction stays, even if it is zero: `version: 1.0`.
        Ok(Node::Text(format!("{value:?}")))
    }
    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Node, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = pairs.next_entry::<Node, Node>()? {
            match (key.to_string(), value) {
                (key, Node::Map(given)) if key == "<<" => map.extend(given),
                // In a list of mappings, the first has precedence.
                (key, Node::List(given)) if key == "<<" => {
                    map.extend(given.into_iter().rev().filter_map(Node::into_pairs).flatten());
                }
                pair => map.push(pair),
            }
        }
        Ok(Node::Map(last_of_each(map)))
    }
    /// A custom tag such as `!mine` is ignored; its value counts.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Node, A::Error> {
        let (_, value) = tagged.variant::<IgnoredAny>()?;
        value.newtype_variant()
    }
}

/// Keeps only the last pair of each key.
fn last_of_each(mut pairs: Vec<(String, Node)>) -> Vec<(String, Node)> {
    let mut seen = HashSet::with_capacity(pairs.len());
    pairs.reverse();
    pairs.retain(|(key, _)| seen.insert(key.clone()));
    pairs.reverse();
    pairs
}

/// The configuration file; empty if the site has none.
#[derive(Default)]
pub(super) struct ConfigFile {
    path: Option<PathBuf>,
    text: String,
    /// The hash of the bytes.
    hash: u64,
    tree: Node,
    /// The warning about a file that is not UTF-8.
    pub(super) encoding_warning: Option<String>,
}

impl ConfigFile {
    /// Reads `_config.yml` or `_config.yaml` of a site.
    pub(super) fn find(root: &Path) -> Result<Self, ConfigError> {
        for name in ["_config.yml", "_config.yaml"] {
            let path = root.join(name);
            match std::fs::read(&path) {
                Ok(bytes) => return Self::parse(path, &bytes),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(ConfigError::unreadable(&path, None, error)),
            }
        }
        Ok(Self::default())
    }

    fn parse(path: PathBuf, bytes: &[u8]) -> Result<Self, ConfigError> {
        let (text, repair) = decode_text(bytes);
        let encoding_warning =
            repair.map(|repair| format!("{}:{}: {}", path.display(), repair.line, repair.message));
        let tree = yaml(text.trim_start_matches('\u{feff}')).map_err(|error| {
            let line = error.location().map(|place| place.line());
            ConfigError::unreadable(&path, line, format!("not valid YAML: {error}"))
        })?;
        match tree {
            Node::Map(_) | Node::Null => {
                let hash = xxhash_rust::xxh3::xxh3_64(bytes);
                Ok(Self { path: Some(path), text: text.into_owned(), hash, tree, encoding_warning })
            }
            other => {
                let reason = format!("`{other}` is not a mapping; expected lines of `key: value`");
                Err(ConfigError::unreadable(&path, Some(1), reason))
            }
        }
    }

    /// Returns the name of the file, and the hash of its bytes.
    pub(super) fn name_and_hash(&self) -> Option<(String, u64)> {
        let name = self.path.as_ref()?.file_name()?;
        Some((name.to_string_lossy().into_owned(), self.hash))
    }

    /// Returns whether the site has a configuration file.
    pub(super) fn exists(&self) -> bool {
        self.path.is_some()
    }

    pub(super) fn get(&self, key: &[&str]) -> Option<&Node> {
        key.iter().try_fold(&self.tree, |node, name| node.get(name))
    }

    /// Returns the file, line and name of a key.
    pub(super) fn origin(&self, key: &[&str]) -> Origin {
        Origin::File {
            path: self.path.clone().unwrap_or_else(|| "_config.yml".into()),
            line: line_of(&self.text, key),
            key: key.join("."),
        }
    }

    fn wrong(&self, key: &[&str], node: &Node, allowed: &str) -> ConfigError {
        ConfigError::value(self.origin(key), &node.to_string(), allowed)
    }

    pub(super) fn text(&self, key: &[&str]) -> Result<Option<String>, ConfigError> {
        Ok(self.text_at(key)?.map(|(text, _)| text))
    }

    /// Returns a text and its origin; numbers and booleans count as text.
    pub(super) fn text_at(&self, key: &[&str]) -> Result<Option<(String, Origin)>, ConfigError> {
        match self.get(key) {
            None | Some(Node::Null) => Ok(None),
            Some(node @ (Node::Text(_) | Node::Bool(_))) => Ok(Some((node.to_string(), self.origin(key)))),
            Some(other) => Err(self.wrong(key, other, "a string")),
        }
    }

    /// Returns a text that is not blank; `false` counts as absent.
    pub(super) fn name(&self, key: &str) -> Result<Option<String>, ConfigError> {
        if self.get(&[key]) == Some(&Node::Bool(false)) {
            return Ok(None);
        }
        Ok(self.text(&[key])?.filter(|text| !text.trim().is_empty()))
    }

    /// Returns a text, and ignores values of other types, which some sites have under this key.
    pub(super) fn word(&self, key: &str) -> Option<&str> {
        self.tree.text_of(key).filter(|text| !text.is_empty())
    }

    /// Returns a text that only describes the site. Themes allow other types: the texts of a list are joined,
    /// the `name` of a mapping counts, and a null, false or empty value counts as absent.
    pub(super) fn loose_text(&self, key: &[&str]) -> Option<String> {
        fn text(node: &Node) -> Option<String> {
            let text = match node {
                Node::Text(text) => text.clone(),
                Node::Bool(true) => node.to_string(),
                Node::Null | Node::Bool(false) => return None,
                Node::List(items) => items.iter().filter_map(text).collect::<Vec<_>>().join(", "),
                Node::Map(_) => return node.get("name").and_then(text),
            };
            Some(text).filter(|text| !text.is_empty())
        }
        self.get(key).and_then(text)
    }

    pub(super) fn bool(&self, key: &[&str]) -> Result<Option<bool>, ConfigError> {
        match self.get(key) {
            None | Some(Node::Null) => Ok(None),
            Some(Node::Bool(value)) => Ok(Some(*value)),
            // The booleans of YAML 1.1, which Jekyll reads; Jekyll also treats `"true"` and 1 as true.
            Some(Node::Text(text)) => match text.to_ascii_lowercase().as_str() {
                "yes" | "on" | "true" | "1" => Ok(Some(true)),
                "no" | "off" => Ok(Some(false)),
                _ => Err(self.wrong(key, &Node::Text(text.clone()), "true or false")),
            },
            Some(other) => Err(self.wrong(key, other, "true or false")),
        }
    }

    pub(super) fn parsed<T: SettingValue>(&self, key: &[&str]) -> Result<Option<T>, ConfigError> {
        self.text_at(key)?.map(values::parsed).transpose()
    }

    /// Parses a value that may also be a list of texts.
    pub(super) fn parsed_list<T: SettingValue>(&self, key: &[&str]) -> Result<Option<T>, ConfigError> {
        match self.get(key) {
            Some(Node::List(_)) => {
                let items = self.strings(key)?.unwrap_or_default();
                values::parsed((items.join(","), self.origin(key))).map(Some)
            }
            _ => self.parsed(key),
        }
    }

    /// Returns a list of texts. A single text counts as a list of one; empty items are ignored.
    pub(super) fn strings(&self, key: &[&str]) -> Result<Option<Vec<String>>, ConfigError> {
        let text = |node: &Node| match node {
            Node::Text(_) | Node::Bool(_) => Ok(node.to_string()),
            other => Err(self.wrong(key, other, "a list of strings")),
        };
        match self.get(key) {
            None | Some(Node::Null) => Ok(None),
            Some(Node::List(items)) => {
                let items = items.iter().filter(|item| **item != Node::Null);
                items.map(text).collect::<Result<_, _>>().map(Some)
            }
            Some(node) => Ok(Some(vec![text(node)?])),
        }
    }

    /// Returns a mapping of texts to texts, in the order of the file.
    pub(super) fn pairs(&self, key: &[&str]) -> Result<Vec<(String, String)>, ConfigError> {
        match self.get(key) {
            None | Some(Node::Null) => Ok(Vec::new()),
            Some(Node::Map(pairs)) => pairs
                .iter()
                .map(|(name, value)| match value {
                    Node::Text(_) | Node::Bool(_) => Ok((name.clone(), value.to_string())),
                    other => Err(self.wrong(key, other, "a mapping of strings to strings")),
                })
                .collect(),
            Some(other) => Err(self.wrong(key, other, "a mapping of strings to strings")),
        }
    }

    /// Returns a list of folders inside the site, each parsed by [`folder`].
    pub(super) fn folders(&self, key: &[&str]) -> Result<Vec<String>, ConfigError> {
        let origin = self.origin(key);
        self.strings(key)?.unwrap_or_default().iter().map(|text| folder(text, &origin)).collect()
    }
}

/// Parses a YAML text. Like psych, it reads only the first document: some files end with `---`.
pub(super) fn yaml(text: &str) -> Result<Node, serde_yaml::Error> {
    serde_yaml::Deserializer::from_str(text).next().map_or(Ok(Node::Null), Node::deserialize)
}

/// Parses a path inside the site. The result has `/` between its parts and contains no `.` or `..`.
pub(super) fn folder(text: &str, origin: &Origin) -> Result<String, ConfigError> {
    let mut parts = Vec::new();
    for part in Path::new(text.trim_start_matches('/')).components() {
        match part {
            Component::Normal(name) => parts.push(name.to_string_lossy()),
            Component::CurDir => {}
            _ => return Err(ConfigError::value(origin.clone(), text, "a path inside the site's folder")),
        }
    }
    Ok(parts.join("/"))
}

/// Returns the 1-based line of a key. The first part of `key` must start a line; each further part is on an
/// indented line below the one before.
fn line_of(text: &str, key: &[&str]) -> Option<usize> {
    let mut lines = text.lines().enumerate();
    let mut found = None;
    for (depth, name) in key.iter().enumerate() {
        let place = lines.find(|(_, line)| {
            let bare = line.trim_start_matches(['\u{feff}', ' ']);
            let rest = bare.trim_start_matches(['"', '\'']).strip_prefix(name);
            let named = rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'', ' ']).starts_with(':'));
            named && (depth > 0) == line.starts_with(' ')
        });
        match place {
            Some((index, _)) => found = Some(index + 1),
            // The key may be inside braces; the line of its parent is close enough.
            None => break,
        }
    }
    found
}
