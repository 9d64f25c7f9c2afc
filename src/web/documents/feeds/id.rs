//! Entry ids in the form of jekyll-feed: `post.id` after Liquid's `absolute_url`, which is Addressable's
//! `normalize` (addressable/uri.rb, `normalize_component`). Feed readers recognise entries by them.

use std::fmt::Write;

use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization;

use crate::web::paths::UNFIT;

/// Characters to escape in text that was beyond ASCII before normalisation. In other
/// text, existing escapes are kept.
const IN_TEXTS: &AsciiSet = &UNFIT.add(b'%').add(b'#').add(b'?').add(b'[').add(b']');

/// Normalises an id: converts characters beyond ASCII by NFKC (a full-width `！` becomes
/// a plain one) and escapes them.
pub(crate) fn normalised(id: &str) -> String {
    let id = with_plain_han(id);
    let mut out = String::with_capacity(id.len());
    let mut rest = id.as_str();
    while !rest.is_empty() {
        let ascii = rest.find(|c: char| !c.is_ascii()).unwrap_or(rest.len());
        let length = rest[ascii..].find(|c: char| c.is_ascii()).unwrap_or(rest.len() - ascii);
        let (plain, beyond) = (&rest[..ascii], &rest[ascii..ascii + length]);
        let beyond: String = beyond.nfkc().collect();
        // Writing to a `String` does not fail.
        let _ =
            write!(out, "{}{}", utf8_percent_encode(plain, UNFIT), utf8_percent_encode(&beyond, IN_TEXTS));
        rest = &rest[ascii + length..];
    }
    out
}

/// Decodes the escapes of characters beyond ASCII. Other escapes may have a meaning.
fn with_plain_han(id: &str) -> String {
    let mut out = String::with_capacity(id.len());
    let mut rest = id;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let escapes = escapes_of(&rest[at..]);
        let (run, after) = rest[at..].split_at(escapes.max(1));
        match percent_decode_str(run).decode_utf8() {
            Ok(text) if escapes > 0 => out.push_str(&text),
            _ => out.push_str(run),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Returns the length of the escapes of bytes beyond ASCII at the beginning of a text.
fn escapes_of(text: &str) -> usize {
    let is_beyond =
        |escape: &[u8]| escape[0] == b'%' && matches!(escape[1], b'8' | b'9' | b'A'..=b'F' | b'a'..=b'f');
    let escapes = text
        .as_bytes()
        .chunks_exact(3)
        .take_while(|escape| is_beyond(escape) && escape[2].is_ascii_hexdigit());
    escapes.count() * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_match_jekyll() {
        for (id, expected) in [
            ("/hongwang/2024/01/02/plain", "/hongwang/2024/01/02/plain"),
            ("/hong/2024/01/02/Upper Case_X", "/hong/2024/01/02/Upper%20Case_X"),
            ("/%E7%BA%A2%E7%BD%91/2024/01/02/a", "/%E7%BA%A2%E7%BD%91/2024/01/02/a"),
            (
                "/%EF%BC%88%E6%B8%AF%EF%BC%89/中文 标题！",
                "/(%E6%B8%AF)/%E4%B8%AD%E6%96%87%20%E6%A0%87%E9%A2%98!",
            ),
            ("/a/p%25q/b%23c", "/a/p%25q/b%23c"),
            ("/问？％", "/%E9%97%AE%3F%25"),
            ("/%E7%BA/x%zz%", "/%E7%BA/x%zz%"),
        ] {
            assert_eq!(normalised(id), expected, "{id}");
        }
    }
}
