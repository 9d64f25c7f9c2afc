//! Writes comrak's spans as HTML the way kramdown does: an HTML tag that opens a block or closes nothing is
//! text, and a tag that is left open is closed at the end of its paragraph.

use std::collections::HashMap;
use std::vec::Drain;

use comrak::Node;
use comrak::arena_tree::NodeEdge;
use comrak::nodes::NodeValue;

use crate::archive::body::html::element;
use crate::archive::body::kramdown::literal::Literals;
use crate::archive::body::kramdown::tag::{self, close_tag, open_tag};

/// Footnotes in the order of their first reference, with the number of references.
#[derive(Debug, Default)]
pub(crate) struct FootnoteReferences {
    pub(crate) order: Vec<(String, usize)>,
    index: HashMap<String, usize>,
}

impl FootnoteReferences {
    fn reference(&mut self, name: &str, out: &mut String) {
        let at = *self.index.entry(name.to_owned()).or_insert_with(|| {
            self.order.push((name.to_owned(), 0));
            self.order.len() - 1
        });
        let (_, references) = &mut self.order[at];
        let repeat = if *references == 0 { String::new() } else { format!(":{references}") };
        *references += 1;
        out.push_str(&format!(
            "<sup id=\"fnref:{name}{repeat}\" role=\"doc-noteref\"><a href=\"#fn:{name}\" class=\"footnote\">{}</a></sup>",
            at + 1
        ));
    }
}

/// Writes the spans of a paragraph.
pub(crate) fn write(
    paragraph: Node<'_>,
    literals: &Literals,
    footnotes: &mut FootnoteReferences,
    out: &mut String,
) {
    let mut open_tags: Vec<UnclosedTag> = Vec::new();
    let mut images = 0_usize;
    for edge in paragraph.traverse() {
        let (node, starts) = match edge {
            NodeEdge::Start(node) => (node, true),
            NodeEdge::End(node) => (node, false),
        };
        let data = node.data();
        let element = match &data.value {
            NodeValue::Image(link) => {
                if starts && images == 0 {
                    image(&link.url, &link.title, &text(node, literals), literals, out);
                    write_sizes(node, out);
                    out.push_str(" />");
                }
                images = if starts { images + 1 } else { images - 1 };
                continue;
            }
            _ if images > 0 => continue,
            // kramdown reads `***x***` with `strong` outside.
            NodeValue::Emph if holds_only_strong(node) => "strong",
            NodeValue::Strong if node.parent().is_some_and(holds_only_strong) => "em",
            NodeValue::Emph => "em",
            NodeValue::Strong => "strong",
            NodeValue::Strikethrough => "del",
            NodeValue::Link(link) => {
                if starts {
                    out.push_str("<a href=\"");
                    literals.escape(&link.url, out);
                    title(&link.title, literals, out);
                    out.push_str("\">");
                } else {
                    out.push_str("</a>");
                }
                continue;
            }
            _ if !starts => continue,
            NodeValue::Text(text) => {
                let text = if follows_span(node) { without_attributes(text) } else { text };
                let text = if is_mail_link(node) { text.trim_start_matches("mailto:") } else { text };
                literals.escape(text, out);
                continue;
            }
            NodeValue::SoftBreak => {
                out.push('\n');
                continue;
            }
            NodeValue::LineBreak => {
                out.push_str("<br />\n");
                continue;
            }
            NodeValue::Code(code) => {
                out.push_str("<code>");
                literals.escape(&code.literal, out);
                out.push_str("</code>");
                continue;
            }
            NodeValue::HtmlInline(html) => {
                html_tag(html, &mut open_tags, literals, out);
                continue;
            }
            NodeValue::FootnoteReference(reference) => {
                footnotes.reference(&reference.name, out);
                continue;
            }
            _ => continue,
        };
        out.extend([if starts { "<" } else { "</" }, element, ">"]);
    }
    end_all(open_tags.drain(..), out);
}

/// An open HTML tag.
struct UnclosedTag {
    name: String,
    /// The end of the tag in the output.
    end: usize,
}

/// Closes tags that have no end tag. Tags that would hide their content are closed at once, so that the text after
/// them is shown.
fn end_all(open: Drain<'_, UnclosedTag>, out: &mut String) {
    for tag in open.rev() {
        let end = format!("</{}>", tag.name);
        if element::hides(&tag.name) {
            out.insert_str(tag.end, &end);
        } else {
            out.push_str(&end);
        }
    }
}

fn holds_only_strong(node: Node<'_>) -> bool {
    let is_strong =
        |child: Node<'_>| matches!(child.data().value, NodeValue::Strong) && child.next_sibling().is_none();
    matches!(node.data().value, NodeValue::Emph) && node.first_child().is_some_and(is_strong)
}

/// The text of a node as readers see it: for `alt` and for heading ids.
pub(crate) fn text(node: Node<'_>, literals: &Literals) -> String {
    let mut out = String::new();
    let mut images = 0_usize;
    for edge in node.traverse() {
        let (inner, starts) = match edge {
            NodeEdge::Start(inner) => (inner, true),
            NodeEdge::End(inner) => (inner, false),
        };
        match &inner.data().value {
            NodeValue::Image(_) if !inner.same_node(node) => {
                images = if starts { images + 1 } else { images - 1 }
            }
            _ if images > 0 || !starts => {}
            NodeValue::Text(text) => out.push_str(&literals.plain(text)),
            NodeValue::Code(code) => out.push_str(&literals.plain(&code.literal)),
            NodeValue::SoftBreak | NodeValue::LineBreak => out.push('\n'),
            _ => {}
        }
    }
    out
}

fn image(url: &str, title_text: &str, alt: &str, literals: &Literals, out: &mut String) {
    out.push_str("<img src=\"");
    literals.escape(url, out);
    out.push_str("\" alt=\"");
    literals.escape(alt, out);
    title(title_text, literals, out);
    out.push('"');
}

/// Writes the width and height in the `{: …}` that follows an image.
fn write_sizes(image: Node<'_>, out: &mut String) {
    let Some(next) = image.next_sibling() else { return };
    let data = next.data();
    let NodeValue::Text(text) = &data.value else { return };
    let list = text.strip_prefix("{:").and_then(|inner| inner.split_once('}')).map(|(list, _)| list);
    for word in list.unwrap_or_default().split_ascii_whitespace() {
        let Some((name @ ("width" | "height"), size)) = word.split_once('=') else { continue };
        let size = size.trim_matches(['"', '\'']);
        if size.bytes().all(|b| b.is_ascii_alphanumeric()) {
            out.extend([" ", name, "=\"", size, "\""]);
        }
    }
}

/// Writes a title after another attribute, without the closing quote.
fn title(title: &str, literals: &Literals, out: &mut String) {
    if !title.is_empty() {
        out.push_str("\" title=\"");
        literals.escape(title, out);
    }
}

fn html_tag(html: &str, open: &mut Vec<UnclosedTag>, literals: &Literals, out: &mut String) {
    if let Some((name, _)) = close_tag(html) {
        match open.iter().rposition(|other| other.name.eq_ignore_ascii_case(name)) {
            Some(at) => {
                end_all(open.drain(at + 1..), out);
                open.truncate(at);
                out.extend(["</", name, ">"]);
            }
            None => literals.escape(html, out),
        }
    } else if let Some(tag) = open_tag(html) {
        if tag::is_block(tag.name) {
            return literals.escape(html, out);
        }
        literals.restore(html, out);
        if tag.closed && !tag::is_void(tag.name) {
            out.extend(["</", tag.name, ">"]);
        } else if !tag.closed && !tag::is_void(tag.name) && open.len() <= element::MAX_DEPTH {
            open.push(UnclosedTag { name: tag.name.to_owned(), end: out.len() });
        }
    }
}

/// Returns whether a text directly follows another span, so that a leading `{: …}` belongs to that span.
fn follows_span(node: Node<'_>) -> bool {
    node.previous_sibling().is_some_and(|before| {
        !matches!(before.data().value, NodeValue::Text(_) | NodeValue::SoftBreak | NodeValue::LineBreak)
    })
}

fn without_attributes(text: &str) -> &str {
    let inner = text.strip_prefix("{:").filter(|inner| !inner.starts_with([':', '/', '}']));
    inner.and_then(|inner| inner.split_once('}')).map_or(text, |(_, rest)| rest)
}

fn is_mail_link(node: Node<'_>) -> bool {
    node.parent().is_some_and(
        |parent| matches!(&parent.data().value, NodeValue::Link(link) if link.url.starts_with("mailto:")),
    )
}
