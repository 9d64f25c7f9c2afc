//! Tables as kramdown parses them, but only if they have a delimiter row (`parser/kramdown/table.rb`): a
//! `|` in a headline does not make a table.

use crate::archive::body::kramdown::blocks::{
    Block, BlockCursor, Leaf, after_indent, before_boundary, is_blank, line,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Default,
    Left,
    Center,
    Right,
}

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) aligns: Vec<Align>,
    /// The sections in order, with their element: `thead`, `tbody`, `tfoot`.
    pub(crate) sections: Vec<(&'static str, Vec<Vec<Leaf>>)>,
    pub(crate) columns: usize,
}

pub(crate) fn table(c: &mut BlockCursor<'_, '_>) -> bool {
    let first = c.line();
    if !first.contains('|')
        || is_blank(first)
        || after_indent(first).starts_with([' ', '\t'])
        || !c.after_boundary()
    {
        return false;
    }
    let second = line(&c.rest()[first.len()..]);
    if !is_delimiter(first) && !is_delimiter(second) {
        return false;
    }
    let Some((table, len)) = read(c.rest()) else { return false };
    c.blocks.push(Block::Table(table));
    c.pos += len;
    true
}

/// The table at the start of a text, and its length.
fn read(text: &str) -> Option<(Table, usize)> {
    let leading_pipe = text.trim_start().starts_with('|');
    let mut table = Table { aligns: Vec::new(), sections: Vec::new(), columns: 0 };
    let mut rows: Vec<Vec<Leaf>> = Vec::new();
    let mut has_footer = false;
    let mut len = 0;
    if is_delimiter(line(text)) {
        len += line(text).len();
    }
    while len < text.len() {
        let row = line(&text[len..]);
        if !has_pipe(row) {
            break;
        }
        if is_delimiter(row) {
            if !rows.is_empty() && !has_footer {
                let is_head = table.aligns.is_empty();
                if is_head {
                    table.aligns = aligns(row);
                }
                let section = if is_head { "thead" } else { "tbody" };
                table.sections.push((section, std::mem::take(&mut rows)));
            }
        } else if is_footer(row) {
            if !rows.is_empty() {
                table.sections.push(("tbody", std::mem::take(&mut rows)));
            }
            has_footer = true;
        } else {
            let cells = cells(row.trim_end(), leading_pipe);
            table.columns = table.columns.max(cells.len());
            rows.push(cells);
        }
        len += row.len();
    }
    if !before_boundary(&text[len..]) {
        return None;
    }
    if !rows.is_empty() {
        table.sections.push((if has_footer { "tfoot" } else { "tbody" }, rows));
    }
    let has_body = table.sections.iter().any(|(name, _)| *name == "tbody");
    // One wide row must not pad many narrow ones with millions of empty cells.
    let count = table.sections.iter().map(|(_, rows)| rows.len()).sum::<usize>();
    if count * table.columns <= 16 * len {
        for row in table.sections.iter_mut().flat_map(|(_, rows)| rows) {
            row.resize_with(table.columns, || Leaf::new(""));
        }
    }
    table.aligns.resize(table.columns, Align::Default);
    has_body.then_some((table, len))
}

/// Returns whether a row has an unescaped pipe.
fn has_pipe(row: &str) -> bool {
    row.match_indices('|').any(|(at, _)| !row[..at].ends_with('\\'))
}

fn is_delimiter(row: &str) -> bool {
    row.contains('|')
        && row.contains('-')
        && row.trim_end().bytes().all(|b| matches!(b, b'+' | b'|' | b':' | b' ' | b'\t' | b'-'))
}

fn is_footer(row: &str) -> bool {
    row.contains('=') && row.trim_end().bytes().all(|b| matches!(b, b'+' | b'|' | b':' | b' ' | b'\t' | b'='))
}

fn aligns(row: &str) -> Vec<Align> {
    row.split(['|', '+'])
        .map(str::trim)
        .filter(|cell| cell.contains('-'))
        .map(|cell| match (cell.starts_with(':'), cell.ends_with(':')) {
            (false, false) => Align::Default,
            (true, false) => Align::Left,
            (false, true) => Align::Right,
            (true, true) => Align::Center,
        })
        .collect()
}

/// A row's cells: split at pipes outside of code, without the outermost pipes.
fn cells(row: &str, leading_pipe: bool) -> Vec<Leaf> {
    let bytes = row.as_bytes();
    let mut cells = vec![String::new()];
    let mut from = 0;
    let mut i = 0;
    let push = |cells: &mut Vec<String>, text: &str| {
        if let Some(cell) = cells.last_mut() {
            cell.push_str(text);
        }
    };
    while i < bytes.len() {
        match bytes[i] {
            b'\\' if bytes.get(i + 1) == Some(&b'|') => {
                push(&mut cells, &row[from..i]);
                from = i + 1;
                i += 2;
            }
            b'`' => {
                let ticks = bytes[i..].iter().take_while(|b| **b == b'`').count();
                let close = row[i + ticks..].find(&row[i..i + ticks]);
                i += ticks + close.map_or(0, |at| at + ticks);
            }
            b'|' => {
                push(&mut cells, &row[from..i]);
                cells.push(String::new());
                i += 1;
                from = i;
            }
            _ => i += 1,
        }
    }
    push(&mut cells, &row[from..]);
    if leading_pipe && cells.first().is_some_and(|cell| cell.trim().is_empty()) {
        cells.remove(0);
    }
    if cells.last().is_some_and(|cell| cell.trim().is_empty()) {
        cells.pop();
    }
    cells.into_iter().map(|cell| Leaf::new(cell.trim())).collect()
}
