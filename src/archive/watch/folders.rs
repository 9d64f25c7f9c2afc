//! The folders that are watched. Symbolic links can give a folder several names in a site, but the system
//! reports events under one path only.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::archive::file_version::{FolderIdentity, folder_identity};

/// The watched folders of a site, by name and by resolved path.
#[derive(Debug, Default)]
pub(super) struct WatchedFolders {
    /// The resolved path of each name, without links.
    places: BTreeMap<PathBuf, PathBuf>,
    /// All names of a resolved path.
    names: HashMap<PathBuf, Vec<PathBuf>>,
    /// The identity of each resolved path when its watch began.
    identities: HashMap<PathBuf, Option<FolderIdentity>>,
}

impl WatchedFolders {
    /// Adds a folder whose watch has begun or was renewed. Returns true if its name is new or had another resolved
    /// path, or if another folder has replaced it.
    pub(super) fn add(&mut self, name: &Path, place: PathBuf) -> bool {
        let identity = folder_identity(&place);
        let is_replaced = self.identities.insert(place.clone(), identity).is_some_and(|old| old != identity);
        if self.places.get(name) == Some(&place) {
            return is_replaced;
        }
        self.remove(name);
        self.names.entry(place.clone()).or_default().push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        true
    }

    /// True if a folder with this name is watched.
    pub(super) fn contains(&self, name: &Path) -> bool {
        self.places.contains_key(name)
    }

    /// The resolved path of a watched folder.
    pub(super) fn place(&self, name: &Path) -> Option<PathBuf> {
        self.places.get(name).cloned()
    }

    /// True if a folder with this resolved path is watched.
    pub(super) fn has_place(&self, place: &Path) -> bool {
        self.names.contains_key(place)
    }

    /// Removes the folder and those below it that no longer exist or have another resolved path. Returns
    /// the resolved paths that have no names left.
    pub(super) fn remove_moved(&mut self, folder: &Path) -> Vec<PathBuf> {
        let below = self.places.range(folder.to_owned()..).take_while(|(name, _)| name.starts_with(folder));
        let is_moved =
            |(name, place): &(&PathBuf, &PathBuf)| name.canonicalize().ok().as_ref() != Some(*place);
        let moved: Vec<PathBuf> = below.filter(is_moved).map(|(name, _)| name.clone()).collect();
        moved.iter().filter_map(|name| self.remove(name)).collect()
    }

    /// Removes a name. Returns its resolved path if that has no names left.
    fn remove(&mut self, name: &Path) -> Option<PathBuf> {
        let place = self.places.remove(name)?;
        let names = self.names.get_mut(&place)?;
        names.retain(|other| other != name);
        if !names.is_empty() {
            return None;
        }
        self.names.remove(&place);
        self.identities.remove(&place);
        Some(place)
    }

    /// The site's names for a path in a file event: a watched folder or an entry in one.
    pub(super) fn names(&self, path: &Path) -> Vec<PathBuf> {
        let of = |place: Option<&Path>| place.and_then(|place| self.names.get(place)).into_iter().flatten();
        let name = path.file_name().unwrap_or(OsStr::new(""));
        of(Some(path)).cloned().chain(of(path.parent()).map(|folder| folder.join(name))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_map_to_every_name_of_a_linked_folder() {
        let mut folders = WatchedFolders::default();
        let posts = || PathBuf::from("/disk/posts");
        assert!(folders.add(Path::new("/site/_posts"), posts()));
        assert!(!folders.add(Path::new("/site/_posts"), posts()));
        assert!(folders.add(Path::new("/site/old/_posts"), posts()));
        let names = folders.names(Path::new("/disk/posts/a.md"));
        assert_eq!(names, [Path::new("/site/_posts/a.md"), Path::new("/site/old/_posts/a.md")]);
        let names = folders.names(Path::new("/disk/posts"));
        assert_eq!(names, [Path::new("/site/_posts"), Path::new("/site/old/_posts")]);
        assert!(folders.names(Path::new("/disk/other/a.md")).is_empty());
    }

    #[test]
    fn folder_that_another_replaces_counts_as_new() {
        let site = tempfile::tempdir().expect("a folder");
        let [posts, other] = ["_posts", "other"].map(|name| site.path().join(name));
        std::fs::create_dir(&posts).expect("a folder");
        std::fs::create_dir(&other).expect("a folder");
        let mut folders = WatchedFolders::default();
        assert!(folders.add(&posts, posts.clone()));
        assert!(!folders.add(&posts, posts.clone()));
        std::fs::rename(&posts, site.path().join("away")).expect("a folder");
        std::fs::rename(&other, &posts).expect("a folder");
        assert!(folders.add(&posts, posts.clone()));
        assert!(!folders.add(&posts, posts.clone()));
    }

    #[test]
    fn resolved_path_without_names_is_returned() {
        let mut folders = WatchedFolders::default();
        let place = PathBuf::from("/nowhere/posts");
        for name in ["/nowhere/site/_posts", "/nowhere/site-2/_posts"] {
            folders.add(Path::new(name), place.clone());
        }
        assert!(folders.remove_moved(Path::new("/nowhere/site")).is_empty());
        assert!(!folders.contains(Path::new("/nowhere/site/_posts")));
        assert!(folders.contains(Path::new("/nowhere/site-2/_posts")));
        assert_eq!(folders.remove_moved(Path::new("/nowhere/site-2")), [place]);
    }
}
