//! Marks that replace text that Markdown must not touch while a body is converted. They are Unicode
//! noncharacters, which `strip` removes from every source first, so no author can write one.

use std::borrow::Cow;

use crate::archive::body::html::bytes;

/// Begins a line, followed by a space: no block begins with it.
pub(crate) const GUARD: char = '\u{FDD0}';
/// A `*` that is not emphasis.
pub(crate) const STAR: char = '\u{FDD1}';
/// A space inside a link target or at the start of a line.
pub(crate) const SPACE: char = '\u{FDD2}';
/// A `\` that escapes nothing in kramdown but would in CommonMark.
pub(crate) const BACKSLASH: char = '\u{FDD3}';
/// A `~` that is not strikethrough.
pub(crate) const TILDE: char = '\u{FDD4}';
/// `OPEN` and `CLOSE` surround the number of a held literal.
const OPEN: char = '\u{FDD5}';
const CLOSE: char = '\u{FDD6}';

/// Removes the marks from a source.
pub(crate) fn strip(source: &str) -> Cow<'_, str> {
    if may_hold_marks(source) {
        Cow::Owned(source.replace(|c: char| (GUARD..=CLOSE).contains(&c), ""))
    } else {
        Cow::Borrowed(source)
    }
}

/// Returns whether a text begins with a held literal.
pub(crate) fn begins_held(text: &str) -> bool {
    text.starts_with(OPEN)
}

/// Returns whether a text has the two bytes that begin every mark. Few other characters begin with them.
fn may_hold_marks(text: &str) -> bool {
    let bytes = text.as_bytes();
    // There is no early exit, so that the compiler vectorises the loop.
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    pairs.fold(false, |found, (first, second)| found | ((*first == 0xEF) & (*second == 0xB7)))
}

#[derive(Debug)]
enum Literal {
    Text(String),
    Html(String),
    /// The HTML of a script or style, which has no text.
    Program(String),
}

/// The literals of one body, held by number.
#[derive(Debug, Default)]
pub(crate) struct Literals(Vec<Literal>);

impl Literals {
    /// Writes a mark for text to show unchanged.
    pub(crate) fn hold_text(&mut self, text: impl Into<String>, out: &mut String) {
        self.hold(Literal::Text(text.into()), out);
    }

    /// Writes a mark for HTML that Markdown no longer reads.
    pub(crate) fn hold_html(&mut self, html: impl Into<String>, out: &mut String) {
        self.hold(Literal::Html(html.into()), out);
    }

    /// Writes a mark for the HTML of a script or style.
    pub(crate) fn hold_program(&mut self, html: impl Into<String>, out: &mut String) {
        self.hold(Literal::Program(html.into()), out);
    }

    fn hold(&mut self, literal: Literal, out: &mut String) {
        out.push(OPEN);
        out.push_str(&self.0.len().to_string());
        out.push(CLOSE);
        self.0.push(literal);
    }

    /// Escapes text for element content or an attribute value, with its marks resolved.
    pub(crate) fn escape(&self, text: &str, out: &mut String) {
        self.write(text, true, out);
    }

    /// Writes HTML with its marks resolved.
    pub(crate) fn restore(&self, html: &str, out: &mut String) {
        self.write(html, false, out);
    }

    /// The same for HTML that `spans` has not marked.
    pub(crate) fn restore_block(&self, html: &str, out: &mut String) {
        if self.0.is_empty() { out.push_str(html) } else { self.restore(html, out) }
    }

    /// The text that readers see: marks resolved, not escaped.
    pub(crate) fn plain(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        self.write_plain(text, self.0.len(), &mut out);
        out
    }

    fn write_plain(&self, text: &str, bound: usize, out: &mut String) {
        let mut rest = text;
        while let Some(at) = rest.find(|c| (GUARD..=CLOSE).contains(&c)) {
            out.push_str(&rest[..at]);
            let (mark, len) = self.mark(&rest[at..], bound);
            match mark {
                MarkMeaning::Plain(text) => out.push_str(text),
                MarkMeaning::Held(number, Literal::Text(text) | Literal::Html(text)) => {
                    self.write_plain(text, number, out);
                }
                MarkMeaning::Held(_, Literal::Program(_)) => {}
            }
            rest = &rest[at + len..];
        }
        out.push_str(rest);
    }

    fn write(&self, text: &str, escape: bool, out: &mut String) {
        self.write_below(text, escape, self.0.len(), out);
    }

    /// Writes a text whose literals have numbers below `bound`. A literal holds only earlier ones: code in HTML may
    /// contain a Liquid tag.
    fn write_below(&self, text: &str, escape: bool, bound: usize, out: &mut String) {
        let write = |text: &str, out: &mut String| {
            if escape { escape_html(text, out) } else { out.push_str(text) }
        };
        let mut rest = if may_hold_marks(text) { text } else { return write(text, out) };
        while let Some(at) = rest.find(|c| (GUARD..=CLOSE).contains(&c)) {
            write(&rest[..at], out);
            rest = &rest[at..];
            let (mark, len) = self.mark(rest, bound);
            match mark {
                MarkMeaning::Plain(text) => out.push_str(text),
                MarkMeaning::Held(number, Literal::Html(html) | Literal::Program(html)) => {
                    self.write_below(html, false, number, out);
                }
                MarkMeaning::Held(number, Literal::Text(text)) => self.write_below(text, true, number, out),
            }
            rest = &rest[len..];
        }
        write(rest, out);
    }

    /// The meaning of the mark at the start of `text`, and its length in bytes. The number of a literal is below
    /// `bound`.
    fn mark(&self, text: &str, bound: usize) -> (MarkMeaning<'_>, usize) {
        let len = GUARD.len_utf8();
        let rest = &text[len..];
        match text.chars().next() {
            Some(GUARD) => (MarkMeaning::Plain(""), len + usize::from(rest.starts_with(' '))),
            Some(STAR) => (MarkMeaning::Plain("*"), len),
            Some(SPACE) => (MarkMeaning::Plain(" "), len),
            Some(TILDE) => (MarkMeaning::Plain("~"), len),
            Some(BACKSLASH) => (MarkMeaning::Plain("\\"), len),
            Some(OPEN) => rest
                .find(CLOSE)
                .and_then(|end| {
                    let number = rest[..end].parse::<usize>().ok().filter(|number| *number < bound)?;
                    Some((MarkMeaning::Held(number, self.0.get(number)?), len + end + len))
                })
                .unwrap_or((MarkMeaning::Plain(""), len)),
            _ => (MarkMeaning::Plain(""), len),
        }
    }
}

enum MarkMeaning<'a> {
    Plain(&'static str),
    /// The literal with this number.
    Held(usize, &'a Literal),
}

fn entity(byte: u8) -> &'static str {
    match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        _ => "&quot;",
    }
}

/// Escapes text for element content or an attribute value.
pub(crate) fn escape_html(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = bytes::find(rest.as_bytes(), b"&<>\"") {
        out.push_str(&rest[..at]);
        out.push_str(entity(rest.as_bytes()[at]));
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_resolve_and_cannot_be_forged() {
        let mut held = Literals::default();
        let mut text = String::from("a ");
        held.hold_text("{{ x | y }} <", &mut text);
        held.hold_html("<b>", &mut text);
        let mut out = String::new();
        held.escape(&text, &mut out);
        assert_eq!(out, "a {{ x | y }} &lt;<b>");
        assert_eq!(held.plain(&text), "a {{ x | y }} <<b>");
        assert_eq!(strip("a\u{FDD0}b\u{FDD6}"), "ab");
        let mut out = String::new();
        held.escape("x\u{FDD5}99\u{FDD6}y\u{FDD5}", &mut out);
        assert_eq!(out, "x99y");
    }

    #[test]
    fn literals_hold_earlier_literals_but_never_themselves() {
        let mut held = Literals::default();
        let (mut inner, mut outer, mut own) = (String::new(), String::new(), String::new());
        held.hold_text("{{ < }}", &mut inner);
        held.hold_html(format!("<code>{inner}</code>"), &mut outer);
        held.hold_text("a\u{FDD5}2\u{FDD6}b", &mut own);
        let mut out = String::new();
        held.restore(&format!("{outer}{own}"), &mut out);
        assert_eq!(out, "<code>{{ &lt; }}</code>a2b");
        assert_eq!(held.plain(&outer), "<code>{{ < }}</code>");
    }
}
