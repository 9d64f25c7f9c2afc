//! A value of the front matter, and its notation in the file.

/// A YAML value of the front matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An empty value, `~` or `null`.
    Null,
    /// Any other scalar as written, including numbers and dates.
    Text(String),
    /// A YAML sequence.
    List(Vec<Value>),
    /// A YAML mapping, in the order of the source.
    Map(Vec<(String, Value)>),
}

/// A value and its notation in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The value of the key.
    pub value: Value,
    /// The scalar is in quotes or in a block, so it is text whatever its content.
    pub quoted: bool,
    /// 1-based line of the file with the key.
    pub line: u32,
}

impl Value {
    /// Reads unquoted text as YAML does: as null or as text.
    pub(crate) fn from_plain(text: &str) -> Self {
        let is_null = text.is_empty() || text == "~" || text.eq_ignore_ascii_case("null");
        if is_null { Self::Null } else { Self::Text(text.to_owned()) }
    }
}
