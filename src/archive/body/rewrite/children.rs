//! Records the children of the body for lifting (their ranges, text and links), and undoes the output of
//! hidden elements.

use super::super::element;
use super::super::lift::{self, Kind, Link, Top};
use super::Pass;

/// A state of the pass to go back to.
pub(super) struct Mark {
    pub(super) out: usize,
    pub(super) tops: usize,
    pub(super) top: Option<(usize, usize, bool)>,
    pub(super) depth: usize,
}

/// The child of the body that is being read.
pub(super) struct Current<'h> {
    pub(super) start: usize,
    pub(super) is_quote: bool,
    /// True for loose text and spans, outside any block.
    pub(super) is_loose: bool,
    pub(super) text: String,
    pub(super) links: Vec<Link<'h>>,
    pub(super) has_media: bool,
}

impl Pass<'_> {
    /// Begins the child of the body that the element at `start` belongs to.
    pub(super) fn enter(&mut self, name: &str, start: usize) {
        if self.shown > 0 {
            if let Some(top) = &mut self.current {
                top.has_media |= name == "table";
            }
            return;
        }
        if element::closes_paragraph(name) {
            self.end_top_at(start);
            self.begin_top(start, name == "blockquote", false);
            if let Some(top) = &mut self.current {
                top.has_media = name == "table";
            }
        } else if self.current.is_none() {
            self.begin_top(start, false, true);
        }
    }

    pub(super) fn begin_top(&mut self, start: usize, is_quote: bool, is_loose: bool) {
        self.current = Some(Current {
            start,
            is_quote,
            is_loose,
            text: String::new(),
            links: Vec::new(),
            has_media: false,
        });
    }

    pub(super) fn end_top(&mut self) {
        self.end_top_at(self.out.len());
    }

    pub(super) fn end_top_at(&mut self, end: usize) {
        if let Some(top) = self.current.take() {
            let kind = lift::kind(&top.text, &top.links, top.is_quote, top.has_media, self.site);
            self.tops.push(Top { start: top.start, end, kind });
        }
    }

    pub(super) fn mark(&self) -> Mark {
        let top = self.current.as_ref().map(|top| (top.text.len(), top.links.len(), top.has_media));
        Mark { out: self.out.len(), tops: self.tops.len(), top, depth: self.shown }
    }

    /// Undoes the output of a hidden element.
    pub(super) fn go_back(&mut self, mark: &Mark) {
        self.out.truncate(mark.out);
        let had_more_tops = self.tops.len() > mark.tops;
        self.tops.truncate(mark.tops);
        match (mark.top, &mut self.current) {
            (Some((text, links, has_media)), Some(top)) if !had_more_tops => {
                top.text.truncate(text);
                top.links.truncate(links);
                top.has_media = has_media;
            }
            (None, _) if mark.depth == 0 => self.current = None,
            // The output since the last recorded child becomes one child.
            _ => {
                let start = self.tops.last().map_or(0, |top| top.end);
                self.current = None;
                self.tops.push(Top { start, end: self.out.len(), kind: Kind::Other(None) });
            }
        }
    }
}
