//! The variables of a text: those of the site and of the page, and in a page the names that have no value.

use std::collections::HashSet;

use crate::archive::body::context::{Context, LiquidValue};
use crate::archive::body::liquid::filter::is_switch;
use crate::archive::body::liquid::tag::tag_at;
use crate::config::{Node, SiteVariables};

/// The names that Jekyll gives a value, and the words of Liquid.
const KNOWN_NAMES: [&str; 14] = [
    "blank",
    "content",
    "empty",
    "forloop",
    "highlighter_prefix",
    "highlighter_suffix",
    "include",
    "jekyll",
    "layout",
    "page",
    "paginator",
    "site",
    "tablerowloop",
    "theme",
];

/// The variables that the expressions of a text can name.
pub(crate) struct VariableScope<'s, 'c> {
    pub(crate) cx: &'c Context<'c>,
    /// The names that the text of a page assigns. `None` if other names may have a value too: in a post, whose unknown
    /// Liquid stays as written, and in a page with an include, which may assign any name.
    assigned: Option<HashSet<&'s str>>,
}

impl<'s, 'c> VariableScope<'s, 'c> {
    pub(crate) fn new(source: &'s str, cx: &'c Context<'c>) -> Self {
        Self { cx, assigned: if cx.is_page { assigned(source) } else { None } }
    }

    /// Returns the value of a variable; `None` if only Jekyll knows it.
    pub(crate) fn variable(&self, path: &[&str]) -> Option<LiquidValue> {
        let site = self.cx.site;
        match path {
            ["page", "title"] => Some(text_or_nil(self.cx.title, || is_text((self.cx.page)(&["title"])))),
            ["page", "url"] => Some(text_or_nil(self.cx.url, || false)),
            ["page", path @ ..] if !path.is_empty() => match (self.cx.page)(path)? {
                LiquidValue::Absent if self.cx.is_page => Some(LiquidValue::Nil),
                value => Some(value),
            },
            ["site", "url"] => Some(text_or_nil(&site.url, || has_text(&site.variables, "url"))),
            ["site", "baseurl"] => Some(text_or_nil(&site.baseurl, || has_text(&site.variables, "baseurl"))),
            ["site", "title"] => Some(text_or_nil(&site.title, || has_text(&site.variables, "title"))),
            ["site", path @ ..] => match site.variables.get(path) {
                Some(node) => Some(value(node)),
                None => (self.cx.is_page && site.variables.is_absent(path)).then_some(LiquidValue::Nil),
            },
            ["jekyll", "environment"] => Some(LiquidValue::Text("production".to_owned())),
            [name, ..] => {
                let assigned = self.assigned.as_ref()?;
                (!KNOWN_NAMES.contains(name) && !assigned.contains(*name)).then_some(LiquidValue::Nil)
            }
            [] => None,
        }
    }
}

/// The value of a setting or of a data file.
fn value(node: &Node) -> LiquidValue {
    match node {
        Node::Null => LiquidValue::Nil,
        // The quotes of a setting are not known; a number or switch in quotes is rare.
        Node::Text(text) if !is_switch(text) && number(text).is_none() => LiquidValue::Text(text.clone()),
        scalar => LiquidValue::Plain(scalar.to_string()),
    }
}

/// An empty text has the value nil, unless the author wrote an empty text.
fn text_or_nil(text: &str, is_written: impl FnOnce() -> bool) -> LiquidValue {
    if text.is_empty() && !is_written() { LiquidValue::Nil } else { LiquidValue::Text(text.to_owned()) }
}

fn is_text(value: Option<LiquidValue>) -> bool {
    matches!(value, Some(LiquidValue::Text(_) | LiquidValue::Plain(_)))
}

fn has_text(variables: &SiteVariables, name: &str) -> bool {
    matches!(variables.get(&[name]), Some(Node::Text(_)))
}

/// The value of an unquoted text that YAML reads as a number. A leading zero makes an octal number, which is not read.
pub(crate) fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let is_decimal = is_number(whole) && is_number(fraction) && (whole == "0" || !whole.starts_with('0'));
    if is_decimal { text.parse().ok() } else { None }
}

/// Returns the names that a text gives a value; `None` if it includes a file, which may assign other names.
fn assigned(source: &str) -> Option<HashSet<&str>> {
    let mut names = HashSet::new();
    for (at, _) in source.match_indices("{%") {
        let Some(tag) = tag_at(source, at) else { continue };
        let name = match tag.parts() {
            ("include" | "include_relative" | "include_cached", _) => return None,
            ("assign" | "capture" | "for" | "tablerow" | "increment" | "decrement", rest) => {
                rest.split(|c: char| c.is_whitespace() || c == '=').next()
            }
            _ => None,
        };
        names.extend(name.map(|name| name.trim_matches(['"', '\''])));
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_yaml_reads_as_numbers_have_a_value() {
        let table = [
            ("1", Some(1.0)),
            ("1.0", Some(1.0)),
            ("-2.50", Some(-2.5)),
            ("0", Some(0.0)),
            ("0.5", Some(0.5)),
            ("010", None),
            ("1.", None),
            (".5", None),
            ("1.2.3", None),
            ("2024-01-01", None),
            ("inf", None),
            ("-", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn names_that_a_text_assigns_are_found() {
        let text =
            "{% assign a=1 %}{%- capture b -%}{% endcapture %}{% for c in d %}{% increment e %}{{ f }}";
        let names = assigned(text).expect("no include");
        for (name, expected) in
            [("a", true), ("b", true), ("c", true), ("d", false), ("e", true), ("f", false)]
        {
            assert_eq!(names.contains(name), expected, "{name}");
        }
        assert_eq!(assigned("{% assign a = 1 %}{% include x.html %}"), None);
    }
}
