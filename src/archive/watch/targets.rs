//! The targets of symbolic links. The system reports a change of a target, and of a link in its chain, under
//! the path of what has changed, which may be outside the site or in a hidden folder.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::archive::jekyll::files::is_link;
use crate::archive::watch::folders::WatchedFolders;

/// Maximum number of links in a chain, as in Linux.
const MOST_LINKS: usize = 40;

/// The links of a site, each with its chain: the paths that lead from the link to its target.
#[derive(Debug, Default)]
pub(super) struct LinkTargets {
    /// The chain of each link, by the link's name in the site.
    chains: HashMap<PathBuf, Vec<PathBuf>>,
    /// The names of the links that lead through a path.
    names: HashMap<PathBuf, Vec<PathBuf>>,
}

impl LinkTargets {
    /// Records the chain of a link. Returns true if it is new or differs from the recorded one.
    pub(super) fn add(&mut self, link: &Path, watched: &WatchedFolders) -> bool {
        let chain = chain(link, watched).unwrap_or_default();
        if self.chains.get(link) == Some(&chain) {
            return false;
        }
        self.remove(link);
        for path in &chain {
            self.names.entry(path.clone()).or_default().push(link.to_owned());
        }
        self.chains.insert(link.to_owned(), chain);
        true
    }

    /// The folders to watch for a link.
    pub(super) fn folders(&self, link: &Path) -> impl Iterator<Item = PathBuf> {
        let chain = self.chains.get(link).into_iter().flatten();
        chain.filter_map(|path| path.parent()).map(Path::to_owned)
    }

    /// Forgets a path that is no longer a link.
    pub(super) fn forget_replaced(&mut self, path: &Path) {
        if self.chains.contains_key(path) && !is_link(path) {
            self.remove(path);
        }
    }

    fn remove(&mut self, link: &Path) {
        for path in self.chains.remove(link).unwrap_or_default() {
            if let Some(names) = self.names.get_mut(&path) {
                names.retain(|name| name != link);
                if names.is_empty() {
                    self.names.remove(&path);
                }
            }
        }
    }

    /// The names of the links that lead through the path of a file event.
    pub(super) fn names(&self, path: &Path) -> &[PathBuf] {
        self.names.get(path).map_or(&[], Vec::as_slice)
    }

    /// True if a link leads through an entry of a folder.
    pub(super) fn has_in(&self, folder: &Path) -> bool {
        self.names.keys().any(|path| path.parent() == Some(folder))
    }
}

/// Returns the links in the chain of a link, beginning with itself, and the file at its end. All paths are without
/// links in their folders. The folder at the end of a chain has a watch of its own. Returns `None` if the link's
/// folder does not exist.
fn chain(link: &Path, watched: &WatchedFolders) -> Option<Vec<PathBuf>> {
    let mut chain = Vec::new();
    let mut place = watched.place(link.parent()?).or_else(|| link.parent()?.canonicalize().ok())?;
    // The parts of the path that are still to be resolved, the last one first.
    let mut parts = vec![link.file_name()?.to_owned()];
    while let Some(part) = parts.pop() {
        if part == ".." {
            place.pop();
            continue;
        }
        place.push(part);
        let Ok(target) = fs::read_link(&place) else { continue };
        if chain.len() == MOST_LINKS {
            return Some(chain);
        }
        chain.push(place.clone());
        place.pop();
        if target.is_absolute() {
            place = PathBuf::from("/");
        }
        let is_named = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::ParentDir);
        let named = target.components().rev().filter(is_named);
        parts.extend(named.map(|part| OsString::from(part.as_os_str())));
    }
    if !place.is_dir() {
        chain.push(place);
    }
    Some(chain)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn chain_of_a_link_has_every_link_and_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a folder");
        let at = |path: &str| root.join(path);
        fs::create_dir_all(at("site/_posts/..v1")).expect("a folder");
        fs::create_dir_all(at("data")).expect("a folder");
        fs::write(at("site/_posts/..v1/a.md"), "a").expect("a file");
        fs::write(at("data/b.md"), "b").expect("a file");
        let absolute = at("data/b.md").to_string_lossy().into_owned();
        for (link, target) in [
            ("site/_posts/..data", "..v1"),
            ("site/_posts/a.md", "..data/a.md"),
            ("site/_posts/b.md", absolute.as_str()),
            ("site/_posts/c.md", "../../data/none.md"),
            ("site/_posts/self.md", "self.md"),
            ("site/data", "../data"),
        ] {
            symlink(target, at(link)).expect("a link");
        }
        let table: [(&str, &[&str]); 5] = [
            ("site/_posts/a.md", &["site/_posts/a.md", "site/_posts/..data", "site/_posts/..v1/a.md"]),
            ("site/_posts/b.md", &["site/_posts/b.md", "data/b.md"]),
            ("site/_posts/c.md", &["site/_posts/c.md", "data/none.md"]),
            ("site/_posts/self.md", &["site/_posts/self.md"; MOST_LINKS]),
            ("site/data", &["site/data"]),
        ];
        for (link, expected) in table {
            let expected: Vec<PathBuf> = expected.iter().map(|path| at(path)).collect();
            assert_eq!(chain(&at(link), &WatchedFolders::default()), Some(expected), "{link}");
        }
        assert_eq!(chain(&at("missing/a.md"), &WatchedFolders::default()), None);
    }

    #[test]
    fn events_in_a_chain_name_the_link_until_it_leads_elsewhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a folder");
        let (link, watched) = (root.join("a.md"), WatchedFolders::default());
        let mut targets = LinkTargets::default();
        symlink("b.md", &link).expect("a link");
        assert!(targets.add(&link, &watched));
        assert!(!targets.add(&link, &watched));
        assert_eq!(targets.folders(&link).collect::<Vec<_>>(), [root.clone(), root.clone()]);
        assert_eq!(targets.names(&root.join("b.md")), std::slice::from_ref(&link));
        assert!(targets.has_in(&root) && !targets.has_in(Path::new("/")));
        fs::remove_file(&link).expect("a link");
        symlink("c.md", &link).expect("a link");
        targets.forget_replaced(&link);
        assert!(targets.add(&link, &watched));
        assert!(targets.names(&root.join("b.md")).is_empty());
        assert_eq!(targets.names(&root.join("c.md")), std::slice::from_ref(&link));
        fs::remove_file(&link).expect("a link");
        targets.forget_replaced(&link);
        assert!(!targets.has_in(&root));
    }
}
