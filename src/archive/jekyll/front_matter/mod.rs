//! The front matter of a file: decodes the bytes, finds the fences and reads the YAML between them. The
//! result is Jekyll's, except that scalars keep the spelling of their author.
//!
//! The loader reads every post through this module. No other module of the archive uses serde_yaml.

mod decode;
mod keys;
mod late;
mod lines;
mod recover;
mod value;
mod yaml;

use std::collections::HashSet;
use std::ops::Range;

use crate::archive::body::count_lines;
use crate::archive::jekyll::front_matter::late::{DamagedFrontMatter, LateFrontMatter};
use crate::archive::jekyll::front_matter::lines::{fence_end, is_blank, is_space};
use crate::archive::problem::{Code, Defect};

pub use decode::decode;
pub use value::{Field, Value};

/// A file's text, split at the fences of its front matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitFile<'a> {
    /// The text between the fences; `None` without front matter.
    pub yaml: Option<&'a str>,
    /// 1-based line of the file on which that text begins.
    pub yaml_line: u32,
    /// White space precedes the front matter, so Jekyll shows it as text.
    pub is_late: bool,
    /// Another fault of the opening fence, so Jekyll shows the front matter as text.
    pub fence_fault: Option<&'static str>,
    /// The text after the front matter without leading blank lines, or else the whole text.
    pub body: &'a str,
    /// 1-based line of the file on which the body begins.
    pub body_line: u32,
    /// A fence opens the file but none closes it, as in a file that is still being written.
    pub unclosed: bool,
}

/// Splits a text by `Document::YAML_FRONT_MATTER_REGEXP`: `\A(---\s*\n.*?\n?)^((---|\.\.\.)\s*$\n?)`. Unlike
/// Jekyll, allows white space before front matter, and some damaged opening fences.
pub fn split(text: &str) -> SplitFile<'_> {
    let whole = SplitFile::without_front_matter(text);
    let Some(opened) = text.strip_prefix("---") else {
        return match late::find(text) {
            Some(LateFrontMatter::Closed(yaml, fence)) => {
                SplitFile { is_late: true, ..SplitFile::closed(text, yaml, fence) }
            }
            Some(LateFrontMatter::Unclosed) => SplitFile { unclosed: true, is_late: true, ..whole },
            None => SplitFile::damaged(text),
        };
    };
    let Some((fence, inside)) = opened.split_once('\n') else {
        return SplitFile { unclosed: is_blank(opened), ..whole };
    };
    if !is_blank(fence) {
        return SplitFile::damaged(text);
    }
    let start = text.len() - inside.len();
    let mut at = start;
    for line in inside.split_inclusive('\n') {
        if let Some(end) = fence_end(line) {
            return SplitFile::closed(text, start..at, at + end);
        }
        at += line.len();
    }
    SplitFile { unclosed: true, ..whole }
}

impl<'a> SplitFile<'a> {
    fn without_front_matter(text: &'a str) -> Self {
        Self {
            yaml: None,
            yaml_line: 1,
            is_late: false,
            fence_fault: None,
            body: text,
            body_line: 1,
            unclosed: false,
        }
    }

    /// Splits a text whose first line is no fence.
    fn damaged(text: &'a str) -> Self {
        let whole = Self::without_front_matter(text);
        let Some(DamagedFrontMatter { yaml, fault }) = late::find_damaged(text) else { return whole };
        let split = yaml.map_or(whole, |(yaml, fence)| Self::closed(text, yaml, fence));
        Self { fence_fault: Some(fault), ..split }
    }

    /// Splits a text at its closing fence; `fence` is the end of its three characters.
    fn closed(text: &'a str, yaml: Range<usize>, fence: usize) -> Self {
        // The fence consumes the white space after it up to the last line break.
        let rest = &text[fence..];
        let blank = rest.len() - rest.trim_start_matches(is_space).len();
        let body = match rest[..blank].rfind('\n') {
            Some(line_break) if blank < rest.len() => &rest[line_break + 1..],
            _ => "",
        };
        let before = text.len() - body.len();
        Self {
            yaml_line: 1 + count_lines(&text[..yaml.start]),
            yaml: Some(&text[yaml]),
            body,
            body_line: 1 + count_lines(&text[..before]),
            ..Self::without_front_matter(text)
        }
    }

    /// Parses the front matter. The defects include those of its fences.
    pub fn front_matter(&self) -> (FrontMatter, Vec<Defect>) {
        let invalid = |message: &str| Defect::warning(Code::FrontMatterInvalid, message).at_line(1);
        let Some(yaml) = self.yaml else {
            let unclosed = "the front matter has no closing `---`; the whole file is shown as text";
            let message = self.unclosed.then_some(unclosed).or(self.fence_fault);
            return (FrontMatter::default(), message.map(invalid).into_iter().collect());
        };
        let (mut front, mut defects) = parse(yaml);
        let late =
            "white space precedes the front matter, and Jekyll shows it as text; remove the white space";
        if let Some(message) = self.is_late.then_some(late).or(self.fence_fault) {
            // `parse` counts from line 2.
            let in_file = |line: &mut u32| *line = (*line + self.yaml_line).saturating_sub(2);
            front.fields.iter_mut().for_each(|(_, field)| in_file(&mut field.line));
            defects.iter_mut().filter_map(|defect| defect.line.as_mut()).for_each(in_file);
            for (key, _) in front.fields.iter_mut().filter(|(key, _)| keys::is_known_in_any_case(key)) {
                key.make_ascii_lowercase();
            }
            defects.push(invalid(message));
        }
        (front, defects)
    }
}

/// The fields of a file. If a key occurs twice, the last field wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrontMatter {
    fields: Vec<(String, Field)>,
}

/// Reads the YAML between the fences, which counts from line 2 of the file. If the text is not valid YAML or not a mapping, reads it line by
/// line instead and reports the reason and the line.
pub fn parse(yaml: &str) -> (FrontMatter, Vec<Defect>) {
    match yaml::fields(yaml) {
        Ok(fields) => (FrontMatter::new(fields), Vec::new()),
        Err(invalid) => {
            let recovered = recover::fields(yaml);
            let message = format!("{}; read line by line", recovered.reason.unwrap_or(invalid.reason));
            let line = recovered.first_invalid.or(invalid.line).unwrap_or(2);
            let defect = Defect::warning(Code::FrontMatterInvalid, message).at_line(line);
            (FrontMatter::new(recovered.fields), vec![defect])
        }
    }
}

/// Returns whether neither HTML nor XML allows a character, so that no page and no URL can contain it.
pub(crate) fn is_forbidden(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}')
}

impl Value {
    /// Removes the characters that [`is_forbidden`] rejects.
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
    /// Creates the front matter from fields; keeps the last field of each key.
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

    /// Adds the configured values of keys that a post lacks or leaves null.
    pub(crate) fn fill(&mut self, given: Vec<(String, Field)>) {
        for (key, field) in given {
            match self.fields.iter_mut().find(|(name, _)| *name == key) {
                Some((_, own)) if own.value == Value::Null => *own = field,
                Some(_) => {}
                None => self.fields.push((key, field)),
            }
        }
    }

    /// Adds a field if its key is absent; a null value counts as present.
    pub fn add(&mut self, key: &str, field: &Field) {
        if self.get(key).is_none() {
            self.fields.push((key.to_owned(), field.clone()));
        }
    }

    /// Returns whether a key has a value other than null.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some_and(|field| field.value != Value::Null)
    }

    /// Returns the field of a key; its value may be null.
    pub fn get(&self, key: &str) -> Option<&Field> {
        self.iter().find(|(name, _)| *name == key).map(|(_, field)| field)
    }

    /// Returns the text of a scalar as written; `None` if it is null, absent or not a scalar.
    pub fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the line of a key in the file; `None` if the key is absent or from the configuration.
    pub(crate) fn line(&self, key: &str) -> Option<u32> {
        self.get(key).map(|field| field.line).filter(|line| *line > 0)
    }

    /// Returns the text of a setting such as `permalink`; `false` and a blank text leave it unset.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.text(key).filter(|text| !text.trim().is_empty() && self.bool(key) != Some(false))
    }

    /// Reads an unquoted `true yes on false no off`, the booleans of psych; `None` for any other value.
    pub fn bool(&self, key: &str) -> Option<bool> {
        let field = self.get(key)?;
        match &field.value {
            Value::Text(text) if !field.quoted => yaml::boolean(text),
            _ => None,
        }
    }

    /// Returns whether a key is present and its value is false to Ruby: `published`
    /// hides a post only then.
    pub(crate) fn is_false_or_null(&self, key: &str) -> bool {
        self.get(key).is_some_and(|field| field.value == Value::Null) || self.bool(key) == Some(false)
    }

    /// Returns the names of a key such as `tags`: a text, split at white space if `split`, or the items
    /// of a list, which are never split. Omits nulls and empty names.
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

    /// Iterates over the fields in the order of the file.
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
