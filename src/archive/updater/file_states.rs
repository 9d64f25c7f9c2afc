//! The updater's knowledge of post files, beyond the posts in the archive: new times of unchanged posts,
//! files without a valid post, and files to check again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::archive::file_version::FileVersion;
use crate::archive::jekyll::files::SiteFile;
use crate::archive::post::PostId;
use crate::archive::snapshot::Snapshot;

/// The files whose last version is not that of a post in the archive. A `post` is that of a file in the
/// archive, if there is one.
#[derive(Debug, Default)]
pub(super) struct FileStates {
    /// New versions of files that were rewritten without a change to their posts.
    pub(super) stamp_only_changes: HashMap<PostId, FileVersion>,
    /// Files without a valid post, and the version of the file. `None` if the file could not be read or
    /// was still changing: it may become readable without a visible change.
    without_post: HashMap<Box<str>, Option<FileVersion>>,
    /// Files that were still changing or unreadable, and when to check them again.
    unsettled: HashMap<Box<str>, (SiteFile, Instant)>,
}

impl FileStates {
    /// The version of a file when it was last read. `None` if it is unknown or was unreadable.
    pub(super) fn last_seen(&self, archive: &Snapshot, path: &str) -> Option<FileVersion> {
        if let Some(file_version) = self.without_post.get(path) {
            return *file_version;
        }
        let id = archive.at_file(path)?;
        Some(self.stamp_only_changes.get(&id).copied().unwrap_or(archive.post(id).file_version))
    }

    /// The files whose last version has no valid post. The archive may hold the post of an earlier version.
    pub(super) fn without_post(&self) -> impl Iterator<Item = &str> {
        self.without_post.keys().map(|path| &**path)
    }

    /// Records the new version of a file that was rewritten without a change to its post.
    pub(super) fn record_stamp(&mut self, path: &str, post: Option<PostId>, file_version: FileVersion) {
        if let Some(known_version) = self.without_post.get_mut(path) {
            *known_version = Some(file_version);
        } else if let Some(id) = post {
            self.stamp_only_changes.insert(id, file_version);
        }
    }

    /// Forgets the version of a file that was removed, or whose post the next snapshot contains.
    pub(super) fn forget_version(&mut self, path: &str, post: Option<PostId>) {
        self.without_post.remove(path);
        if let Some(id) = post {
            self.stamp_only_changes.remove(&id);
        }
    }

    /// Records a file without a valid post.
    pub(super) fn record_without_post(&mut self, file: SiteFile, file_version: FileVersion) {
        self.without_post.insert(file.path, Some(file_version));
    }

    /// Records a file that was unreadable or still changing. It becomes due again after `retry_after`.
    pub(super) fn record_unread(&mut self, file: SiteFile, retry_after: Option<Duration>) {
        self.without_post.insert(file.path.clone(), None);
        if let Some(wait) = retry_after {
            self.check_after(file, wait);
        }
    }

    /// Forgets a file that was removed.
    pub(super) fn forget_file(&mut self, path: &str, post: Option<PostId>) {
        self.forget_version(path, post);
        self.unsettled.remove(path);
    }

    /// Makes a file due after some time.
    pub(super) fn check_after(&mut self, file: SiteFile, wait: Duration) {
        self.unsettled.insert(file.path.clone(), (file, Instant::now() + wait));
    }

    /// Makes a removed file due together with its new file, if one of the paths that it may have now is
    /// unsettled. Returns false if all are settled.
    pub(super) fn check_with(&mut self, file: &SiteFile, moved: &[String]) -> bool {
        let due = moved.iter().find_map(|path| self.unsettled.get(path.as_str())).map(|(_, at)| *at);
        if let Some(at) = due {
            self.unsettled.insert(file.path.clone(), (file.clone(), at));
        }
        due.is_some()
    }

    /// Removes and returns the files that are due to be checked again.
    pub(super) fn take_due(&mut self) -> Vec<SiteFile> {
        let due = self.unsettled.extract_if(|_, (_, at)| *at <= Instant::now());
        due.map(|(_, (file, _))| file).collect()
    }

    /// The time until each unsettled file is due.
    pub(super) fn waits(&self) -> impl Iterator<Item = Duration> {
        self.unsettled.values().map(|(_, at)| at.saturating_duration_since(Instant::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "_posts/2024-01-01-a.md";

    #[test]
    fn unread_file_is_due_once_after_its_wait() {
        let mut states = FileStates::default();
        states.record_unread(SiteFile::from_path(PATH), Some(Duration::ZERO));
        states.record_unread(SiteFile::from_path("_posts/later.md"), Some(Duration::from_secs(60)));
        states.record_unread(SiteFile::from_path("_posts/never.md"), None);
        assert_eq!(states.waits().count(), 2);
        assert_eq!(states.take_due(), [SiteFile::from_path(PATH)]);
        assert!(states.take_due().is_empty());
        assert_eq!(states.without_post().count(), 3);
    }

    #[test]
    fn removed_file_is_never_due() {
        let mut states = FileStates::default();
        states.record_unread(SiteFile::from_path(PATH), Some(Duration::ZERO));
        states.forget_file(PATH, None);
        assert!(states.take_due().is_empty());
        assert_eq!(states.without_post().count(), 0);
    }

    #[test]
    fn new_time_of_a_post_lasts_until_its_next_version() {
        let (mut states, post) = (FileStates::default(), Some(PostId::new(0)));
        states.record_stamp(PATH, post, FileVersion::default());
        assert_eq!(states.stamp_only_changes.len(), 1);
        states.forget_version(PATH, post);
        assert!(states.stamp_only_changes.is_empty());
    }
}
