//! Loads a site's folder into its first [`Snapshot`], on all cores. A bad file becomes a problem
//! and never stops the load.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use rayon::prelude::*;

use crate::archive::compressed::ArticleCodec;
use crate::archive::file_version;
use crate::archive::jekyll::files::{SiteFile, Walk};
use crate::archive::names::Names;
use crate::archive::page::OwnPage;
use crate::archive::post::{Post, Timestamp};
use crate::archive::problem::{FileProblems, problems_by_path, problems_of_file};
use crate::archive::read::build::{PostBuilder, ReadResult};
use crate::archive::read::own_page::{self, PageState, ReadPage};
use crate::archive::read::{Draft, Reader};
use crate::archive::snapshot::{Change, Contents, ReservedPaths, Snapshot, SnapshotRules};
use crate::config::{Config, ConfigError};

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

/// The result of the first load.
pub(super) struct Loaded {
    pub(super) archive: Snapshot,
    /// The files of the site's own pages.
    pub(super) pages: Vec<(SiteFile, PageState)>,
    /// The folders that the walk entered.
    pub(super) folders: Vec<PathBuf>,
    /// Files that are still being written, with the time to wait before the next attempt.
    pub(super) unsettled: Vec<(SiteFile, Duration)>,
}

/// Reads all files of a site on all cores.
pub(super) fn load_files(
    config: &Config,
    reserved_paths: ReservedPaths,
    progress: &Progress,
) -> Result<Loaded, ConfigError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match rayon::ThreadPoolBuilder::new().num_threads(cores * READERS_PER_CORE).build() {
        Ok(pool) => pool.install(|| load_files_here(config, reserved_paths, progress)),
        // If the pool cannot start its threads, rayon's global pool does the work.
        Err(_) => load_files_here(config, reserved_paths, progress),
    }
}

fn load_files_here(
    config: &Config,
    reserved_paths: ReservedPaths,
    progress: &Progress,
) -> Result<Loaded, ConfigError> {
    let reader = Reader::new(config)?;
    let found = Walk::new(config).all();
    progress.expect(found.posts.len());
    let codec =
        Arc::new(ArticleCodec::trained(samples(&reader, config, &found.posts).iter().map(Draft::article)));
    let builder = PostBuilder::new(reader, Names::default(), codec, reserved_paths);

    let none = |_: &str| None;
    let results: Vec<ReadResult> = found
        .posts
        .par_iter()
        .map(|file| {
            let result = builder.read(file, &none);
            progress.advance();
            result
        })
        .collect();
    let (mut posts, mut unsettled) = (Vec::with_capacity(results.len()), Vec::new());
    let mut problems: Vec<FileProblems> = problems_by_path(found.problems);
    for (file, result) in found.posts.into_iter().zip(results) {
        if !result.defects.is_empty() {
            problems.push(problems_of_file(&file.path, result.defects));
        }
        match result.retry_after {
            Some(wait) => unsettled.push((file, wait)),
            None => posts.extend(result.post),
        }
    }
    let read = own_page::read_all(&builder.reader, reserved_paths, &found.pages, &none);
    let (mut pages, mut states) = (Vec::new(), Vec::with_capacity(read.len()));
    for (file, ReadPage { page, problems: of_page, state }) in found.pages.into_iter().zip(read) {
        pages.extend(page);
        problems.push(of_page);
        states.push((file, state));
    }
    let PostBuilder { reader, names, codec, .. } = builder;
    let contents = Contents { names: names.into_names(), codec, posts, pages, problems };
    let archive = Snapshot::from_contents(
        SnapshotRules::new(config, reserved_paths),
        contents,
        Timestamp::from_system_time(SystemTime::now()),
    );
    let archive = linked(archive, reader, reserved_paths, &mut states);
    Ok(Loaded { archive, pages: states, folders: found.folders, unsettled })
}

/// Reads a sample of the posts, whose drafts train the dictionary.
fn samples(reader: &Reader<'_>, config: &Config, files: &[SiteFile]) -> Vec<Draft> {
    let step = files.len().div_ceil(SAMPLES).max(1);
    let sample = |file: &SiteFile| {
        // A temporary file has no post.
        file.name()?;
        let content = file_version::read(&file.file(&config.root)).ok()?;
        reader.post(file, &content, &|_| None).draft
    };
    let drafts = files.par_iter().step_by(step).filter_map(sample);
    drafts.filter(|draft| !draft.body.html.as_str().is_empty()).collect()
}

/// Rereads the pages and posts that name other files, now that all URLs are known.
fn linked(
    snapshot: Snapshot,
    reader: Reader<'_>,
    reserved_paths: ReservedPaths,
    pages: &mut [(SiteFile, PageState)],
) -> Snapshot {
    let builder = PostBuilder::new(reader, snapshot.names().clone(), snapshot.codec(), reserved_paths);
    let links = |name: &str| snapshot.named(name);
    let linking: Vec<&mut (SiteFile, PageState)> =
        pages.iter_mut().filter(|(_, state)| state.has_links).collect();
    let files: Vec<SiteFile> = linking.iter().map(|(file, _)| file.clone()).collect();
    let read = own_page::read_all(&builder.reader, reserved_paths, &files, &links);
    let (posts, mut problems) = reread_linking(&snapshot, &builder);
    let mut changed: BTreeMap<Box<str>, Option<OwnPage>> = BTreeMap::new();
    for ((file, known), ReadPage { page, problems: of_page, state }) in linking.into_iter().zip(read) {
        *known = state;
        if snapshot.problems_of(&file.path) != of_page.1.as_slice() {
            problems.push(of_page);
        }
        changed.insert(file.path.clone(), page);
    }
    let pages = snapshot.pages_with(changed);
    if posts.is_empty() && problems.is_empty() && pages.is_none() {
        return snapshot;
    }
    let names = builder.names.into_names();
    let change = Change { posts, problems, pages, ..Change::new(names) };
    snapshot.after(change, snapshot.moment()).0
}

/// Rereads the posts that name other posts, whose URLs follow from the archive. Returns the posts and problems that
/// differ from those of the archive. Leaves out a file with other bytes, such as one that is being written: the check
/// of changed files reads it.
pub(super) fn reread_linking(
    archive: &Snapshot,
    builder: &PostBuilder<'_>,
) -> (Vec<Post>, Vec<FileProblems>) {
    let links = |name: &str| archive.named(name);
    let linking: Vec<&Post> = archive.linking().collect();
    let reread = linking.par_iter().filter_map(|known| {
        let result = builder.read(&SiteFile::from_path(known.path()), &links);
        result.file_version.has_bytes_of(&known.file_version).then_some((*known, result))
    });
    let reread: Vec<(&Post, ReadResult)> = reread.collect();
    let (mut posts, mut problems) = (Vec::new(), Vec::new());
    for (known, result) in reread {
        let found = problems_of_file(known.path(), result.defects);
        if archive.problems_of(known.path()) != found.1.as_slice() {
            problems.push(found);
        }
        posts.extend(result.post.filter(|post| post.hash != known.hash));
    }
    (posts, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn linking_post_that_is_being_written_keeps_its_version() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).expect("a file");
        std::fs::create_dir(folder.path().join("_posts")).expect("a folder");
        write("_posts/2024-01-01-a.md", "---\ntitle: t\n---\n[b]({% post_url 2024-01-02-b %})\n");
        write("_posts/2024-01-02-b.md", "---\ntitle: b\n---\nText.\n");
        let config = Config::read(folder.path(), &Overrides::default(), &|_| None).expect("a configuration");
        let nothing = ReservedPaths {
            always: |_| false,
            list_like: |_| false,
            in_archive: |_, _| false,
            group_at: |_| None,
        };
        let archive = load_files(&config, nothing, &Progress::default()).expect("an archive").archive;
        assert_eq!(archive.linking().count(), 1);
        let reread = || {
            let reader = Reader::new(&config).expect("a reader");
            let builder = PostBuilder::new(reader, archive.names().clone(), archive.codec(), nothing);
            let (posts, problems) = reread_linking(&archive, &builder);
            (posts.len(), problems.len())
        };
        assert_eq!(reread(), (0, 0), "unchanged");
        write("_posts/2024-01-01-a.md", "---\ntitle: other\n{% post_url x %}");
        assert_eq!(reread(), (0, 0), "half-written");
    }
}
