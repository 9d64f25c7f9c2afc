//! Decodes the bytes of a file to text.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8};

use crate::archive::problem::{Code, Defect};

/// Decodes a file's text without its byte order mark: as UTF-8, else as GB18030 without errors, else as
/// UTF-8 with its bad bytes replaced. The defect reports which of the latter two applies.
pub fn decode(bytes: &[u8]) -> (Cow<'_, str>, Option<Defect>) {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // This check is faster on Chinese text than the standard library's.
    if let Some(text) = UTF_8.decode_without_bom_handling_and_without_replacement(bytes) {
        return (text, None);
    }
    let defect = |message: &str| {
        let before = &bytes[..Encoding::utf8_valid_up_to(bytes)];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        Defect::warning(Code::EncodingInvalid, message).at_line(u32::try_from(line).unwrap_or(u32::MAX))
    };
    if !is_damaged_utf8(bytes)
        && let Some(text) = GB18030.decode_without_bom_handling_and_without_replacement(bytes)
    {
        return (text, Some(defect("the file is not valid UTF-8; it was decoded as GB18030")));
    }
    (
        String::from_utf8_lossy(bytes),
        Some(defect("the file is not valid UTF-8; the invalid bytes were replaced")),
    )
}

/// Returns whether the text has more characters of three or more bytes in UTF-8, such as Han characters,
/// than errors. Most pairs of bytes are valid GB18030, so UTF-8 cut in the middle of a character often
/// passes for GB18030. Conversely, three bytes of GB18030 rarely form a character in UTF-8.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut characters, mut errors) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        characters += chunk.valid().chars().filter(|&c| c >= '\u{800}').count();
        errors += usize::from(!chunk.invalid().is_empty());
    }
    characters > errors
}
