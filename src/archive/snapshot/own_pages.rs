//! The site's own pages by path. They are few, so any change rebuilds the whole table.

use std::collections::HashMap;

use crate::archive::address;
use crate::archive::page::OwnPage;

/// The pages with their current and former paths.
#[derive(Debug, Default)]
pub(super) struct OwnPages {
    pages: Vec<OwnPage>,
    paths: HashMap<Box<str>, usize>,
    former: HashMap<Box<str>, usize>,
}

impl OwnPages {
    /// Builds the table from pages in file order. The first of several pages with the same URL is served.
    pub(super) fn new(pages: Vec<OwnPage>, is_reserved: fn(&str) -> bool) -> Self {
        let (mut paths, mut former) = (HashMap::new(), HashMap::new());
        for (index, page) in pages.iter().enumerate() {
            let path = address::decoded(&page.url);
            if !is_reserved(&path) {
                paths.entry(path.into()).or_insert(index);
            }
            for path in page.redirect_from.iter().map(|path| address::former(path)) {
                if !is_reserved(&path) {
                    former.insert(path, index);
                }
            }
        }
        Self { pages, paths, former }
    }

    pub(super) fn all(&self) -> &[OwnPage] {
        &self.pages
    }

    /// The index of the page at a decoded path.
    pub(super) fn at_path(&self, path: &str) -> Option<usize> {
        self.paths.get(path).copied()
    }

    /// The URL of the page that a former path redirects to. Returns `None` if no page is at that URL.
    pub(super) fn moved(&self, path: &str) -> Option<&str> {
        let url = &*self.pages[*self.former.get(path)?].url;
        self.paths.contains_key(&*address::decoded(url)).then_some(url)
    }
}
