//! The site's own pages. A page is read again if its file has changed, if its date has come, or if it names other files
//! and the posts or pages have changed.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use crate::archive::file_version::FileVersion;
use crate::archive::jekyll::files::{SiteFile, is_absent};
use crate::archive::page::OwnPage;
use crate::archive::problem::problems_of_file;
use crate::archive::read::own_page::{self, PageState, ReadPage};
use crate::archive::read::{Links, Reader};
use crate::archive::snapshot::Change;
use crate::archive::updater::{Updater, is_archived};

/// The result of checking the file of a page.
enum PageChange {
    /// The file was removed.
    Removed,
    /// The file is a post of a new archive of posts.
    Archived,
    /// The file was read.
    Read(Box<ReadPage>),
}

impl Updater {
    /// Reads the files that have changed since their last read, or all if `reread_all`, and records the changes.
    pub(super) fn check_pages(
        &mut self,
        change: &mut Change,
        reader: &Reader<'_>,
        links: &Links<'_>,
        mut files: Vec<SiteFile>,
        reread_all: bool,
    ) {
        let root = &self.config.root;
        if files.is_empty() || self.folder_states.is_away(root, &self.archive) {
            return;
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup();
        let check = |file: SiteFile| {
            let place = file.file(root);
            let is_current = || {
                FileVersion::from_path(&place)
                    .is_ok_and(|file_version| self.pages.is_current(&file.path, &file_version))
                    && !own_page::is_refused(reader, &file)
            };
            let page_change = if is_archived(&self.config, &file) {
                PageChange::Archived
            } else if !reread_all && is_current() {
                return None;
            } else if is_gone(&place) {
                PageChange::Removed
            } else {
                let read = own_page::read_file(reader, self.reserved_paths, &file, links);
                PageChange::Read(Box::new(read))
            };
            Some((file, page_change))
        };
        let checked: Vec<(SiteFile, PageChange)> = files.into_par_iter().filter_map(check).collect();
        // A path that is not UTF-8 may stand for a missing file and for an existing one, which counts.
        let (removed, read): (Vec<_>, Vec<_>) =
            checked.into_iter().partition(|(_, page_change)| !matches!(page_change, PageChange::Read(_)));
        let mut changed: BTreeMap<Box<str>, Option<OwnPage>> = BTreeMap::new();
        for (file, page_change) in removed {
            self.pages.forget(&file.path);
            if matches!(page_change, PageChange::Removed) {
                change.problems.push(problems_of_file(&file.path, Vec::new()));
            }
            changed.insert(file.path, None);
        }
        for (file, page_change) in read {
            let PageChange::Read(read) = page_change else { continue };
            let ReadPage { page, problems, state } = *read;
            change.problems.push(problems);
            let keeps_last = page.is_none() && has_no_content(&file.file(&self.config.root));
            let page = if keeps_last { self.archive.page_of_file(&file.path).cloned() } else { page };
            let state =
                if keeps_last { PageState { due: self.pages.due(&file.path), ..state } } else { state };
            changed.insert(file.path.clone(), page);
            self.pages.record(file, state);
        }
        if let Some(pages) = self.archive.pages_with(changed) {
            change.pages = Some(pages);
        }
    }
}

/// Returns whether a file is empty, as it is at the start of a write, or unreadable.
fn has_no_content(file: &Path) -> bool {
    match std::fs::metadata(file) {
        Ok(meta) => meta.len() == 0 || std::fs::File::open(file).is_err(),
        Err(error) => !is_absent(&error),
    }
}

/// True if there is no file at this path.
fn is_gone(path: &Path) -> bool {
    std::fs::metadata(path).map_or_else(|error| is_absent(&error), |meta| !meta.is_file())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::archive::file_version::RESTED_AFTER;
    use crate::archive::load::Progress;
    use crate::archive::snapshot::ReservedPaths;
    use crate::config::{Config, Overrides};

    const NOTHING: ReservedPaths = ReservedPaths {
        always: |_| false,
        list_like: |_| false,
        in_archive: |_, _| false,
        group_at: |_| None,
    };

    #[test]
    fn document_that_is_due_without_its_site_stays_due() {
        let above = tempfile::tempdir().expect("a folder");
        let site = above.path().join("site");
        std::fs::create_dir_all(site.join("_docs")).expect("a folder");
        std::fs::write(site.join("_config.yml"), "collections: {docs: {output: true}}\n").expect("a file");
        std::fs::write(site.join("_docs/a.md"), "---\ndate: 2999-01-01\n---\nText.\n").expect("a file");
        let config = Config::read(&site, &Overrides::default(), &|_| None).expect("a configuration");
        let config = Arc::new(config);
        let mut updater =
            Updater::open(Arc::clone(&config), NOTHING, &Progress::default()).expect("an archive");
        let reader = Reader::new(&config).expect("a reader");
        let due = updater.pages.next_due().expect("a future document");
        std::fs::rename(&site, above.path().join("away")).expect("the folder moves");
        let mut change = Change::new(updater.archive.names().clone());
        let files = updater.pages.take_due(due);
        assert_eq!(files, [SiteFile::from_path("_docs/a.md")]);
        updater.check_pages(&mut change, &reader, &|_| None, files, false);
        assert!(updater.pages.next_due() > Some(due), "the document is tried again");
    }

    #[test]
    fn only_changed_files_of_pages_are_read_again() {
        let site = tempfile::tempdir().expect("a folder");
        let write = |page: usize, text: &str| {
            let text = format!("---\n---\n{text}\n\n{{% post_url {page} %}}\n");
            std::fs::write(site.path().join(format!("{page}.md")), text).expect("a file");
        };
        (0..20).for_each(|page| write(page, "old"));
        std::thread::sleep(RESTED_AFTER * 2);
        let config = Config::read(site.path(), &Overrides::default(), &|_| None).expect("a configuration");
        let config = Arc::new(config);
        let mut updater =
            Updater::open(Arc::clone(&config), NOTHING, &Progress::default()).expect("an archive");
        let reader = Reader::new(&config).expect("a reader");
        // Each page asks for the name that it links to.
        let mut read_again = |reread_all: bool| {
            let names = Mutex::new(BTreeSet::new());
            let links = |name: &str| {
                names.lock().expect("the names").insert(name.to_owned());
                None::<String>
            };
            let mut change = Change::new(updater.archive.names().clone());
            let files = updater.pages.files().cloned().collect();
            updater.check_pages(&mut change, &reader, &links, files, reread_all);
            names.into_inner().expect("the names")
        };
        assert_eq!(read_again(false), BTreeSet::new());
        write(7, "new");
        assert_eq!(read_again(false), BTreeSet::from(["7".to_owned()]));
        // A file that has just changed may change once more without another version.
        std::thread::sleep(RESTED_AFTER * 2);
        assert_eq!(read_again(false), BTreeSet::from(["7".to_owned()]));
        assert_eq!(read_again(false), BTreeSet::new());
        assert_eq!(read_again(true).len(), 20);
    }
}
