//! Checks files against the archive and collects the changes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rayon::prelude::*;

use crate::archive::file_version::{self, FileVersion};
use crate::archive::jekyll::files::{
    PostFolders, SiteFile, SiteFileKind, Walk, is_absent, is_at_or_below, leads_nowhere, relative,
};
use crate::archive::load::reread_linking;
use crate::archive::post::Post;
use crate::archive::problem::{Code, Defect, FileProblems, Severity, problems_of_file};
use crate::archive::read::build::{PostBuilder, ReadResult};
use crate::archive::read::{Links, Reader};
use crate::archive::snapshot::{Change, Snapshot};
use crate::archive::updater::paths_to_check::PathsToCheck;
use crate::archive::updater::{Update, Updater};

/// Delay before an unreadable file is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// The result of checking a file.
enum FileChange {
    /// The file is unchanged.
    Unchanged,
    /// The file was rewritten with the same bytes.
    Touched(FileVersion),
    /// The file was removed.
    Removed,
    /// The file cannot be read.
    Unreadable(Defect),
    /// The file has new content.
    Read(Box<ReadResult>),
}

impl Updater {
    /// Adds every known post and page below a folder to `to_check`.
    pub(super) fn add_known_files(&self, folder: &Path, to_check: &mut PathsToCheck) {
        let below = relative(&self.config.root, folder);
        let posts = self.archive.every_post().map(Post::path).chain(self.file_states.without_post());
        let posts = posts.filter(|path| is_at_or_below(path, &below) && SiteFile::is_exact(path));
        to_check.posts.extend(posts.map(SiteFile::from_path));
        to_check.pages.extend(self.pages.files_in(&below).cloned());
    }

    /// Checks files, and publishes a snapshot if anything changed.
    pub(super) fn check_files(&mut self, mut to_check: PathsToCheck) -> Option<Update> {
        to_check.posts.sort_by(|a, b| a.path.cmp(&b.path));
        to_check.posts.dedup();
        let config = Arc::clone(&self.config);
        // The configuration was validated when the archive was opened.
        let reader = Reader::new(&config).ok()?;
        let archive = self.archive();
        let builder = PostBuilder::new(reader, archive.names().clone(), archive.codec(), self.reserved_paths);
        let links = |name: &str| archive.named(name);
        let has_new_folders = archive.archive_folders() != config.archives;
        let new_folders = has_new_folders.then(|| Arc::new(PostFolders::new(&config)));
        let post_folders = new_folders.as_deref().unwrap_or_else(|| archive.post_folders());
        let checked = self.file_changes(&builder, post_folders, to_check.posts, to_check.reread_all, &links);
        let mut change = Change::new(archive.names().clone());
        // A removed file may have moved to a file that is read in the same check, and that must be known first.
        let (removed, others): (Vec<_>, Vec<_>) =
            checked.into_iter().partition(|(_, file_change)| matches!(file_change, FileChange::Removed));
        for (file, file_change) in others {
            self.record(&mut change, file, file_change);
        }
        let mut away = HashMap::new();
        for (file, file_change) in removed {
            if archive.at_file(&file.path).is_some() && self.is_kept(&file, &archive, post_folders, &mut away)
            {
                continue;
            }
            self.record(&mut change, file, file_change);
        }
        change.problems.extend(self.folder_states.record_problems(to_check.problems, &to_check.cleared));
        self.check_pages(&mut change, &builder.reader, &links, to_check.pages, to_check.reread_all);
        change.problems.retain(|(path, found)| archive.problems_of(path) != found.as_slice());
        let PostBuilder { reader, names, .. } = builder;
        change.names = names.into_names();
        change.post_folders = new_folders;
        if change.is_empty() {
            return None;
        }
        let moves_urls = change.moves_urls();
        let update = self.publish(change);
        Some(if moves_urls { self.relink(reader, update) } else { update })
    }

    /// Classifies files in the order of their paths, and the new files of removed ones that have moved: a scan
    /// lists one folder after the other, so it may have missed a new file.
    fn file_changes(
        &self,
        builder: &PostBuilder<'_>,
        post_folders: &PostFolders,
        files: Vec<SiteFile>,
        reread_all: bool,
        links: &Links<'_>,
    ) -> Vec<(SiteFile, FileChange)> {
        let classify = |file: &SiteFile| self.classify(builder, file, reread_all, links);
        let file_changes: Vec<FileChange> = files.par_iter().map(classify).collect();
        let mut checked: Vec<(SiteFile, FileChange)> = files.into_iter().zip(file_changes).collect();
        let archive = &self.archive;
        if !post_folders.is_empty() {
            let removed = checked.iter().filter(|(_, change)| matches!(change, FileChange::Removed));
            let known = removed.filter(|(file, _)| archive.at_file(&file.path).is_some());
            let walk = Walk::new(&self.config);
            let mut moved: Vec<SiteFile> = known
                .flat_map(|(file, _)| post_folders.counterparts(&file.path))
                .filter(|path| archive.at_file(path).is_none() && self.config.root.join(path).is_file())
                .filter_map(|path| walk.classify(&self.config.root.join(path)))
                .filter_map(|(kind, file)| (kind == SiteFileKind::Post).then_some(file))
                .filter(|file| checked.binary_search_by(|(other, _)| other.path.cmp(&file.path)).is_err())
                .collect();
            moved.sort_by(|a, b| a.path.cmp(&b.path));
            moved.dedup();
            checked.extend(moved.into_iter().map(|file| {
                let file_change = classify(&file);
                (file, file_change)
            }));
        }
        checked
    }

    /// Returns whether the post of a removed file stays: its folder is unavailable as a whole, or the file has
    /// moved to one that cannot be read yet.
    fn is_kept(
        &mut self,
        file: &SiteFile,
        archive: &Snapshot,
        post_folders: &PostFolders,
        away: &mut HashMap<PathBuf, bool>,
    ) -> bool {
        let folders = &mut self.folder_states;
        let root = folders.root_of(&file.path);
        if *away.entry(root.clone()).or_insert_with(|| folders.is_away(&root, archive)) {
            folders.record_vanished(root);
            return true;
        }
        let moved = post_folders.counterparts(&file.path);
        self.file_states.check_with(file, &moved)
    }

    fn classify(
        &self,
        builder: &PostBuilder<'_>,
        file: &SiteFile,
        reread_all: bool,
        links: &Links<'_>,
    ) -> FileChange {
        let path = file.file(&self.config.root);
        let last = self.file_states.last_seen(&self.archive, &file.path);
        match (FileVersion::from_path(&path), last) {
            (Err(error), _) if is_absent(&error) => return FileChange::Removed,
            // A folder above the file cannot be entered. The folder has a problem of its own.
            (Err(_), Some(_)) => return FileChange::Unchanged,
            (Ok(file_version), Some(last)) if !reread_all && last.has_metadata_of(&file_version) => {
                return FileChange::Unchanged;
            }
            _ => {}
        }
        // The path is no longer a file. Reading a pipe could block forever.
        if std::fs::metadata(&path).is_ok_and(|meta| !meta.is_file()) {
            return FileChange::Removed;
        }
        if file.is_temporary() {
            return FileChange::Read(Box::new(builder.read(file, links)));
        }
        match file_version::read(&path) {
            Err(defect) => FileChange::Unreadable(defect),
            Ok(content) => match last {
                Some(last) if !content.torn && last == content.file_version => FileChange::Unchanged,
                Some(last) if !content.torn && last.has_bytes_of(&content.file_version) => {
                    FileChange::Touched(content.file_version)
                }
                _ => FileChange::Read(Box::new(builder.build(file, &content, links))),
            },
        }
    }

    /// Records the result for a file.
    fn record(&mut self, change: &mut Change, file: SiteFile, file_change: FileChange) {
        let known = self.archive.at_file(&file.path);
        let path = &file.path;
        match file_change {
            FileChange::Unchanged => {}
            FileChange::Touched(file_version) => self.file_states.record_stamp(path, known, file_version),
            FileChange::Removed => {
                change.gone.extend(known);
                self.file_states.forget_file(path, known);
                let defect = leads_nowhere(&file.file(&self.config.root));
                change.problems.push(problems_of_file(path, defect.into_iter().collect()));
            }
            FileChange::Unreadable(defect) => {
                // No event reports that a disk responds again or that file descriptors are free.
                let retry_after = (defect.code == Code::Unreadable).then_some(TRY_AGAIN);
                change.problems.push(self.problems_without_post(path, vec![defect]));
                self.file_states.record_unread(file, retry_after);
            }
            FileChange::Read(result) => self.record_content(change, file, *result),
        }
    }

    /// Records the new content of a file.
    fn record_content(&mut self, change: &mut Change, file: SiteFile, result: ReadResult) {
        let ReadResult { post, defects, file_version, retry_after } = result;
        let known = self.archive.at_file(&file.path);
        match (post, retry_after) {
            (_, Some(_)) => {
                change.problems.push(self.problems_without_post(&file.path, defects));
                self.file_states.record_unread(file, retry_after);
            }
            (Some(post), None) => {
                self.file_states.forget_version(&file.path, known);
                if known.is_some_and(|id| self.archive.post(id).hash == post.hash) {
                    self.file_states.record_stamp(&file.path, known, file_version);
                } else {
                    change.posts.push(post);
                }
                change.problems.push(problems_of_file(&file.path, defects));
            }
            (None, None) => {
                change.problems.push(self.problems_without_post(&file.path, defects));
                self.file_states.record_without_post(file, file_version);
            }
        }
    }

    /// The problems of a file without a valid post. They are only warnings if an earlier version of the
    /// post is still shown.
    fn problems_without_post(&self, path: &str, mut defects: Vec<Defect>) -> FileProblems {
        if self.archive.at_file(path).is_some() {
            for defect in &mut defects {
                defect.severity = Severity::Warning;
                defect.message.push_str("; the last good version is served");
            }
        }
        problems_of_file(path, defects)
    }

    /// Rereads the posts and pages that link to other files, because the URLs of those files may differ now, or be
    /// known.
    fn relink(&mut self, reader: Reader<'_>, update: Update) -> Update {
        let before = self.archive();
        let linking: Vec<SiteFile> = self.pages.linking().cloned().collect();
        if before.linking().next().is_none() && linking.is_empty() {
            return update;
        }
        let builder = PostBuilder::new(reader, before.names().clone(), before.codec(), self.reserved_paths);
        let (posts, problems) = reread_linking(&before, &builder);
        let mut change = Change { posts, problems, ..Change::new(before.names().clone()) };
        let links = |name: &str| before.named(name);
        self.check_pages(&mut change, &builder.reader, &links, linking, true);
        change.problems.retain(|(path, found)| before.problems_of(path) != found.as_slice());
        change.names = builder.names.into_names();
        if change.is_empty() {
            return update;
        }
        let linked = self.publish(change);
        Update { new: update.new, ..linked }
    }
}
