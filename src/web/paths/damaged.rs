//! Reads the text of damaged URLs: programs cut links inside an escape or a character, and old ones escape Chinese
//! in GBK instead of UTF-8.

use std::borrow::Cow;

use encoding_rs::GB18030;
use percent_encoding::percent_decode_str;

/// Stands for what a damaged URL lost.
pub(super) const LOST: char = char::REPLACEMENT_CHARACTER;

/// The decoded text of a path that ends inside an escape or is not UTF-8, with U+FFFD for what it lost; `None` for
/// other paths.
pub(crate) fn repaired(path: &str) -> Option<String> {
    let is_cut = without_cut_escape(path).len() < path.len() || cut_escape_end(path).is_some();
    let is_damaged = is_cut || percent_decode_str(path).decode_utf8().is_err();
    is_damaged.then(|| guessed(path))
}

/// Percent-decodes a text. Bytes that are not UTF-8 are read as GBK if they are valid in it.
pub(super) fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8().unwrap_or_else(|_| guessed(text).into())
}

fn guessed(text: &str) -> String {
    let (mut guess, mut rest) = (String::new(), text);
    // A program may have added other text to a link that was cut.
    while let Some(end) = cut_escape_end(rest) {
        let (cut, after) = rest.split_at(end);
        guess += &guessed_part(cut);
        rest = after;
    }
    guess + &guessed_part(rest)
}

/// Reads a text that has a cut escape at its end only.
fn guessed_part(text: &str) -> String {
    let whole = without_cut_escape(text);
    let bytes: Cow<'_, [u8]> = percent_decode_str(whole).into();
    let mut guess = guessed_bytes(&bytes);
    if whole.len() < text.len() && !guess.ends_with(LOST) {
        guess.push(LOST);
    }
    guess
}

fn guessed_bytes(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => return text.to_owned(),
        // UTF-8 that ends inside a character often passes for GBK too.
        Err(error) if error.error_len().is_none() || is_cut_utf8(bytes) => {
            return String::from_utf8_lossy(bytes).into_owned();
        }
        Err(_) => {}
    }
    let gbk = |bytes| GB18030.decode_without_bom_handling_and_without_replacement(bytes).map(Cow::into_owned);
    // GBK may end inside a character as well.
    let cut_gbk = || {
        let (_, before) = bytes.split_last()?;
        gbk(before).map(|text| format!("{text}{LOST}"))
    };
    gbk(bytes).or_else(cut_gbk).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
}

/// Returns whether bytes are UTF-8 with a Han character, but for characters that are cut before ASCII.
fn is_cut_utf8(bytes: &[u8]) -> bool {
    let mut chunks = bytes.utf8_chunks().peekable();
    let mut has_han = false;
    while let Some(chunk) = chunks.next() {
        has_han |= chunk.valid().chars().any(|c| c >= '\u{800}');
        let is_before_ascii =
            chunks.peek().is_none_or(|next| next.valid().starts_with(|c: char| c.is_ascii()));
        if !chunk.invalid().is_empty() && !is_before_ascii {
            return false;
        }
    }
    has_han
}

/// Returns the end of the first cut escape, `%` or a `%` with one digit, directly after the escape of a byte that is not
/// ASCII.
fn cut_escape_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let is_cut = |at: &usize| {
        let before = at - 3;
        bytes[*at] == b'%'
            && bytes[before] == b'%'
            && digit(before + 1).is_some_and(|digit| digit >= 8)
            && digit(before + 2).is_some()
            && (digit(at + 1).is_none() || digit(at + 2).is_none())
    };
    let at = (3..bytes.len()).find(is_cut)?;
    Some(at + 1 + usize::from(digit(at + 1).is_some()))
}

/// Removes a `%`, or a `%` with one digit, from the end of a text.
fn without_cut_escape(text: &str) -> &str {
    match text.as_bytes() {
        [.., b'%'] => &text[..text.len() - 1],
        [.., b'%', digit] if digit.is_ascii_hexdigit() => &text[..text.len() - 2],
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_and_gbk_paths_are_repaired() {
        let table = [
            ("/a/b.html", None),
            ("/%E4%B8%AD%E6%96%87", None),
            ("/中文", None),
            ("/50%-off", None),
            ("/%zz/a", None),
            // Inside an escape.
            ("/a%", Some("/a\u{FFFD}")),
            ("/a%2", Some("/a\u{FFFD}")),
            ("/%E4%B8%AD%E6%96%8", Some("/中\u{FFFD}")),
            ("/%E4%B8%AD%", Some("/中\u{FFFD}")),
            // Inside a character, at the end or before other text.
            ("/%E4%B8%AD%E6%96", Some("/中\u{FFFD}")),
            ("/%E4%B8%AD%E6", Some("/中\u{FFFD}")),
            ("/%E4%B8", Some("/\u{FFFD}")),
            ("/%E4%B8%AD%E6%96%87%E6...", Some("/中文\u{FFFD}...")),
            ("/category/%E8%B4%A2%E7%B.html", Some("/category/财\u{FFFD}.html")),
            ("/category/%E8%B4%A2%E7%.html", Some("/category/财\u{FFFD}.html")),
            ("/category/%E8%B4%A2%E7.html", Some("/category/财\u{FFFD}.html")),
            ("/%E8%B4%A2%E7%BB/%E4%B8%AD%E6.html", Some("/财\u{FFFD}/中\u{FFFD}.html")),
            ("/%E8%B4%A2%E.html", Some("/财\u{FFFD}.html")),
            ("/%B2%C6%BE%A.html", Some("/财\u{FFFD}.html")),
            // GBK, whole and cut.
            ("/%B2%C6%BE%AD/%D6%D0%CE%C4.html", Some("/财经/中文.html")),
            ("/a/%D6%D0%CE%C4%B1%EA%CC%E2", Some("/a/中文标题")),
            ("/a/%D6%D0%CE%C4%B1%EA%CC", Some("/a/中文标\u{FFFD}")),
            ("/a/%D6%D0%CE%C4%B1%EA%CC%E", Some("/a/中文标\u{FFFD}")),
            ("/%B2%C6%BE%AD/2024/%D6%D0%CE%C4%B1%E", Some("/财经/2024/中文\u{FFFD}")),
            // Neither.
            ("/q%ff/", Some("/q\u{FFFD}/")),
            ("/%ff", Some("/\u{FFFD}")),
        ];
        for (path, expected) in table {
            assert_eq!(repaired(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn percent_sign_at_the_end_of_a_text_is_kept() {
        for (text, expected) in [("100%", "100%"), ("a%2", "a%2"), ("%D6%D0%CE%C4", "中文"), ("%25", "%")] {
            assert_eq!(decoded(text), expected);
        }
    }
}
