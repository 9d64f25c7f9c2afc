//! Loads a site's folder into its first [`Snapshot`], on all cores. A bad file becomes a problem
//! and never stops the load.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use rayon::prelude::*;

use super::editor::Editor;
use super::files::{SiteFile, Walk};
use super::names::Interner;
use super::packed::Packing;
use super::page::{self, Page};
use super::post::{Post, Timestamp};
use super::problem::{Code, Defect, Problem};
use super::read::{Draft, Links, Reader, SETTLED_AFTER};
use super::snapshot::{Change, Contents, Rules, Snapshot};
use super::stamp::{self, Stamp};
use crate::config::{Config, ConfigError};

pub use super::snapshot::Claims;

/// The maximum number of articles that train the dictionary.
const SAMPLES: usize = 1_000;

/// The pool has more threads than cores: while one thread waits for the disk, another works.
const READERS_PER_CORE: usize = 4;

/// The progress of a load, shared with the thread that displays it.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicUsize,
    done: AtomicUsize,
}

impl Progress {
    /// The number of post files found; 0 until the walk ends.
    pub fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    /// The number of post files read so far.
    pub fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    pub(super) fn expect(&self, files: usize) {
        self.total.store(files, Ordering::Relaxed);
    }

    pub(super) fn advance(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
    }
}

/// The problems of one file, with its path.
pub(super) type Problems = (Arc<str>, Vec<Problem>);

/// The result of reading one post file.
pub(super) struct Sighting {
    pub(super) post: Option<Post>,
    pub(super) defects: Vec<Defect>,
    /// The version of the file; the default if it could not be read.
    pub(super) stamp: Stamp,
    /// Set if the file is still being written: the time to wait before the next attempt.
    pub(super) again: Option<Duration>,
}

/// Builds posts from the rules of a site and the state that all posts share.
pub(super) struct Press<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) names: Interner,
    pub(super) packing: Arc<Packing>,
    pub(super) claims: Claims,
}

impl Press<'_> {
    /// Reads a post file and builds its post.
    pub(super) fn read(&self, file: &SiteFile, links: &Links<'_>) -> Sighting {
        match stamp::read(&file.file(&self.reader.config().root)) {
            Ok(content) => self.make(file, &content, links),
            Err(defect) => {
                Sighting { post: None, defects: vec![defect], stamp: Stamp::default(), again: None }
            }
        }
    }

    /// Builds the post of a file whose content was read.
    pub(super) fn make(&self, file: &SiteFile, content: &stamp::Content, links: &Links<'_>) -> Sighting {
        let outcome = self.reader.post(file, content, links);
        let mut defects = outcome.defects;
        let post = outcome.draft.and_then(|draft| {
            let post = Post::of(&draft, content.stamp, &self.names, &self.packing, self.claims);
            post.map_err(|error| defects.push(Defect::error(Code::TooLarge, error.to_string()))).ok()
        });
        let rest = SETTLED_AFTER.saturating_sub(content.stamp.age());
        let mut again = (outcome.unclosed && !rest.is_zero()).then_some(rest);
        if content.torn {
            again = Some(stamp::RESTED_AFTER);
        }
        Sighting { post, defects, stamp: content.stamp, again }
    }
}

/// The result of the first load.
pub(super) struct Loaded {
    pub(super) archive: Snapshot,
    /// The files of the site's own pages.
    pub(super) pages: Vec<SiteFile>,
    /// The folders that the walk entered.
    pub(super) folders: Vec<PathBuf>,
    /// Files that are still being written, with the time to wait before the next attempt.
    pub(super) unsettled: Vec<(SiteFile, Duration)>,
}

/// Loads a site and waits for files that are still being written.
///
/// # Errors
/// Returns an error if the configuration is unusable. A bad file is a problem of the snapshot instead.
pub fn load(config: &Config, claims: Claims, progress: &Progress) -> Result<Snapshot, ConfigError> {
    // A single load must show the files as they are, so it ignores the cached archive.
    let mut config = config.clone();
    config.cache_dir = None;
    let mut editor = Editor::open(Arc::new(config), claims, progress)?;
    editor.settle();
    Ok(Snapshot::clone(&editor.archive()))
}

/// Reads all files of a site on all cores.
pub(super) fn gather(config: &Config, claims: Claims, progress: &Progress) -> Result<Loaded, ConfigError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match rayon::ThreadPoolBuilder::new().num_threads(cores * READERS_PER_CORE).build() {
        Ok(pool) => pool.install(|| gather_here(config, claims, progress)),
        // If the pool cannot start its threads, rayon's global pool does the work.
        Err(_) => gather_here(config, claims, progress),
    }
}

fn gather_here(config: &Config, claims: Claims, progress: &Progress) -> Result<Loaded, ConfigError> {
    let reader = Reader::new(config)?;
    let found = Walk::new(config).all();
    progress.expect(found.posts.len());
    let packing = Arc::new(Packing::trained(samples(&reader, &found.posts).iter().map(Draft::article)));
    let press = Press { reader, names: Interner::default(), packing, claims };

    let none = |_: &str| None;
    let sightings: Vec<Sighting> = found
        .posts
        .par_iter()
        .map(|file| {
            let sighting = press.read(file, &none);
            progress.advance();
            sighting
        })
        .collect();
    let (mut posts, mut unsettled) = (Vec::with_capacity(sightings.len()), Vec::new());
    let mut problems: Vec<Problems> = by_path(found.problems);
    for (file, mut sighting) in found.posts.into_iter().zip(sightings) {
        match sighting.again {
            Some(wait) => {
                sighting.defects.push(still_changing());
                problems.push(of_file(&file.path, sighting.defects));
                unsettled.push((file, wait));
            }
            None => {
                posts.extend(sighting.post);
                if !sighting.defects.is_empty() {
                    problems.push(of_file(&file.path, sighting.defects));
                }
            }
        }
    }
    let (pages, of_pages) = pages(&press.reader, &found.pages, &none);
    problems.extend(of_pages);
    let Press { reader, names, packing, .. } = press;
    let contents = Contents { names: names.into_names(), packing, posts, pages, problems };
    let archive = Snapshot::of(Rules::new(config, claims), contents, Timestamp::of(SystemTime::now()));
    let archive = linked(archive, reader, claims, &found.pages);
    Ok(Loaded { archive, pages: found.pages, folders: found.folders, unsettled })
}

/// Reads a sample of the posts, whose drafts train the dictionary.
fn samples(reader: &Reader<'_>, files: &[SiteFile]) -> Vec<Draft> {
    let step = files.len().div_ceil(SAMPLES).max(1);
    let sample = |file: &SiteFile| {
        let content = stamp::read(&file.file(&reader.config().root)).ok()?;
        reader.post(file, &content, &|_| None).draft
    };
    let drafts = files.par_iter().step_by(step).filter_map(sample);
    drafts.filter(|draft| !draft.body.html.as_str().is_empty()).collect()
}

/// Creates the defect of a file that is still being written.
pub(super) fn still_changing() -> Defect {
    Defect::warning(Code::HalfWritten, "the file is still being written")
}

/// Rereads the pages, and the posts that name other posts, now that all URLs are known.
fn linked(snapshot: Snapshot, reader: Reader<'_>, claims: Claims, pages: &[SiteFile]) -> Snapshot {
    let press =
        Press { reader, names: Interner::new(snapshot.names().clone()), packing: snapshot.packing(), claims };
    let links = |name: &str| snapshot.named(name);
    let (pages, mut problems) = self::pages(&press.reader, pages, &links);
    let mut posts = Vec::new();
    for post in snapshot.linking() {
        let file = SiteFile::of_path(post.path());
        let sighting = press.read(&file, &links);
        posts.extend(sighting.post);
        problems.push(of_file(&file.path, sighting.defects));
    }
    if posts.is_empty() && pages.is_empty() {
        return snapshot;
    }
    let names = press.names.into_names();
    let change = Change { names, posts, problems, pages: Some(pages), gone: Vec::new() };
    snapshot.after(change, snapshot.moment()).0
}

/// Reads the site's own pages in parallel.
pub(super) fn pages(
    reader: &Reader<'_>,
    files: &[SiteFile],
    links: &Links<'_>,
) -> (Vec<Page>, Vec<Problems>) {
    let read: Vec<_> = files.par_iter().map(|file| (file, page::read(reader, file, links))).collect();
    let (mut pages, mut problems) = (Vec::new(), Vec::new());
    for (file, (page, defects)) in read {
        pages.extend(page);
        problems.push(of_file(&file.path, defects));
    }
    (pages, problems)
}

/// Assigns defects to their file. An empty list clears the earlier problems of the file.
pub(super) fn of_file(path: &str, defects: Vec<Defect>) -> Problems {
    (path.into(), defects.into_iter().map(|defect| defect.of(path)).collect())
}

/// Pairs each problem of an unreadable file or folder with its path.
pub(super) fn by_path(problems: Vec<Problem>) -> Vec<Problems> {
    problems.into_iter().map(|problem| (Arc::from(&*problem.path), vec![problem])).collect()
}
