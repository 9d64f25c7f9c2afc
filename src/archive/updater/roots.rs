//! Folders that hold posts. A missing folder was either removed, or is only unavailable, for example on
//! an unmounted volume. Posts of a removed folder are gone; posts of an unavailable one stay visible.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::archive::file_version::{FolderIdentity, folder_identity as identity};
use crate::archive::jekyll::files::is_absent;

/// The identity of each folder when it last had entries.
#[derive(Debug, Default)]
pub(super) struct Roots {
    known: HashMap<PathBuf, FolderIdentity>,
}

/// The state of a folder's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FolderContents {
    /// A folder with entries, or an unreadable one.
    Full,
    /// A folder without entries.
    Empty,
    /// No folder.
    Missing,
}

impl Roots {
    /// Records the identity of each folder and of its ancestors up to the site's root. Skips empty
    /// folders, because an empty folder may be the mount point of an unmounted volume.
    pub(super) fn record(&mut self, site: &Path, folders: &BTreeSet<PathBuf>) {
        let mut seen = HashSet::new();
        for folder in folders {
            let above = folder.ancestors().take_while(|folder| folder.starts_with(site));
            for folder in above.take_while(|folder| seen.insert(*folder)) {
                if let Some(identity) = identity(folder).filter(|_| state(folder) == FolderContents::Full) {
                    self.known.insert(folder.to_owned(), identity);
                }
            }
        }
    }

    /// Forgets folders that were replaced, except unavailable ones.
    pub(super) fn forget_changed(&mut self, is_away: impl Fn(&Path) -> bool) {
        self.known.retain(|folder, known| identity(folder) == Some(*known) || is_away(folder));
    }

    /// True if a known folder was replaced or removed.
    pub(super) fn has_changed(&self, folder: &Path) -> bool {
        self.known.contains_key(folder) && !self.is_as_known(folder)
    }

    /// True if a post folder is unavailable. An empty folder was cleared on purpose if its identity is
    /// unchanged. A missing folder was removed on purpose if the folder above it is unchanged and the
    /// site does not require it (`must_be`).
    pub(super) fn is_away(&self, folder: &Path, must_be: impl FnOnce() -> bool) -> bool {
        match state(folder) {
            FolderContents::Full => false,
            FolderContents::Empty => !self.is_as_known(folder),
            FolderContents::Missing => {
                let above = folder.ancestors().find(|above| above.is_dir());
                !above.is_some_and(|above| self.is_as_known(above)) || must_be()
            }
        }
    }

    fn is_as_known(&self, folder: &Path) -> bool {
        self.known.get(folder).is_some_and(|known| identity(folder) == Some(*known))
    }
}

fn state(folder: &Path) -> FolderContents {
    match fs::read_dir(folder).map(|mut entries| entries.next().is_none()) {
        Ok(true) => FolderContents::Empty,
        Err(error) if is_absent(&error) => FolderContents::Missing,
        _ => FolderContents::Full,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates a site with a known post folder. Returns the site, the folder, and the roots.
    fn site() -> (tempfile::TempDir, PathBuf, Roots) {
        let site = tempfile::tempdir().expect("a folder");
        let posts = site.path().join("market/_posts");
        fs::create_dir_all(&posts).expect("a folder");
        fs::write(posts.join("a.md"), "a").expect("a file");
        let mut roots = Roots::default();
        roots.record(site.path(), &BTreeSet::from([posts.clone()]));
        (site, posts, roots)
    }

    #[test]
    fn emptied_or_removed_folder_counts_as_deleted() {
        let (_site, posts, roots) = site();
        fs::remove_file(posts.join("a.md")).expect("a file");
        assert!(!roots.is_away(&posts, || true), "emptied");
        fs::remove_dir(&posts).expect("a folder");
        assert!(!roots.is_away(&posts, || false), "removed");
        assert!(roots.is_away(&posts, || true), "removed, but must be there");
    }

    #[test]
    fn folder_replaced_by_an_empty_one_is_unavailable() {
        let (site, posts, roots) = site();
        fs::rename(&posts, site.path().join("volume")).expect("a folder");
        fs::create_dir(&posts).expect("a folder");
        assert!(roots.is_away(&posts, || false));
        assert!(roots.has_changed(&posts));
        fs::write(posts.join("b.md"), "b").expect("a file");
        assert!(!roots.is_away(&posts, || false));
    }

    #[test]
    fn folder_below_a_replaced_parent_is_unavailable() {
        let (site, posts, roots) = site();
        fs::rename(site.path().join("market"), site.path().join("volume")).expect("a folder");
        fs::create_dir(site.path().join("market")).expect("a folder");
        assert!(roots.is_away(&posts, || false));
    }

    #[test]
    fn unknown_empty_folder_is_unavailable() {
        let (_site, posts, _) = site();
        fs::remove_file(posts.join("a.md")).expect("a file");
        assert!(Roots::default().is_away(&posts, || false));
    }
}
