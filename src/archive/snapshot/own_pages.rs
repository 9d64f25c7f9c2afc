//! The site's own pages by path. They are few, so any change rebuilds the whole table.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::archive::address;
use crate::archive::body::MarkupFormat;
use crate::archive::page::{OwnPage, PageBody, Replacement};
use crate::archive::snapshot::group::kind::{ByKind, GroupKind};

/// The pages with their current and former paths.
#[derive(Debug, Default)]
pub(super) struct OwnPages {
    /// In the order of their files.
    pages: Vec<OwnPage>,
    paths: HashMap<Box<str>, usize>,
    former: HashMap<Box<str>, usize>,
    /// Pages by their path without case and extension.
    fuzzy_paths: HashMap<Box<str>, usize>,
    /// Pages at the path of a group's list, by the name of the group.
    groups: ByKind<HashMap<Box<str>, usize>>,
    /// The pages of groups without content. The list of the group takes the place of each.
    lists: HashSet<usize>,
    /// The titles of the pages of sources, by the names of the sources.
    titles: Arc<HashMap<Box<str>, Box<str>>>,
    /// The lists that replace other pages, by the path of the page without case and extension.
    replaced: HashMap<Box<str>, Replacement>,
    /// The page that is shown for missing pages.
    not_found: Option<usize>,
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
        let (mut fuzzy_paths, mut replaced) = (HashMap::new(), HashMap::new());
        let mut files: Vec<(Box<str>, usize)> = Vec::new();
        let mut not_found = None;
        let mut groups: ByKind<HashMap<Box<str>, usize>> = ByKind::default();
        for (index, page) in pages.iter().enumerate() {
            let path = address::decoded(&page.url);
            if let PageBody::ReplacedBy(replacement) = &page.body {
                replaced.insert(fuzzy(&path), replacement.clone());
                continue;
            }
            let is_html = page.html().is_some();
            if let Some(html) = page.html()
                && let Some((kind, name)) = group_at(&path)
            {
                groups[kind].entry(name.into()).or_insert(index);
                if html.as_str().is_empty() {
                    lists.insert(index);
                }
            }
            if is_html && *fuzzy(&path) == *"/404" {
                not_found = not_found.or(Some(index));
            }
            // A redirect to another spelling of its own path would become a loop.
            let leads_elsewhere = |to: &str| fuzzy(&address::decoded(to)) != fuzzy(&path);
            if page.redirect_to().is_none_or(leads_elsewhere) {
                fuzzy_paths.entry(fuzzy(&path)).or_insert(index);
            }
            if !is_reserved(&path) {
                let extensions = written_extensions(page, &path).into_iter().flatten();
                files.extend(
                    extensions.map(|extension| (format!("{path}{extension}").into_boxed_str(), index)),
                );
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
        let sources = groups[GroupKind::Source].iter();
        let titles = sources.map(|(name, index)| (name.clone(), pages[*index].title.clone()));
        let titles = Arc::new(titles.filter(|(_, title)| !title.trim().is_empty()).collect());
        Self { pages, paths, former, fuzzy_paths, groups, lists, titles, replaced, not_found }
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
    pub(super) fn list_at(&self, path: &str) -> Option<&Replacement> {
        self.replaced.get(&fuzzy(path))
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

/// The extensions of HTML files.
const HTML: [&str; 3] = [".html", ".htm", ".xhtml"];

fn is_html_file(path: &str) -> bool {
    HTML.iter().any(|extension| path.ends_with(extension))
}

/// The extensions of the files at the URL of a page without an extension: that of HTML, and that of the page's own
/// file, which Jekyll appends.
fn written_extensions<'p>(page: &'p OwnPage, path: &str) -> [Option<&'p str>; 2] {
    let name = page.path.rsplit('/').next().unwrap_or_default();
    let own = name.rfind('.').map(|dot| &name[dot..]).filter(|own| !path.ends_with(*own));
    match page.body {
        _ if path.ends_with('/') => [None; 2],
        PageBody::Html(_) | PageBody::RedirectTo(_) if is_html_file(path) => [None; 2],
        PageBody::Html(_) | PageBody::RedirectTo(_) => {
            [Some(HTML[0]), own.filter(|own| HTML[1..].contains(own))]
        }
        // Text that is written in Markdown has the extension of its type in its URL.
        PageBody::Text(_) => {
            [own.filter(|own| MarkupFormat::from_extension(own) == MarkupFormat::Html), None]
        }
        PageBody::File | PageBody::ReplacedBy(_) => [None; 2],
    }
}

/// A path in lower case, without `index.html`, the slash at its end and the extension.
fn fuzzy(path: &str) -> Box<str> {
    let path = path.to_lowercase();
    let path = path.trim_end_matches("index.html").trim_end_matches('/');
    HTML.iter().find_map(|extension| path.strip_suffix(extension)).unwrap_or(path).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::page::PostList;

    fn page(path: &str, url: &str, body: PageBody) -> OwnPage {
        OwnPage {
            path: path.into(),
            url: url.into(),
            title: "".into(),
            lang: None,
            body,
            excerpt: "".into(),
            head: Default::default(),
            authors: "".into(),
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
            page("blog/index.html", "/blog/", PageBody::ReplacedBy(PostList::Newest.into())),
            page("old.htm", "/old", html()),
            page("robots.md", "/robots.txt", PageBody::Text("".into())),
            page("s.json", "/s", PageBody::Text("[]".into())),
            page("x.xhtml", "/x.xhtml", html()),
            page("y.md", "/y", PageBody::RedirectTo("/z/".into())),
            page("z.md", "/Z.html", PageBody::RedirectTo("/z/".into())),
        ];
        let pages = OwnPages::new(pages, |path| path == "/reserved.html", |_| None);
        let table = [
            ("/docs/a", Some(1)),
            ("/docs/a.html", Some(1)),
            ("/docs/a.htm", Some(2)),
            ("/s.html", None),
            ("/s.json", Some(6)),
            ("/old.htm", Some(4)),
            ("/old.html", Some(4)),
            ("/x.xhtml", Some(7)),
            ("/x.xhtml.html", None),
            ("/robots.txt.md", None),
            ("/docs/a.md", None),
            ("/blog/", None),
            ("/y.html", Some(8)),
            ("/Z.html", Some(9)),
        ];
        for (path, expected) in table {
            assert_eq!(pages.at_path(path), expected, "{path}");
        }
        assert_eq!(pages.at_fuzzy_path("/DOCS/A/index.html"), Some(1));
        assert_eq!(pages.at_fuzzy_path("/X.htm"), Some(7));
        assert_eq!((pages.at_fuzzy_path("/Y/"), pages.at_fuzzy_path("/z/")), (Some(8), None));
        assert_eq!(pages.list_at("/Blog").map(|replacement| replacement.list), Some(PostList::Newest));
        assert_eq!(pages.at_file("s.json").map(|page| &*page.url), Some("/s"));
        assert_eq!(pages.not_found().map(|page| &*page.path), Some("404.md"));
    }
}
