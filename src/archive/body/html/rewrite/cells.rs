//! Repairs tables: content between cells gets a cell, and parts outside of a table are dropped.

use std::borrow::Cow;

use crate::archive::body::html::element;
use crate::archive::body::html::rewrite::Rewriter;
use crate::archive::body::html::rewrite::state::OpenElement;

impl Rewriter<'_> {
    /// Gives text and elements between the cells of a table a cell of their own; HTML would move them
    /// before the table.
    pub(crate) fn enter_cell(&mut self) {
        loop {
            let part =
                self.open.iter().rposition(|open| open.shown.is_some() && element::is_table_part(&open.name));
            let Some(at) = part else { return };
            match &*self.open[at].name {
                "td" | "th" | "caption" => return,
                "colgroup" => self.close_from(at),
                "tr" => self.imply("td"),
                _ => self.imply("tr"),
            }
        }
    }

    /// Opens an element that the author left out.
    pub(crate) fn imply(&mut self, name: &'static str) {
        self.out.extend(["<", name, ">"]);
        self.shown += 1;
        let name = Cow::Borrowed(name);
        self.open.push(OpenElement {
            shown: Some(name.clone()),
            name,
            hidden: None,
            security: None,
            text_start: self.current.as_ref().map_or(0, |child| child.text.len()),
            href: None,
            mention: None,
            media: None,
            is_mark: false,
            start: self.out.len(),
        });
    }

    /// Opens the row that a part of a table needs. Returns whether the part is allowed here.
    pub(crate) fn enter_table_part(&mut self, name: &str) -> bool {
        let part =
            self.open.iter().rev().find(|open| open.shown.is_some() && element::is_table_part(&open.name));
        let Some(part) = part.map(|open| open.name.clone()) else { return false };
        match (name, &*part) {
            ("td" | "th", "table" | "thead" | "tbody" | "tfoot") => self.imply("tr"),
            ("td" | "th", "tr")
            | ("tr", "table" | "thead" | "tbody" | "tfoot")
            | ("thead" | "tbody" | "tfoot" | "caption" | "colgroup", "table") => {}
            _ => return false,
        }
        true
    }
}
