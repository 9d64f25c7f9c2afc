//! HTML blocks: an element extends to its matching closing tag, across blank lines, and Markdown continues
//! after it (`parser/kramdown/html.rb`). Unlike in kramdown, an element that is never closed ends at the
//! next blank line.

use crate::archive::body::html::{bytes, element};
use crate::archive::body::kramdown::blocks::{
    Block, BlockCursor, Leaf, Parser, after_indent, is_blank, line,
};
use crate::archive::body::kramdown::tag::{
    self, CloseTag, OpenTag, close_tag, is_raw_text, open_tag, raw_text_close,
};

/// Maximum number of open elements during a search for a closing tag.
const MAX_OPEN: usize = 512;

pub(crate) fn html(parser: &mut Parser, c: &mut BlockCursor<'_, '_>) -> bool {
    let text = after_indent(c.rest());
    if let Some(comment) = text.strip_prefix("<!--") {
        let Some(len) = comment.find("-->").filter(|_| parser.budget > 0) else {
            parser.budget = parser.budget.saturating_sub(text.len());
            return false;
        };
        c.pos = c.src.len() - comment.len() + len + 3;
        skip_line_end(c);
        c.blocks.push(Block::Nothing { ends: false });
        return true;
    }
    let Some(tag) = open_tag(text).filter(|tag| !tag::is_span(tag.name)) else { return false };
    c.pos = c.src.len() - text.len();
    if tag.closed || tag::is_void(tag.name) {
        c.blocks.push(Block::Html(text[..tag.len].to_owned()));
        c.pos += tag.len;
        return true;
    }
    match matching_close(parser, text, tag) {
        Some(close) => {
            let (inner, end) = (&text[tag.len..close.start], &text[close.start..close.end]);
            let block = match content(tag) {
                ContentModel::Raw => Block::Html(text[..close.end].to_owned()),
                ContentModel::Blocks => {
                    let inner = inner.strip_prefix('\n').unwrap_or(inner);
                    with_markdown(text, tag, parser.parse(&format!("{inner}\n")), end)
                }
                ContentModel::Spans => {
                    let leaf = Leaf::new(inner.trim_ascii());
                    with_markdown(
                        text,
                        tag,
                        vec![Block::Para { leaf, tight: true, style: String::new() }],
                        end,
                    )
                }
            };
            c.blocks.push(block);
            c.pos += close.end;
        }
        None => {
            let len = to_blank_line(text, tag.len);
            let (_, open) = scan(&text[..len]);
            c.blocks.push(Block::Html(closed(&text[..len], &open)));
            c.pos += len;
        }
    }
    skip_line_end(c);
    true
}

/// Closes the tags that are open at the end of `text`. Tags that would hide their content are closed at once, so that
/// the text after them is shown.
fn closed(text: &str, open: &[(OpenTag<'_>, usize)]) -> String {
    let mut html = String::with_capacity(text.len());
    let mut from = 0;
    for (tag, at) in open.iter().filter(|(tag, _)| element::hides(tag.name)) {
        html.extend([&text[from..at + tag.len], "</", tag.name, ">"]);
        from = at + tag.len;
    }
    html.push_str(text[from..].trim_ascii_end());
    for (tag, _) in open.iter().rev().filter(|(tag, _)| !element::hides(tag.name)) {
        html.extend(["</", tag.name, ">"]);
    }
    html
}

fn with_markdown(text: &str, tag: OpenTag<'_>, children: Vec<Block>, close: &str) -> Block {
    Block::Element { open: text[..tag.len].to_owned(), children, close: close.to_owned() }
}

enum ContentModel {
    Raw,
    Blocks,
    Spans,
}

/// `HTML_MARKDOWN_ATTR_MAP`
fn content(tag: OpenTag<'_>) -> ContentModel {
    match tag.markdown {
        Some("block") => ContentModel::Blocks,
        Some("span") => ContentModel::Spans,
        Some("1") if tag::holds_blocks(tag.name) => ContentModel::Blocks,
        Some("1") if tag::holds_spans(tag.name) => ContentModel::Spans,
        _ => ContentModel::Raw,
    }
}

fn matching_close(parser: &mut Parser, text: &str, tag: OpenTag<'_>) -> Option<CloseTag> {
    if parser.budget == 0 {
        return None;
    }
    let found = if is_raw_text(tag.name) {
        raw_text_close(&text[tag.len..], tag.name)
            .map(|close| CloseTag { start: close.start + tag.len, end: close.end + tag.len })
    } else {
        scan(text).0
    };
    if found.is_none() {
        parser.budget = parser.budget.saturating_sub(text.len());
    }
    found
}

/// Finds a `script` or `style` that begins in the first `line` bytes of a text and extends across a blank line. It ends
/// the paragraph around it, unlike in kramdown: the paragraph after the blank line would show the rest of the program.
pub(crate) fn begins_long_raw_text(parser: &mut Parser, text: &str, line: usize) -> Option<usize> {
    text[..line].match_indices('<').map(|(at, _)| at).find(|at| {
        if !matches!(text.as_bytes().get(at + 1), Some(b's' | b'S')) || parser.budget == 0 {
            return false;
        }
        let text = &text[*at..];
        let Some(tag) = open_tag(text).filter(|tag| is_raw_text(tag.name) && !tag.closed) else {
            return false;
        };
        let content = &text[tag.len..];
        let before_blank = to_blank_line(content, 0);
        parser.budget = parser.budget.saturating_sub(before_blank);
        if before_blank == content.len() || raw_text_close(&content[..before_blank], tag.name).is_some() {
            return false;
        }
        let close = matching_close(parser, text, tag);
        parser.budget = parser.budget.saturating_sub(close.as_ref().map_or(0, |close| close.end));
        close.is_some()
    })
}

/// Scans the element at the start of a text. Returns its closing tag, or the tags that are open at the end
/// of the text, with their positions.
fn scan(text: &str) -> (Option<CloseTag>, Vec<(OpenTag<'_>, usize)>) {
    let mut open: Vec<(OpenTag<'_>, usize)> = Vec::new();
    let mut unclosed: Vec<&str> = Vec::new();
    let mut at = 0;
    while let Some(i) = bytes::find(&text.as_bytes()[at..], b"<") {
        at += i;
        let rest = &text[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            at += comment.find("-->").map_or(4, |len| len + 7);
        } else if let Some((name, len)) = close_tag(rest) {
            let found = open.iter().rposition(|(other, _)| other.name.eq_ignore_ascii_case(name));
            open.truncate(found.unwrap_or(open.len()));
            if open.is_empty() {
                return (Some(CloseTag { start: at, end: at + len }), open);
            }
            at += len;
        } else if let Some(tag) = open_tag(rest) {
            let start = at;
            at += tag.len;
            if is_raw_text(tag.name) && !unclosed.contains(&tag.name) {
                match raw_text_close(&text[at..], tag.name) {
                    Some(close) => at += close.end,
                    None => unclosed.push(tag.name),
                }
            } else if is_raw_text(tag.name) {
                // An earlier search found no closing tag.
            } else if !tag.closed && !tag::is_void(tag.name) {
                open.push((tag, start));
            }
            if open.len() > MAX_OPEN {
                break;
            }
        } else {
            at += 1;
        }
    }
    (None, open)
}

/// The length of a text up to its first blank line after `from`.
fn to_blank_line(text: &str, from: usize) -> usize {
    let mut at = from + line(&text[from..]).len();
    while at < text.len() && !is_blank(line(&text[at..])) {
        at += line(&text[at..]).len();
    }
    at
}

/// `TRAILING_WHITESPACE`
fn skip_line_end(c: &mut BlockCursor<'_, '_>) {
    let rest = c.rest().trim_start_matches([' ', '\t']);
    if let Some(rest) = rest.strip_prefix('\n') {
        c.pos = c.src.len() - rest.len();
    }
}

/// `LAZY_END_HTML_START` and `LAZY_END_HTML_STOP`: returns whether a line begins with the tag of an element
/// that is not a span.
pub(crate) fn begins_or_ends(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('<') else { return false };
    let (name, is_stop) = inner.strip_prefix('/').map_or((inner, false), |name| (name, true));
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return false;
    }
    let word = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
    if word <= 8 && (tag::is_span(&name[..word]) || &name[..word] == "script") {
        return false;
    }
    !is_stop || close_tag(text).is_some()
}
