//! Compares the time and size of every file of a site with the archive. This takes seconds for a million
//! files, so it does not depend on the updater and can run on another thread.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::archive::file_version::FileVersion;
use crate::archive::jekyll::files::{Files, SiteFile, Walk, new_archives, with_more_archives};
use crate::archive::problem::Code;
use crate::archive::snapshot::Snapshot;
use crate::archive::updater::paths_to_check::PathsToCheck;
use crate::config::Config;

/// The files and folders of a site, with the differences from an archive.
#[derive(Debug)]
pub struct FullScan {
    /// The post files that seem new, changed or removed, by time and size, all files of pages, and the unreadable
    /// folders.
    pub(super) to_check: PathsToCheck,
    pub(super) folders: Vec<PathBuf>,
    /// Files that are symbolic links.
    pub(super) links: Vec<PathBuf>,
    /// Paths that have problems in the archive but were not found as files.
    pub(super) unfound_paths: HashSet<Arc<str>>,
    /// Folders that have become archives of posts.
    pub(super) new_archives: Vec<String>,
    /// Duration of the scan.
    pub took: Duration,
}

impl FullScan {
    /// Scans a site and compares it with an archive. `reread_all` adds files with unchanged time and size.
    pub fn new(config: &Arc<Config>, archive: &Snapshot, reread_all: bool) -> Self {
        let start = Instant::now();
        let mut files = Walk::new(config).all();
        let new_archives = new_archives(config, files.pages.iter().map(|page| &*page.path));
        let config = with_more_archives(Arc::clone(config), new_archives.clone());
        if !new_archives.is_empty() {
            files = Walk::new(&config).all();
        }
        let Files { posts, pages, folders, links, problems, .. } = files;
        let mut unfound_paths: HashSet<Arc<str>> = archive.paths_with_problems().cloned().collect();
        let found = posts.iter().chain(&pages).map(|file| &file.path);
        let withheld = problems.iter().filter(|problem| problem.code == Code::FileSkipped);
        for path in found.chain(withheld.map(|problem| &problem.path)) {
            unfound_paths.remove(&**path);
        }
        let (posts, cleared) = (candidates(&config, archive, posts, reread_all), vec![String::new()]);
        let to_check = PathsToCheck { posts, pages, problems, cleared, reread_all };
        Self { to_check, folders, links, unfound_paths, new_archives, took: start.elapsed() }
    }
}

/// Runs on a single thread, because the thread that applies file events needs the others.
fn candidates(config: &Config, archive: &Snapshot, found: Vec<SiteFile>, reread_all: bool) -> Vec<SiteFile> {
    let mut seen = vec![false; archive.ids()];
    let mut candidates = Vec::new();
    for file in found {
        let known = archive.at_file(&file.path);
        if let Some(id) = known {
            seen[id.index()] = true;
        }
        let is_same = || {
            let file_version = FileVersion::from_path(&file.file(&config.root));
            file_version.is_ok_and(|file_version| {
                known.is_some_and(|id| archive.post(id).file_version.has_metadata_of(&file_version))
            })
        };
        if reread_all || !is_same() {
            candidates.push(file);
        }
    }
    let missing = archive.every_post_with_id().filter(|(id, _)| !seen[id.index()]);
    candidates.extend(missing.map(|(_, post)| SiteFile::from_path(post.path())));
    candidates
}
