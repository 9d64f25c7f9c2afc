//! The texts and tags of clean HTML, as ammonia serialises it: each attribute has a value in double quotes.

use std::iter;

use crate::archive::body::html::bytes;

/// A text or a tag of clean HTML.
#[derive(Clone, Copy)]
pub(crate) enum HtmlPiece<'h> {
    /// Text with its entities not yet decoded.
    Text(&'h str),
    Tag(HtmlTag<'h>),
}

/// A tag of clean HTML.
#[derive(Clone, Copy)]
pub(crate) struct HtmlTag<'h> {
    /// The tag as written, from `<` to `>`.
    pub(crate) html: &'h str,
    pub(crate) name: &'h str,
    pub(crate) closes: bool,
}

/// Iterates over the texts and tags of clean HTML in their order.
pub(crate) fn pieces(html: &str) -> impl Iterator<Item = HtmlPiece<'_>> {
    let mut rest = html;
    iter::from_fn(move || {
        let length = match rest.as_bytes().first()? {
            b'<' => tag_length(rest),
            _ => bytes::find(rest.as_bytes(), b"<").unwrap_or(rest.len()),
        };
        let (html, after) = rest.split_at(length);
        rest = after;
        Some(HtmlPiece::new(html))
    })
}

/// Returns the length of the tag at the start of a text. A `>` within quotes does not end it.
fn tag_length(html: &str) -> usize {
    let mut is_quoted = false;
    let end = html.bytes().position(|byte| {
        is_quoted ^= byte == b'"';
        byte == b'>' && !is_quoted
    });
    end.map_or(html.len(), |end| end + 1)
}

impl<'h> HtmlPiece<'h> {
    fn new(html: &'h str) -> Self {
        let Some(tag) = html.strip_prefix('<') else { return Self::Text(html) };
        let (closes, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let name = tag.split([' ', '/', '>']).next().unwrap_or_default();
        Self::Tag(HtmlTag { html, name, closes })
    }
}

impl<'h> HtmlTag<'h> {
    /// Iterates over the names and values of the attributes. The values are still escaped.
    pub(crate) fn attributes(self) -> impl Iterator<Item = (&'h str, &'h str)> {
        let mut parts = self.html.split('"');
        iter::from_fn(move || {
            let name = parts.next()?.strip_suffix('=')?.rsplit(' ').next()?;
            Some((name, parts.next()?))
        })
    }

    /// Returns the value of an attribute, still escaped.
    pub(crate) fn get(self, name: &str) -> Option<&'h str> {
        self.attributes().find(|(other, _)| *other == name).map(|(_, value)| value)
    }
}
