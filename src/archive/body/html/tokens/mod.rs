//! A tokenizer for HTML that borrows from its input, and the state that scripts need. Used by the rewriting
//! pass and for bodies that keep only their text.

use std::borrow::Cow;

use crate::archive::body::html::element::{self, Policy};
use crate::archive::body::html::{bytes, markup, references, unfinished};
use crate::archive::body::kramdown::literal::escape_html;

/// The text of a body without its markup, one paragraph per line.
pub(crate) fn text_only(html: &str) -> String {
    let html = &unfinished::escape(html);
    let text =
        tokenize(html, TextCollector { raw: RawText::new(html), out: String::with_capacity(html.len()) }).out;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.fold(String::with_capacity(text.len()), |mut out, line| {
        out.push_str("<p>");
        escape_html(line, &mut out);
        out.push_str("</p>\n");
        out
    })
}

/// A start tag.
pub(crate) struct StartTag<'h> {
    /// The name in lower case.
    pub(crate) name: Cow<'h, str>,
    /// Names and values as written.
    attributes: Vec<(&'h str, &'h str)>,
}

impl<'h> StartTag<'h> {
    /// The value of an attribute; the first one wins.
    pub(crate) fn get(&self, name: &str) -> Option<Cow<'h, str>> {
        let found = self.attributes.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| references::resolve_value(value))
    }

    pub(crate) fn has_attributes(&self) -> bool {
        !self.attributes.is_empty()
    }
}

/// Receives the tokens of a text. Comments and declarations are skipped.
pub(crate) trait TokenHandler<'h> {
    /// A part of a text with its references resolved. Each leading line break is a part of its own.
    fn text(&mut self, text: &str);
    /// Returns whether to skip the element's content as raw text.
    fn start(&mut self, tag: &StartTag<'h>) -> bool;
    fn end(&mut self, name: Cow<'h, str>);
    /// Receives the content of an element that `start` skips, as written.
    fn raw_text(&mut self, _tag: &StartTag<'h>, _text: &'h str) {}
}

pub(crate) fn tokenize<'h, R: TokenHandler<'h>>(html: &'h str, mut handler: R) -> R {
    let html = html.strip_prefix('\u{FEFF}').unwrap_or(html);
    let mut tag = StartTag { name: Cow::Borrowed(""), attributes: Vec::new() };
    let mut at = 0;
    while at < html.len() {
        let rest = &html[at..];
        let bytes = rest.as_bytes();
        let len = match (bytes[0], bytes.get(1), bytes.get(2)) {
            (b'<', Some(b'!'), _) if rest.starts_with("<!--") => markup::comment(rest),
            (b'<', Some(b'!' | b'?'), _) => markup::declaration(rest),
            (b'<', Some(b'/'), Some(b)) if b.is_ascii_alphabetic() => {
                let len = markup::tag(rest, |_, _| {});
                if len.is_some() {
                    handler.end(lower(markup::name(rest, 2)));
                }
                len
            }
            (b'<', Some(b'/'), Some(_)) => markup::declaration(rest),
            (b'<', Some(b), _) if b.is_ascii_alphabetic() => {
                tag.name = lower(markup::name(rest, 1));
                tag.attributes.clear();
                let len = markup::tag(rest, |name, value| tag.attributes.push((name, value)));
                len.and_then(|len| {
                    if !handler.start(&tag) {
                        return Some(len);
                    }
                    let content = markup::raw_content(&rest[len..], &tag.name)?;
                    handler.raw_text(&tag, &rest[len..len + content]);
                    Some(len + content)
                })
            }
            (first, ..) => Some(text(rest, usize::from(first == b'<'), &mut handler)),
        };
        // Markup that never ends hides the rest of the body.
        let Some(len) = len else { break };
        at += len;
    }
    handler
}

/// Reads the text at the start of `rest` and returns its length. The first `from` bytes are text, whatever
/// they are.
fn text<'h>(rest: &str, from: usize, handler: &mut impl TokenHandler<'h>) -> usize {
    let bytes = rest.as_bytes();
    let special = bytes::find(&bytes[from..], b"<&\r\0");
    let special = special.map_or(rest.len(), |at| from + at);
    let end = match bytes.get(special) {
        None | Some(b'<') => special,
        Some(_) => bytes::find(&bytes[special..], b"<").map_or(rest.len(), |at| special + at),
    };
    give(&rest[..special], handler);
    if end > special {
        references::resolve_text(&rest[special..end], |part| give(part, handler));
    }
    end
}

fn give<'h>(text: &str, handler: &mut impl TokenHandler<'h>) {
    let breaks = text.bytes().take_while(|b| *b == b'\n').count();
    (0..breaks).for_each(|_| handler.text("\n"));
    if breaks < text.len() {
        handler.text(&text[breaks..]);
    }
}

/// A tag's name in lower case, with each NUL replaced as in HTML.
fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase() || b == 0) {
        Cow::Owned(name.to_ascii_lowercase().replace('\0', "\u{FFFD}"))
    } else {
        Cow::Borrowed(name)
    }
}

/// The raw-text elements (`script` and the like) that have an end tag: only their content is skipped.
pub(crate) struct RawText<'h> {
    html: &'h str,
    /// The number of end tags that remain, by element.
    left: Vec<(String, usize)>,
}

impl<'h> RawText<'h> {
    pub(crate) fn new(html: &'h str) -> Self {
        Self { html, left: Vec::new() }
    }

    /// Returns whether to skip the content of the element that begins here.
    pub(crate) fn begins(&mut self, name: &str) -> bool {
        *self.left(name) > 0
    }

    pub(crate) fn ends(&mut self, name: &str) {
        let left = self.left(name);
        *left = left.saturating_sub(1);
    }

    fn left(&mut self, name: &str) -> &mut usize {
        let at = self.left.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
            let closers = self.html.match_indices("</").filter(|(i, _)| {
                let rest = &self.html.as_bytes()[i + 2..];
                rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
            });
            self.left.push((name.to_owned(), closers.count()));
            self.left.len() - 1
        });
        &mut self.left[at].1
    }
}

struct TextCollector<'h> {
    raw: RawText<'h>,
    out: String,
}

impl<'h> TokenHandler<'h> for TextCollector<'h> {
    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn start(&mut self, tag: &StartTag<'h>) -> bool {
        self.tag(&tag.name);
        element::policy(&tag.name) == Policy::Raw && self.raw.begins(&tag.name)
    }

    fn end(&mut self, name: Cow<'h, str>) {
        self.tag(&name);
        if element::policy(&name) == Policy::Raw {
            self.raw.ends(&name);
        }
    }
}

impl TextCollector<'_> {
    fn tag(&mut self, name: &str) {
        if element::closes_paragraph(name) || name == "br" {
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests;
