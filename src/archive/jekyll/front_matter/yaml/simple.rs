//! The fast path for most front matter: one key per line, with a text, a quoted text or a
//! short list. serde_yaml's parser takes many times as long. Any text that might have another
//! meaning falls back to serde_yaml.

use crate::archive::jekyll::front_matter::value::{Field, Value};

/// Returns the fields, if every line is that simple.
pub(crate) fn fields(yaml: &str) -> Option<Vec<(String, Field)>> {
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

/// Returns whether YAML takes all characters literally: no tabs or control characters, no line breaks
/// except line feeds, no byte order marks.
fn is_simple(bytes: &[u8]) -> bool {
    let may_be_more = |b: &u8| (*b < b' ' && *b != b'\n') || matches!(b, 0x7F | 0xC2);
    !bytes.iter().any(may_be_more)
        && !bytes.windows(3).any(|c| matches!(c, [0xE2, 0x80, 0xA8 | 0xA9] | [0xEF, 0xBB | 0xBF, _]))
}

/// Reads a value, and whether it is quoted.
fn value(text: &str) -> Option<(Value, bool)> {
    match text.as_bytes().first() {
        None => Some((Value::Null, false)),
        Some(quote @ (b'"' | b'\'')) => {
            let inner = text[1..].strip_suffix(char::from(*quote))?;
            let is_whole = !inner.bytes().any(|b| b == *quote || b == b'\\');
            is_whole.then(|| (Value::Text(inner.to_owned()), true))
        }
        Some(b'[') => Some((list(text[1..].strip_suffix(']')?)?, false)),
        Some(_) => is_plain(text).then(|| (Value::from_plain(text), false)),
    }
}

/// Reads the items of a list in brackets; quoted items are not simple.
fn list(items: &str) -> Option<Value> {
    let is_item = |item: &str| {
        is_plain(item) && !item.bytes().any(|b| matches!(b, b'[' | b']' | b'{' | b'}' | b':' | b'#' | b'?'))
    };
    let items = items.split(',').map(|item| item.trim_matches(' '));
    let items = items.map(|item| is_item(item).then(|| Value::from_plain(item)));
    items.collect::<Option<Vec<_>>>().map(Value::List)
}

/// Returns whether an unquoted text means what it shows. Most punctuation at its beginning has a meaning
/// in YAML, and so do `: ` and ` #` inside the text.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/' || !c.is_ascii())
        && !text.ends_with(':')
        && !text.contains(": ")
        && !text.contains(" #")
}
