//! Line breaks of the source between East Asian characters. Such a break is no space (CSS Text, "segment break
//! transformation rules"), but not every browser removes it.

use std::borrow::Cow;
use std::ops::Range;

use crate::archive::body::html::pieces::{HtmlPiece, HtmlTag, pieces};
use crate::archive::body::html::{bytes, element, markup};

/// Removes the soft breaks of clean HTML. Tags within a line do not matter: `甲\n<b>乙</b>` becomes
/// `甲<b>乙</b>`.
pub(crate) fn join_html(html: Cow<'_, str>) -> Cow<'_, str> {
    if !may_hold_soft_break(&html) {
        return html;
    }
    let mut line = JoinedText::with_capacity(html.len());
    let mut in_pre = 0_usize;
    for piece in pieces(&html) {
        match piece {
            HtmlPiece::Text(text) if in_pre == 0 => line.add(text),
            HtmlPiece::Text(text) => line.out.push_str(text),
            HtmlPiece::Tag(HtmlTag { html, name, closes }) => {
                if element::ends_line(name) || name == "img" {
                    line.end();
                }
                if name == "pre" {
                    in_pre = if closes { in_pre.saturating_sub(1) } else { in_pre + 1 };
                }
                line.out.push_str(html);
            }
        }
    }
    Cow::Owned(line.out)
}

/// Removes the soft breaks of a text, in which a blank line separates paragraphs.
pub(crate) fn join_text(text: &str) -> Cow<'_, str> {
    if !text.contains('\n') {
        return Cow::Borrowed(text);
    }
    let mut line = JoinedText::with_capacity(text.len());
    line.add(text);
    Cow::Owned(line.out)
}

/// The text written so far, and the state of its last line.
struct JoinedText {
    out: String,
    /// The last character of the line that is no white space.
    last: Option<char>,
    /// The place in `out` of the white space after that character.
    space: Option<Range<usize>>,
}

impl JoinedText {
    fn with_capacity(capacity: usize) -> Self {
        Self { out: String::with_capacity(capacity), last: None, space: None }
    }

    fn end(&mut self) {
        (self.last, self.space) = (None, None);
    }

    fn add(&mut self, text: &str) {
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let starts_blank = first.is_ascii_whitespace();
            let end = rest.find(|c: char| c.is_ascii_whitespace() != starts_blank).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            rest = after;
            if starts_blank {
                self.add_space(part);
            } else {
                self.add_word(part, first);
            }
        }
    }

    fn add_space(&mut self, space: &str) {
        let start = self.out.len();
        self.out.push_str(space);
        // White space on both sides of a tag stays.
        match self.space {
            Some(_) => self.end(),
            None => self.space = Some(start..self.out.len()),
        }
    }

    fn add_word(&mut self, word: &str, first: char) {
        if let Some((last, space)) = self.last.zip(self.space.take())
            && self.out[space.clone()].matches('\n').count() == 1
            && joins(last, first)
        {
            self.out.replace_range(space, "");
        }
        self.out.push_str(word);
        self.last = word.chars().next_back();
    }
}

/// Returns whether a body may hold a soft break to remove. Most line breaks stand between two blocks.
fn may_hold_soft_break(html: &str) -> bool {
    let mut rest = html;
    let mut before = "";
    while let Some(at) = bytes::find(rest.as_bytes(), b"\n") {
        let line = rest[..at].trim_ascii_end();
        before = if line.is_empty() { before } else { line };
        rest = rest[at..].trim_ascii_start();
        if may_end_before(before) && may_begin_after(rest) {
            return true;
        }
    }
    false
}

fn may_end_before(line: &str) -> bool {
    line.bytes().next_back().is_some_and(|b| b == b'>' || !b.is_ascii()) && !line.ends_with("<br>")
}

fn may_begin_after(line: &str) -> bool {
    match line.as_bytes() {
        [b'<', b'/', ..] => !element::ends_line(markup::name(line, 2)),
        [b'<', ..] => !element::ends_line(markup::name(line, 1)),
        line => line.first().is_some_and(|b| !b.is_ascii()),
    }
}

/// Returns whether a line break between two characters is no space: both are wide and not Hangul, or one is
/// a quotation mark, dash or ellipsis, which Chinese texts share with European ones.
fn joins(before: char, after: char) -> bool {
    let [before_is_wide, after_is_wide] = [before, after].map(is_wide);
    (before_is_wide && after_is_wide)
        || (before_is_wide && is_shared_mark(after))
        || (is_shared_mark(before) && after_is_wide)
}

fn is_wide(c: char) -> bool {
    matches!(u32::from(c),
        0x2E80..=0x303E | 0x3041..=0x312F | 0x3190..=0x4DBF | 0x4E00..=0xA4CF | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6B | 0xFF01..=0xFF9F | 0xFFE0..=0xFFE6 | 0x1B000..=0x1B2FF | 0x20000..=0x3FFFD)
}

fn is_shared_mark(c: char) -> bool {
    matches!(c, '\u{B7}' | '—' | '―' | '‘' | '’' | '“' | '”' | '‥' | '…')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_break_between_wide_characters_is_removed() {
        let table = [
            ("<p>跨\n行的\n词</p>", "<p>跨行的词</p>"),
            ("<p>甲。\n  （乙）</p>", "<p>甲。（乙）</p>"),
            ("<p>说：\n“甲”\n乙——\n丙…\n丁</p>", "<p>说：“甲”乙——丙…丁</p>"),
            ("<p>かな\nカナ\n字</p>", "<p>かなカナ字</p>"),
            ("<p>甲\n<b>乙\n</b>丙<i>\n丁</i></p>", "<p>甲<b>乙</b>丙<i>丁</i></p>"),
            ("<p>甲<b>乙</b>\n<a href=\"x\">丙</a>\n</p>", "<p>甲<b>乙</b><a href=\"x\">丙</a>\n</p>"),
            ("<p>甲</p>\n<p>乙</p>\n丙\n丁", "<p>甲</p>\n<p>乙</p>\n丙丁"),
        ];
        for (html, expected) in table {
            assert_eq!(join_html(Cow::Borrowed(html)), expected, "{html}");
            assert_eq!(join_html(Cow::Borrowed(expected)), expected, "{expected}");
        }
    }

    #[test]
    fn other_white_space_stays() {
        for html in [
            "<p>甲 乙</p>",
            "<p>甲\nb\n丙\n1</p>",
            "<p>a\n“b”</p>",
            "<p>한국\n어 말\n甲</p>",
            "<p>甲\n😀\n乙</p>",
            "<p>甲\n\n乙</p>",
            "<p>甲\n<b>\n乙</b> <b>\n丙</b></p>",
            "<p>甲<br>\n乙</p>",
            "<p>甲\n<img src=\"x\">\n乙</p>",
            "<pre>甲\n乙</pre>",
            "<pre><code>甲\n乙</code>\n丙</pre>",
            "<p>甲</p>\n乙",
            "<ul>\n<li>甲</li>\n<li>乙</li>\n</ul>\n",
            "<table><tr><td>甲</td>\n<td>乙</td></tr></table>",
            "<p><img alt=\"甲\n乙\" src=\"x\">丙\n1</p>",
            "\n\n",
        ] {
            assert_eq!(join_html(Cow::Borrowed(html)), html);
        }
    }

    #[test]
    fn blank_line_of_a_text_separates_paragraphs() {
        for (text, expected) in [("甲\n乙", "甲乙"), ("甲\n\n乙", "甲\n\n乙"), ("a\nb", "a\nb"), ("甲", "甲")]
        {
            assert_eq!(join_text(text), expected, "{text}");
        }
    }
}
