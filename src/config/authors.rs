//! Authors, as the configuration, front matter and the site's data file of authors name them.

use std::collections::BTreeMap;

use crate::config::file::Node;
use crate::config::http_url::is_http_url;

/// The authors that a site describes in a data file, by the key that posts use: a line for each.
pub type KnownAuthors = BTreeMap<String, String>;

/// An author of a post or of the site.
///
/// A list of authors is one text, so that all posts with the same authors share it: a line for each author, with
/// a tab between the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author<'a> {
    /// The name; never empty.
    pub name: &'a str,
    /// The email address; may be empty.
    pub email: &'a str,
    /// The HTTP(S) URL of a page about the author; may be empty.
    pub uri: &'a str,
}

impl<'a> Author<'a> {
    /// Reads the authors of a text that [`author_lines`] returned.
    pub fn from_lines(lines: &'a str) -> impl Iterator<Item = Self> {
        lines.lines().map(|line| {
            let mut fields = line.split('\t');
            let mut next = || fields.next().unwrap_or_default();
            Self { name: next(), email: next(), uri: next() }
        })
    }

    /// Writes the author as a line; `None` without a name.
    fn line(self) -> Option<String> {
        let is_email = |email: &&str| email.contains('@') && !email.contains(char::is_whitespace);
        let name = folded(self.name);
        let email = Some(self.email.trim()).filter(is_email).unwrap_or_default();
        let line = format!("{name}\t{}\t{}", folded(email), self.uri);
        (!name.is_empty()).then(|| line.trim_end_matches('\t').to_owned())
    }
}

/// Returns the authors that a value names: a text, a mapping with a `name`, or a list of both. A text may be a key
/// of `known`. The text is empty without authors.
pub fn author_lines(node: &Node, known: &KnownAuthors) -> String {
    let mut lines = Vec::new();
    add_authors(node, known, &mut lines);
    lines.join("\n")
}

fn add_authors(node: &Node, known: &KnownAuthors, lines: &mut Vec<String>) {
    let line = match node {
        Node::Null | Node::Bool(_) => None,
        Node::Text(text) => known.get(text.trim()).cloned().or_else(|| named(text)),
        Node::List(items) => {
            items.iter().for_each(|item| add_authors(item, known, lines));
            None
        }
        Node::Map(_) => described(node, None),
    };
    lines.extend(line.filter(|line| !lines.contains(line)));
}

/// The line of an author with a name only.
fn named(name: &str) -> Option<String> {
    Author { name, email: "", uri: "" }.line()
}

/// The line of a mapping. `key` is the name of an author without one.
fn described(node: &Node, key: Option<&str>) -> Option<String> {
    let is_url =
        |uri: &&str| is_http_url(uri) && !uri.contains(|c: char| c.is_whitespace() || c.is_control());
    let uri = ["uri", "url"].iter().find_map(|key| node.text_of(key).map(str::trim).filter(is_url));
    let email = node.text_of("email").unwrap_or_default();
    let name = node.text_of("name").or(key)?;
    Author { name, email, uri: uri.unwrap_or_default() }.line()
}

/// Folds white space and control characters, which separate fields and lines.
fn folded(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the authors that the site describes in `site.data.authors`. Another value than a mapping describes no authors.
pub(super) fn known_authors(data: Option<&Node>) -> KnownAuthors {
    match data {
        Some(Node::Map(pairs)) => pairs.iter().filter_map(known_author).collect(),
        _ => KnownAuthors::new(),
    }
}

/// An author of the data file, with the key. The value is a mapping, or only a name.
fn known_author((key, node): &(String, Node)) -> Option<(String, String)> {
    let line = match node {
        Node::Text(name) => named(name),
        Node::Map(_) => described(node, Some(key)),
        Node::Null | Node::Bool(_) | Node::List(_) => None,
    };
    Some((key.clone(), line?))
}
