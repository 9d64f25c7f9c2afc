//! The folders of a site. Posts in an unavailable or unreadable folder stay visible as they were.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::archive::jekyll::files::{self, is_at_or_below, relative};
use crate::archive::problem::{Code, Defect, FileProblems, Problem, problems_by_path, problems_of_file};
use crate::archive::snapshot::Snapshot;
use crate::archive::updater::roots::Roots;
use crate::config::Config;

/// Maximum number of files that events report as not served.
const MOST_WITHHELD: usize = 2000;

/// The known, the unavailable and the unreadable folders of a site.
#[derive(Debug)]
pub struct FolderStates {
    /// The site's root.
    site: PathBuf,
    /// The configured or usual folders of posts, relative to the root.
    posts: Vec<String>,
    /// The archives of posts, relative to the root.
    archives: Vec<String>,
    /// The known post folders. They show whether a missing folder was removed or is unavailable.
    roots: Roots,
    /// Post folders that are unavailable as a whole.
    vanished: HashSet<PathBuf>,
    /// Folders with a reported problem: unreadable or unavailable.
    unreadable: HashSet<Arc<str>>,
    /// Files that are reported as not served on purpose.
    withheld: HashSet<Arc<str>>,
}

impl FolderStates {
    /// The states at the start: every folder is unknown.
    pub(super) fn new(config: &Config) -> Self {
        let usual = || ["_posts", "posts"].map(String::from).to_vec();
        let posts = if config.source.posts.is_empty() { usual() } else { config.source.posts.clone() };
        Self {
            site: config.root.clone(),
            posts,
            archives: config.archives.clone(),
            roots: Roots::default(),
            vanished: HashSet::new(),
            unreadable: HashSet::new(),
            withheld: HashSet::new(),
        }
    }

    /// Takes the archives of posts of a configuration.
    pub(super) fn set_archives(&mut self, config: &Config) {
        self.archives.clone_from(&config.archives);
    }

    /// The site's root, the usual or configured folders of posts and the archives, without a scan.
    pub fn main_folders(&self) -> Vec<PathBuf> {
        let folders = self.posts.iter().chain(&self.archives).map(|folder| self.site.join(folder));
        folders.chain([self.site.clone()]).collect()
    }

    /// The main folders that must exist. An archive may be removed.
    fn required_folders(&self) -> impl Iterator<Item = PathBuf> {
        self.posts.iter().map(|folder| self.site.join(folder)).chain([self.site.clone()])
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
    pub fn missing_folder(&self, archive: &Snapshot) -> Option<PathBuf> {
        let has_posts = |path: &&Arc<str>| archive.every_post().any(|post| is_at_or_below(post.path(), path));
        let closed = self.closed().find(has_posts).map(|path| self.site.join(&**path));
        self.vanished.iter().next().cloned().or(closed)
    }

    /// The unreadable folders. A link, such as a dangling one, is not a folder.
    fn closed(&self) -> impl Iterator<Item = &Arc<str>> {
        self.unreadable.iter().filter(|path| {
            std::fs::symlink_metadata(self.site.join(&***path)).is_ok_and(|meta| meta.is_dir())
        })
    }

    /// Records the identity of the post folders that contain these folders.
    pub(super) fn record(&mut self, folders: &[PathBuf]) {
        let roots: BTreeSet<PathBuf> =
            folders.iter().map(|folder| self.root_of(&relative(&self.site, folder))).collect();
        self.roots.record(&self.site, &roots);
    }

    /// Records the folders of a full scan, which replace the earlier ones.
    pub(super) fn record_all(&mut self, folders: &[PathBuf]) {
        self.roots.forget_changed(|folder| self.vanished.contains(folder));
        self.record(folders);
    }

    /// Records a path with a reported problem, which ends with the first scan that does not report it.
    pub(super) fn record_unreadable(&mut self, path: Arc<str>) {
        self.unreadable.insert(path);
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
        let folders = self.unreadable.iter().map(|path| self.site.join(&**path));
        folders.filter(|folder| !self.vanished.contains(folder) && is_open(folder)).collect()
    }

    /// Records the unreadable folders and withheld files below the `cleared` folders. Returns their problems, those
    /// of unavailable folders, and an empty list for each path that has no problem any more.
    pub(super) fn record_problems(&mut self, mut new: Vec<Problem>, cleared: &[String]) -> Vec<FileProblems> {
        // A path that was removed since the scan has no problem. No later event would clear it.
        new.retain(|problem| !self.is_gone(&problem.path));
        let is_withheld = |problem: &Problem| problem.code == Code::FileSkipped;
        if self.withheld.len() >= MOST_WITHHELD && cleared.is_empty() {
            new.retain(|problem| !is_withheld(problem));
        }
        let mut now = problems_by_path(new);
        for folder in &self.vanished {
            let defect = Defect::warning(
                Code::Unreadable,
                "the folder is missing or empty; its last known posts are served until it returns",
            );
            now.push(problems_of_file(&relative(&self.site, folder), vec![defect]));
        }
        let is_back = |path: &Arc<str>| {
            cleared.iter().any(|folder| is_at_or_below(path, folder))
                && !now.iter().any(|(other, _)| other == path)
        };
        let back = self.unreadable.extract_if(is_back).chain(self.withheld.extract_if(is_back));
        let back: Vec<_> = back.map(|path| (path, Vec::new())).collect();
        for (path, problems) in &now {
            let states =
                if problems.iter().all(is_withheld) { &mut self.withheld } else { &mut self.unreadable };
            states.insert(Arc::clone(path));
        }
        now.extend(back);
        now
    }

    /// True if the path does not exist and may be absent: it is neither a required folder nor above one.
    pub(super) fn is_gone(&self, path: &str) -> bool {
        let place = self.site.join(path);
        let is_absent = std::fs::symlink_metadata(&place).is_err_and(|error| files::is_absent(&error));
        is_absent && !self.required_folders().any(|required| required.starts_with(&place))
    }

    /// The post folder that contains a post.
    pub(super) fn root_of(&self, path: &str) -> PathBuf {
        if let Some(named) = self.posts.iter().find(|named| is_at_or_below(path, named)) {
            return self.site.join(named);
        }
        let holders = self.archives.iter().filter(|folder| is_at_or_below(path, folder));
        if let Some(archive) = holders.max_by_key(|folder| folder.len()) {
            return self.site.join(archive);
        }
        let mut folder = self.site.clone();
        for part in path.split('/') {
            folder.push(part);
            if matches!(part, "_posts" | "posts") {
                break;
            }
        }
        folder
    }

    /// True if a missing or empty post folder is unavailable, not removed on purpose. A required folder and a
    /// folder with the only posts must exist, so their absence is never a removal.
    pub(super) fn is_away(&self, root: &Path, archive: &Snapshot) -> bool {
        let is_required = || self.required_folders().any(|required| required == root);
        self.roots.is_away(root, || is_required() || !self.has_posts_beside(root, archive))
    }

    /// Records and logs that a post folder is unavailable.
    pub(super) fn record_vanished(&mut self, folder: PathBuf) {
        if !self.vanished.contains(&folder) {
            tracing::warn!("{} is missing or empty; its last known posts are still served", folder.display());
            self.vanished.insert(folder);
        }
    }

    /// Forgets the folders that are available again.
    pub(super) fn forget_returned(&mut self, archive: &Snapshot) {
        for folder in std::mem::take(&mut self.vanished) {
            if self.is_away(&folder, archive) {
                self.vanished.insert(folder);
            } else {
                tracing::info!("{} is available again", folder.display());
            }
        }
    }

    /// True if another post folder has files.
    fn has_posts_beside(&self, root: &Path, archive: &Snapshot) -> bool {
        let mut seen = HashSet::new();
        archive.every_post().any(|post| {
            let other = self.root_of(post.path());
            other != root && !seen.contains(&other) && {
                let has_files = has_files(&other);
                seen.insert(other);
                has_files
            }
        })
    }
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::Overrides;

    /// The states of a site with this configuration file.
    fn with_config(text: &str) -> (tempfile::TempDir, FolderStates) {
        let site = tempfile::tempdir().expect("a folder");
        fs::write(site.path().join("_config.yml"), text).expect("a file");
        let config = Config::read(site.path(), &Overrides::default(), &|_| None).expect("a configuration");
        (site, FolderStates::new(&config))
    }

    #[test]
    fn post_folder_of_a_post_is_configured_or_usual() {
        let (_usual, states) = with_config("title: t\n");
        for (path, folder) in [
            ("_posts/sub/a.md", "_posts"),
            ("posts/_posts/a.md", "posts"),
            ("market/_posts/sub/a.md", "market/_posts"),
        ] {
            assert_eq!(states.root_of(path), states.site.join(folder), "{path}");
        }
        let (_archives, mut states) = with_config("title: t\n");
        states.archives = ["market/old_post", "news"].map(String::from).to_vec();
        for (path, folder) in [
            ("market/old_post/2024/a.md", "market/old_post"),
            ("news/2024/a.md", "news"),
            ("news/market/_posts/a.md", "news"),
            ("_posts/a.md", "_posts"),
        ] {
            assert_eq!(states.root_of(path), states.site.join(folder), "{path}");
        }
        let (_configured, states) = with_config("finews:\n  posts: [news/all]\n");
        assert_eq!(states.root_of("news/all/_posts/a.md"), states.site.join("news/all"));
    }

    #[test]
    fn vanished_folder_returns_with_its_files() {
        let (_site, mut states) = with_config("title: t\n");
        let posts = states.site.join("_posts");
        states.record_vanished(posts.clone());
        assert!(states.has_vanished() && states.has_missing_folder() && !states.has_returned());
        fs::create_dir(&posts).expect("a folder");
        assert!(!states.has_returned(), "empty");
        fs::write(posts.join("a.md"), "a").expect("a file");
        assert!(states.has_returned());
    }
}
