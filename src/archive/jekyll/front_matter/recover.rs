//! Reads invalid YAML line by line: a field that is valid YAML by itself is parsed as YAML, any other
//! field is the text after its colon.

use crate::archive::jekyll::front_matter::lines::{count_lines, is_blank, is_space};
use crate::archive::jekyll::front_matter::value::{Field, Value};
use crate::archive::jekyll::front_matter::yaml;

/// Returns the fields, and the line of the file with the first field that is invalid by itself.
pub(crate) fn fields(text: &str) -> (Vec<(String, Field)>, Option<u32>) {
    let mut fields = Vec::new();
    let mut first_invalid = None;
    let mut start = 0;
    let mut line = 2;
    while start < text.len() {
        let chunk = chunk(&text[start..]);
        if let Some((key, rest)) = pair(chunk) {
            let alone = if rest_of_line(chunk).starts_with('\t') { None } else { alone(chunk, line) };
            if alone.is_none() && first_invalid.is_none() {
                first_invalid = Some(line);
            }
            fields.push(alone.unwrap_or_else(|| (key.to_owned(), rough(rest, chunk, line))));
        } else if first_invalid.is_none() && !is_blank(chunk) && !chunk.starts_with('#') {
            first_invalid = Some(line);
        }
        start += chunk.len();
        line += count_lines(chunk);
    }
    (fields, first_invalid)
}

/// Returns a line and its continuation: lines indented by spaces, list items and blank lines.
fn chunk(text: &str) -> &str {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or(text);
    let more = lines.take_while(|line| {
        line.starts_with(' ') || line.starts_with("- ") || (is_blank(line) && !first.starts_with('#'))
    });
    &text[..first.len() + more.map(str::len).sum::<usize>()]
}

fn rest_of_line(chunk: &str) -> &str {
    chunk.lines().next().unwrap_or(chunk)
}

/// Splits `key: rest` in the first line; a plain key also allows `key:rest`.
fn pair(chunk: &str) -> Option<(&str, &str)> {
    let line = rest_of_line(chunk).trim_start_matches('\t');
    let (key, rest) = line.split_once(':')?;
    let key = key.trim_end_matches(is_space);
    let key = key.strip_prefix(['"', '\'']).and_then(|key| key.strip_suffix(['"', '\''])).unwrap_or(key);
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let spaced = rest.is_empty() || rest.starts_with(is_space);
    let is_key = !key.is_empty()
        && !key.starts_with(|c: char| is_space(c) || "#-[]{},&*!|>%@`\"'".contains(c))
        && (spaced || (plain && !rest.starts_with("//")));
    is_key.then_some((key, rest.trim_matches(is_space)))
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

/// Removes a pair of quotes; the flag is true if there was one.
fn unquote(text: &str) -> (&str, bool) {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .map_or((text, false), |inner| (inner, true))
}
