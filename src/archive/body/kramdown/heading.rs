//! kramdown's headings, `# …` and underlined (`parser/kramdown/header.rb` and GFM's).

use crate::archive::body::kramdown::blocks::{Block, BlockCursor, Leaf, after_indent, line};

pub(crate) fn heading(c: &mut BlockCursor<'_, '_>) -> bool {
    let line = c.line();
    let Some((level, contents)) = atx(line) else { return false };
    let (text, id) = heading_id(contents.trim_end());
    let closed = text.trim_end_matches('#');
    let text = if closed.ends_with([' ', '\t']) { closed.trim_end() } else { text };
    add_heading(c, level, text, id, line.len())
}

pub(crate) fn setext_heading(c: &mut BlockCursor<'_, '_>) -> bool {
    let first = c.line();
    let under = line(&c.rest()[first.len()..]);
    let marks = under.trim_ascii_end();
    let contents = after_indent(first).trim_end();
    if !under.starts_with(['-', '='])
        || !marks.bytes().all(|b| matches!(b, b'-' | b'='))
        || contents.is_empty()
        || contents.starts_with([' ', '\t'])
        || !c.after_boundary()
    {
        return false;
    }
    let (text, id) = heading_id(contents);
    let level = if under.starts_with('-') { 2 } else { 1 };
    add_heading(c, level, text, id, first.len() + under.len())
}

fn add_heading(c: &mut BlockCursor<'_, '_>, level: usize, text: &str, id: Option<&str>, len: usize) -> bool {
    if text.is_empty() {
        return false;
    }
    let (leaf, id) = (Leaf::new(text), id.map(str::to_owned));
    c.blocks.push(Block::Heading { level, leaf, id, in_toc: true, style: String::new() });
    c.pos += len;
    true
}

/// Parses `# contents` into the level and the contents.
pub(crate) fn atx(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    let contents = &line[level..];
    ((1..=6).contains(&level) && contents.starts_with([' ', '\t'])).then(|| (level, contents.trim_start()))
}

/// Splits `{#id}` off the end of a heading.
fn heading_id(text: &str) -> (&str, Option<&str>) {
    let found = text.strip_suffix('}').and_then(|open| open.rsplit_once("{#")).filter(|(before, id)| {
        before.ends_with([' ', '\t'])
            && id.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == ':')
            && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.'))
    });
    found.map_or((text, None), |(before, id)| (before.trim_end(), Some(id)))
}
