//! Compares the time and size of every file of a site with the archive. This takes seconds for a million
//! files, so it does not depend on the editor and can run on another thread.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::archive::files::{Files, SiteFile, Walk};
use crate::archive::problem::Problem;
use crate::archive::snapshot::Snapshot;
use crate::archive::stamp::Stamp;
use crate::config::Config;

/// The files and folders of a site, with the differences from an archive.
#[derive(Debug)]
pub struct Survey {
    /// Files of posts that seem new, changed or removed, by time and size.
    pub(super) suspects: Vec<SiteFile>,
    pub(super) pages: Vec<SiteFile>,
    pub(super) folders: Vec<PathBuf>,
    /// The problems of unreadable folders.
    pub(super) problems: Vec<Problem>,
    /// Paths that have problems in the archive but were not found as files.
    pub(super) strays: Vec<Arc<str>>,
    /// All files are suspects, even if time and size are unchanged.
    pub(super) anew: bool,
    /// Duration of the survey.
    pub took: Duration,
}

impl Survey {
    /// Scans a site and compares it with an archive.
    pub fn of(config: &Config, archive: &Snapshot, anew: bool) -> Self {
        let start = Instant::now();
        let Files { posts, pages, folders, problems } = Walk::new(config).all();
        let mut strays: HashSet<Arc<str>> = archive.paths_with_problems().cloned().collect();
        for file in posts.iter().chain(&pages) {
            strays.remove(&*file.path);
        }
        let strays = strays.into_iter().collect();
        let suspects = suspects(config, archive, posts, anew);
        Self { suspects, pages, folders, problems, strays, anew, took: start.elapsed() }
    }
}

/// Runs on a single thread, because the thread that applies file events needs the others.
fn suspects(config: &Config, archive: &Snapshot, found: Vec<SiteFile>, anew: bool) -> Vec<SiteFile> {
    let mut seen = vec![false; archive.ids()];
    let mut suspects = Vec::new();
    for file in found {
        let known = archive.at_file(&file.path);
        if let Some(id) = known {
            seen[id.index()] = true;
        }
        let is_same = || {
            let stamp = Stamp::at(&file.file(&config.root));
            stamp.is_ok_and(|stamp| known.is_some_and(|id| archive.post(id).stamp.looks_like(&stamp)))
        };
        if anew || !is_same() {
            suspects.push(file);
        }
    }
    let missing = archive.every_post_with_id().filter(|(id, _)| !seen[id.index()]);
    suspects.extend(missing.map(|(_, post)| SiteFile::of_path(post.path())));
    suspects
}
