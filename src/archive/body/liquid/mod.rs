//! The part of Liquid that finews runs: a few tags, variables and filters. All other Liquid of a post stays as written.
//! In a page of the site, conditions over scalars are decided too, and all other Liquid is left out. Liquid runs before
//! Markdown, as in Jekyll.

mod condition;
mod expression;
mod file_link;
mod filter;
mod lines;
mod scope;
mod strftime;
mod tag;
mod url;

use std::borrow::Cow;

use crate::archive::body::context::{Context, MAX_LEN};
use crate::archive::body::html::bytes::count_lines;
use crate::archive::body::html::clean;
use crate::archive::body::html::text::fold;
use crate::archive::body::kramdown::literal::{self, Literals};
use crate::archive::body::liquid::file_link::{linked, names_file};
use crate::archive::body::liquid::lines::without_cut;
use crate::archive::body::liquid::scope::VariableScope;
use crate::archive::body::liquid::tag::{LiquidTag, is_space, tag_at};
use crate::archive::body::liquid::url::relative_url;
use crate::archive::problem::{Code, Defect};

pub(crate) use crate::archive::body::liquid::file_link::unchecked_url;
pub(super) use crate::archive::body::liquid::lines::TextForm;

/// The tags that open a block up to their `end…`.
const BLOCKS: [&str; 6] = ["if", "unless", "for", "case", "capture", "tablerow"];

/// Tags that show nothing themselves. Output that uses a variable of an `assign` is removed and reported.
const SILENT: [&str; 6] = ["assign", "else", "elsif", "when", "break", "continue"];

/// Maximum number of removed tags and links to unknown files that a body reports one by one.
const MOST_REPORTED: usize = 50;

/// Maximum depth of nested conditions that are decided.
const MAX_CONDITIONS: usize = 32;

/// A tag that only Jekyll can resolve.
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
    form: TextForm,
    literals: &mut Literals,
    defects: &mut Vec<Defect>,
) -> Cow<'s, str> {
    if !may_hold_liquid(source) {
        return Cow::Borrowed(source);
    }
    let mut resolver = Resolver::new(source, cx, literals);
    resolver.run(source.len());
    let Resolver { out, mut dropped, unresolved: tags, cuts, reported, .. } = resolver;
    defects.append(&mut dropped);
    if let Some(more @ 1..) = reported.checked_sub(MOST_REPORTED) {
        let message = format!("{more} more tags of Liquid were removed or name no file");
        defects.push(Defect::warning(Code::LiquidUnresolved, message));
    }
    if let Some(first) = tags.first {
        let UnresolvedLiquid { tag, line } = unresolved(source, &first, cx);
        let more = if tags.count > 1 { format!(", and {} more", tags.count - 1) } else { String::new() };
        let reason =
            if names_file(&first) { "that names no post or file" } else { "that finews does not support" };
        let outcome = match form {
            TextForm::Plain if cx.is_page => "was removed with its line",
            TextForm::Markup | TextForm::Plain => "stays as written",
        };
        let message = format!("Liquid {reason} {outcome}: `{tag}`{more}");
        defects.push(Defect::warning(Code::LiquidUnresolved, message).at_line(line));
    }
    let is_cut = cx.is_page && !cuts.is_empty();
    Cow::Owned(if is_cut { without_cut(&out, &cuts, form) } else { out })
}

/// Returns the first tag or output of a text that only Jekyll can resolve. A link to a missing post or file counts as
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

/// Resolves the Liquid of a text that is neither Markdown nor HTML. The text of a page lacks each line with Liquid that
/// is not supported, which is reported.
pub fn resolve_liquid(source: &str, cx: &Context<'_>, defects: &mut Vec<Defect>) -> String {
    let mut literals = Literals::default();
    let source = literal::strip(source);
    let text = resolve(&source, cx, TextForm::Plain, &mut literals, defects);
    literals.plain(&text)
}

fn may_hold_liquid(source: &str) -> bool {
    source.contains("{{") || source.contains("{%")
}

/// Describes an unresolved tag, for a message.
fn unresolved(source: &str, tag: &LiquidTag<'_>, cx: &Context<'_>) -> UnresolvedLiquid {
    let line = cx.line.saturating_add(count_lines(&source[..tag.start]));
    UnresolvedLiquid { tag: tag_text(source, tag), line }
}

/// The beginning of a tag, for a message.
fn tag_text(source: &str, tag: &LiquidTag<'_>) -> String {
    /// Characters of a tag in a message.
    const LONGEST: usize = 80;
    let text = fold(&source[tag.start..tag.end]);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.into_owned(),
    }
}

/// The tags that stay as written.
#[derive(Default)]
struct UnresolvedTags<'s> {
    count: usize,
    first: Option<LiquidTag<'s>>,
    /// The first one that is no link to a post or file.
    first_unsupported: Option<LiquidTag<'s>>,
}

struct Resolver<'s, 'c> {
    source: &'s str,
    cx: &'c Context<'c>,
    scope: VariableScope<'s, 'c>,
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
    /// Positions in `out` of unresolved and removed Liquid, in order. The lines of a page at these positions may be left
    /// out.
    cuts: Vec<usize>,
    /// Number of removed tags and links to unknown files.
    reported: usize,
    /// Depth of the conditions around the text that is being written.
    conditions: usize,
}

impl<'s, 'c> Resolver<'s, 'c> {
    fn new(source: &'s str, cx: &'c Context<'c>, literals: &'c mut Literals) -> Self {
        Self {
            source,
            cx,
            scope: VariableScope::new(source, cx),
            literals,
            at: 0,
            out: String::with_capacity(source.len()),
            code_start: 0,
            unclosed: Vec::new(),
            counted: (0, cx.line),
            budget: 4 * MAX_LEN,
            unresolved: UnresolvedTags::default(),
            dropped: Vec::new(),
            cuts: Vec::new(),
            reported: 0,
            conditions: 0,
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
            "if" | "unless" if self.cx.is_page => return self.resolve_condition(tag, end),
            "post_url" if !is_full => (self.cx.posts)(rest).map(|url| relative_url(&url, self.cx.site)),
            "link" if !is_full => {
                let link = linked(rest, self.cx);
                if link.as_ref().is_some_and(|link| !link.is_known) {
                    self.report(tag, || {
                        let message = format!("`{{% link {rest} %}}` names no page or file that is served");
                        Defect::warning(Code::LiquidUnresolved, message)
                    });
                }
                link.map(|link| link.url)
            }
            "include" | "include_relative" | "include_cached" => {
                self.report(tag, || {
                    let message = format!("the Liquid include `{rest}` is not supported and was removed");
                    Defect::warning(Code::IncludeDropped, message)
                });
                return self.cuts.push(self.out.len());
            }
            _ => None,
        };
        let Some(value) = value else { return self.leave(tag, end) };
        self.trim_before(tag.trim_before);
        // A value must not contain the marks of literals.
        self.out.push_str(&literal::strip(&value));
        self.trim_after(tag.trim_after, end);
    }

    fn evaluate(&mut self, expression: &str) -> Option<String> {
        expression::evaluate(expression, &self.scope, &mut self.budget)
    }

    /// Resolves a tag that has a closing tag.
    fn resolve_block(&mut self, tag: &LiquidTag<'s>, end: usize) {
        let (name, rest) = tag.parts();
        let Some(close) = self.find_close(tag.end, end, name) else {
            return self.leave(tag, end);
        };
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
        let cuts = self.cuts.len();
        self.run_inside(close.start);
        self.cuts.truncate(cuts);
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

    /// Reports the defect of a tag. The tags beyond the maximum number are only counted.
    fn report(&mut self, tag: &LiquidTag<'s>, defect: impl FnOnce() -> Defect) {
        self.reported += 1;
        if self.reported <= MOST_REPORTED {
            let line = self.line_at(tag.start);
            self.dropped.push(defect().at_line(line));
        }
    }

    /// The line of the file at a position, which is not before the last one.
    fn line_at(&mut self, position: usize) -> u32 {
        let (from, line) = self.counted;
        self.counted = (position, line.saturating_add(count_lines(&self.source[from..position])));
        self.counted.1
    }

    /// Removes the white space before a tag. White space beside Liquid that was left out stays: it may separate a
    /// heading or a list item from the text after it.
    fn trim_before(&mut self, is_trimmed: bool) {
        if is_trimmed {
            let start = self.code_start.max(self.cuts.last().copied().unwrap_or(0));
            let end = start + self.out[start..].trim_end_matches(is_space).len();
            self.out.truncate(end);
        }
    }

    /// Removes the white space after a tag, by the same rule.
    fn trim_after(&mut self, is_trimmed: bool, end: usize) {
        if is_trimmed && self.cuts.last() != Some(&self.out.len()) {
            let rest = &self.source[self.at..end];
            self.at += rest.len() - rest.trim_start_matches(is_space).len();
        }
    }

    /// Writes a tag that is not resolved as it is, or leaves it out of a page. A link to an unknown post stays in both.
    fn leave(&mut self, tag: &LiquidTag<'s>, end: usize) {
        if !names_file(tag) {
            self.unresolved.first_unsupported.get_or_insert(*tag);
            if self.cx.is_page {
                return self.omit(tag, end);
            }
        }
        self.cuts.push(self.out.len());
        self.literals.hold_text(&self.source[tag.start..tag.end], &mut self.out);
        self.unresolved.count += 1;
        self.unresolved.first.get_or_insert(*tag);
    }

    /// Leaves out a tag, with the block that it opens, and reports it.
    fn omit(&mut self, tag: &LiquidTag<'s>, end: usize) {
        let (name, _) = tag.parts();
        let opens_block = !tag.is_output && BLOCKS.contains(&name);
        let close =
            if opens_block { self.block(tag, end).and_then(|tags| tags.last().copied()) } else { None };
        let is_silent = !tag.is_output && (SILENT.contains(&name) || name.starts_with("end"));
        if !is_silent {
            let source = self.source;
            self.report(tag, || {
                let part = if close.is_some() { "block" } else { "tag" };
                let text = tag_text(source, tag);
                let message = format!("the Liquid {part} `{text}` is not supported and was removed");
                Defect::warning(Code::LiquidUnresolved, message)
            });
        }
        self.cuts.push(self.out.len());
        self.at = close.unwrap_or(*tag).end;
    }

    /// Writes the branch of a condition that holds, if there is one. A condition that is not supported is left out
    /// with its block.
    fn resolve_condition(&mut self, tag: &LiquidTag<'s>, end: usize) {
        let tags = if self.conditions < MAX_CONDITIONS { self.block(tag, end) } else { None };
        let Some(tags) = tags else { return self.leave(tag, end) };
        let mut branch = None;
        for pair in tags.windows(2) {
            match self.holds(&pair[0]) {
                Some(false) => {}
                Some(true) => {
                    branch = Some((pair[0], pair[1]));
                    break;
                }
                None => return self.leave(tag, end),
            }
        }
        self.trim_before(tag.trim_before);
        if let Some((open, close)) = branch {
            self.at = open.end;
            self.trim_after(open.trim_after, close.start);
            self.conditions += 1;
            self.run_inside(close.start);
            self.conditions -= 1;
            self.trim_before(close.trim_before);
        }
        let last = tags.last().copied().unwrap_or(*tag);
        self.at = last.end;
        self.trim_after(last.trim_after, end);
    }

    /// Decides whether the branch after a tag of a condition is written. `None` if that is unknown.
    fn holds(&mut self, tag: &LiquidTag<'s>) -> Option<bool> {
        let (name, condition) = tag.parts();
        match name {
            "else" => Some(true),
            "unless" => condition::holds(condition, &self.scope, &mut self.budget).map(|holds| !holds),
            _ => condition::holds(condition, &self.scope, &mut self.budget),
        }
    }

    /// Writes the text inside a block, up to `end`.
    fn run_inside(&mut self, end: usize) {
        let unclosed = std::mem::take(&mut self.unclosed);
        self.run(end);
        self.unclosed = unclosed;
    }

    /// Finds the tags of the block that a tag opens, before `end`: the tag itself, the `elsif` and `else` of its level,
    /// and the closing tag. Returns `None` if there is no closing tag.
    fn block(&mut self, open: &LiquidTag<'s>, end: usize) -> Option<Vec<LiquidTag<'s>>> {
        let (name, _) = open.parts();
        if self.unclosed.contains(&name) {
            return None;
        }
        let mut tags = vec![*open];
        let mut depth = 1_usize;
        let mut from = open.end;
        while let Some(at) = self.source[from..end].find("{%") {
            let start = from + at;
            from = start + 2;
            let Some(tag) = tag_at(self.source, start).filter(|tag| tag.end <= end) else { continue };
            from = tag.end;
            let (inner, _) = tag.parts();
            match inner {
                // Text between these tags is literal.
                "raw" | "comment" => {
                    if let Some(close) = self.find_close(tag.end, end, inner) {
                        from = close.end;
                    }
                }
                "else" | "elsif" if depth == 1 => tags.push(tag),
                _ if BLOCKS.contains(&inner) => depth += 1,
                _ => {
                    let closed = inner.strip_prefix("end").filter(|closed| BLOCKS.contains(closed));
                    depth -= usize::from(closed.is_some());
                    if depth == 0 && closed == Some(name) {
                        tags.push(tag);
                        return Some(tags);
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
        }
        self.unclosed.push(name);
        None
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

#[cfg(test)]
mod tests;
