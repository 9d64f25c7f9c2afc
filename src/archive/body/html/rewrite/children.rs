//! Records the children of the body for lifting (their ranges, text and links), and undoes the output of
//! hidden elements.

use crate::archive::body::html::element;
use crate::archive::body::html::rewrite::Rewriter;
use crate::archive::body::html::rewrite::state::{Checkpoint, OpenChild};
use crate::archive::body::lift::{self, BodyChild, ChildKind};

impl Rewriter<'_> {
    /// Begins the child of the body that the element at `start` belongs to.
    pub(crate) fn enter(&mut self, name: &str, start: usize) {
        if self.shown > 0 {
            if let Some(child) = &mut self.current {
                child.has_media |= name == "table";
                if element::closes_paragraph(name) {
                    child.end_line();
                }
            }
            return;
        }
        if element::closes_paragraph(name) {
            self.end_child_at(start);
            self.begin_child(start, name == "blockquote", false);
            if let Some(child) = &mut self.current {
                child.has_media = name == "table";
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
            has_media: false,
        });
    }

    pub(crate) fn end_child(&mut self) {
        self.end_child_at(self.out.len());
    }

    pub(crate) fn end_child_at(&mut self, end: usize) {
        if let Some(child) = self.current.take() {
            let kind = lift::kind(&child.text, &child.links, child.is_quote, child.has_media, self.site);
            self.children.push(BodyChild { start: child.start, end, kind });
        }
    }

    /// Removes the text and the links from `start` on from the child that is being read.
    pub(crate) fn forget_text(&mut self, start: usize) {
        if let Some(child) = self.current.as_mut().filter(|child| child.text.is_char_boundary(start)) {
            child.text.truncate(start);
            child.links.retain(|link| link.end <= start);
        }
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let child = self.current.as_ref().map(|child| (child.text.len(), child.links.len(), child.has_media));
        Checkpoint { out: self.out.len(), children: self.children.len(), child, depth: self.shown }
    }

    /// Undoes the output of a hidden element.
    pub(crate) fn roll_back(&mut self, checkpoint: &Checkpoint) {
        self.out.truncate(checkpoint.out);
        let had_more_children = self.children.len() > checkpoint.children;
        self.children.truncate(checkpoint.children);
        match (checkpoint.child, &mut self.current) {
            (Some((text, links, has_media)), Some(child)) if !had_more_children => {
                child.text.truncate(text);
                child.links.truncate(links);
                child.has_media = has_media;
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
