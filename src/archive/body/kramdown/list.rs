//! kramdown's lists: bullets, numbers and definitions (`parser/kramdown/list.rb`).

use crate::archive::body::kramdown::blocks::{
    Block, BlockCursor, Definition, Leaf, Parser, is_blank, is_boundary, is_rule,
};
use crate::archive::body::kramdown::tag::begins_raw_text;
use crate::archive::body::kramdown::{define, html_block};

#[derive(Clone, Copy, PartialEq, Eq)]
enum ListKind {
    Bullet,
    Number,
    Definition,
}

/// Returns `Some` if a line begins with the marker of a bullet or numbered list.
pub(crate) fn marker(line: &str) -> Option<()> {
    at(line, ListKind::Bullet, 3).or_else(|| at(line, ListKind::Number, 3)).map(|_| ())
}

/// Returns `Some` if a line begins with `: `.
pub(crate) fn definition_marker(line: &str) -> Option<()> {
    at(line, ListKind::Definition, 3).map(|_| ())
}

/// The length of a line's marker, indent included; the indent is at most `indent` spaces.
fn at(line: &str, kind: ListKind, indent: usize) -> Option<usize> {
    let bytes = line.as_bytes();
    let spaces = bytes.iter().take_while(|b| **b == b' ').count();
    let mark = &bytes[spaces..];
    let len = match kind {
        ListKind::Bullet => usize::from(matches!(mark.first(), Some(b'+' | b'*' | b'-'))),
        ListKind::Definition => usize::from(mark.first() == Some(&b':')),
        ListKind::Number => match mark.iter().take_while(|b| b.is_ascii_digit()).count() {
            digits if digits > 0 && mark.get(digits) == Some(&b'.') => digits + 1,
            _ => 0,
        },
    };
    let follows = matches!(mark.get(len), Some(b'\t' | b'|' | b' '));
    (len > 0 && spaces <= indent && follows).then_some(spaces + len)
}

/// An item whose lines are being collected.
struct ListItem {
    /// The item's text. A nested list begins a new part, so that it does not join the paragraph before it.
    parts: Vec<String>,
    indent: usize,
}

impl ListItem {
    /// `parse_first_list_line`: `content` is the text after the marker.
    fn new(marker: usize, content: &str) -> Self {
        let mut content = expand_tabs(content, marker);
        let indent = if is_blank(define::without_attributes(&content)) {
            4
        } else {
            marker + content.bytes().take_while(|b| *b == b' ').count()
        };
        content.drain(..content.len() - content.trim_ascii_start().len());
        let content = define::without_attributes(&content).to_owned();
        Self { parts: vec![content], indent }
    }

    /// Returns whether a line has the indent of this item's content.
    fn holds(&self, line: &str) -> bool {
        let mut rest = line;
        for _ in 0..self.indent / 4 {
            match rest.strip_prefix('\t').or_else(|| rest.strip_prefix("    ")) {
                Some(inner) => rest = inner,
                None => return false,
            }
        }
        let spaces = self.indent % 4;
        rest.starts_with('\t') || rest.bytes().take(spaces).filter(|b| *b == b' ').count() == spaces
    }

    /// Returns whether a line without that indent continues this item.
    fn takes_lazily(&self, line: &str) -> bool {
        let spaces = line.bytes().take(self.indent.min(3)).take_while(|b| *b == b' ').count();
        !(0..=spaces).any(|indent| {
            let text = &line[indent..];
            define::is_attributes(text) || html_block::begins_or_ends(text) || begins_raw_text(text)
        })
    }

    fn last(&mut self) -> &mut String {
        if self.parts.is_empty() {
            self.parts.push(String::new());
        }
        let last = self.parts.len() - 1;
        &mut self.parts[last]
    }
}

fn expand_tabs(content: &str, marker: usize) -> String {
    let mut out = String::with_capacity(content.len());
    let start = content.len() - content.trim_start_matches([' ', '\t']).len();
    for byte in content[..start].bytes() {
        let width = if byte == b'\t' { 4 - (out.len() + marker) % 4 } else { 1 };
        out.extend(std::iter::repeat_n(' ', width));
    }
    out.push_str(&content[start..]);
    out
}

/// Expands a line's leading tabs and removes the item's indent. The flag is true if the line had it.
fn outdent(line: &str, indent: usize) -> (String, bool) {
    let tabs = line.bytes().take_while(|b| *b == b'\t').count();
    let expanded = format!("{}{}", " ".repeat(4 * tabs), &line[tabs..]);
    match expanded.get(..indent) {
        Some(head) if head.bytes().all(|b| b == b' ') => (expanded[indent..].to_owned(), true),
        _ => (expanded, false),
    }
}

pub(crate) fn list(parser: &mut Parser, c: &mut BlockCursor<'_, '_>) -> bool {
    let first = c.line();
    let kind = if at(first, ListKind::Bullet, 3).is_some() { ListKind::Bullet } else { ListKind::Number };
    if at(first, kind, 3).is_none() {
        return false;
    }
    let start = first.trim_start().split('.').next().and_then(|number| number.parse().ok());
    let start = (kind == ListKind::Number).then(|| start.unwrap_or(1));
    let (items, ended) = collect(c, kind);
    let mut items = items
        .into_iter()
        .map(|item| {
            let mut blocks = Vec::new();
            for part in &item.parts {
                parser.parse_into(&mut blocks, part);
            }
            take_task_box(&mut blocks);
            blocks
        })
        .collect::<Vec<_>>();
    let last = tighten(&mut items, ended);
    c.blocks.push(Block::List { start, items });
    if !ended {
        c.blocks.extend(last);
    }
    true
}

/// The items of a list, and whether a `^` ended it.
fn collect(c: &mut BlockCursor<'_, '_>, kind: ListKind) -> (Vec<ListItem>, bool) {
    let mut items: Vec<ListItem> = Vec::new();
    let (mut indent, mut nested, mut after_blank) = (3, false, false);
    while c.pos < c.src.len() {
        let line = c.line();
        if after_blank && is_rule(line) {
            break;
        }
        if is_boundary(line) {
            c.pos += line.len();
            return (items, true);
        }
        if let Some(len) = at(line, kind, indent) {
            let item = ListItem::new(len, &line[len..]);
            indent = item.indent.saturating_sub(1).min(3);
            nested = marker(&item.parts[0]).is_some();
            items.push(item);
            after_blank = false;
        } else {
            let Some(item) = items.last_mut() else { break };
            if is_blank(line) {
                item.last().push_str(line);
                nested = true;
                after_blank = true;
            } else if item.holds(line) || (!after_blank && item.takes_lazily(line)) {
                let (mut text, indented) = outdent(line, item.indent);
                if marker(&text).is_some() {
                    if !nested && indented {
                        item.parts.push(String::new());
                        nested = true;
                    } else if nested && !indented {
                        text.insert_str(0, &" ".repeat(item.indent + 4));
                    }
                }
                item.last().push_str(&text);
                after_blank = false;
            } else {
                break;
            }
        }
        c.pos += line.len();
    }
    (items, false)
}

/// Decides which items have no `<p>`, and returns the blank lines at the end of the list.
fn tighten(items: &mut [Vec<Block>], ended: bool) -> Option<Block> {
    let count = items.len();
    let mut last_blank = None;
    // True once an earlier item is not a loose paragraph.
    let mut tight_before = false;
    for (i, blocks) in items.iter_mut().enumerate() {
        let is_last = i + 1 == count;
        let lone = blocks.len() < 2
            || !matches!(blocks[1], Block::Blank { .. })
            || (is_last && blocks.len() == 2 && !ended);
        if let Some(Block::Para { tight, .. }) = blocks.first_mut() {
            *tight = lone && (!is_last || count == 1 || tight_before);
        }
        tight_before |= !matches!(blocks.first(), Some(Block::Para { tight: false, .. }));
        last_blank = blocks.pop_if(|block| matches!(block, Block::Blank { .. }));
    }
    last_blank
}

/// Writes GFM's `[ ]` and `[x]` as kramdown does. The box becomes text with the other controls of a body.
fn take_task_box(blocks: &mut [Block]) {
    let Some(Block::Para { leaf, .. }) = blocks.first_mut() else { return };
    let text = leaf.text.trim_ascii_start();
    let boxes = [("[ ]", ""), ("[x]", " checked"), ("[X]", " checked")];
    let found = boxes.iter().find_map(|(mark, state)| Some((text.strip_prefix(mark)?, state)));
    if let Some((rest, state)) = found.filter(|(rest, _)| rest.starts_with(|c: char| c.is_ascii_whitespace()))
    {
        leaf.text = format!("<input type=\"checkbox\" disabled{state} />{}", rest.trim_ascii_start());
    }
}

pub(crate) fn definitions(parser: &mut Parser, c: &mut BlockCursor<'_, '_>) -> bool {
    if at(c.line(), ListKind::Definition, 3).is_none() {
        return false;
    }
    let mut loose = false;
    let terms = match c.blocks.as_slice() {
        [.., Block::Para { leaf, .. }] => leaf.text.clone(),
        [.., Block::Para { leaf, .. }, Block::Blank { single: true }] => {
            loose = true;
            leaf.text.clone()
        }
        _ => return false,
    };
    c.blocks.truncate(c.blocks.len() - 1 - usize::from(loose));
    let mut parts =
        terms.split('\n').map(|term| Definition::Term(Leaf::new(term.trim_ascii()))).collect::<Vec<_>>();
    let mut bodies: Vec<(ListItem, bool)> = Vec::new();
    let (mut indent, mut after_blank) = (3, false);
    while c.pos < c.src.len() {
        let line = c.line();
        if let Some(len) = at(line, ListKind::Definition, indent) {
            let item = ListItem::new(len, &line[len..]);
            indent = item.indent.saturating_sub(1).min(3);
            bodies.push((item, loose));
            (loose, after_blank) = (false, false);
        } else {
            let Some((item, _)) = bodies.last_mut().filter(|_| !is_boundary(line)) else { break };
            if is_blank(line) {
                item.last().push_str(line);
                (loose, after_blank) = (true, true);
            } else if item.holds(line) || (!after_blank && item.takes_lazily(line)) {
                let text = outdent(line, item.indent).0;
                item.last().push_str(&text);
                (loose, after_blank) = (false, false);
            } else {
                break;
            }
        }
        c.pos += line.len();
    }
    let mut last = None;
    for (item, loose) in bodies {
        let mut blocks = Vec::new();
        for part in &item.parts {
            parser.parse_into(&mut blocks, part);
        }
        last = blocks.pop_if(|block| matches!(block, Block::Blank { .. }));
        if let Some(Block::Para { tight, .. }) = blocks.first_mut() {
            *tight = !loose;
        }
        parts.push(Definition::Body(blocks));
    }
    let blank = c.blocks.pop_if(|block| matches!(block, Block::Blank { .. }));
    match c.blocks.last_mut() {
        Some(Block::Definitions(before)) => before.extend(parts),
        _ => {
            c.blocks.extend(blank);
            c.blocks.push(Block::Definitions(parts));
        }
    }
    c.blocks.extend(last);
    true
}
