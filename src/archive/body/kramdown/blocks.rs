//! Parses kramdown's blocks (its GFM parser, as Jekyll configures it) into a tree whose leaves are span
//! text. A port of kramdown 2.4's `parser/kramdown/*.rb`, rule for rule, with two improvements that
//! JEKYLL.md asks for: tables need a delimiter row, and an unclosed tag ends at the next blank line.

use std::collections::BTreeMap;

use crate::archive::body::html::bytes;
use crate::archive::body::kramdown::define::BlockAttributes;
use crate::archive::body::kramdown::tag::begins_raw_text;
use crate::archive::body::kramdown::{code, define, heading, html_block, list, table};
use crate::config::TocLevels;

/// Blocks nested deeper than this become text.
const MAX_DEPTH: usize = 48;

/// The span text of one HTML element.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) text: String,
    /// Index of the leaf's paragraph in the comrak document; `None` if the text needs no Markdown.
    pub(crate) node: Option<usize>,
}

impl Leaf {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), node: None }
    }
}

#[derive(Debug)]
pub(crate) enum Block {
    /// Blank lines; `single` if it is exactly one empty line.
    Blank {
        single: bool,
    },
    /// A block without output: a definition, a comment. `ends` if a block may begin after it as after a
    /// blank line.
    Nothing {
        ends: bool,
    },
    /// A paragraph; `tight` if it has no `<p>`.
    Para {
        leaf: Leaf,
        tight: bool,
        /// The value of its `style` attribute.
        style: String,
    },
    Heading {
        level: usize,
        leaf: Leaf,
        id: Option<String>,
        /// False if the table of contents leaves it out.
        in_toc: bool,
        /// The value of its `style` attribute.
        style: String,
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
    /// The table of contents.
    Toc {
        /// The id that the author gave to it; empty without one.
        id: String,
        is_numbered: bool,
    },
    Definitions(Vec<Definition>),
    Table(table::Table),
    /// HTML that is not parsed as Markdown.
    Html(String),
    /// `$$…$$`: text that a script of the site renders as a formula.
    Math(String),
    /// An HTML element with `markdown="1"`.
    Element {
        open: String,
        children: Vec<Block>,
        close: String,
    },
}

impl Block {
    fn has_output(&self) -> bool {
        !matches!(self, Self::Blank { .. } | Self::Nothing { .. })
    }
}

#[derive(Debug)]
pub(crate) enum Definition {
    Term(Leaf),
    Body(Vec<Block>),
}

/// `[label]: url "title"`.
#[derive(Debug)]
pub(crate) struct LinkDefinition {
    pub(crate) label: String,
    pub(crate) url: String,
    pub(crate) title: String,
}

/// The content of footnotes, by name.
pub(crate) type FootnoteContents = BTreeMap<String, Vec<Block>>;

/// Parses a source into blocks and collects its definitions.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    pub(crate) links: Vec<LinkDefinition>,
    pub(crate) footnotes: FootnoteContents,
    /// True once a list has become the table of contents.
    pub(crate) has_toc: bool,
    /// The levels of the headings in the table of contents.
    pub(crate) toc_levels: TocLevels,
    depth: usize,
    /// Bytes that failed searches for an end may still cost; keeps a hostile body linear.
    pub(crate) budget: usize,
}

/// The position of a block parser: a source of whole lines, and the blocks so far.
pub(crate) struct BlockCursor<'s, 'b> {
    pub(crate) src: &'s str,
    pub(crate) pos: usize,
    pub(crate) blocks: &'b mut Vec<Block>,
    /// The attributes that `{: …}` gives to the next block.
    pub(crate) next_attributes: Option<BlockAttributes>,
    /// End of the last line that `line` returned; a line may hold many blocks.
    line_end: usize,
}

impl<'s> BlockCursor<'s, '_> {
    pub(crate) fn rest(&self) -> &'s str {
        &self.src[self.pos..]
    }

    /// The line at the cursor, with its newline.
    pub(crate) fn line(&mut self) -> &'s str {
        if self.line_end <= self.pos {
            self.line_end = self.pos + line(self.rest()).len();
        }
        &self.src[self.pos..self.line_end]
    }

    /// `after_block_boundary?`
    pub(crate) fn after_boundary(&self) -> bool {
        matches!(self.blocks.last(), None | Some(Block::Blank { .. } | Block::Nothing { ends: true }))
            || self.next_attributes.is_some()
    }
}

impl Parser {
    /// `len` is the length of the source in bytes.
    pub(crate) fn new(len: usize, toc_levels: TocLevels) -> Self {
        Self { budget: 8 * len + 65_536, toc_levels, ..Self::default() }
    }

    pub(crate) fn parse(&mut self, text: &str) -> Vec<Block> {
        let mut blocks = Vec::new();
        self.parse_into(&mut blocks, text);
        blocks
    }

    /// Appends the blocks of a text to `blocks`; a paragraph at their end continues.
    pub(crate) fn parse_into(&mut self, blocks: &mut Vec<Block>, text: &str) {
        if self.depth >= MAX_DEPTH {
            let leaf = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
            blocks.push(Block::Para { leaf: Leaf::new(leaf), tight: false, style: String::new() });
            return;
        }
        self.depth += 1;
        let mut cursor = BlockCursor { src: text, pos: 0, blocks, next_attributes: None, line_end: 0 };
        while cursor.pos < text.len() {
            let (has_attributes, first) = (cursor.next_attributes.is_some(), cursor.blocks.len());
            self.block(&mut cursor);
            if has_attributes
                && let Some(added) = cursor.blocks.get_mut(first..)
                && let Some(block) = added.iter_mut().find(|block| block.has_output())
                && let Some(attributes) = cursor.next_attributes.take()
            {
                define::give(self, block, attributes);
            }
        }
        self.depth -= 1;
    }

    /// Parses one block. The order of attempts is kramdown's.
    fn block(&mut self, c: &mut BlockCursor<'_, '_>) {
        if blank(c) || code::indented(c) {
            return;
        }
        let first = after_indent(c.rest()).as_bytes().first().copied().unwrap_or_default();
        let _ = if first == b'<' {
            html_block::html(self, c) || heading::setext_heading(c) || table::table(c) || self.paragraph(c)
        } else if first.is_ascii_punctuation() || first.is_ascii_digit() {
            self.marked_block(c) || self.paragraph(c)
        } else {
            heading::setext_heading(c) || table::table(c) || self.paragraph(c)
        };
    }

    /// Parses a block that begins with a mark.
    fn marked_block(&mut self, c: &mut BlockCursor<'_, '_>) -> bool {
        code::fenced(self, c)
            || self.quote(c)
            || heading::heading(c)
            || rule(c)
            || list::list(self, c)
            || list::definitions(self, c)
            || heading::setext_heading(c)
            || self.math(c)
            || table::table(c)
            || define::footnote(self, c)
            || define::link(self, c)
            || define::abbreviation(c)
            || define::extension(self, c)
            || boundary(c)
    }

    fn quote(&mut self, c: &mut BlockCursor<'_, '_>) -> bool {
        if quote_mark(c.line()).is_none() {
            return false;
        }
        let mut text = String::new();
        loop {
            let line = c.line();
            text.push_str(&line[quote_mark(line).unwrap_or(0)..]);
            c.pos += line.len();
            // If only the first half of a script were in the quote, the second half would be shown as text.
            if ends_lazily(c.rest()) || begins_raw_text(after_indent(c.line())) {
                break;
            }
        }
        let inner = self.parse(&text);
        c.blocks.push(Block::Quote(inner));
        true
    }

    fn paragraph(&mut self, c: &mut BlockCursor<'_, '_>) -> bool {
        let start = c.pos;
        // The end of the text with counted backticks, and whether a code span is probably open there.
        let (mut counted, mut is_in_code) = (start, false);
        loop {
            let line = c.line().len();
            if let Some(at) = html_block::begins_long_raw_text(self, c.rest(), line)
                && at + c.pos > start
            {
                let before = &c.src[counted..c.pos + at];
                is_in_code ^= before.matches('`').count() % 2 == 1;
                counted = c.pos + at;
                if !is_in_code && !before.ends_with('`') {
                    c.pos = counted;
                    break;
                }
            }
            c.pos += line;
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
            _ => c.blocks.push(Block::Para {
                leaf: Leaf::new(text.trim_ascii_start()),
                tight: false,
                style: String::new(),
            }),
        }
        true
    }

    fn math(&mut self, c: &mut BlockCursor<'_, '_>) -> bool {
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

fn blank(c: &mut BlockCursor<'_, '_>) -> bool {
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

fn rule(c: &mut BlockCursor<'_, '_>) -> bool {
    let line = c.line();
    let is_rule = is_rule(line);
    if is_rule {
        c.blocks.push(Block::Rule);
        c.pos += line.len();
    }
    is_rule
}

/// `HR_START`
pub(crate) fn is_rule(line: &str) -> bool {
    let marks = after_indent(line).trim_ascii_end();
    let Some(mark @ (b'*' | b'-' | b'_')) = marks.bytes().next() else { return false };
    marks.bytes().all(|b| b == mark || b == b' ' || b == b'\t')
        && marks.bytes().filter(|b| *b == mark).count() >= 3
}

/// A line `^` ends the block before it.
fn boundary(c: &mut BlockCursor<'_, '_>) -> bool {
    let line = c.line();
    let is_boundary = is_boundary(line);
    if is_boundary {
        c.blocks.push(Block::Nothing { ends: true });
        c.pos += line.len();
    }
    is_boundary
}

pub(crate) fn is_boundary(line: &str) -> bool {
    line.strip_prefix('^').is_some_and(is_blank)
}

/// `before_block_boundary?`
pub(crate) fn before_boundary(rest: &str) -> bool {
    let line = line(rest);
    rest.is_empty() || is_blank(line) || is_boundary(line) || define::attributes(line).is_some()
}

/// `PARAGRAPH_END_GFM`
fn ends_paragraph(rest: &str) -> bool {
    let line = line(rest);
    ends_lazily(rest)
        || list::marker(line).is_some()
        || list::definition_marker(line).is_some()
        || heading::atx(line).is_some()
        || quote_mark(line).is_some()
        || code::fence(line).is_some()
}

/// `LAZY_END`, which ends a quote, too.
pub(crate) fn ends_lazily(rest: &str) -> bool {
    before_boundary(rest) || html_block::begins_or_ends(after_indent(line(rest)))
}

fn quote_mark(line: &str) -> Option<usize> {
    let text = after_indent(line).strip_prefix('>')?;
    Some(line.len() - text.strip_prefix(' ').unwrap_or(text).len())
}

/// The first line, with its newline.
pub(crate) fn line(text: &str) -> &str {
    &text[..bytes::find(text.as_bytes(), b"\n").map_or(text.len(), |at| at + 1)]
}

pub(crate) fn is_blank(line: &str) -> bool {
    line.bytes().all(|b| b.is_ascii_whitespace() || b == 0x0B)
}

/// Returns whether the first line is blank; reads only as far as needed.
pub(crate) fn begins_blank(text: &str) -> bool {
    text.bytes().take_while(|b| *b != b'\n').all(|b| b.is_ascii_whitespace() || b == 0x0B)
}

/// A line without up to three leading spaces.
pub(crate) fn after_indent(line: &str) -> &str {
    &line[line.bytes().take(3).take_while(|b| *b == b' ').count()..]
}
