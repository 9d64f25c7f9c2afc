//! Lines without output where they stand: link, footnote and abbreviation definitions, and kramdown's
//! `{: …}` attributes and `{::…}` extensions.

use std::sync::LazyLock;

use regex::Regex;

use crate::archive::body::html::attributes::alignment_of_class;
use crate::archive::body::kramdown::blocks::{
    Block, BlockCursor, LinkDefinition, Parser, after_indent, is_blank, line,
};
use crate::archive::body::kramdown::code::{indented_len, without_indent};
use crate::config::{SettingValue, TocLevels};

pub(crate) fn footnote(parser: &mut Parser, c: &mut BlockCursor<'_, '_>) -> bool {
    let first = c.line();
    let Some((name, content)) = after_indent(first).strip_prefix("[^").and_then(|text| text.split_once("]:"))
    else {
        return false;
    };
    if !is_name(name) {
        return false;
    }
    let tail = indented_len(&c.rest()[first.len()..]);
    let mut text = content.trim_ascii_start().to_owned();
    for line in c.rest()[first.len()..first.len() + tail].split_inclusive('\n') {
        text.push_str(without_indent(line).unwrap_or(line));
    }
    c.pos += first.len() + tail;
    let blocks = parser.parse(&text);
    parser.footnotes.insert(name.to_owned(), blocks);
    c.blocks.push(Block::Nothing { ends: false });
    true
}

/// `ALD_ID_NAME`
pub(crate) fn is_name(name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    name.starts_with(is_word) && name.chars().all(|c| is_word(c) || c == '-')
}

/// `LINK_DEFINITION_START`, except for targets with spaces: such lines are sentences that begin with a
/// bracketed name.
static LINK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^ {0,3}\[([^\n\]]+)\]:[ \t]*(?:<([^>\n]*)>|([^\s<]\S*))",
        r#"(?:[ \t]*\n?[ \t]*(?:"([^\n]+)"|'([^\n]+)'))?[ \t]*\n"#
    ))
    .ok()
});

pub(crate) fn link(parser: &mut Parser, c: &mut BlockCursor<'_, '_>) -> bool {
    let first = c.line();
    if !after_indent(first).starts_with('[') || !first.contains("]:") {
        return false;
    }
    let window = first.len() + line(&c.rest()[first.len()..]).len();
    let Some(found) = LINK.as_ref().and_then(|regex| regex.captures(&c.rest()[..window])) else {
        return false;
    };
    let group = |i| found.get(i).map(|m| m.as_str());
    parser.links.push(LinkDefinition {
        label: group(1).unwrap_or_default().to_owned(),
        url: group(2).or(group(3)).unwrap_or_default().to_owned(),
        title: group(4).or(group(5)).unwrap_or_default().to_owned(),
    });
    c.pos += found.get(0).map_or(first.len(), |m| m.end());
    c.blocks.push(Block::Nothing { ends: false });
    true
}

/// Removes `*[abbr]: meaning`; the abbreviations themselves stay plain text.
pub(crate) fn abbreviation(c: &mut BlockCursor<'_, '_>) -> bool {
    let first = c.line();
    let found = after_indent(first).strip_prefix("*[").and_then(|text| text.split_once("]:"));
    if found.is_none_or(|(name, _)| name.is_empty()) {
        return false;
    }
    c.pos += first.len();
    c.blocks.push(Block::Nothing { ends: false });
    true
}

/// The text of a `{: …}` line.
pub(crate) fn attributes(line: &str) -> Option<&str> {
    let inner = after_indent(line).strip_prefix("{:")?;
    if inner.starts_with([':', '/']) {
        return None;
    }
    let (text, rest) = inner.split_once('}')?;
    (!text.is_empty() && is_blank(rest)).then_some(text)
}

/// Returns whether a line is `{: …}` without an indent.
pub(crate) fn is_attributes(line: &str) -> bool {
    line.starts_with('{') && attributes(line).is_some()
}

/// The content of a list item without the `{: …}` before it.
pub(crate) fn without_attributes(content: &str) -> &str {
    let trimmed = content.trim_ascii_start();
    let found = trimmed.strip_prefix("{:").filter(|inner| !inner.starts_with([':', '/']));
    found.and_then(|inner| inner.split_once('}')).map_or(content, |(_, rest)| rest.trim_ascii_start())
}

pub(crate) fn extension(parser: &mut Parser, c: &mut BlockCursor<'_, '_>) -> bool {
    let first = c.line();
    let text = after_indent(first);
    if !text.starts_with("{:") {
        return false;
    }
    if let Some(text) = attributes(first) {
        c.pos += first.len();
        apply(parser, c, text);
        return true;
    }
    let Some((head, rest)) = text.strip_prefix("{::").and_then(|inner| inner.split_once('}')) else {
        return false;
    };
    if !is_blank(rest) {
        return false;
    }
    let name = head.split([' ', '/']).next().unwrap_or_default();
    let start = c.pos + first.len();
    if name == "options"
        && let Some(levels) = attribute(head, "toc_levels").and_then(TocLevels::from_text)
    {
        parser.toc_levels = levels;
    }
    if head.ends_with('/') {
        c.pos = start;
        c.blocks.push(Block::Nothing { ends: false });
        return true;
    }
    let mut at = start;
    while at < c.src.len() && parser.budget > 0 {
        let line = line(&c.src[at..]);
        if is_stop(line, name) {
            let raw = (name == "nomarkdown").then(|| Block::Html(c.src[start..at].to_owned()));
            c.pos = at + line.len();
            c.blocks.push(raw.unwrap_or(Block::Nothing { ends: false }));
            return true;
        }
        at += line.len();
    }
    parser.budget = parser.budget.saturating_sub(c.src.len() - start);
    false
}

fn is_stop(line: &str, name: &str) -> bool {
    let inner =
        after_indent(line).trim_ascii_end().strip_prefix("{:/").and_then(|text| text.strip_suffix('}'));
    inner.is_some_and(|stop| stop.is_empty() || stop == name)
}

/// The attributes of a `{: …}` line that have an effect.
#[derive(Debug, Default)]
pub(crate) struct BlockAttributes {
    id: Option<String>,
    /// The list is the table of contents.
    is_toc: bool,
    /// The heading is not in it.
    is_no_toc: bool,
    /// The language of code.
    language: Option<String>,
    /// The value of the `style` attribute.
    style: Option<String>,
}

impl BlockAttributes {
    /// Adds the attributes of a line.
    fn add(&mut self, line: &str) {
        let words = || line.split_ascii_whitespace();
        let id = words().find_map(|word| {
            let id = word.split('.').find_map(|part| part.strip_prefix('#'))?;
            id.starts_with(|c: char| c.is_ascii_alphabetic()).then_some(id)
        });
        if let Some(id) = id {
            self.id = Some(id.to_owned());
        }
        self.is_toc |= words().any(|word| word == "toc");
        let align = || attribute(line, "align").map(|align| format!("text-align:{align}"));
        let style = attribute(line, "style").map(str::to_owned).or_else(align);
        let written = attribute(line, "class");
        let short = words().filter(|word| !word.contains('=')).flat_map(|word| word.split('.').skip(1));
        for class in short.chain(written.unwrap_or_default().split_ascii_whitespace()) {
            self.is_no_toc |= class == "no_toc";
            if let Some(align) = alignment_of_class(class) {
                self.style = Some(format!("text-align:{align}"));
            }
            if let Some(language) = class.strip_prefix("language-") {
                self.language = Some(language.to_owned());
            }
        }
        self.style = style.or_else(|| self.style.take());
    }
}

/// The quoted value of an attribute in a `{: …}` line.
fn attribute<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    line.match_indices(name).find_map(|(at, _)| {
        let (before, rest) = (&line[..at], &line[at + name.len()..]);
        let begins_word = before.is_empty() || before.ends_with(|c: char| c.is_ascii_whitespace());
        let value = rest.strip_prefix('=').filter(|_| begins_word)?;
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        value[1..].split(quote).next()
    })
}

/// Applies a `{: …}` line to the block before it, or after a blank line to the next block.
fn apply(parser: &mut Parser, c: &mut BlockCursor<'_, '_>, text: &str) {
    match c.blocks.last_mut() {
        None | Some(Block::Blank { .. } | Block::Nothing { ends: true }) => {
            c.next_attributes.get_or_insert_default().add(text);
        }
        Some(block) => {
            let mut attributes = BlockAttributes::default();
            attributes.add(text);
            give(parser, block, attributes);
        }
    }
    if !matches!(c.blocks.last(), None | Some(Block::Blank { .. })) {
        c.blocks.push(Block::Nothing { ends: false });
    }
}

/// Gives a block the attributes that have an effect on it. The first list with `toc` becomes the table of contents.
pub(crate) fn give(parser: &mut Parser, block: &mut Block, attributes: BlockAttributes) {
    let BlockAttributes { id, is_toc, is_no_toc, language, style } = attributes;
    match block {
        Block::Heading { id: own, in_toc, style: own_style, .. } => {
            *own = id.or(own.take());
            *in_toc &= !is_no_toc;
            *own_style = style.unwrap_or_else(|| std::mem::take(own_style));
        }
        Block::Para { style: own, .. } => *own = style.unwrap_or_else(|| std::mem::take(own)),
        Block::Code { lang, .. } => *lang = language.unwrap_or_else(|| std::mem::take(lang)),
        Block::List { start, .. } if is_toc && !parser.has_toc => {
            parser.has_toc = true;
            *block = Block::Toc { id: id.unwrap_or_default(), is_numbered: start.is_some() };
        }
        _ => {}
    }
}
