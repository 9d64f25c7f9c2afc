//! The site's own pages by path. They are few, so any change rebuilds the whole table.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::archive::address;
use crate::archive::page::OwnPage;
use crate::archive::snapshot::group::kind::{ByKind, GroupKind};

/// The pages with their current and former paths.
#[derive(Debug, Default)]
pub(super) struct OwnPages {
    pages: Vec<OwnPage>,
    paths: HashMap<Box<str>, usize>,
    former: HashMap<Box<str>, usize>,
    /// Pages at the path of a group's list, by the name of the group.
    groups: ByKind<HashMap<Box<str>, usize>>,
    /// The pages of groups without content. The list of the group takes the place of each.
    lists: HashSet<usize>,
    /// The titles of the pages of sources, by the names of the sources.
    titles: Arc<HashMap<Box<str>, Box<str>>>,
}

impl OwnPages {
    /// Builds the table from pages in file order. The first of several pages with the same URL is served.
    /// `group_at` returns the group whose list is at a path.
    pub(super) fn new(
        pages: Vec<OwnPage>,
        is_reserved: fn(&str) -> bool,
        group_at: fn(&str) -> Option<(GroupKind, String)>,
    ) -> Self {
        let (mut paths, mut former, mut lists) = (HashMap::new(), HashMap::new(), HashSet::new());
        let mut groups: ByKind<HashMap<Box<str>, usize>> = ByKind::default();
        for (index, page) in pages.iter().enumerate() {
            let path = address::decoded(&page.url);
            if let Some((kind, name)) = group_at(&path) {
                groups[kind].entry(name.into()).or_insert(index);
                if page.body.as_str().is_empty() {
                    lists.insert(index);
                }
            }
            if !is_reserved(&path) {
                paths.entry(path.into()).or_insert(index);
            }
            for path in page.redirect_from.iter().map(|path| address::former(path)) {
                if !is_reserved(&path) {
                    former.insert(path, index);
                }
            }
        }
        let sources = groups[GroupKind::Source].iter();
        let titles = sources.map(|(name, index)| (name.clone(), pages[*index].title.clone()));
        let titles = Arc::new(titles.filter(|(_, title)| !title.trim().is_empty()).collect());
        Self { pages, paths, former, groups, lists, titles }
    }

    pub(super) fn all(&self) -> &[OwnPage] {
        &self.pages
    }

    /// The index of the page at a decoded path.
    pub(super) fn at_path(&self, path: &str) -> Option<usize> {
        self.paths.get(path).copied().filter(|page| !self.is_list(*page))
    }

    /// True if a page has no content, and the path of a group's list.
    pub(super) fn is_list(&self, page: usize) -> bool {
        self.lists.contains(&page)
    }

    /// The groups of a kind that have a page without content: the name and the page of each.
    pub(super) fn lists(&self, kind: GroupKind) -> impl Iterator<Item = (&str, &OwnPage)> {
        let pages = self.groups[kind].iter().filter(|(_, page)| self.is_list(**page));
        pages.map(|(name, page)| (&**name, &self.pages[*page]))
    }

    /// The page without content of a group, with the name of the group.
    pub(super) fn list_of(&self, kind: GroupKind, name: &str) -> Option<(&str, &OwnPage)> {
        let (name, page) = self.groups[kind].get_key_value(name)?;
        self.is_list(*page).then(|| (&**name, &self.pages[*page]))
    }

    /// The titles of the pages of sources, by the names of the sources.
    pub(super) fn titles(&self) -> Arc<HashMap<Box<str>, Box<str>>> {
        Arc::clone(&self.titles)
    }

    /// The URL of the page that a former path redirects to. Returns `None` if no page is at that URL.
    pub(super) fn moved(&self, path: &str) -> Option<&str> {
        let url = &*self.pages[*self.former.get(path)?].url;
        self.paths.contains_key(&*address::decoded(url)).then_some(url)
    }
}
