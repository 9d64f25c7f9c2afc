//! Checks files against the archive and collects the changes.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rayon::prelude::*;

use crate::archive::file_version::{self, FileVersion};
use crate::archive::jekyll::files::{SiteFile, is_absent, leads_nowhere};
use crate::archive::load::{reread_linking, still_changing};
use crate::archive::post::Post;
use crate::archive::problem::{Code, Defect, FileProblems, Severity, problems_of_file};
use crate::archive::read::build::{PostBuilder, ReadResult};
use crate::archive::read::{Links, Reader};
use crate::archive::snapshot::Change;
use crate::archive::updater::folder_states::is_in;
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
        let below = self.folder_states.relative(folder);
        let posts = self.archive.every_post().map(Post::path).chain(self.file_states.without_post());
        let posts = posts.filter(|path| is_in(path, &below) && SiteFile::is_exact(path));
        to_check.posts.extend(posts.map(SiteFile::from_path));
        to_check.pages |= self.pages.iter().any(|page| is_in(&page.path, &below));
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
        let classify = |file: &SiteFile| self.classify(&builder, file, to_check.reread_all, &links);
        let file_changes: Vec<FileChange> = to_check.posts.par_iter().map(classify).collect();
        let mut change = Change::new(archive.names().clone());
        let mut away = HashMap::new();
        for (file, file_change) in to_check.posts.into_iter().zip(file_changes) {
            if matches!(file_change, FileChange::Removed) && self.archive.at_file(&file.path).is_some() {
                let folders = &mut self.folder_states;
                let root = folders.root_of(&file.path);
                if *away.entry(root.clone()).or_insert_with(|| folders.is_away(&root, &archive)) {
                    folders.record_vanished(root);
                    continue;
                }
            }
            self.record(&mut change, file, file_change);
        }
        change.problems.extend(self.folder_states.record_problems(to_check.problems, &to_check.cleared));
        if to_check.pages {
            self.check_pages(&mut change, &builder.reader, &links);
        }
        change.problems.retain(|(path, found)| archive.problems_of(path) != found.as_slice());
        let PostBuilder { reader, names, .. } = builder;
        change.names = names.into_names();
        if change.is_empty() {
            return None;
        }
        let moves_urls = !change.gone.is_empty() || !change.posts.is_empty();
        let update = self.publish(change);
        Some(if moves_urls { self.relink(reader, update) } else { update })
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
        let ReadResult { post, mut defects, file_version, retry_after } = result;
        let known = self.archive.at_file(&file.path);
        match (post, retry_after) {
            (_, Some(_)) => {
                defects.push(still_changing());
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

    /// Rereads the posts that link to other posts, because the URLs of the linked posts may differ now, or be known.
    fn relink(&mut self, reader: Reader<'_>, update: Update) -> Update {
        let before = self.archive();
        if before.linking().next().is_none() {
            return update;
        }
        let builder = PostBuilder::new(reader, before.names().clone(), before.codec(), self.reserved_paths);
        let (posts, problems) = reread_linking(&before, &builder);
        if posts.is_empty() && problems.is_empty() {
            return update;
        }
        let names = builder.names.into_names();
        let linked = self.publish(Change { posts, problems, ..Change::new(names) });
        Update { new: update.new, ..linked }
    }
}
