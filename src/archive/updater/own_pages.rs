//! The site's own pages. A change of one rereads all, and so does a change of posts if a page names other files.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::archive::jekyll::files::is_absent;
use crate::archive::page::OwnPage;
use crate::archive::problem::problems_of_file;
use crate::archive::read::own_page::{self, ReadPages};
use crate::archive::read::{Links, Reader};
use crate::archive::snapshot::Change;
use crate::archive::updater::Updater;

impl Updater {
    /// Reads the pages, records the changes, and notes the links and future dates of pages.
    pub(super) fn check_pages(&mut self, change: &mut Change, reader: &Reader<'_>, links: &Links<'_>) {
        self.pages.sort_by(|a, b| a.path.cmp(&b.path));
        self.pages.dedup();
        let root = &self.config.root;
        if self.folder_states.is_away(root, &self.archive) {
            return;
        }
        let gone = self.pages.extract_if(.., |page| is_gone(&page.file(root)));
        change.problems.extend(gone.map(|page| problems_of_file(&page.path, Vec::new())));
        let has_links = AtomicBool::new(false);
        let links = |name: &str| {
            has_links.store(true, Ordering::Relaxed);
            links(name)
        };
        let ReadPages { mut pages, problems, next_due } =
            own_page::read_all(reader, self.reserved_paths, &self.pages, &links);
        self.pages_due = next_due;
        self.pages_have_links = has_links.load(Ordering::Relaxed);
        let read: HashSet<&str> = pages.iter().map(|page| &*page.path).collect();
        // Keep the old version if the file is empty, as it is at the start of a write, or unreadable.
        let is_kept = |path: &str| match std::fs::metadata(root.join(path)) {
            Ok(meta) => meta.len() == 0 || std::fs::File::open(root.join(path)).is_err(),
            Err(error) => !is_absent(&error),
        };
        let missing = self.archive.pages().iter().filter(|old| !read.contains(&*old.path));
        let mut kept: Vec<OwnPage> = missing.filter(|old| is_kept(&old.path)).cloned().collect();
        pages.append(&mut kept);
        pages.sort_by(|a, b| a.path.cmp(&b.path));
        change.problems.extend(problems);
        let version = |page: &OwnPage| (page.path.clone(), page.hash);
        if !pages.iter().map(version).eq(self.archive.pages().iter().map(version)) {
            change.pages = Some(pages);
        }
    }
}

/// True if there is no file at this path.
fn is_gone(path: &Path) -> bool {
    std::fs::metadata(path).map_or_else(|error| is_absent(&error), |meta| !meta.is_file())
}
