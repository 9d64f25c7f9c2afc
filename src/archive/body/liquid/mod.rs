//! The part of Liquid that posts use: a few tags, variables and filters are resolved, everything else stays as
//! written. Runs before Markdown, as in Jekyll.

mod expression;
mod filter;
mod strftime;
mod tag;
mod url;

use std::borrow::Cow;

use crate::archive::body::context::{Context, MAX_LEN};
use crate::archive::body::html::bytes::count_lines;
use crate::archive::body::html::clean;
use crate::archive::body::html::text::fold;
use crate::archive::body::kramdown::literal::{self, Literals};
use crate::archive::body::liquid::tag::{LiquidTag, is_space, tag_at};
use crate::archive::body::liquid::url::relative_url;
use crate::archive::problem::{Code, Defect};

/// A tag that stays as the author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedLiquid {
    /// The beginning of the tag.
    pub tag: String,
    /// 1-based line of the file.
    pub line: u32,
}

/// Resolves the Liquid of a source. `literals` holds the unresolved tags, so that Markdown does not mistake
/// a `|` in one for a table.
pub(super) fn resolve<'s>(
    source: &'s str,
    cx: &Context<'_>,
    literals: &mut Literals,
    defects: &mut Vec<Defect>,
) -> Cow<'s, str> {
    if !may_hold_liquid(source) {
        return Cow::Borrowed(source);
    }
    let mut resolver = Resolver::new(source, cx, literals);
    resolver.run(source.len());
    let Resolver { out, mut dropped, unresolved: tags, .. } = resolver;
    defects.append(&mut dropped);
    if let Some(first) = tags.first {
        let UnresolvedLiquid { tag, line } = unresolved(source, &first, cx);
        let more = if tags.count > 1 { format!(", and {} more", tags.count - 1) } else { String::new() };
        let reason =
            if names_file(&first) { "that names no post or file" } else { "that finews does not support" };
        let message = format!("Liquid {reason} stays as written: `{tag}`{more}");
        defects.push(Defect::warning(Code::LiquidUnresolved, message).at_line(line));
    }
    Cow::Owned(out)
}

/// Returns the first tag or output of a text that only Jekyll can resolve. A link to a missing post counts as
/// resolved, since Jekyll cannot resolve it either.
pub fn unresolved_liquid(source: &str, cx: &Context<'_>) -> Option<UnresolvedLiquid> {
    if !may_hold_liquid(source) {
        return None;
    }
    let mut literals = Literals::default();
    let mut resolver = Resolver::new(source, cx, &mut literals);
    resolver.run(source.len());
    resolver.unresolved.first_unsupported.map(|tag| unresolved(source, &tag, cx))
}

/// Resolves the Liquid of a text that is neither Markdown nor HTML.
pub fn resolve_liquid(source: &str, cx: &Context<'_>, defects: &mut Vec<Defect>) -> String {
    let mut literals = Literals::default();
    let source = literal::strip(source);
    let text = resolve(&source, cx, &mut literals, defects);
    literals.plain(&text)
}

fn may_hold_liquid(source: &str) -> bool {
    source.contains("{{") || source.contains("{%")
}

/// Describes an unresolved tag, for a message.
fn unresolved(source: &str, tag: &LiquidTag<'_>, cx: &Context<'_>) -> UnresolvedLiquid {
    /// Characters of a tag in a message.
    const LONGEST: usize = 80;
    let text = fold(&source[tag.start..tag.end]);
    let tag_text = match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    };
    UnresolvedLiquid { tag: tag_text, line: cx.line.saturating_add(count_lines(&source[..tag.start])) }
}

/// The tags that stay as written.
#[derive(Default)]
struct UnresolvedTags<'s> {
    count: usize,
    first: Option<LiquidTag<'s>>,
    /// The first one that is no link to a post.
    first_unsupported: Option<LiquidTag<'s>>,
}

struct Resolver<'s, 'c> {
    source: &'s str,
    cx: &'c Context<'c>,
    literals: &'c mut Literals,
    at: usize,
    out: String,
    /// Start of the code that is being written; no tag in it trims the text before it.
    code_start: usize,
    /// Names of unclosed tags; the search for their closing tags is not repeated.
    unclosed: Vec<&'s str>,
    /// The last position whose line was counted, and that line.
    counted: (usize, u32),
    /// Bytes that the values of further expressions may have; keeps a hostile body linear.
    budget: usize,
    unresolved: UnresolvedTags<'s>,
    dropped: Vec<Defect>,
}

impl<'s, 'c> Resolver<'s, 'c> {
    fn new(source: &'s str, cx: &'c Context<'c>, literals: &'c mut Literals) -> Self {
        Self {
            source,
            cx,
            literals,
            at: 0,
            out: String::with_capacity(source.len()),
            code_start: 0,
            unclosed: Vec::new(),
            counted: (0, cx.line),
            budget: 4 * MAX_LEN,
            unresolved: UnresolvedTags::default(),
            dropped: Vec::new(),
        }
    }

    /// Writes the text up to `end`, with its tags resolved.
    fn run(&mut self, end: usize) {
        while let Some(tag) = self.next_tag(end) {
            self.resolve(&tag, end);
        }
        self.out.push_str(&self.source[self.at..end]);
        self.at = end;
    }

    /// Writes the text before the next tag and returns the tag.
    fn next_tag(&mut self, end: usize) -> Option<LiquidTag<'s>> {
        let mut from = self.at;
        loop {
            let start = from + self.source[from..end].find('{')?;
            match tag_at(self.source, start).filter(|tag| tag.end <= end) {
                Some(tag) => {
                    self.out.push_str(&self.source[self.at..start]);
                    self.at = tag.end;
                    return Some(tag);
                }
                None => from = start + 1,
            }
        }
    }

    fn resolve(&mut self, tag: &LiquidTag<'s>, end: usize) {
        // A body that repeats a long title must not grow without bound.
        let is_full = self.out.len() > MAX_LEN;
        let (name, rest) = tag.parts();
        let value = match name {
            _ if tag.is_output => {
                Some(tag.inner).filter(|_| !is_full).and_then(|expression| self.evaluate(expression))
            }
            "raw" | "comment" | "highlight" => return self.resolve_block(tag, end),
            "post_url" if !is_full => (self.cx.posts)(rest).map(|url| relative_url(&url, self.cx.site)),
            "link" if !is_full => {
                let link = linked(rest, self.cx);
                if link.as_ref().is_some_and(|link| !link.is_known) {
                    let message = format!("`{{% link {rest} %}}` names no page or file that is served");
                    let line = self.line_at(tag.start);
                    self.dropped.push(Defect::warning(Code::LiquidUnresolved, message).at_line(line));
                }
                link.map(|link| link.url)
            }
            "include" | "include_relative" | "include_cached" => {
                let message = format!("the Liquid include `{rest}` is not supported and was removed");
                let line = self.line_at(tag.start);
                self.dropped.push(Defect::error(Code::IncludeDropped, message).at_line(line));
                Some(String::new())
            }
            _ => None,
        };
        let Some(value) = value else { return self.leave(tag) };
        self.trim_before(tag.trim_before);
        // A value must not contain the marks of literals.
        self.out.push_str(&literal::strip(&value));
        self.trim_after(tag.trim_after, end);
    }

    fn evaluate(&mut self, expression: &str) -> Option<String> {
        expression::evaluate(expression, self.cx, &mut self.budget)
    }

    /// Resolves a tag that has a closing tag.
    fn resolve_block(&mut self, tag: &LiquidTag<'s>, end: usize) {
        let (name, rest) = tag.parts();
        let Some(close) = self.find_close(tag.end, end, name) else { return self.leave(tag) };
        self.trim_before(tag.trim_before);
        match name {
            "raw" => {
                let body = &self.source[tag.end..close.start];
                let body = if tag.trim_after { body.trim_start_matches(is_space) } else { body };
                let body = if close.trim_before { body.trim_end_matches(is_space) } else { body };
                self.out.push_str(body);
            }
            "highlight" => self.highlight(rest, &close),
            _ => {}
        }
        self.at = close.end;
        self.trim_after(close.trim_after, end);
    }

    /// Writes a code block. Its HTML is a literal, so that neither Markdown nor a list or table around it reads the
    /// code.
    fn highlight(&mut self, options: &str, close: &LiquidTag<'s>) {
        self.code_start = self.out.len();
        let unclosed = std::mem::take(&mut self.unclosed);
        self.run(close.start);
        self.unclosed = unclosed;
        let code = self.out.split_off(std::mem::take(&mut self.code_start));
        let mut html = String::from("<code");
        let language = options.split_whitespace().next().unwrap_or_default();
        let class = format!("language-{}", language.to_lowercase().replace('+', "-"));
        if clean::has_class("code", &class) {
            html.extend([" class=\"", &class, "\""]);
        }
        html.push('>');
        self.literals.escape(code.trim_matches('\n'), &mut html);
        html.push_str("</code>");
        let line = self.out.rfind('\n').map_or(0, |at| at + 1);
        // Markdown reads a block of HTML only at the beginning of a line.
        if self.out[line..].chars().all(is_space) {
            self.out.push_str("<pre>");
            self.literals.hold_html(html, &mut self.out);
            self.out.push_str("</pre>");
        } else {
            self.literals.hold_html(format!("<pre>{html}</pre>"), &mut self.out);
        }
    }

    /// The line of the file at a position, which is not before the last one.
    fn line_at(&mut self, position: usize) -> u32 {
        let (from, line) = self.counted;
        self.counted = (position, line.saturating_add(count_lines(&self.source[from..position])));
        self.counted.1
    }

    fn trim_before(&mut self, is_trimmed: bool) {
        if is_trimmed {
            let end = self.code_start + self.out[self.code_start..].trim_end_matches(is_space).len();
            self.out.truncate(end);
        }
    }

    fn trim_after(&mut self, is_trimmed: bool, end: usize) {
        if is_trimmed {
            let rest = &self.source[self.at..end];
            self.at += rest.len() - rest.trim_start_matches(is_space).len();
        }
    }

    fn leave(&mut self, tag: &LiquidTag<'s>) {
        self.literals.hold_text(&self.source[tag.start..tag.end], &mut self.out);
        self.unresolved.count += 1;
        self.unresolved.first.get_or_insert(*tag);
        if !names_file(tag) {
            self.unresolved.first_unsupported.get_or_insert(*tag);
        }
    }

    /// Finds the tag that closes the tag `name`, before `end`.
    fn find_close(&mut self, from: usize, end: usize, name: &'s str) -> Option<LiquidTag<'s>> {
        if self.unclosed.contains(&name) {
            return None;
        }
        let mut from = from;
        while let Some(at) = self.source[from..end].find("{%") {
            let start = from + at;
            from = start + 2;
            let Some(tag) = tag_at(self.source, start).filter(|tag| tag.end <= end) else { continue };
            if tag.inner.strip_prefix("end") == Some(name) {
                return Some(tag);
            }
            // Text between these tags is literal.
            if tag.inner == "raw"
                && name != "raw"
                && let Some(close) = self.find_close(tag.end, end, "raw")
            {
                from = close.end;
            }
        }
        self.unclosed.push(name);
        None
    }
}

/// Returns whether a tag is a link to a post or to another file.
fn names_file(tag: &LiquidTag<'_>) -> bool {
    matches!(tag.parts().0, "post_url" | "link") && !tag.is_output
}

/// The link of `{% link file %}`.
struct FileLink {
    url: String,
    /// False if the site has no such file: the URL is the one that the file would have.
    is_known: bool,
}

/// Resolves `{% link file %}` through `Context::posts`. The URL of an unknown file follows from its path.
fn linked(path: &str, cx: &Context<'_>) -> Option<FileLink> {
    let path = path.trim_start_matches('/');
    if path.is_empty() || path.contains("{{") {
        return None;
    }
    let known = |url: String| FileLink { url: relative_url(&url, cx.site), is_known: true };
    if let Some(url) = (cx.posts)(path) {
        return Some(known(url));
    }
    if let Some((folder, name)) = path.split_once("_posts/") {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let url = (cx.posts)(stem).or_else(|| (cx.posts)(&format!("{folder}{stem}")))?;
        return Some(known(url));
    }
    let page = path.strip_suffix(".md").or_else(|| path.strip_suffix(".markdown"));
    let url = page.map_or_else(|| path.to_owned(), |stem| format!("{stem}.html"));
    Some(FileLink { url: relative_url(&url, cx.site), is_known: false })
}

#[cfg(test)]
mod tests;
