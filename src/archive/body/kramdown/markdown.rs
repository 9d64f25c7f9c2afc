//! Converts Markdown to HTML as Jekyll's kramdown does. Blocks are parsed here, spans by comrak. All span
//! text of a body is one comrak document, so that link definitions and footnotes apply everywhere.

use std::collections::HashMap;
use std::sync::LazyLock;

use comrak::nodes::NodeValue;
use comrak::{Arena, Node, Options, parse_document};
use regex::Regex;

use crate::archive::body::kramdown::blocks::{self, Block, Definition, Leaf, LinkDefinition, Parser};
use crate::archive::body::kramdown::inline::{self, FootnoteReferences};
use crate::archive::body::kramdown::literal::Literals;
use crate::archive::body::kramdown::spans;
use crate::archive::body::kramdown::table::{Align, Table};
use crate::archive::body::kramdown::toc::{self, TocEntry};
use crate::config::TocLevels;

/// Converts a Markdown text. `toc_levels` are those of the site, and `literals` is the text that Liquid held.
pub(crate) fn to_html(source: &str, toc_levels: TocLevels, literals: &mut Literals) -> String {
    let mut parser = Parser::new(source.len(), toc_levels);
    let mut blocks = parser.parse(source);
    let mut leaves = Leaves { document: definitions(&parser), count: 0, literals };
    leaves.blocks(&mut blocks);
    for content in parser.footnotes.values_mut() {
        leaves.blocks(content);
    }
    let Leaves { document, count, literals } = leaves;
    let arena = Arena::new();
    let nodes = if count > 0 { paragraphs(&arena, &document) } else { Vec::new() };
    let out = String::with_capacity(source.len() + source.len() / 8);
    let mut writer = HtmlWriter {
        out,
        literals,
        nodes,
        ids: HashMap::new(),
        footnotes: FootnoteReferences::default(),
        toc_levels: parser.has_toc.then_some(parser.toc_levels),
        toc: None,
        headings: Vec::new(),
    };
    writer.blocks(&blocks);
    writer.write_footnotes(&parser.footnotes);
    writer.insert_toc();
    writer.out
}

fn paragraphs<'a>(arena: &'a Arena<'a>, document: &str) -> Vec<Node<'a>> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.footnotes = true;
    options.extension.cjk_friendly_emphasis = true;
    let root = parse_document(arena, document, &options);
    root.children().filter(|node| matches!(node.data().value, NodeValue::Paragraph)).collect()
}

/// Link definitions, and a stub for each footnote so that comrak knows its name.
fn definitions(parser: &Parser) -> String {
    let mut out = String::new();
    // kramdown's last definition of a label wins, comrak's first.
    for LinkDefinition { label, url, title } in parser.links.iter().rev() {
        let escape = |text: &str, special: &[char]| {
            text.chars().fold(String::new(), |mut out, c| {
                if special.contains(&c) {
                    out.push('\\');
                }
                out.push(c);
                out
            })
        };
        out.push_str(&format!("[{label}]: <{}>", escape(url, &['<', '>', '\\'])));
        if !title.is_empty() {
            out.push_str(&format!(" \"{}\"", escape(title, &['"', '\\'])));
        }
        out.push_str("\n\n");
    }
    for name in parser.footnotes.keys() {
        out.push_str(&format!("[^{name}]: -\n\n"));
    }
    out
}

/// Collects the span texts into one document.
struct Leaves<'l> {
    document: String,
    count: usize,
    literals: &'l mut Literals,
}

impl Leaves<'_> {
    fn leaf(&mut self, leaf: &mut Leaf) {
        if spans::is_plain(&leaf.text) {
            return;
        }
        if leaf.text.contains("<>") {
            leaf.text = spans::without_empty_links(&leaf.text);
            if leaf.text.trim().is_empty() {
                return;
            }
        }
        spans::prepare(&leaf.text, self.literals, &mut self.document);
        self.document.push_str("\n\n");
        leaf.node = Some(self.count);
        self.count += 1;
    }

    fn blocks(&mut self, blocks: &mut [Block]) {
        for block in blocks {
            match block {
                Block::Para { leaf, .. } | Block::Heading { leaf, .. } => self.leaf(leaf),
                Block::Quote(children) | Block::Element { children, .. } => self.blocks(children),
                Block::List { items, .. } => items.iter_mut().for_each(|item| self.blocks(item)),
                Block::Definitions(parts) => parts.iter_mut().for_each(|part| match part {
                    Definition::Term(leaf) => self.leaf(leaf),
                    Definition::Body(children) => self.blocks(children),
                }),
                Block::Table(table) => {
                    let rows = table.sections.iter_mut().flat_map(|(_, rows)| rows);
                    rows.flatten().for_each(|cell| self.leaf(cell));
                }
                _ => {}
            }
        }
    }
}

struct HtmlWriter<'a, 'l> {
    out: String,
    literals: &'l Literals,
    nodes: Vec<Node<'a>>,
    /// The number of times that each id was generated.
    ids: HashMap<String, usize>,
    footnotes: FootnoteReferences,
    /// The levels of the headings in the table of contents, if there is one.
    toc_levels: Option<TocLevels>,
    /// The place of the table of contents in `out`, its id, and whether it is numbered.
    toc: Option<(usize, String, bool)>,
    /// The headings in the table of contents, if there is one.
    headings: Vec<TocEntry>,
}

impl HtmlWriter<'_, '_> {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Blank { .. } | Block::Nothing { .. } => return,
            Block::Para { leaf, .. } if leaf.text.is_empty() => return,
            Block::Para { leaf, tight: true, .. } => self.leaf(leaf),
            Block::Para { leaf, tight: false, style } => self.paragraph(leaf, style),
            Block::Heading { level, leaf, id, in_toc, style } => {
                self.heading(*level, leaf, id.as_deref(), *in_toc, style);
            }
            Block::Rule => self.out.push_str("<hr />"),
            Block::Code { text, lang } => self.code(text, lang),
            Block::Quote(children) => self.wrapped("<blockquote>\n", children, "</blockquote>"),
            Block::List { start, items } => self.list(*start, items),
            Block::Toc { id, is_numbered } => {
                self.toc = Some((self.out.len(), self.literals.plain(id), *is_numbered));
            }
            Block::Definitions(parts) => self.definitions(parts),
            Block::Table(table) => self.table(table),
            Block::Html(html) => self.literals.restore_block(html, &mut self.out),
            Block::Math(text) => {
                self.out.push_str("\\[");
                self.literals.escape(text, &mut self.out);
                self.out.push_str("\\]");
            }
            Block::Element { open, children, close } => {
                self.literals.restore(open, &mut self.out);
                self.wrapped("", children, close);
            }
        }
        self.out.push('\n');
    }

    fn wrapped(&mut self, open: &str, children: &[Block], close: &str) {
        self.out.push_str(open);
        self.blocks(children);
        self.out.push_str(close);
    }

    fn leaf(&mut self, leaf: &Leaf) {
        match leaf.node.and_then(|at| self.nodes.get(at)) {
            Some(node) => inline::write(node, self.literals, &mut self.footnotes, &mut self.out),
            None => self.literals.escape(&leaf.text, &mut self.out),
        }
    }

    /// Writes a paragraph. A held block of code ends the paragraph around it.
    fn paragraph(&mut self, leaf: &Leaf, style: &str) {
        let start = self.out.len();
        self.out.push_str("<p");
        self.style(style);
        self.out.push('>');
        let content = self.out.len();
        self.leaf(leaf);
        if self.out[content..].starts_with("<pre>") {
            self.out.replace_range(start..content, "");
        } else if !self.out.ends_with("</pre>") {
            self.out.push_str("</p>");
        }
    }

    fn style(&mut self, style: &str) {
        if !style.is_empty() {
            self.out.push_str(" style=\"");
            self.literals.escape(style, &mut self.out);
            self.out.push('"');
        }
    }

    fn heading(&mut self, level: usize, leaf: &Leaf, id: Option<&str>, in_toc: bool, style: &str) {
        let id = id.filter(|id| !id.is_empty()).map_or_else(|| self.generate_id(leaf), str::to_owned);
        self.out.push_str(&format!("<h{level} id=\""));
        self.literals.escape(&id, &mut self.out);
        self.out.push('"');
        self.style(style);
        self.out.push('>');
        let start = self.out.len();
        self.leaf(leaf);
        if in_toc && self.toc_levels.is_some_and(|levels| levels.contains(level)) {
            let id = self.literals.plain(&id);
            self.headings.push(TocEntry::new(level, id, &self.out[start..]));
        }
        self.out.push_str(&format!("</h{level}>"));
    }

    fn insert_toc(&mut self) {
        if let Some((at, id, is_numbered)) = &self.toc {
            self.out.insert_str(*at, &toc::html(&self.headings, id, *is_numbered));
        }
    }

    /// `generate_gfm_header_id`
    fn generate_id(&mut self, leaf: &Leaf) -> String {
        static NON_WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[^\w\- \t]").ok());
        let text = match leaf.node.and_then(|at| self.nodes.get(at)) {
            Some(node) => inline::text(node, self.literals),
            None => self.literals.plain(&leaf.text),
        };
        // kramdown turns these into dashes first, which `NON_WORD` would remove.
        let text = text.to_lowercase().replace("---", "").replace("--", "");
        let text = NON_WORD.as_ref().map_or(text.as_str().into(), |regex| regex.replace_all(&text, ""));
        let mut id = text.replace([' ', '\t'], "-");
        let count = self.ids.entry(id.clone()).or_insert(0);
        if *count > 0 {
            id = format!("{id}-{count}");
        }
        *count += 1;
        id
    }

    fn code(&mut self, text: &str, lang: &str) {
        self.out.push_str("<pre><code");
        if !lang.is_empty() {
            self.out.push_str(" class=\"language-");
            self.literals.escape(lang, &mut self.out);
            self.out.push('"');
        }
        self.out.push('>');
        self.literals.escape(text.strip_suffix('\n').unwrap_or(text), &mut self.out);
        self.out.push_str("\n</code></pre>");
    }

    fn list(&mut self, start: Option<u64>, items: &[Vec<Block>]) {
        match start {
            None => self.out.push_str("<ul>\n"),
            Some(1) => self.out.push_str("<ol>\n"),
            Some(start) => self.out.push_str(&format!("<ol start=\"{start}\">\n")),
        }
        for item in items {
            self.wrapped("<li>", item, "</li>\n");
        }
        self.out.push_str(if start.is_some() { "</ol>" } else { "</ul>" });
    }

    fn definitions(&mut self, parts: &[Definition]) {
        self.out.push_str("<dl>\n");
        for part in parts {
            match part {
                Definition::Term(leaf) => {
                    self.out.push_str("<dt>");
                    self.leaf(leaf);
                    self.out.push_str("</dt>\n");
                }
                Definition::Body(children) => self.wrapped("<dd>", children, "</dd>\n"),
            }
        }
        self.out.push_str("</dl>");
    }

    fn table(&mut self, table: &Table) {
        self.out.push_str("<table>\n");
        for (section, rows) in &table.sections {
            self.out.push_str(&format!("<{section}>\n"));
            let element = if *section == "thead" { "th" } else { "td" };
            for row in rows {
                self.out.push_str("<tr>\n");
                for (cell, align) in row.iter().zip(&table.aligns) {
                    self.cell(element, cell, *align);
                }
                self.out.push_str("</tr>\n");
            }
            self.out.push_str(&format!("</{section}>\n"));
        }
        self.out.push_str("</table>");
    }

    fn cell(&mut self, element: &str, cell: &Leaf, align: Align) {
        let style = match align {
            Align::Default => "",
            Align::Left => " style=\"text-align: left\"",
            Align::Center => " style=\"text-align: center\"",
            Align::Right => " style=\"text-align: right\"",
        };
        self.out.push_str(&format!("<{element}{style}>"));
        if cell.text.is_empty() {
            self.out.push_str("&nbsp;");
        } else {
            self.leaf(cell);
        }
        self.out.push_str(&format!("</{element}>\n"));
    }

    /// Writes the referenced footnotes; one may reference another.
    fn write_footnotes(&mut self, contents: &blocks::FootnoteContents) {
        if self.footnotes.order.is_empty() {
            return;
        }
        self.out.push_str("<div class=\"footnotes\" role=\"doc-endnotes\">\n<ol>\n");
        // comrak folds the case of names.
        let known: HashMap<_, _> =
            contents.iter().rev().map(|(name, blocks)| (name.to_ascii_lowercase(), blocks)).collect();
        let mut at = 0;
        while let Some((name, _)) = self.footnotes.order.get(at).cloned() {
            self.out.push_str(&format!("<li id=\"fn:{name}\" role=\"doc-endnote\">\n"));
            self.blocks(known.get(&name.to_ascii_lowercase()).map_or(&[], |blocks| blocks));
            let ends_in_paragraph = self.out.ends_with("</p>\n");
            if ends_in_paragraph {
                self.out.truncate(self.out.len() - "</p>\n".len());
                self.out.push('\u{A0}');
            } else {
                self.out.push_str("<p>");
            }
            self.back_links(&name, at);
            self.out.push_str("</p>\n</li>\n");
            at += 1;
        }
        self.out.push_str("</ol>\n</div>\n");
    }

    fn back_links(&mut self, name: &str, at: usize) {
        let references = self.footnotes.order.get(at).map_or(1, |(_, references)| *references);
        for i in 0..references {
            let (space, repeat, sup) = match i {
                0 => ("", String::new(), String::new()),
                _ => ("\u{A0}", format!(":{i}"), format!("<sup>{}</sup>", i + 1)),
            };
            self.out.push_str(&format!(
                "{space}<a href=\"#fnref:{name}{repeat}\" class=\"reversefootnote\" role=\"doc-backlink\">↩{sup}</a>"
            ));
        }
    }
}
