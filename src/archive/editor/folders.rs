//! The folders of a site: which there are, and which are away or closed to us, so that their posts are
//! shown as they were.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Editor;
use super::look::Sight;
use crate::archive::files::{self, SiteFile};
use crate::archive::load;
use crate::archive::post::Post;
use crate::archive::problem::{Code, Defect, Problem};
use crate::archive::snapshot::Change;

impl Editor {
    /// The site's folder and those of posts in it, as far as they are known without a look.
    pub fn main_folders(&self) -> Vec<PathBuf> {
        let root = &self.config.root;
        let usual = ["_posts", "posts"].map(String::from);
        let posts = if self.config.posts.is_empty() { &usual[..] } else { &self.config.posts };
        posts.iter().map(|folder| root.join(folder)).chain([root.clone()]).collect()
    }

    /// The folders that posts and pages are known to be in, and those on the way to them.
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

    /// Adds all posts and pages to a sight that are known to be below a folder.
    pub(super) fn add_known(&self, folder: &Path, sight: &mut Sight) {
        let below = self.relative(folder);
        let posts = self.archive.every_post().map(Post::path).chain(self.barren.keys().map(|path| &**path));
        let posts = posts.filter(|path| is_in(path, &below) && SiteFile::is_exact(path));
        sight.posts.extend(posts.map(SiteFile::of_path));
        sight.pages |= self.pages.iter().any(|page| is_in(&page.path, &below));
    }

    /// Whether a folder of posts has vanished as a whole.
    pub fn has_vanished(&self) -> bool {
        !self.vanished.is_empty()
    }

    /// Whether a folder has vanished as a whole, or is closed to us.
    pub fn misses_folders(&self) -> bool {
        self.has_vanished() || self.closed().next().is_some()
    }

    /// A folder that has vanished as a whole, or is closed to us, and whose posts are shown as they were.
    pub fn missing_folder(&self) -> Option<PathBuf> {
        let has_posts = |path: &&Arc<str>| self.archive.every_post().any(|post| is_in(post.path(), path));
        let closed = self.closed().find(has_posts).map(|path| self.config.root.join(&**path));
        self.vanished.iter().next().cloned().or(closed)
    }

    /// The folders that are closed to us. A link that leads nowhere is none.
    fn closed(&self) -> impl Iterator<Item = &Arc<str>> {
        self.unreadable.iter().filter(|path| {
            std::fs::symlink_metadata(self.config.root.join(&***path)).is_ok_and(|meta| meta.is_dir())
        })
    }

    /// Notes the folders of posts that some folders are or are in.
    pub(super) fn note_roots(&mut self, folders: &[PathBuf]) {
        let roots: BTreeSet<PathBuf> =
            folders.iter().map(|folder| self.root_of(&self.relative(folder))).collect();
        self.roots.note(&self.config.root, &roots);
    }

    /// Whether one of the main folders is another than it was, of which no event may tell: a volume
    /// was mounted or unmounted.
    pub fn has_changed_ground(&self) -> bool {
        let main = self.main_folders();
        main.iter().any(|folder| !self.vanished.contains(folder) && self.roots.has_changed(folder))
    }

    /// Whether a folder that had vanished as a whole is back.
    pub fn has_returned(&self) -> bool {
        self.vanished.iter().any(|folder| has_files(folder))
    }

    /// The folders that could not be read and now can be.
    pub fn reopened(&self) -> Vec<PathBuf> {
        let folders = self.unreadable.iter().map(|path| self.config.root.join(&**path));
        folders.filter(|folder| !self.vanished.contains(folder) && is_open(folder)).collect()
    }

    /// Notes folders that cannot be read, or have vanished, and those that are as they should be again.
    pub(super) fn note_folders(
        &mut self,
        change: &mut Change,
        mut problems: Vec<Problem>,
        cleared: &[String],
    ) {
        // What is gone since it was found has no problem any more, and nothing will tell of it again.
        problems.retain(|problem| !self.is_gone(&problem.path));
        let mut now = load::by_path(problems);
        for folder in &self.vanished {
            let defect = Defect::warning(
                Code::Unreadable,
                "the folder is gone or empty; its posts are shown as they were, until it is back",
            );
            now.push(load::of_file(&self.relative(folder), vec![defect]));
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

    /// Whether there is nothing at a path of the site, and need not be: no main folder, and none that
    /// it is in.
    pub(super) fn is_gone(&self, path: &str) -> bool {
        let place = self.config.root.join(path);
        let is_absent = std::fs::symlink_metadata(&place).is_err_and(|error| files::is_absent(&error));
        is_absent && !self.main_folders().iter().any(|main| main.starts_with(&place))
    }

    /// The folder of posts that a post is in.
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

    /// Whether a folder of posts is away, and has taken them with it against the owner's will. A main
    /// folder must be there, and one that held the only posts.
    pub(super) fn is_away(&self, root: &Path) -> bool {
        let is_main = || self.main_folders().iter().any(|main| main == root);
        self.roots.is_away(root, || is_main() || !self.has_posts_beside(root))
    }

    /// Notes that a folder of posts is away.
    pub(super) fn note_vanished(&mut self, folder: PathBuf) {
        if !self.vanished.contains(&folder) {
            tracing::warn!("{} is gone or empty; its posts are shown as they were", folder.display());
            self.vanished.insert(folder);
        }
    }

    /// Forgets the folders that are no longer away.
    pub(super) fn forget_returned(&mut self) {
        for folder in std::mem::take(&mut self.vanished) {
            if self.is_away(&folder) {
                self.vanished.insert(folder);
            } else {
                tracing::info!("{} is followed again", folder.display());
            }
        }
    }

    /// Whether another folder holds posts too.
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

/// Whether a path is that of a folder, or in it; both are relative to the site.
fn is_in(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether there is anything in a folder.
fn has_files(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// Whether a folder, and no link to one, can be entered, and read to its end.
fn is_open(folder: &Path) -> bool {
    let is_folder = std::fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir());
    is_folder
        && files::enter(folder).is_ok()
        && std::fs::read_dir(folder).is_ok_and(|mut entries| entries.all(|entry| entry.is_ok()))
}
