//! The text behind serde's values: the position of a key, the text after it, and quotes.

use std::cell::Cell;

use serde::de::Error;

use crate::archive::jekyll::front_matter::value::Value;

/// The type that is requested from serde for the items of a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    /// Each item is requested as text.
    OfScalars,
    /// serde chooses the type of each item.
    OfAnything,
}

/// The source text, for lookups of details that serde does not expose.
pub(crate) struct YamlSource<'y> {
    pub(crate) yaml: &'y str,
    pub(crate) lists: Lists,
    /// The bytes and nodes that the values may still take.
    budget: Cell<usize>,
}

impl<'y> YamlSource<'y> {
    pub(crate) fn new(yaml: &'y str, lists: Lists) -> Self {
        // Only aliases can make the values longer than their source.
        Self { yaml, lists, budget: Cell::new(4 * yaml.len() + 1024) }
    }

    /// Returns the position of a borrowed text in the source.
    pub(crate) fn position(&self, text: &str) -> Option<usize> {
        let position = text.as_ptr().addr().checked_sub(self.yaml.as_ptr().addr())?;
        (position + text.len() <= self.yaml.len()).then_some(position)
    }

    pub(crate) fn is_quoted(&self, text: &str) -> bool {
        let before = self.position(text).and_then(|start| self.yaml[..start].bytes().next_back());
        matches!(before, Some(b'"' | b'\''))
    }

    pub(crate) fn spend<E: Error>(&self, bytes: usize) -> Result<(), E> {
        match self.budget.get().checked_sub(bytes + 1) {
            Some(left) => {
                self.budget.set(left);
                Ok(())
            }
            None => Err(E::custom("aliases expand to too much text")),
        }
    }

    pub(crate) fn scalar<E: Error>(&self, text: &str, quoted: bool) -> Result<Value, E> {
        self.spend(text.len())?;
        Ok(if quoted { Value::Text(text.to_owned()) } else { Value::from_plain(text) })
    }

    /// Returns the shape of the value after a key, judged by its first character.
    pub(crate) fn shape_after(&self, key: &MappingKey) -> Shape {
        let Some(start) = key.end else { return Shape::Unknown };
        let after = self.yaml[start..].trim_start_matches(['"', '\'', ' ', '\t']);
        let Some(after) = after.strip_prefix(':') else { return Shape::Unknown };
        let after = after.trim_start_matches([' ', '\t']);
        match after.bytes().next() {
            Some(b'"' | b'\'' | b'|' | b'>') => Shape::Scalar { quoted: true },
            Some(b'[') => Shape::List,
            Some(b'\r' | b'\n' | b'#') | None => {
                let mut below = after.lines().skip(1).map(str::trim_start);
                match below.find(|line| !line.is_empty() && !line.starts_with('#')) {
                    Some(line) if line == "-" || line.starts_with("- ") => Shape::List,
                    _ => Shape::Unknown,
                }
            }
            Some(b'&' | b'*' | b'!' | b'{' | b'}' | b']' | b',' | b'?' | b'-') => Shape::Unknown,
            Some(_) => Shape::Scalar { quoted: false },
        }
    }
}

/// The type to request from serde for a value.
pub(crate) enum Shape {
    Scalar { quoted: bool },
    List,
    Unknown,
}

/// A key, with its end in the source if it is borrowed from there.
pub(crate) struct MappingKey {
    pub(crate) name: String,
    pub(crate) end: Option<usize>,
}
