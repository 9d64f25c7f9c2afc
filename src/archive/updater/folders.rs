//! Tracks the folders of a site. Posts in an unavailable or unreadable folder stay visible as they were.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archive::jekyll::files::{self, SiteFile};
use crate::archive::post::Post;
use crate::archive::problem::{Code, Defect, Problem, problems_by_path, problems_of_file};
use crate::archive::snapshot::Change;
use crate::archive::updater::Updater;
use crate::archive::updater::paths_to_check::PathsToCheck;

impl Updater {
    /// The site's root and the usual or configured folders of posts, without a scan.
    pub fn main_folders(&self) -> Vec<PathBuf> {
        let root = &self.config.root;
        let usual = ["_posts", "posts"].map(String::from);
        let posts = if self.config.posts.is_empty() { &usual[..] } else { &self.config.posts };
        posts.iter().map(|folder| root.join(folder)).chain([root.clone()]).collect()
    }

    /// The folders that contain known posts and pages, with all folders above them up to the root.
    pub fn folders(&self) -> Vec<PathBuf> {
        let mut known: HashSet<&str> = HashSet::new();
        let pages = self.pages.iter().map(|page| &*page.path);
        for path in self.archive.every_post().map(Post::path).chain(pages) {
            let mut path = path;
            while let Some((folder, _)) = path.rsplit_once('/') {
                if !known.insert(folder) {
                    break;
                }
                path = folder;
            }
        }
        let root = &self.config.root;
        known.into_iter().map(|folder| root.join(folder)).chain([root.clone()]).collect()
    }

    /// Adds every known post and page below a folder to `to_check`.
    pub(super) fn add_known_files(&self, folder: &Path, to_check: &mut PathsToCheck) {
        let below = self.relative(folder);
        let posts = self.archive.every_post().map(Post::path).chain(self.file_states.without_post());
        let posts = posts.filter(|path| is_in(path, &below) && SiteFile::is_exact(path));
        to_check.posts.extend(posts.map(SiteFile::from_path));
        to_check.pages |= self.pages.iter().any(|page| is_in(&page.path, &below));
    }

    /// True if a folder of posts is unavailable as a whole.
    pub fn has_vanished(&self) -> bool {
        !self.vanished.is_empty()
    }

    /// True if a folder is unavailable as a whole, or unreadable.
    pub fn has_missing_folder(&self) -> bool {
        self.has_vanished() || self.closed().next().is_some()
    }

    /// A post folder that is unavailable as a whole or unreadable, so its posts are shown as they were.
    pub fn missing_folder(&self) -> Option<PathBuf> {
        let has_posts = |path: &&Arc<str>| self.archive.every_post().any(|post| is_in(post.path(), path));
        let closed = self.closed().find(has_posts).map(|path| self.config.root.join(&**path));
        self.vanished.iter().next().cloned().or(closed)
    }

    /// The unreadable folders. A link, such as a dangling one, is not a folder.
    fn closed(&self) -> impl Iterator<Item = &Arc<str>> {
        self.unreadable.iter().filter(|path| {
            std::fs::symlink_metadata(self.config.root.join(&***path)).is_ok_and(|meta| meta.is_dir())
        })
    }

    /// Records the identity of the post folders that contain these folders.
    pub(super) fn record_roots(&mut self, folders: &[PathBuf]) {
        let roots: BTreeSet<PathBuf> =
            folders.iter().map(|folder| self.root_of(&self.relative(folder))).collect();
        self.roots.record(&self.config.root, &roots);
    }

    /// True if a main folder was replaced by another, which happens without a file event when a volume is
    /// mounted or unmounted.
    pub fn has_replaced_folder(&self) -> bool {
        let main = self.main_folders();
        main.iter().any(|folder| !self.vanished.contains(folder) && self.roots.has_changed(folder))
    }

    /// True if an unavailable folder is back.
    pub fn has_returned(&self) -> bool {
        self.vanished.iter().any(|folder| has_files(folder))
    }

    /// The folders that have become readable again.
    pub fn reopened(&self) -> Vec<PathBuf> {
        let folders = self.unreadable.iter().map(|path| self.config.root.join(&**path));
        folders.filter(|folder| !self.vanished.contains(folder) && is_open(folder)).collect()
    }

    /// Updates the problems of folders: adds unreadable and unavailable ones, and clears the recovered ones.
    pub(super) fn record_folder_problems(
        &mut self,
        change: &mut Change,
        mut problems: Vec<Problem>,
        cleared: &[String],
    ) {
        // A path that was removed since the scan has no problem. No later event would clear it.
        problems.retain(|problem| !self.is_gone(&problem.path));
        let mut now = problems_by_path(problems);
        for folder in &self.vanished {
            let defect = Defect::warning(
                Code::Unreadable,
                "the folder is missing or empty; its last known posts are served until it returns",
            );
            now.push(problems_of_file(&self.relative(folder), vec![defect]));
        }
        let is_back = |path: &Arc<str>| {
            cleared.iter().any(|folder| is_in(path, folder)) && !now.iter().any(|(other, _)| other == path)
        };
        for path in self.unreadable.extract_if(is_back) {
            change.problems.push((path, Vec::new()));
        }
        self.unreadable.extend(now.iter().map(|(path, _)| Arc::clone(path)));
        change.problems.extend(now);
    }

    /// True if the path does not exist and may be absent: it is neither a main folder nor above one.
    pub(super) fn is_gone(&self, path: &str) -> bool {
        let place = self.config.root.join(path);
        let is_absent = std::fs::symlink_metadata(&place).is_err_and(|error| files::is_absent(&error));
        is_absent && !self.main_folders().iter().any(|main| main.starts_with(&place))
    }

    /// The post folder that contains a post.
    pub(super) fn root_of(&self, path: &str) -> PathBuf {
        let root = &self.config.root;
        if let Some(named) = self.config.posts.iter().find(|named| is_in(path, named)) {
            return root.join(named);
        }
        let mut folder = root.clone();
        for part in path.split('/') {
            folder.push(part);
            if matches!(part, "_posts" | "posts") {
                break;
            }
        }
        folder
    }

    /// True if a missing or empty post folder is unavailable, not removed on purpose. A main folder and a
    /// folder with the only posts must exist, so their absence is never a removal.
    pub(super) fn is_away(&self, root: &Path) -> bool {
        let is_main = || self.main_folders().iter().any(|main| main == root);
        self.roots.is_away(root, || is_main() || !self.has_posts_beside(root))
    }

    /// Records and logs that a post folder is unavailable.
    pub(super) fn record_vanished(&mut self, folder: PathBuf) {
        if !self.vanished.contains(&folder) {
            tracing::warn!("{} is missing or empty; its last known posts are still served", folder.display());
            self.vanished.insert(folder);
        }
    }

    /// Forgets the folders that are available again.
    pub(super) fn forget_returned(&mut self) {
        for folder in std::mem::take(&mut self.vanished) {
            if self.is_away(&folder) {
                self.vanished.insert(folder);
            } else {
                tracing::info!("{} is available again", folder.display());
            }
        }
    }

    /// True if another post folder has files.
    fn has_posts_beside(&self, root: &Path) -> bool {
        let mut seen = HashSet::new();
        self.archive.every_post().any(|post| {
            let other = self.root_of(post.path());
            other != root && !seen.contains(&other) && {
                let has_files = has_files(&other);
                seen.insert(other);
                has_files
            }
        })
    }

    pub(super) fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.config.root).unwrap_or(path).to_string_lossy().into_owned()
    }
}

/// True if a path is a folder or below it. Both are relative to the site.
fn is_in(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// True if a folder has any entry.
fn has_files(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// True for a real folder, not a link, that can be entered and listed to its end.
fn is_open(folder: &Path) -> bool {
    let is_folder = std::fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir());
    is_folder
        && files::enter(folder).is_ok()
        && std::fs::read_dir(folder).is_ok_and(|mut entries| entries.all(|entry| entry.is_ok()))
}
