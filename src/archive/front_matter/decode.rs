//! From a file's bytes to text.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8};

use crate::archive::problem::{Code, Defect};

/// A file's text without its byte order mark: UTF-8, else clean GB18030, else UTF-8 with its
/// bad bytes replaced. The defect says which of the latter two it was.
pub fn decode(bytes: &[u8]) -> (Cow<'_, str>, Option<Defect>) {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // On Chinese text faster than the standard library's check.
    if let Some(text) = UTF_8.decode_without_bom_handling_and_without_replacement(bytes) {
        return (text, None);
    }
    let defect = |message: &str| {
        let before = &bytes[..Encoding::utf8_valid_up_to(bytes)];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        Defect::warning(Code::EncodingInvalid, message).at(u32::try_from(line).unwrap_or(u32::MAX))
    };
    if !is_damaged_utf8(bytes)
        && let Some(text) = GB18030.decode_without_bom_handling_and_without_replacement(bytes)
    {
        return (text, Some(defect("not UTF-8; read as GB18030")));
    }
    (String::from_utf8_lossy(bytes), Some(defect("not UTF-8; the bad bytes were replaced")))
}

/// Whether the text has more Han characters in UTF-8 than errors. Most pairs of bytes are
/// GB18030, so that UTF-8 cut in the middle of a character would often pass for it; the other
/// way round, three bytes of GB18030 are hardly ever a character in UTF-8.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut characters, mut errors) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        characters += chunk.valid().chars().filter(|&c| c >= '\u{800}').count();
        errors += usize::from(!chunk.invalid().is_empty());
    }
    characters > errors
}
