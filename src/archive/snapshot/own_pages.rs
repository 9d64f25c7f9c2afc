//! The site's own pages by path. They are few, so any change rebuilds the whole table.

use std::collections::HashMap;

use crate::archive::address;
use crate::archive::page::{OwnPage, PageBody, PostList};

/// The pages with their current and former paths.
#[derive(Debug, Default)]
pub(super) struct OwnPages {
    /// In the order of their files.
    pages: Vec<OwnPage>,
    paths: HashMap<Box<str>, usize>,
    former: HashMap<Box<str>, usize>,
    /// Pages by their path without case and extension.
    fuzzy_paths: HashMap<Box<str>, usize>,
    /// The lists that replace pages, by the path of the page without case and extension.
    lists: HashMap<Box<str>, PostList>,
    /// The page that is shown for missing pages.
    not_found: Option<usize>,
}

impl OwnPages {
    /// Builds the table from pages in file order. The first of several pages with the same URL is served.
    pub(super) fn new(pages: Vec<OwnPage>, is_reserved: fn(&str) -> bool) -> Self {
        let (mut paths, mut former) = (HashMap::new(), HashMap::new());
        let (mut fuzzy_paths, mut lists) = (HashMap::new(), HashMap::new());
        let (mut files, mut not_found) = (Vec::new(), None);
        for (index, page) in pages.iter().enumerate() {
            let path = address::decoded(&page.url);
            if let PageBody::ReplacedBy(list) = page.body {
                lists.insert(fuzzy(&path), list);
                continue;
            }
            let is_html = page.html().is_some();
            if is_html && *fuzzy(&path) == *"/404" {
                not_found = not_found.or(Some(index));
            }
            fuzzy_paths.entry(fuzzy(&path)).or_insert(index);
            if !is_reserved(&path) {
                if is_html && !path.ends_with('/') && !is_html_file(&path) {
                    files.push((format!("{path}.html").into_boxed_str(), index));
                }
                paths.entry(path.into()).or_insert(index);
            }
            for path in page.redirect_from.iter().map(|path| address::former(path)) {
                if !is_reserved(&path) {
                    former.insert(path, index);
                }
            }
        }
        // A page at a URL without an extension is a file with one, which static hosts serve too.
        for (path, index) in files {
            if !is_reserved(&path) {
                paths.entry(path).or_insert(index);
            }
        }
        Self { pages, paths, former, fuzzy_paths, lists, not_found }
    }

    pub(super) fn all(&self) -> &[OwnPage] {
        &self.pages
    }

    /// The index of the page at a decoded path.
    pub(super) fn at_path(&self, path: &str) -> Option<usize> {
        self.paths.get(path).copied()
    }

    /// The page of a file of the site.
    pub(super) fn at_file(&self, path: &str) -> Option<&OwnPage> {
        let index = self.pages.binary_search_by(|page| (*page.path).cmp(path)).ok()?;
        self.pages.get(index)
    }

    /// The index of the page whose path equals a decoded path but for case and the extension.
    pub(super) fn at_fuzzy_path(&self, path: &str) -> Option<usize> {
        self.fuzzy_paths.get(&fuzzy(path)).copied()
    }

    /// The list that replaces the page at a decoded path; case and the extension do not matter.
    pub(super) fn list_at(&self, path: &str) -> Option<PostList> {
        self.lists.get(&fuzzy(path)).copied()
    }

    /// The page that is shown for missing pages.
    pub(super) fn not_found(&self) -> Option<&OwnPage> {
        self.not_found.and_then(|index| self.pages.get(index))
    }

    /// The URL of the page that a former path redirects to. Returns `None` if no page is at that URL.
    pub(super) fn moved(&self, path: &str) -> Option<&str> {
        let url = &*self.pages[*self.former.get(path)?].url;
        self.paths.contains_key(&*address::decoded(url)).then_some(url)
    }
}

fn is_html_file(path: &str) -> bool {
    [".html", ".htm", ".xhtml"].iter().any(|extension| path.ends_with(extension))
}

/// A path in lower case, without `index.html`, the slash at its end and the extension.
fn fuzzy(path: &str) -> Box<str> {
    let path = path.to_lowercase();
    path.trim_end_matches("index.html").trim_end_matches('/').trim_end_matches(".html").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, url: &str, body: PageBody) -> OwnPage {
        OwnPage {
            path: path.into(),
            url: url.into(),
            title: "".into(),
            body,
            excerpt: "".into(),
            in_sitemap: true,
            redirect_from: Vec::new(),
            hash: 0,
        }
    }

    #[test]
    fn pages_are_found_by_url_file_and_fuzzy_path() {
        let html = || PageBody::Html(Default::default());
        let pages = vec![
            page("404.md", "/404.html", html()),
            page("_docs/a.md", "/docs/a", html()),
            page("b.html", "/docs/a.htm", PageBody::File),
            page("blog/index.html", "/blog/", PageBody::ReplacedBy(PostList::Newest)),
            page("s.json", "/s", PageBody::Text("[]".into())),
        ];
        let pages = OwnPages::new(pages, |path| path == "/reserved.html");
        let table = [
            ("/docs/a", Some(1)),
            ("/docs/a.html", Some(1)),
            ("/docs/a.htm", Some(2)),
            ("/s.html", None),
            ("/blog/", None),
        ];
        for (path, expected) in table {
            assert_eq!(pages.at_path(path), expected, "{path}");
        }
        assert_eq!(pages.at_fuzzy_path("/DOCS/A/index.html"), Some(1));
        assert_eq!(pages.list_at("/Blog"), Some(PostList::Newest));
        assert_eq!(pages.at_file("s.json").map(|page| &*page.url), Some("/s"));
        assert_eq!(pages.not_found().map(|page| &*page.path), Some("404.md"));
    }
}
