//! Decodes the bytes of a post or page to text.

use std::borrow::Cow;

use crate::archive::problem::{Code, Defect};
use crate::config::{EncodingRepair, decode_text};

/// Decodes a file's text without its byte order mark. The defect reports any encoding but UTF-8.
pub fn decode(bytes: &[u8]) -> (Cow<'_, str>, Option<Defect>) {
    let (text, repair) = decode_text(bytes);
    let defect = repair.map(|EncodingRepair { line, message }| {
        Defect::warning(Code::EncodingInvalid, message).at_line(u32::try_from(line).unwrap_or(u32::MAX))
    });
    (text, defect)
}
