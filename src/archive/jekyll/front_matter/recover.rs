//! Reads invalid YAML line by line: a field that is valid YAML by itself is parsed as YAML, any other
//! field is the text after its colon.

use crate::archive::body::count_lines;
use crate::archive::jekyll::front_matter::keys::is_white;
use crate::archive::jekyll::front_matter::lines::{is_blank, is_space};
use crate::archive::jekyll::front_matter::value::{Field, Value};
use crate::archive::jekyll::front_matter::yaml;

/// The fields of invalid YAML.
#[derive(Default)]
pub(crate) struct RecoveredFields {
    pub(crate) fields: Vec<(String, Field)>,
    /// The line of the file with the first field that is invalid by itself.
    pub(crate) first_invalid: Option<u32>,
    /// The reason why that field is invalid, if it is clearer than that of the YAML parser.
    pub(crate) reason: Option<String>,
}

/// Reads the fields one by one.
pub(crate) fn fields(text: &str) -> RecoveredFields {
    let mut recovered = RecoveredFields::default();
    let mut start = 0;
    let mut line = 2;
    while start < text.len() {
        let chunk = chunk(&text[start..]);
        match KeyLine::new(rest_of_line(chunk)) {
            Some(key_line) => match key_line.alone(chunk, line) {
                Some(field) => recovered.fields.push(field),
                None => {
                    recovered.record_invalid(line, key_line.fault());
                    let mut field = key_line.field(chunk, line);
                    if matches!(key_line.key, "categories" | "tags") {
                        field.value = split_names(field.value);
                    }
                    recovered.fields.push((key_line.key.to_owned(), field));
                }
            },
            None if !is_blank(chunk) && !chunk.starts_with('#') => recovered.record_invalid(line, None),
            None => {}
        }
        start += chunk.len();
        line += count_lines(chunk);
    }
    recovered
}

impl RecoveredFields {
    fn record_invalid(&mut self, line: u32, reason: Option<String>) {
        if self.first_invalid.is_none() {
            (self.first_invalid, self.reason) = (Some(line), reason);
        }
    }
}

/// Returns a line and its continuation: lines indented by spaces, list items and blank lines.
fn chunk(text: &str) -> &str {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or(text);
    let more = lines.take_while(|line| {
        let is_item = line.trim_start_matches(is_white).starts_with("- ");
        line.starts_with(' ') || is_item || (is_blank(line) && !first.starts_with('#'))
    });
    &text[..first.len() + more.map(str::len).sum::<usize>()]
}

fn rest_of_line(chunk: &str) -> &str {
    chunk.lines().next().unwrap_or(chunk)
}

/// A line of `key: rest`, split at its colon. A plain key also allows `key:rest` and a full-width colon.
pub(crate) struct KeyLine<'l> {
    pub(crate) key: &'l str,
    /// The text after the colon, without white space around it.
    rest: &'l str,
    /// The characters between key and value, if YAML does not allow them there.
    fault: Option<&'static str>,
    /// The line begins with white space that YAML does not allow there.
    is_indented: bool,
}

impl<'l> KeyLine<'l> {
    pub(crate) fn new(line: &'l str) -> Option<Self> {
        let bare = line.trim_start_matches(|c: char| c != ' ' && is_white(c));
        let is_indented = bare.len() < line.len();
        if let Some((key, rest)) = bare.split_once('：')
            && key.starts_with(|c: char| c.is_ascii_alphabetic())
            && is_plain(key.trim_end_matches(is_white))
        {
            let (key, rest) = (key.trim_end_matches(is_white), rest.trim_matches(is_white));
            return Some(Self { key, rest, fault: Some("a full-width colon"), is_indented });
        }
        let (key, rest) = bare.split_once(':')?;
        let key = key.trim_end_matches(is_white);
        let key = key.strip_prefix(['"', '\'']).and_then(|key| key.strip_suffix(['"', '\''])).unwrap_or(key);
        let is_spaced = rest.is_empty() || rest.starts_with(is_white);
        let is_key = !key.is_empty()
            && !key.starts_with(|c: char| is_space(c) || "#-[]{},&*!|>%@`\"'".contains(c))
            && (is_spaced || (is_plain(key) && !rest.starts_with("//")));
        let has_wide_space = rest.starts_with(|c: char| is_white(c) && !is_space(c));
        let fault = has_wide_space.then_some("a colon and a space that YAML does not know");
        is_key.then_some(Self { key, rest: rest.trim_matches(is_white), fault, is_indented })
    }

    /// Parses the field if it is valid YAML by itself.
    fn alone(&self, chunk: &str, line: u32) -> Option<(String, Field)> {
        if self.is_indented || self.fault.is_some() { None } else { alone(chunk, line) }
    }

    fn fault(&self) -> Option<String> {
        self.fault.map(|fault| format!("`{}` is followed by {fault}", self.key))
    }

    /// Reads the value as YAML behind a proper colon, else as rough text.
    fn field(&self, chunk: &str, line: u32) -> Field {
        if let Some(text) = self.fault.and_then(|_| without_wide_quotes(self.rest)) {
            return Field { value: Value::Text(text.to_owned()), quoted: true, line };
        }
        let proper = format!("{}: {}{}", self.key, self.rest, &chunk[rest_of_line(chunk).len()..]);
        alone(&proper, line).map_or_else(|| rough(self.rest, chunk, line), |(_, field)| field)
    }
}

/// Returns whether a key consists of ASCII letters, digits, `_` and `-`.
fn is_plain(key: &str) -> bool {
    key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

/// Parses a field if it is valid YAML by itself.
fn alone(chunk: &str, line: u32) -> Option<(String, Field)> {
    let mut fields = yaml::fields(chunk).ok()?;
    let (key, field) = fields.pop().filter(|_| fields.is_empty())?;
    Some((key, Field { line, ..field }))
}

/// Reads the text after the colon without its outer quotes, or a list in brackets or lines.
fn rough(rest: &str, chunk: &str, line: u32) -> Field {
    let field = |value, quoted| Field { value, quoted, line };
    if rest.is_empty() {
        let items = chunk.lines().skip(1).filter_map(|item| item.trim_start().strip_prefix("- "));
        let items: Vec<Value> = items.map(|item| Value::Text(unquote(item.trim()).0.into())).collect();
        return field(if items.is_empty() { Value::Null } else { Value::List(items) }, false);
    }
    let list = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(items) = list.filter(|items| !items.contains(['[', ']'])) {
        let items = items.split(',').map(str::trim).filter(|item| !item.is_empty());
        return field(Value::List(items.map(|item| Value::Text(unquote(item).0.into())).collect()), false);
    }
    let (text, quoted) = unquote(rest);
    field(Value::Text(text.into()), quoted)
}

/// Splits the names of a damaged line at commas too. Jekyll splits a text only at white space, and an input method
/// that writes a full-width colon also writes these commas.
fn split_names(value: Value) -> Value {
    let is_wide = |c: char| matches!(c, '，' | '、' | '\u{3000}');
    let is_separator = |c: char| is_wide(c) || c == ',';
    let names = |text: &str, is_end: &dyn Fn(char) -> bool| {
        let names = text.split(is_end).map(str::trim).filter(|name| !name.is_empty());
        names.map(|name| Value::Text(name.to_owned())).collect::<Vec<_>>()
    };
    match value {
        Value::Text(text) if text.contains(is_separator) => {
            Value::List(names(&text, &|c| is_separator(c) || is_space(c)))
        }
        Value::List(items) => Value::List(
            items
                .into_iter()
                .flat_map(|item| match item {
                    Value::Text(text) if text.contains(is_wide) => names(&text, &is_wide),
                    other => vec![other],
                })
                .collect(),
        ),
        other => other,
    }
}

/// Removes a pair of quotes; the flag is true if there was one.
fn unquote(text: &str) -> (&str, bool) {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .map_or((text, false), |inner| (inner, true))
}

/// Removes a pair of full-width quotes around the whole text. An input method writes them along with full-width colons.
fn without_wide_quotes(text: &str) -> Option<&str> {
    [('“', '”'), ('‘', '’'), ('＂', '＂'), ('＇', '＇')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close))
        .filter(|inner| !inner.contains(['“', '”', '‘', '’', '＂', '＇']))
}
