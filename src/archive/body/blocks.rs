//! kramdown's blocks (its GFM parser, as Jekyll configures it): a source becomes a tree whose
//! leaves are span text. A port of kramdown 2.4's `parser/kramdown/*.rb`, rule for rule, except
//! where JEKYLL.md asks for better: tables need a delimiter row, an unclosed tag ends at the
//! next blank line.

use super::html_block;
use super::list;
use super::table;

/// Blocks nested deeper than this are text.
const MAX_DEPTH: usize = 48;

/// Span text that ends in one HTML element.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) text: String,
    /// Which paragraph of the comrak document it is; `None` if it needs no Markdown.
    pub(super) node: Option<usize>,
}

impl Leaf {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), node: None }
    }
}

#[derive(Debug)]
pub(super) enum Block {
    /// Blank lines; `single` if it is exactly one empty line.
    Blank {
        single: bool,
    },
    /// What prints nothing: a definition, a comment. `ends` if a block may begin after it as
    /// after a blank line.
    Nothing {
        ends: bool,
    },
    /// A paragraph; `tight` if it goes without `<p>`.
    Para {
        leaf: Leaf,
        tight: bool,
    },
    Heading {
        level: usize,
        leaf: Leaf,
        id: Option<String>,
    },
    Rule,
    Code {
        text: String,
        lang: String,
    },
    Quote(Vec<Block>),
    List {
        start: Option<u64>,
        items: Vec<Vec<Block>>,
    },
    Definitions(Vec<Definition>),
    Table(table::Table),
    /// Ready HTML.
    Html(String),
    /// `$$…$$`: text that a script of the site shows as a formula.
    Math(String),
    /// An HTML element with `markdown="1"`.
    Element {
        open: String,
        children: Vec<Block>,
        close: String,
    },
}

#[derive(Debug)]
pub(super) enum Definition {
    Term(Leaf),
    Body(Vec<Block>),
}

/// `[label]: url "title"`.
#[derive(Debug)]
pub(super) struct LinkDefinition {
    pub(super) label: String,
    pub(super) url: String,
    pub(super) title: String,
}

/// A source as blocks, with what it defines.
#[derive(Debug, Default)]
pub(super) struct Parser {
    pub(super) links: Vec<LinkDefinition>,
    pub(super) footnotes: Vec<(String, Vec<Block>)>,
    depth: usize,
    /// Bytes that searches for a missing end may still cost: keeps a hostile body linear.
    pub(super) budget: usize,
}

/// Where a block parser stands: a source of whole lines and the blocks so far.
pub(super) struct Cursor<'s, 'b> {
    pub(super) src: &'s str,
    pub(super) pos: usize,
    pub(super) blocks: &'b mut Vec<Block>,
    /// The id that `{: #id}` gives to the next block.
    pub(super) next_id: Option<String>,
}

impl<'s> Cursor<'s, '_> {
    pub(super) fn rest(&self) -> &'s str {
        &self.src[self.pos..]
    }

    /// The line at the cursor, with its newline.
    pub(super) fn line(&self) -> &'s str {
        line(self.rest())
    }

    /// `after_block_boundary?`
    pub(super) fn after_boundary(&self) -> bool {
        matches!(self.blocks.last(), None | Some(Block::Blank { .. } | Block::Nothing { ends: true }))
            || self.next_id.is_some()
    }
}

impl Parser {
    /// For a source of so many bytes.
    pub(super) fn new(len: usize) -> Self {
        Self { budget: 8 * len + 65_536, ..Self::default() }
    }

    /// The blocks of a text.
    pub(super) fn parse(&mut self, text: &str) -> Vec<Block> {
        let mut blocks = Vec::new();
        self.parse_into(&mut blocks, text);
        blocks
    }

    /// The same, after blocks that are there already: a paragraph goes on.
    pub(super) fn parse_into(&mut self, blocks: &mut Vec<Block>, text: &str) {
        if self.depth >= MAX_DEPTH {
            let leaf = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            blocks.push(Block::Para { leaf: Leaf::new(leaf), tight: false });
            return;
        }
        self.depth += 1;
        let mut cursor = Cursor { src: text, pos: 0, blocks, next_id: None };
        while cursor.pos < text.len() {
            self.block(&mut cursor);
        }
        self.depth -= 1;
    }

    /// One block, tried in kramdown's order.
    fn block(&mut self, c: &mut Cursor<'_, '_>) {
        let _ = blank(c)
            || indented_code(c)
            || self.fenced_code(c)
            || self.quote(c)
            || heading(c)
            || rule(c)
            || list::list(self, c)
            || list::definitions(self, c)
            || html_block::html(self, c)
            || setext_heading(c)
            || self.math(c)
            || table::table(c)
            || super::define::footnote(self, c)
            || super::define::link(self, c)
            || super::define::abbreviation(c)
            || super::define::extension(self, c)
            || boundary(c)
            || paragraph(c);
    }

    fn quote(&mut self, c: &mut Cursor<'_, '_>) -> bool {
        if quote_mark(c.line()).is_none() {
            return false;
        }
        let mut text = String::new();
        loop {
            let line = c.line();
            text.push_str(&line[quote_mark(line).unwrap_or(0)..]);
            c.pos += line.len();
            if ends_lazily(c.rest()) {
                break;
            }
        }
        let inner = self.parse(&text);
        c.blocks.push(Block::Quote(inner));
        true
    }

    fn fenced_code(&mut self, c: &mut Cursor<'_, '_>) -> bool {
        let first = c.line();
        let Some((fence, info)) = fence(first) else { return false };
        let info = info.trim();
        if info.contains(char::is_whitespace) || self.budget == 0 {
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
        self.budget = self.budget.saturating_sub(c.src.len() - start);
        false
    }

    fn math(&mut self, c: &mut Cursor<'_, '_>) -> bool {
        let text = after_indent(c.rest());
        if !text.starts_with("$$") || !c.after_boundary() || self.budget == 0 {
            return false;
        }
        let Some(len) = text[2..].find("$$") else {
            self.budget = self.budget.saturating_sub(text.len());
            return false;
        };
        let rest = &text[len + 4..];
        let tail = line(rest);
        let next = if tail.trim().is_empty() { &rest[tail.len()..] } else { rest };
        if !(tail.trim().is_empty() && (next.is_empty() || before_boundary(next))) {
            return false;
        }
        c.blocks.push(Block::Math(text[2..2 + len].trim().to_owned()));
        c.pos = c.src.len() - next.len();
        true
    }
}

fn blank(c: &mut Cursor<'_, '_>) -> bool {
    if !is_blank(c.line()) {
        return false;
    }
    let start = c.pos;
    while c.pos < c.src.len() && is_blank(c.line()) {
        c.pos += c.line().len();
    }
    let single = &c.src[start..c.pos] == "\n";
    match c.blocks.last_mut() {
        Some(Block::Blank { single }) => *single = false,
        _ => c.blocks.push(Block::Blank { single }),
    }
    true
}

fn indented_code(c: &mut Cursor<'_, '_>) -> bool {
    let len = indented_len(c.rest());
    if len == 0 {
        return false;
    }
    let mut text = String::new();
    for line in c.rest()[..len].split_inclusive('\n') {
        match without_indent(line) {
            Some(code) => text.push_str(code),
            None if is_blank(line) => text.push('\n'),
            // A lazy line belongs to the one before.
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
pub(super) fn indented_len(text: &str) -> usize {
    let mut len = 0;
    loop {
        let mut at = len;
        while at < text.len() && is_blank(line(&text[at..])) {
            at += line(&text[at..]).len();
        }
        if without_indent(&text[at..]).is_none() || at == text.len() {
            return len;
        }
        while at < text.len() && without_indent(&text[at..]).is_some() && !is_blank(line(&text[at..])) {
            at += line(&text[at..]).len();
        }
        while at < text.len() && !ends_lazily(&text[at..]) {
            at += line(&text[at..]).len();
        }
        len = at;
    }
}

/// A line without the tab or four spaces of an indent.
pub(super) fn without_indent(line: &str) -> Option<&str> {
    line.strip_prefix('\t').or_else(|| line.strip_prefix("    "))
}

fn heading(c: &mut Cursor<'_, '_>) -> bool {
    let line = c.line();
    let Some((level, contents)) = atx(line) else { return false };
    let (text, id) = heading_id(contents.trim_end());
    let closed = text.trim_end_matches('#');
    let text = if closed.ends_with([' ', '\t']) { closed.trim_end() } else { text };
    add_heading(c, level, text, id, line.len())
}

fn setext_heading(c: &mut Cursor<'_, '_>) -> bool {
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

fn add_heading(c: &mut Cursor<'_, '_>, level: usize, text: &str, id: Option<&str>, len: usize) -> bool {
    if text.is_empty() {
        return false;
    }
    let id = id.map(str::to_owned).or_else(|| c.next_id.take());
    c.blocks.push(Block::Heading { level, leaf: Leaf::new(text), id });
    c.pos += len;
    true
}

/// `# contents`: the level and the contents.
fn atx(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|b| *b == b'#').count();
    let contents = &line[level..];
    ((1..=6).contains(&level) && contents.starts_with([' ', '\t'])).then(|| (level, contents.trim_start()))
}

/// Takes `{#id}` off the end of a heading.
fn heading_id(text: &str) -> (&str, Option<&str>) {
    let found = text.strip_suffix('}').and_then(|open| open.rsplit_once("{#")).filter(|(before, id)| {
        before.ends_with([' ', '\t'])
            && id.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == ':')
            && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '.'))
    });
    found.map_or((text, None), |(before, id)| (before.trim_end(), Some(id)))
}

fn rule(c: &mut Cursor<'_, '_>) -> bool {
    let line = c.line();
    let is_rule = is_rule(line);
    if is_rule {
        c.blocks.push(Block::Rule);
        c.pos += line.len();
    }
    is_rule
}

/// `HR_START`
pub(super) fn is_rule(line: &str) -> bool {
    let marks = after_indent(line).trim_ascii_end();
    let Some(mark @ (b'*' | b'-' | b'_')) = marks.bytes().next() else { return false };
    marks.bytes().all(|b| b == mark || b == b' ' || b == b'\t')
        && marks.bytes().filter(|b| *b == mark).count() >= 3
}

/// A line `^` ends the block before it.
fn boundary(c: &mut Cursor<'_, '_>) -> bool {
    let line = c.line();
    let is_boundary = is_boundary(line);
    if is_boundary {
        c.blocks.push(Block::Nothing { ends: true });
        c.pos += line.len();
    }
    is_boundary
}

pub(super) fn is_boundary(line: &str) -> bool {
    line.strip_prefix('^').is_some_and(is_blank)
}

/// `before_block_boundary?`
pub(super) fn before_boundary(rest: &str) -> bool {
    let line = line(rest);
    rest.is_empty() || is_blank(line) || is_boundary(line) || super::define::attributes(line).is_some()
}

fn paragraph(c: &mut Cursor<'_, '_>) -> bool {
    let start = c.pos;
    loop {
        c.pos += c.line().len();
        if ends_paragraph(c.rest()) {
            break;
        }
    }
    let text = c.src[start..c.pos].trim_ascii_end();
    match c.blocks.last_mut() {
        Some(Block::Para { leaf, .. }) => {
            leaf.text.push_str(if c.src[..start].ends_with("  \n") { "  \n" } else { "\n" });
            leaf.text.push_str(text);
        }
        _ => c.blocks.push(Block::Para { leaf: Leaf::new(text.trim_ascii_start()), tight: false }),
    }
    true
}

/// `PARAGRAPH_END_GFM`
fn ends_paragraph(rest: &str) -> bool {
    let line = line(rest);
    ends_lazily(rest)
        || list::marker(line).is_some()
        || list::definition_marker(line).is_some()
        || atx(line).is_some()
        || quote_mark(line).is_some()
        || fence(line).is_some()
}

/// `LAZY_END`: what ends a quote, too.
pub(super) fn ends_lazily(rest: &str) -> bool {
    before_boundary(rest) || html_block::begins_or_ends(after_indent(line(rest)))
}

fn quote_mark(line: &str) -> Option<usize> {
    let text = after_indent(line).strip_prefix('>')?;
    Some(line.len() - text.strip_prefix(' ').unwrap_or(text).len())
}

/// The fence that opens a code block, and the rest of its line.
fn fence(line: &str) -> Option<(&str, &str)> {
    let text = after_indent(line);
    let mark = text.bytes().next().filter(|b| matches!(b, b'~' | b'`'))?;
    let len = text.bytes().take_while(|b| *b == mark).count();
    (len >= 3).then(|| text.split_at(len))
}

fn fence_closes(line: &str, open: &str) -> bool {
    let text = after_indent(line).trim_ascii_end();
    text.starts_with(open) && text.bytes().all(|b| Some(b) == open.bytes().next())
}

/// The first line, with its newline.
pub(super) fn line(text: &str) -> &str {
    &text[..text.bytes().position(|b| b == b'\n').map_or(text.len(), |at| at + 1)]
}

pub(super) fn is_blank(line: &str) -> bool {
    line.bytes().all(|b| b.is_ascii_whitespace() || b == 0x0B)
}

/// A line without up to three leading spaces.
pub(super) fn after_indent(line: &str) -> &str {
    &line[line.bytes().take(3).take_while(|b| *b == b' ').count()..]
}
