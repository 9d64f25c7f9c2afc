//! White space as Ruby defines it, the number of lines of a text, and closing fences.

/// Ruby's `\s`.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

/// Returns the length of the fence that closes front matter, if the line is one.
pub(crate) fn fence_end(line: &str) -> Option<usize> {
    let rest = line.strip_prefix("---").or_else(|| line.strip_prefix("..."))?;
    is_blank(rest).then_some(line.len() - rest.len())
}
