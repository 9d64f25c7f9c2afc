//! The files of the site's own pages, with the state that each had when it was read.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::archive::file_version::FileVersion;
use crate::archive::jekyll::files::{SiteFile, is_at_or_below};
use crate::archive::post::Timestamp;
use crate::archive::read::own_page::PageState;

/// Seconds until a due document is tried again, if its file cannot be read.
const TRY_AGAIN: i64 = 5;

/// The known files of pages by path.
#[derive(Debug, Default)]
pub(super) struct PageStates(BTreeMap<Box<str>, (SiteFile, PageState)>);

impl PageStates {
    /// Creates the states of files.
    pub(super) fn new(files: impl IntoIterator<Item = (SiteFile, PageState)>) -> Self {
        Self(files.into_iter().map(|(file, state)| (file.path.clone(), (file, state))).collect())
    }

    /// The known files, ordered by path.
    pub(super) fn files(&self) -> impl Iterator<Item = &SiteFile> {
        self.0.values().map(|(file, _)| file)
    }

    /// The known file at a path, and those below it.
    pub(super) fn files_in(&self, folder: &str) -> impl Iterator<Item = &SiteFile> {
        // Other paths that begin with the text, such as `a-b` for `a`, may lie between these.
        let from = self.0.range::<str, _>((Bound::Included(folder), Bound::Unbounded));
        let from = from.map(|(_, (file, _))| file);
        from.take_while(move |file| file.path.starts_with(folder))
            .filter(move |file| is_at_or_below(&file.path, folder))
    }

    /// The files that name posts or other files.
    pub(super) fn linking(&self) -> impl Iterator<Item = &SiteFile> {
        self.0.values().filter(|(_, state)| state.has_links).map(|(file, _)| file)
    }

    /// Returns whether the last read of a file still holds, by the file's current version.
    pub(super) fn is_current(&self, path: &str, file_version: &FileVersion) -> bool {
        let known = self.0.get(path).and_then(|(_, state)| state.file_version);
        known.is_some_and(|known| known.has_metadata_of(file_version))
    }

    /// Records the state of a file that was read.
    pub(super) fn record(&mut self, file: SiteFile, state: PageState) {
        self.0.insert(file.path.clone(), (file, state));
    }

    /// Forgets a file that was removed.
    pub(super) fn forget(&mut self, path: &str) {
        self.0.remove(path);
    }

    /// The date of the next future document.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.0.values().filter_map(|(_, state)| state.due).min()
    }

    /// The date of a future document, or the time of the next attempt to read one that is due.
    pub(super) fn due(&self, path: &str) -> Option<Timestamp> {
        self.0.get(path).and_then(|(_, state)| state.due)
    }

    /// Returns the files of the documents that are due, which must be read again. A document stays due, for a later
    /// attempt, until [`PageStates::record`] or [`PageStates::forget`] has its result.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Vec<SiteFile> {
        let later = Timestamp::from_seconds(now.seconds().saturating_add(TRY_AGAIN));
        let mut due = Vec::new();
        for (file, state) in self.0.values_mut() {
            if state.due.is_some_and(|at| at <= now) {
                *state = PageState { file_version: None, due: Some(later), ..*state };
                due.push(file.clone());
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths<'f>(files: impl Iterator<Item = &'f SiteFile>) -> Vec<&'f str> {
        files.map(|file| &*file.path).collect()
    }

    fn with_files(paths: &[&str], state: PageState) -> PageStates {
        PageStates::new(paths.iter().map(|path| (SiteFile::from_path(path), state)))
    }

    #[test]
    fn files_in_a_folder_are_that_path_and_those_below() {
        let states = with_files(&["a", "a-b.md", "a/b.md", "a/c/d.md", "ab/e.md"], PageState::unread());
        assert_eq!(paths(states.files_in("a")), ["a", "a/b.md", "a/c/d.md"]);
        assert_eq!(paths(states.files_in("a/b.md")), ["a/b.md"]);
        assert_eq!(states.files_in("").count(), 5);
    }

    #[test]
    fn due_document_stays_due_until_it_is_recorded() {
        let at = Timestamp::from_seconds;
        let mut states = PageStates::default();
        for (path, seconds) in [("a.md", 10), ("b.md", 20)] {
            let state = PageState { due: Some(at(seconds)), ..PageState::unread() };
            states.record(SiteFile::from_path(path), state);
        }
        assert_eq!(states.next_due(), Some(at(10)));
        assert_eq!(states.take_due(at(9)), []);
        assert_eq!(states.take_due(at(10)), [SiteFile::from_path("a.md")]);
        assert_eq!((states.take_due(at(10)), states.next_due()), (vec![], Some(at(10 + TRY_AGAIN))));
        assert_eq!(states.take_due(at(10 + TRY_AGAIN)), [SiteFile::from_path("a.md")]);
        states.record(SiteFile::from_path("a.md"), PageState::unread());
        assert_eq!(states.next_due(), Some(at(20)));
    }
}
