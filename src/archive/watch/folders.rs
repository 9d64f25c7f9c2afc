//! The folders that are listened to. One may have many names in a site, by links, but the system tells
//! of it by one only.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The folders of a site that are listened to, by name and by place.
#[derive(Debug, Default)]
pub(super) struct Folders {
    /// Where the folder of each name is, without links.
    places: BTreeMap<PathBuf, PathBuf>,
    /// Every name of a place.
    names: HashMap<PathBuf, Vec<PathBuf>>,
}

impl Folders {
    /// Adds a folder, and says whether it was not known, or was elsewhere.
    pub(super) fn add(&mut self, name: &Path, place: PathBuf) -> bool {
        if self.places.get(name) == Some(&place) {
            return false;
        }
        self.remove(name);
        self.names.entry(place.clone()).or_default().push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        true
    }

    /// Whether there is a folder of this name.
    pub(super) fn contains(&self, name: &Path) -> bool {
        self.places.contains_key(name)
    }

    /// Removes this folder and those below it as far as they are gone, or are elsewhere by now. Says
    /// which places have no name any more.
    pub(super) fn remove_moved(&mut self, folder: &Path) -> Vec<PathBuf> {
        let below = self.places.range(folder.to_owned()..).take_while(|(name, _)| name.starts_with(folder));
        let is_moved =
            |(name, place): &(&PathBuf, &PathBuf)| name.canonicalize().ok().as_ref() != Some(*place);
        let moved: Vec<PathBuf> = below.filter(is_moved).map(|(name, _)| name.clone()).collect();
        moved.iter().filter_map(|name| self.remove(name)).collect()
    }

    /// Removes a folder; returns its place if it has no name any more.
    fn remove(&mut self, name: &Path) -> Option<PathBuf> {
        let place = self.places.remove(name)?;
        let names = self.names.get_mut(&place)?;
        names.retain(|other| other != name);
        if !names.is_empty() {
            return None;
        }
        self.names.remove(&place);
        Some(place)
    }

    /// What the site calls a path that the system tells of: a folder that is listened to, or something
    /// in one.
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
    fn what_happens_in_a_folder_happens_under_each_of_its_names() {
        let mut folders = Folders::default();
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
    fn a_place_without_a_name_is_told_of() {
        let mut folders = Folders::default();
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
