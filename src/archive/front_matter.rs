//! The front matter of a file: its bytes decoded, the fences found, and the YAML between them
//! read as Jekyll reads it, but for scalars, which keep the spelling of their author.
//!
//! The loader reads every post through here. Nothing outside this file and its parts
//! knows of serde_yaml.

mod decode;
mod recover;
mod yaml;

use std::collections::HashSet;

pub use decode::decode;

use super::problem::{Code, Defect};

/// A file's text, split at the fences of its front matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split<'a> {
    /// What is between the fences; it begins on line 2 of the file. `None`: no front matter.
    pub yaml: Option<&'a str>,
    /// What follows, without the blank lines at its beginning; without front matter, everything.
    pub body: &'a str,
    /// 1-based line on which the body begins.
    pub body_line: u32,
    /// A fence opens the file and none closes it, as in a file that is being written.
    pub unclosed: bool,
}

/// Document::YAML_FRONT_MATTER_REGEXP, `\A(---\s*\n.*?\n?)^((---|\.\.\.)\s*$\n?)`.
pub fn split(text: &str) -> Split<'_> {
    let whole = Split { yaml: None, body: text, body_line: 1, unclosed: false };
    let Some(opened) = text.strip_prefix("---") else { return whole };
    let Some((fence, inside)) = opened.split_once('\n') else {
        return Split { unclosed: is_blank(opened), ..whole };
    };
    if !is_blank(fence) {
        return whole;
    }
    let mut start = 0;
    for line in inside.split_inclusive('\n') {
        let end = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
        if end.is_some_and(is_blank) {
            // The white space after the fence is swallowed as far as its last line break.
            let rest = &inside[start + 3..];
            let blank = rest.len() - rest.trim_start_matches(is_space).len();
            let body = match rest[..blank].rfind('\n') {
                Some(line_break) if blank < rest.len() => &rest[line_break + 1..],
                _ => "",
            };
            let before = text.len() - body.len();
            return Split {
                yaml: Some(&inside[..start]),
                body,
                body_line: 1 + count_lines(&text[..before]),
                unclosed: false,
            };
        }
        start += line.len();
    }
    Split { unclosed: true, ..whole }
}

/// Ruby's `\s`.
fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

fn count_lines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|&byte| byte == b'\n').count()).unwrap_or(u32::MAX)
}

/// A value of the front matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Absent after the colon, `~` or `null`.
    Null,
    /// Any other scalar, numbers and dates too, as written.
    Text(String),
    /// A sequence.
    List(Vec<Value>),
    /// A mapping, in order.
    Map(Vec<(String, Value)>),
}

/// A value and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What stands after the key.
    pub value: Value,
    /// A scalar in quotes or in a block, which is a text whatever it looks like.
    pub quoted: bool,
    /// 1-based line of the file on which the key stands.
    pub line: u32,
}

/// The fields of a file. Of a key that is written twice, the last counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrontMatter {
    fields: Vec<(String, Field)>,
}

/// Reads the YAML between the fences. What is no valid YAML, or no mapping, is read line by
/// line instead, and reported with the reason and the line.
pub fn parse(yaml: &str) -> (FrontMatter, Vec<Defect>) {
    match yaml::fields(yaml) {
        Ok(fields) => (FrontMatter::new(fields), Vec::new()),
        Err(invalid) => {
            let (fields, line) = recover::fields(yaml);
            let message = format!("{}; read line by line", invalid.reason);
            let defect = Defect::warning(Code::FrontMatterInvalid, message);
            (FrontMatter::new(fields), vec![defect.at(line.or(invalid.line).unwrap_or(2))])
        }
    }
}

/// Whether a character can stand in no page and no address: neither HTML nor XML allows it.
pub fn is_forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

impl Value {
    /// Drops the characters that can stand nowhere.
    fn clean(&mut self) {
        match self {
            Self::Null => {}
            Self::Text(text) if text.contains(is_forbidden) => text.retain(|c| !is_forbidden(c)),
            Self::Text(_) => {}
            Self::List(values) => values.iter_mut().for_each(Self::clean),
            Self::Map(values) => values.iter_mut().for_each(|(_, value)| value.clean()),
        }
    }
}

impl FrontMatter {
    /// The fields given, of each key the last.
    pub fn new(mut fields: Vec<(String, Field)>) -> Self {
        fields.iter_mut().for_each(|(_, field)| field.value.clean());
        let mut seen = HashSet::with_capacity(fields.len());
        let last: Vec<bool> = fields.iter().rev().map(|(key, _)| seen.insert(key.as_str())).collect();
        if last.contains(&false) {
            let mut last = last.into_iter().rev();
            fields.retain(|_| last.next().unwrap_or(true));
        }
        Self { fields }
    }

    /// Adds what the configuration gives under keys that a post does not write, or leaves null.
    pub fn fill(&mut self, given: Vec<(String, Field)>) {
        for (key, field) in given {
            match self.fields.iter_mut().find(|(name, _)| *name == key) {
                Some((_, own)) if own.value == Value::Null => *own = field,
                Some(_) => {}
                None => self.fields.push((key, field)),
            }
        }
    }

    /// Adds a field if its key is not written at all.
    pub fn add(&mut self, key: &str, field: &Field) {
        if self.get(key).is_none() {
            self.fields.push((key.to_owned(), field.clone()));
        }
    }

    /// Whether a key has a value.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some_and(|field| field.value != Value::Null)
    }

    /// The field of a key, if it is written at all.
    pub fn get(&self, key: &str) -> Option<&Field> {
        self.iter().find(|(name, _)| *name == key).map(|(_, field)| field)
    }

    /// The text of a scalar as written; `None` if it is null, absent or no scalar.
    pub fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a setting such as `permalink`, which `false` leaves as it is.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.text(key).filter(|text| !text.is_empty() && self.bool(key) != Some(false))
    }

    /// An unquoted `true yes on false no off`, as psych knows them; all else is `None`.
    pub fn bool(&self, key: &str) -> Option<bool> {
        let field = self.get(key)?;
        match &field.value {
            Value::Text(text) if !field.quoted => yaml::boolean(text),
            _ => None,
        }
    }

    /// Whether the key is there and what it says is false to Ruby, as `published` must be to
    /// hide a post.
    pub fn is_false_or_null(&self, key: &str) -> bool {
        self.get(key).is_some_and(|field| field.value == Value::Null) || self.bool(key) == Some(false)
    }

    /// The names of a key such as `tags`: a text, which is split at white space if `split`, or
    /// the items of a list, which never are. Nulls and empty names are left out.
    pub fn strings(&self, key: &str, split: bool) -> Vec<String> {
        match self.get(key).map(|field| &field.value) {
            Some(Value::Text(text)) if split => {
                text.split(is_space).filter(|name| !name.is_empty()).map(Into::into).collect()
            }
            Some(value) => {
                let mut names = Vec::new();
                flatten(value, &mut names);
                names
            }
            None => Vec::new(),
        }
    }

    /// The fields in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.fields.iter().map(|(key, field)| (key.as_str(), field))
    }
}

fn flatten(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Text(name) if !name.is_empty() => names.push(name.clone()),
        Value::List(items) => items.iter().for_each(|item| flatten(item, names)),
        Value::Text(_) | Value::Null | Value::Map(_) => {}
    }
}

#[cfg(test)]
mod tests;
