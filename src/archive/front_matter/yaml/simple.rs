//! Front matter as nearly all is: a line for each key, with a text, a text in quotes or a short
//! list behind it. It is read without serde_yaml, whose parser takes many times as long;
//! whatever might mean more than it shows is left to it.

use super::super::{Field, Value};
use super::null_or_text;

/// The fields, if every line is as simple as that.
pub(super) fn fields(yaml: &str) -> Option<Vec<(String, Field)>> {
    if !is_simple(yaml.as_bytes()) {
        return None;
    }
    let mut fields = Vec::with_capacity(8);
    for (line, number) in yaml.split_terminator('\n').zip(2..) {
        if line.is_empty() {
            continue;
        }
        let (key, rest) = line.split_once(':')?;
        let is_key = key.starts_with(|c: char| c.is_ascii_alphabetic())
            && key.len() <= 64
            && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
        if !is_key || !(rest.is_empty() || rest.starts_with(' ')) {
            return None;
        }
        let (value, quoted) = value(rest.trim_matches(' '))?;
        fields.push((key.to_owned(), Field { value, quoted, line: number }));
    }
    (!fields.is_empty()).then_some(fields)
}

/// Whether all characters are ones that YAML takes as they are: no tabs and control characters,
/// no line breaks but the usual one, no marks of byte order.
fn is_simple(bytes: &[u8]) -> bool {
    let may_be_more = |b: &u8| (*b < b' ' && *b != b'\n') || matches!(b, 0x7F | 0xC2);
    !bytes.iter().any(may_be_more)
        && !bytes.windows(3).any(|c| matches!(c, [0xE2, 0x80, 0xA8 | 0xA9] | [0xEF, 0xBB | 0xBF, _]))
}

/// A value, and whether it was in quotes.
fn value(text: &str) -> Option<(Value, bool)> {
    match text.as_bytes().first() {
        None => Some((Value::Null, false)),
        Some(quote @ (b'"' | b'\'')) => {
            let inner = text[1..].strip_suffix(char::from(*quote))?;
            let is_whole = !inner.bytes().any(|b| b == *quote || b == b'\\');
            is_whole.then(|| (Value::Text(inner.to_owned()), true))
        }
        Some(b'[') => Some((list(text[1..].strip_suffix(']')?)?, false)),
        Some(_) => is_plain(text).then(|| (null_or_text(text), false)),
    }
}

/// The items of a list in brackets, none of them in quotes.
fn list(items: &str) -> Option<Value> {
    let is_item = |item: &str| {
        is_plain(item) && !item.bytes().any(|b| matches!(b, b'[' | b']' | b'{' | b'}' | b':' | b'#' | b'?'))
    };
    let items = items.split(',').map(|item| item.trim_matches(' '));
    items.map(|item| is_item(item).then(|| null_or_text(item))).collect::<Option<Vec<_>>>().map(Value::List)
}

/// Whether a text without quotes is what it looks like. Most marks at its beginning have a
/// meaning, and so have `: ` and ` #` within.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/' || !c.is_ascii())
        && !text.ends_with(':')
        && !text.contains(": ")
        && !text.contains(" #")
}
