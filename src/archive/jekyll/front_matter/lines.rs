//! White space as Ruby defines it, and the number of lines of a text.

/// Ruby's `\s`.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

pub(crate) fn count_lines(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|&byte| byte == b'\n').count()).unwrap_or(u32::MAX)
}
