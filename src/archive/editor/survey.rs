//! A look at the time and size of every file of a site, which takes seconds when there are a million:
//! so it needs nothing of the editor, and another thread can do it.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::archive::files::{Files, SiteFile, Walk};
use crate::archive::problem::Problem;
use crate::archive::snapshot::Snapshot;
use crate::archive::stamp::Stamp;
use crate::config::Config;

/// What there is, and what of it an archive does not know.
#[derive(Debug)]
pub struct Survey {
    /// Files of posts that are new, changed or gone, as far as their times and sizes tell.
    pub(super) suspects: Vec<SiteFile>,
    pub(super) pages: Vec<SiteFile>,
    pub(super) folders: Vec<PathBuf>,
    /// Folders that cannot be read.
    pub(super) problems: Vec<Problem>,
    /// What the archive has problems of, and where there is no file.
    pub(super) strays: Vec<Arc<str>>,
    /// All files are suspects.
    pub(super) anew: bool,
    /// How long it took.
    pub took: Duration,
}

impl Survey {
    /// Surveys a site, beside what an archive knows of it.
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

/// One thread does it: who follows the files meanwhile needs the others.
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
