//! kramdown's code blocks, indented and fenced (`parser/kramdown/codeblock.rb` and GFM's).

use crate::archive::body::kramdown::blocks::{
    Block, BlockCursor, Parser, after_indent, begins_blank, ends_lazily, is_blank, line,
};

pub(crate) fn fenced(parser: &mut Parser, c: &mut BlockCursor<'_, '_>) -> bool {
    let first = c.line();
    let Some((fence, info)) = fence(first) else { return false };
    let info = info.trim();
    if info.contains(char::is_whitespace) || parser.budget == 0 {
        return false;
    }
    let start = c.pos + first.len();
    let mut at = start;
    while at < c.src.len() {
        let line = line(&c.src[at..]);
        if fence_closes(line, fence) {
            let lang = info.split('?').next().unwrap_or_default().to_owned();
            c.blocks.push(Block::Code { text: c.src[start..at].to_owned(), lang });
            c.pos = at + line.len();
            return true;
        }
        at += line.len();
    }
    parser.budget = parser.budget.saturating_sub(c.src.len() - start);
    false
}

pub(crate) fn indented(c: &mut BlockCursor<'_, '_>) -> bool {
    let len = indented_len(c.rest());
    if len == 0 {
        return false;
    }
    let mut text = String::new();
    for line in c.rest()[..len].split_inclusive('\n') {
        match without_indent(line) {
            Some(code) => text.push_str(code),
            None if is_blank(line) => text.push('\n'),
            // A lazy line continues the line before it.
            None => {
                text.truncate(text.trim_end_matches('\n').len());
                text.push(' ');
                text.push_str(line);
            }
        }
    }
    c.blocks.push(Block::Code { text, lang: String::new() });
    c.pos += len;
    true
}

/// `CODEBLOCK_MATCH`: the length of indented code, lazy lines included.
pub(crate) fn indented_len(text: &str) -> usize {
    let mut len = 0;
    loop {
        let mut at = len;
        while at < text.len() && begins_blank(&text[at..]) {
            at += line(&text[at..]).len();
        }
        if without_indent(&text[at..]).is_none() || at == text.len() {
            return len;
        }
        while at < text.len() && without_indent(&text[at..]).is_some() && !begins_blank(&text[at..]) {
            at += line(&text[at..]).len();
        }
        while at < text.len() && !ends_lazily(&text[at..]) {
            at += line(&text[at..]).len();
        }
        len = at;
    }
}

/// A line without the tab or four spaces of an indent.
pub(crate) fn without_indent(line: &str) -> Option<&str> {
    line.strip_prefix('\t').or_else(|| line.strip_prefix("    "))
}

/// The fence that opens a code block, and the rest of its line.
pub(crate) fn fence(line: &str) -> Option<(&str, &str)> {
    let text = after_indent(line);
    let mark = text.bytes().next().filter(|b| matches!(b, b'~' | b'`'))?;
    let len = text.bytes().take_while(|b| *b == mark).count();
    (len >= 3).then(|| text.split_at(len))
}

fn fence_closes(line: &str, open: &str) -> bool {
    let text = after_indent(line).trim_ascii_end();
    text.starts_with(open) && text.bytes().all(|b| Some(b) == open.bytes().next())
}
