//! Lifts parts out of the body: the digest at its head; the source link, the return links and the source's
//! name at its tail. The input is HTML, so Markdown and kramdown's rendering of it give the same result.

use std::borrow::Cow;
use std::ops::Range;

use crate::archive::body::context::SiteContext;
use crate::archive::body::html::link;
use crate::archive::body::html::soft_break::join_text;
use crate::archive::body::html::text::fold;
use crate::config::{ChartMode, is_http_url};

/// Maximum length of a source's name, in characters.
const MAX_NAME: usize = 60;

/// A child of the body, by its byte range in the rewritten HTML.
#[derive(Debug)]
pub(super) struct BodyChild {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: ChildKind,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum ChildKind {
    Empty,
    /// Only source and return links, with the source's URL if it has one.
    Links(Option<String>),
    /// `（文章来源：name）` alone.
    Source(String),
    Quote {
        text: String,
        /// True if the quote is more than one paragraph.
        has_blocks: bool,
    },
    /// The chart of a quote site, in front of the text.
    Chart,
    /// Any other child, with the name if it ends with `（文章来源：name）`.
    Other(Option<String>),
}

/// A link: the range of its text in the text of the child, and its target.
#[derive(Debug)]
pub(super) struct ChildLink<'h> {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) href: Cow<'h, str>,
}

/// Classifies a child by its text and links; `quote` is its HTML if it is a quote.
pub(super) fn kind(
    text: &str,
    links: &[ChildLink<'_>],
    quote: Option<&str>,
    has_media: bool,
    site: &SiteContext,
) -> ChildKind {
    let trimmed = text.trim();
    let source = source_at_end(trimmed);
    let name = source.as_ref().map(|(_, name)| name.clone());
    if has_media {
        return ChildKind::Other(name);
    }
    // `<>` is an empty source link.
    if matches!(trimmed, "" | "<>") {
        return ChildKind::Empty;
    }
    if !links.is_empty()
        && let Some(source) = only_links(text, links, site)
    {
        return ChildKind::Links(source);
    }
    // A digest is plain text: a quote with a link would lose it.
    let has_links = links.iter().any(|link| !link.href.trim().starts_with('#'));
    match source {
        _ if let Some(html) = quote.filter(|_| !has_links) => {
            ChildKind::Quote { text: fold(&join_text(text)).into_owned(), has_blocks: has_blocks(html) }
        }
        Some(("", name)) => ChildKind::Source(name),
        _ => ChildKind::Other(name),
    }
}

/// Returns whether a quote holds a list, a heading or several paragraphs.
fn has_blocks(quote: &str) -> bool {
    quote.matches("</p>").nth(1).is_some() || ["<li", "<dd", "<h"].iter().any(|tag| quote.contains(tag))
}

/// Returns `Some` for a text that consists only of return links and links to one source, with the source's
/// URL if it has one.
fn only_links(text: &str, links: &[ChildLink<'_>], site: &SiteContext) -> Option<Option<String>> {
    let is_separator =
        |between: &str| between.chars().all(|c| c.is_whitespace() || matches!(c, '｜' | '|' | '·'));
    let mut source = None;
    let mut at = 0;
    for link in links {
        let (before, label) = (text.get(at..link.start)?, text.get(link.start..link.end)?.trim());
        let is_return = label.starts_with("返回") && !is_elsewhere(&link.href, site);
        let is_source = is_http_url(link.href.trim()) && label == link.href.trim();
        if !is_separator(before) || !(is_return || is_source) {
            return None;
        }
        if is_source && source.replace(label.to_owned()).is_some_and(|other| other != label) {
            return None;
        }
        at = link.end;
    }
    is_separator(text.get(at..)?).then_some(source)
}

/// Returns whether a link names another host explicitly: `返回舱着陆` is then news, not a return link.
fn is_elsewhere(href: &str, site: &SiteContext) -> bool {
    is_http_url(href.trim()) && link::target(href, site).is_some_and(|target| target.is_external)
}

/// Returns whether a text ends inside `（文章来源：name）`.
pub(super) fn ends_in_source_line(text: &str) -> bool {
    let is_bracket = |c: char| matches!(c, '（' | '(' | '）' | ')');
    // The search is short, since a paragraph may hold thousands of links.
    let last = text.char_indices().rev().take(MAX_NAME + 8).find(|(_, c)| is_bracket(*c));
    last.is_some_and(|(at, bracket)| {
        let inner = &text[at + bracket.len_utf8()..];
        // A single line break may be soft.
        matches!(bracket, '（' | '(') && !inner.contains("\n\n") && inner.trim_start().starts_with("文章来源")
    })
}

/// Splits `（文章来源：name）` off the end of a text: the text before it, and the name.
fn source_at_end(text: &str) -> Option<(&str, String)> {
    let inner = text.strip_suffix(['）', ')'])?;
    let (before, name) = inner.rsplit_once("文章来源")?;
    let before = before.trim_end().strip_suffix(['（', '('])?;
    let name = name.trim_start().strip_prefix(['：', ':'])?;
    let name = fold(&join_text(name)).into_owned();
    (!name.is_empty() && name.chars().count() <= MAX_NAME).then_some((before, name))
}

/// A body, and the parts lifted out of it.
#[derive(Debug, Default)]
pub(super) struct Lifted {
    pub(super) html: String,
    pub(super) digest: Option<String>,
    /// The HTML of a digest with several blocks, which a plain text would lose.
    pub(super) blocks: Option<String>,
    pub(super) source_url: Option<String>,
    pub(super) source_name: Option<String>,
    /// The part of the given HTML that is not lifted.
    pub(super) kept: Range<usize>,
}

impl Lifted {
    /// Lifts nothing: all parts of the HTML stay in place. HTML that consists only of empty blocks becomes empty.
    pub(super) fn with_all_parts(html: String, children: &[BodyChild]) -> Self {
        let kept = 0..html.len();
        let is_empty = children.iter().all(|child| child.kind == ChildKind::Empty);
        let removed = if is_empty { children } else { &[] };
        Self { html: without(html, removed.iter()), kept, ..Self::default() }
    }
}

/// Lifts one source link, one source name, all return links, and a single leading quote as the digest. Drops
/// the charts in front of the text if the site has none.
pub(super) fn lift(html: String, children: &[BodyChild], site: &SiteContext) -> Lifted {
    let mut lifted = Lifted::default();
    let mut tail = children.len();
    for child in children.iter().rev() {
        let is_lifted = match &child.kind {
            ChildKind::Empty | ChildKind::Links(None) => true,
            ChildKind::Links(Some(url)) => keep(&mut lifted.source_url, url),
            ChildKind::Source(name) => keep(&mut lifted.source_name, name),
            ChildKind::Quote { .. } | ChildKind::Chart => false,
            ChildKind::Other(name) => {
                lifted.source_name = lifted.source_name.take().or_else(|| name.clone());
                false
            }
        };
        if !is_lifted {
            break;
        }
        tail -= 1;
    }
    let head = children[..tail].iter().take_while(|child| child.kind == ChildKind::Empty).count();
    let mut rest = children[head..tail]
        .iter()
        .skip(1)
        .map(|child| &child.kind)
        .filter(|kind| **kind != ChildKind::Empty);
    let head = match children[..tail].get(head) {
        Some(BodyChild { kind: ChildKind::Quote { text, has_blocks }, start, end })
            if rest.next().is_some_and(|next| !matches!(next, ChildKind::Quote { .. })) =>
        {
            lifted.digest = Some(text.clone());
            lifted.blocks = has_blocks.then(|| html[*start..*end].to_owned());
            head + 1
        }
        _ => head,
    };
    let start = children[..head].last().map_or(0, |child| child.end);
    let end = children.get(tail).map_or(html.len(), |child| child.start);
    lifted.kept = start..end;
    let charts = children[head..tail]
        .iter()
        .filter(|child| site.charts == ChartMode::Off && child.kind == ChildKind::Chart);
    lifted.html = without(html, children[..head].iter().chain(charts).chain(&children[tail..]));
    lifted
}

/// Keeps a value; returns `false` if a different one is already kept.
fn keep(kept: &mut Option<String>, value: &str) -> bool {
    kept.get_or_insert_with(|| value.to_owned()) == value
}

/// Removes the given children from the HTML, and white space at both ends.
fn without<'t>(html: String, children: impl Iterator<Item = &'t BodyChild>) -> String {
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    for child in children {
        out.push_str(&html[at..child.start]);
        at = child.end;
    }
    out.push_str(&html[at..]);
    out.truncate(out.trim_ascii_end().len());
    out.drain(..out.len() - out.trim_ascii_start().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_name_is_read_only_at_the_end() {
        for (text, expected) in [
            ("（文章来源：某报）", Some("某报")),
            ("(文章来源: The Daily )", Some("The Daily")),
            ("正文。（文章来源：某报）", Some("某报")),
            ("（文章来源：）", None),
            ("文章来源：某报", None),
            ("（文章来源：某报）续", None),
        ] {
            let name = source_at_end(text).map(|(_, name)| name);
            assert_eq!(name.as_deref(), expected, "{text}");
        }
    }
}
