//! The extent of a Liquid tag in a text, and the white space that Liquid trims.

/// `{% inner %}` or `{{ inner }}`.
#[derive(Clone, Copy)]
pub(crate) struct LiquidTag<'s> {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) inner: &'s str,
    pub(crate) is_output: bool,
    pub(crate) trim_before: bool,
    pub(crate) trim_after: bool,
}

impl<'s> LiquidTag<'s> {
    /// The name of the tag, and the rest of its content.
    pub(crate) fn parts(&self) -> (&'s str, &'s str) {
        let (name, rest) = self.inner.split_once(char::is_whitespace).unwrap_or((self.inner, ""));
        (name, rest.trim())
    }
}

/// The tag that begins at a `{`. A tag that contains a blank line is text.
pub(crate) fn tag_at(source: &str, start: usize) -> Option<LiquidTag<'_>> {
    let rest = &source[start..];
    let (close, is_output) = match rest.as_bytes().get(1)? {
        b'{' => ("}}", true),
        b'%' => ("%}", false),
        _ => return None,
    };
    // No real tag is longer, and the bound keeps a body full of `{{` linear.
    let window = &rest.as_bytes()[2..rest.len().min(1024)];
    let len = window.windows(2).position(|pair| pair == close.as_bytes())?;
    let inner = &rest[2..2 + len];
    if inner.contains("\n\n") {
        return None;
    }
    let trim_before = inner.starts_with('-');
    let inner = inner.strip_prefix('-').unwrap_or(inner);
    let trim_after = inner.ends_with('-');
    let inner = inner.strip_suffix('-').unwrap_or(inner).trim();
    Some(LiquidTag { start, end: start + 2 + len + 2, inner, is_output, trim_before, trim_after })
}

/// Ruby's `strip`: a full-width space stays.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, '\0' | '\t'..='\r' | ' ')
}
