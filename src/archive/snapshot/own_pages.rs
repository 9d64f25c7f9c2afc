//! The site's own pages by path. They are few, so any change rebuilds the whole table.

use std::collections::HashMap;

use crate::archive::address;
use crate::archive::page::OwnPage;
use crate::archive::problem::{Code, Defect, Problem};
use crate::archive::snapshot::Snapshot;
use crate::archive::snapshot::fill::ReservedPaths;

/// The pages with their current and former paths.
#[derive(Debug, Default)]
pub(super) struct OwnPages {
    pages: Vec<OwnPage>,
    paths: HashMap<Box<str>, usize>,
    former: HashMap<Box<str>, usize>,
}

impl OwnPages {
    /// Builds the table from pages in file order. The first of several pages with the same URL is served.
    pub(super) fn new(pages: Vec<OwnPage>, reserved_paths: ReservedPaths) -> Self {
        let (mut paths, mut former) = (HashMap::new(), HashMap::new());
        for (index, page) in pages.iter().enumerate() {
            let path = address::decoded(&page.url);
            if !(reserved_paths.always)(&path) {
                paths.entry(path.into()).or_insert(index);
            }
            for path in page.redirect_from.iter().map(|path| address::former(path)) {
                if !(reserved_paths.always)(&path) {
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

    /// Reports pages whose URL belongs to a post, to finews or to another page.
    pub(super) fn problems(&self, snapshot: &Snapshot) -> impl Iterator<Item = Problem> {
        self.pages.iter().enumerate().filter_map(move |(index, page)| {
            let path = address::decoded(&page.url);
            let owner = match (snapshot.owner(&path), self.at_path(&path)) {
                (Some(post), _) => snapshot.post(post).path(),
                (None, None) => "a built-in page",
                (None, Some(other)) if other != index => &self.pages[other].path,
                (None, Some(_)) => return None,
            };
            let message = format!("`{}` is the URL of {owner}; the page is not served", page.url);
            Some(Defect::warning(Code::PageSkipped, message).in_file(&page.path))
        })
    }
}
