//! Decodes the bytes of a file of the site to text: of the configuration, of posts and of pages.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

/// The reason why a text differs from the bytes of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EncodingRepair {
    /// 1-based line of the first byte that is not UTF-8.
    pub(crate) line: usize,
    /// One sentence, without a full stop.
    pub(crate) message: &'static str,
}

/// Decodes a file's text without its byte order mark: as UTF-32 or UTF-16 if the mark says so, as UTF-8, else as
/// GB18030 without errors, else as UTF-8 with its bad bytes replaced. The repair reports any encoding but UTF-8.
pub(crate) fn decode_text(bytes: &[u8]) -> (Cow<'_, str>, Option<EncodingRepair>) {
    let utf16 = match bytes {
        // The mark of UTF-32 begins with that of UTF-16. No text in UTF-16 begins with a NUL.
        [0xFF, 0xFE, 0, 0, rest @ ..] => return utf32(rest, u32::from_le_bytes),
        [0, 0, 0xFE, 0xFF, rest @ ..] => return utf32(rest, u32::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => Some((UTF_16LE, rest)),
        [0xFE, 0xFF, rest @ ..] => Some((UTF_16BE, rest)),
        _ => None,
    };
    if let Some((encoding, rest)) = utf16 {
        let (text, has_errors) = encoding.decode_without_bom_handling(rest);
        let message = if has_errors {
            "the file is not valid UTF-8; it was decoded as UTF-16, and its invalid bytes were replaced"
        } else {
            "the file is not valid UTF-8; it was decoded as UTF-16"
        };
        return (text, Some(EncodingRepair { line: 1, message }));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // This check is faster on Chinese text than the standard library's.
    if let Some(text) = UTF_8.decode_without_bom_handling_and_without_replacement(bytes) {
        return (text, None);
    }
    let repair = |message| {
        let before = &bytes[..Encoding::utf8_valid_up_to(bytes)];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        Some(EncodingRepair { line, message })
    };
    if !is_damaged_utf8(bytes)
        && let Some(text) = GB18030.decode_without_bom_handling_and_without_replacement(bytes)
    {
        return (text, repair("the file is not valid UTF-8; it was decoded as GB18030"));
    }
    (String::from_utf8_lossy(bytes), repair("the file is not valid UTF-8; the invalid bytes were replaced"))
}

/// Decodes text in UTF-32 without its byte order mark. `number` reads the number of a character.
fn utf32(bytes: &[u8], number: fn([u8; 4]) -> u32) -> (Cow<'_, str>, Option<EncodingRepair>) {
    let (characters, rest) = bytes.as_chunks::<4>();
    let decoded = characters.iter().map(|bytes| char::from_u32(number(*bytes)));
    let cut = (!rest.is_empty()).then_some(None);
    let mut has_errors = false;
    let text = decoded.chain(cut).map(|character| {
        has_errors |= character.is_none();
        character.unwrap_or(char::REPLACEMENT_CHARACTER)
    });
    let text = text.collect::<String>();
    let message = if has_errors {
        "the file is not valid UTF-8; it was decoded as UTF-32, and its invalid bytes were replaced"
    } else {
        "the file is not valid UTF-8; it was decoded as UTF-32"
    };
    (Cow::Owned(text), Some(EncodingRepair { line: 1, message }))
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
