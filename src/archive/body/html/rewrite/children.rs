//! Records the children of the body for lifting (their ranges, text and links), finds the codes in their text,
//! and undoes the output of hidden elements.

use crate::archive::body::codes;
use crate::archive::body::html::clean::CHART_CLASS;
use crate::archive::body::html::element;
use crate::archive::body::html::rewrite::Rewriter;
use crate::archive::body::html::rewrite::state::{Checkpoint, ChildCheckpoint, Media, OpenChild};
use crate::archive::body::html::soft_break::join_text;
use crate::archive::body::lift::{self, BodyChild, ChildKind, ChildLink};

impl Rewriter<'_> {
    /// Begins the child of the body that the element at `start` belongs to.
    pub(crate) fn enter(&mut self, name: &str, start: usize) {
        if self.shown > 0 {
            if let Some(child) = &mut self.current {
                if matches!(name, "table" | "pre") {
                    child.media = Media::Other;
                }
                // A name does not extend over the start of a block. A `br` is a line break in the text already.
                if name != "br" && element::ends_line(name) {
                    child.end_line();
                }
            }
            return;
        }
        if element::closes_paragraph(name) {
            self.end_child_at(start);
            self.begin_child(start, name == "blockquote", false);
            if let Some(child) = self.current.as_mut().filter(|_| name == "table") {
                child.media = Media::Other;
            }
        } else if self.current.is_none() {
            self.begin_child(start, false, true);
        }
    }

    pub(crate) fn begin_child(&mut self, start: usize, is_quote: bool, is_loose: bool) {
        self.current = Some(OpenChild {
            start,
            is_quote,
            is_loose,
            text: String::new(),
            links: Vec::new(),
            mentions: Vec::new(),
            media: Media::Nothing,
        });
    }

    pub(crate) fn end_child(&mut self) {
        self.end_child_at(self.out.len());
    }

    pub(crate) fn end_child_at(&mut self, end: usize) {
        let Some(child) = self.current.take() else { return };
        codes::in_text(&join_text(&child.text), |code, name| self.securities.add(code, name, None));
        let before = self.out.len();
        // Blocks that begin after loose text are in the output already.
        let is_last = before == end;
        let kind = if is_last && self.is_front_chart(&child) && self.mark_chart(child.start) {
            ChildKind::Chart
        } else {
            if is_last {
                self.unlink_runs(&child);
            }
            let quote = self.out.get(child.start..).filter(|_| child.is_quote);
            lift::kind(&child.text, &child.links, quote, child.media > Media::Nothing, self.site)
        };
        if self.out.len() != before {
            let moved = self.linked.iter_mut().rev().take_while(|(at, _)| *at >= child.start);
            moved.for_each(|(at, _)| *at = child.start);
        }
        let end = if is_last { self.out.len() } else { end };
        self.children.push(BodyChild { start: child.start, end, kind });
    }

    /// Returns whether a child holds nothing but charts and no text stands before it.
    fn is_front_chart(&self, child: &OpenChild<'_>) -> bool {
        let is_before_text = |child: &BodyChild| {
            matches!(child.kind, ChildKind::Empty | ChildKind::Quote { .. } | ChildKind::Chart)
        };
        child.media == Media::Chart
            && !child.is_quote
            && !child.is_loose
            && child.text.trim().is_empty()
            && self.children.iter().all(is_before_text)
    }

    /// Replaces the attributes of the block at `start` by the class of charts. Returns whether the block can
    /// have it.
    fn mark_chart(&mut self, start: usize) -> bool {
        let opening = self.out.get(start..).and_then(|html| html.split_once('>')).map(|(opening, _)| opening);
        let Some((name, length)) = ["<p", "<div"].into_iter().find_map(|name| {
            let opening = opening?;
            opening.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with(' '))?;
            Some((name, opening.len()))
        }) else {
            return false;
        };
        self.out.replace_range(start..start + length, &format!("{name} class=\"{CHART_CLASS}\""));
        true
    }

    /// Gives the `sup` that ends here the role of a footnote's mark, if its text from `text_start` on is a number
    /// with a link to a place of the page in or around it. Returns whether it is such a mark.
    pub(crate) fn becomes_footnote_mark(&mut self, text_start: usize) -> bool {
        let Some(child) = &self.current else { return false };
        let number = note_number(child.text.get(text_start..).unwrap_or_default());
        if !(1..=3).contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        let is_whole = |link: &&ChildLink<'_>| {
            let text = child.text.get(link.start..link.end).unwrap_or_default();
            link.start >= text_start && note_number(text) == number
        };
        let inner = child.links.last().filter(is_whole).map(|link| &*link.href);
        let around = self.open.last().filter(|open| open.text_start == text_start);
        let href = inner.or_else(|| around.and_then(|open| open.href.as_deref()));
        let leads_to_place = |href: &str| href.trim().strip_prefix('#').is_some_and(|id| !id.is_empty());
        let Some(start) = self.out.rfind("<sup").filter(|_| href.is_some_and(leads_to_place)) else {
            return false;
        };
        // The role stands after the id, where a second pass writes it.
        let id = self.out[start..].strip_prefix("<sup id=\"").and_then(|rest| rest.find('"'));
        self.add_note_role(start, start + id.map_or("<sup".len(), |len| "<sup id=\"".len() + len + 1))
    }

    /// Gives the link that ends here, outside of a `sup`, the role of a footnote's mark, if it leads to a note and its
    /// text from `text_start` on is a number or a sign. Returns whether it is such a mark.
    pub(crate) fn becomes_note_link(&mut self, text_start: usize, href: &str) -> bool {
        let has_sign = || {
            let text = self.current.as_ref().and_then(|child| child.text.get(text_start..));
            text.is_some_and(is_note_sign) && self.open.iter().all(|around| around.name != "sup")
        };
        if !leads_to_note(href) || !has_sign() {
            return false;
        }
        let Some(start) = self.out.rfind("<a href=\"") else { return false };
        // The role is the last attribute of a link within the page, also after a second pass.
        let Some(len) = self.out[start..].find('>') else { return false };
        self.add_note_role(start, start + len)
    }

    /// Writes the role of a footnote's mark at `at` into the opening tag at `start`. Returns false, with no output, if a
    /// mention follows, whose position would change.
    fn add_note_role(&mut self, start: usize, at: usize) -> bool {
        const ROLE: &str = " role=\"doc-noteref\"";
        let mention = self.current.as_ref().and_then(|child| child.mentions.last());
        if mention.is_some_and(|mention| mention.closing.end > start)
            || self.out[start..at].contains(" role=")
        {
            return false;
        }
        self.out.insert_str(at, ROLE);
        let moved = self.linked.iter_mut().rev().take_while(|(at, _)| *at > start);
        moved.for_each(|(at, _)| *at += ROLE.len());
        true
    }

    /// Removes the text and the links from `start` on from the child that is being read.
    pub(crate) fn forget_text(&mut self, start: usize) {
        if let Some(child) = self.current.as_mut().filter(|child| child.text.is_char_boundary(start)) {
            child.text.truncate(start);
            child.links.retain(|link| link.end <= start);
        }
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let child = self.current.as_ref().map(|child| ChildCheckpoint {
            text: child.text.len(),
            links: child.links.len(),
            mentions: child.mentions.len(),
            media: child.media,
        });
        Checkpoint { out: self.out.len(), children: self.children.len(), child, depth: self.shown }
    }

    /// Undoes the output of a hidden element.
    pub(crate) fn roll_back(&mut self, checkpoint: &Checkpoint) {
        self.out.truncate(checkpoint.out);
        let kept = self.linked.partition_point(|(at, _)| *at < checkpoint.out);
        self.linked.truncate(kept);
        let had_more_children = self.children.len() > checkpoint.children;
        self.children.truncate(checkpoint.children);
        match (&checkpoint.child, &mut self.current) {
            (Some(before), Some(child)) if !had_more_children => {
                child.text.truncate(before.text);
                child.links.truncate(before.links);
                child.mentions.truncate(before.mentions);
                child.media = before.media;
            }
            (None, _) if checkpoint.depth == 0 => self.current = None,
            // The output since the last recorded child becomes one child.
            _ => {
                let start = self.children.last().map_or(0, |child| child.end);
                self.current = None;
                self.children.push(BodyChild { start, end: self.out.len(), kind: ChildKind::Other(None) });
            }
        }
    }
}

/// Returns whether a link leads to a note of the page, by the usual names of notes. The names of the places that link
/// to a note hold `ref`.
fn leads_to_note(href: &str) -> bool {
    let Some(id) = href.trim().strip_prefix('#') else { return false };
    let id = id.trim_start_matches("user-content-").trim_start_matches('_').to_ascii_lowercase();
    let names = ["fn", "ftn", "edn", "note", "footnote", "endnote", "cite_note", "cite-note"];
    names.iter().any(|name| id.starts_with(name)) && !id.contains("ref")
}

/// Returns whether a text is the number or the sign of a footnote, with or without brackets.
fn is_note_sign(text: &str) -> bool {
    let is_around = |c: char| c.is_whitespace() || "[]()（）［］〔〕【】".contains(c);
    let sign = text.trim_matches(is_around).trim_start_matches(['注', '註']);
    let is_number = sign.bytes().all(|b| b.is_ascii_digit());
    let is_mark = |c: char| matches!(c, '*' | '＊' | '※' | '†' | '‡' | '§' | '¶' | '①'..='⑳');
    (1..=3).contains(&sign.chars().count()) && (is_number || sign.chars().all(is_mark))
}

/// The number of a footnote without the brackets around it.
fn note_number(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '[' | ']'))
}
