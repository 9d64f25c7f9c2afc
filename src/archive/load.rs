//! A site's folder → its [`Snapshot`], on every core. What is wrong with a file is collected
//! and never stops the rest.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use rayon::prelude::*;

use super::body::BodyHtml;
use super::files::{self, PageFile, PostFile};
use super::packed::Packing;
use super::page;
use super::problem::{Code, Defect, Problem};
use super::read::{Draft, Links, Outcome, Reader, SETTLED_AFTER, Twin, Visibility};
use super::snapshot::{Builder, Snapshot};
use crate::config::{Config, ConfigError};

/// Bodies that train the dictionary, at most.
const SAMPLES: usize = 1_000;

/// More threads than cores: while one waits for the disk, another works.
const READERS_PER_CORE: usize = 4;

/// How far a load is; read by whoever shows it.
#[derive(Debug, Default)]
pub struct Progress {
    total: AtomicUsize,
    done: AtomicUsize,
}

impl Progress {
    /// Files found so far.
    pub fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    /// Files read so far.
    pub fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }
}

/// Which decoded URL paths belong to pages of finews.
#[derive(Clone, Copy)]
pub struct Claims {
    /// Those of pages that are always there.
    pub always: fn(&str) -> bool,
    /// Those of pages that an archive gives rise to: a source, a day.
    pub in_archive: fn(&Snapshot, &str) -> bool,
}

/// Loads a site.
///
/// # Errors
/// When the configuration turns out to be unusable. A bad file is a problem of the snapshot.
pub fn load(config: &Config, claims: Claims, progress: &Progress) -> Result<Snapshot, ConfigError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    match rayon::ThreadPoolBuilder::new().num_threads(cores * READERS_PER_CORE).build() {
        Ok(pool) => pool.install(|| load_here(config, claims, progress)),
        // Without threads of our own those that are there do as well.
        Err(_) => load_here(config, claims, progress),
    }
}

fn load_here(config: &Config, claims: Claims, progress: &Progress) -> Result<Snapshot, ConfigError> {
    let reader = Reader::new(config, SystemTime::now())?;
    let found = files::find(config);
    progress.total.store(found.posts.len(), Ordering::Relaxed);
    let mut problems = found.problems;
    let packing = Packing::trained(samples(&reader, &found.posts).iter());

    let outcomes = read_all(&reader, &found.posts, &packing, progress);
    let mut drafts = settle(&reader, &found.posts, &packing, outcomes, &mut problems);
    drop_superseded_twins(&mut drafts, &mut problems);
    drafts.sort_by(|a, b| (a.date, &a.path).cmp(&(b.date, &b.path)));

    let (linked, pages) = {
        // Few sites name posts in their bodies, so the table is made when it is first asked for.
        let targets = OnceLock::new();
        let resolve = |name: &str| {
            let targets = targets.get_or_init(|| link_targets(&reader, &drafts, &found.pages));
            targets.get(name.trim_start_matches('/')).cloned()
        };
        let linked = read_linking(&reader, &found.posts, &drafts, &packing, &resolve);
        let pages: Vec<_> = found.pages.par_iter().map(|file| page::read(&reader, file, &resolve)).collect();
        (linked, pages)
    };
    for (index, outcome) in linked {
        problems.retain(|problem| *problem.path != *drafts[index].path);
        problems.extend(outcome.problems);
        if let Some(read) = outcome.draft {
            drafts[index] = read;
        }
    }

    let mut builder = Builder::new(config, packing, claims);
    // The newest first: of posts with one URL that one is served.
    for draft in drafts.into_iter().rev() {
        builder.post(draft);
    }
    for (page, found) in pages {
        problems.extend(found);
        if let Some(page) = page {
            builder.page(page);
        }
    }
    Ok(builder.finish(problems))
}

fn samples(reader: &Reader<'_>, files: &[PostFile]) -> Vec<BodyHtml> {
    let step = files.len().div_ceil(SAMPLES).max(1);
    files
        .par_iter()
        .step_by(step)
        .filter_map(|file| reader.post(file, None, None).draft)
        .map(|draft| draft.body.html)
        .filter(|body| !body.as_str().is_empty())
        .collect()
}

fn read_all(reader: &Reader<'_>, files: &[PostFile], packing: &Packing, progress: &Progress) -> Vec<Outcome> {
    files
        .par_iter()
        .map_init(
            || packing.packer().ok(),
            |packer, file| {
                let outcome = reader.post(file, packer.as_mut(), None);
                progress.done.fetch_add(1, Ordering::Relaxed);
                outcome
            },
        )
        .collect()
}

/// Reads the files once more that may have been caught half-written.
fn settle(
    reader: &Reader<'_>,
    files: &[PostFile],
    packing: &Packing,
    outcomes: Vec<Outcome>,
    problems: &mut Vec<Problem>,
) -> Vec<Draft> {
    if outcomes.iter().any(|outcome| outcome.unsettled) {
        std::thread::sleep(SETTLED_AFTER + Duration::from_millis(50));
    }
    let mut drafts = Vec::with_capacity(outcomes.len());
    for (file, mut outcome) in files.iter().zip(outcomes) {
        if outcome.unsettled {
            let mut packer = packing.packer().ok();
            outcome = reader.post(file, packer.as_mut(), None);
            if outcome.unsettled {
                let message = "the front matter has no end yet and the file is still changing";
                outcome.draft = None;
                outcome.problems.push(Defect::warning(Code::HalfWritten, message).of(&file.path));
            }
        }
        problems.append(&mut outcome.problems);
        drafts.extend(outcome.draft);
    }
    drafts
}

/// Of `-ID.md` and `YYYY-MM-DD-ID.md` the dated one is served.
fn drop_superseded_twins(drafts: &mut Vec<Draft>, problems: &mut Vec<Problem>) {
    let undated: HashSet<String> = drafts
        .iter()
        .filter_map(|draft| match &draft.twin {
            Twin::Undated(slug) => Some(slug.clone()),
            Twin::Dated => None,
        })
        .collect();
    if undated.is_empty() {
        return;
    }
    let dated: HashMap<&str, String> = drafts
        .iter()
        .filter(|draft| draft.twin == Twin::Dated)
        .filter_map(|draft| {
            let slug = super::permalink::file_name(draft.path.rsplit('/').next()?)?.slug;
            undated.get(&slug).map(|slug| (slug.as_str(), draft.path.clone()))
        })
        .collect();
    drafts.retain(|draft| {
        let Twin::Undated(slug) = &draft.twin else { return true };
        let Some(winner) = dated.get(slug.as_str()) else { return true };
        // What else was wrong with the file no longer matters.
        problems.retain(|problem| *problem.path != *draft.path);
        let message = format!("`{winner}` is the same post with a date in its name, which counts instead");
        problems.push(Defect::warning(Code::TwinSuperseded, message).of(&draft.path));
        false
    });
}

/// The URL of each post, page and file, under the names by which `post_url` and `link` know it.
fn link_targets(reader: &Reader<'_>, drafts: &[Draft], pages: &[PageFile]) -> HashMap<String, String> {
    let mut targets = HashMap::new();
    for file in pages {
        if let (Some(page), _) = page::read(reader, file, &|_| None) {
            targets.insert(file.path.clone(), page.url.into());
        }
    }
    for draft in drafts.iter().filter(|draft| draft.visibility != Visibility::Withdrawn) {
        let stem = stem(&draft.path);
        let below = stem.split_once("_posts/").map_or(stem, |(_, below)| below);
        let name = stem.rsplit('/').next().unwrap_or(stem);
        // A folder above `_posts` belongs to the name, `_posts` does not.
        let above = stem.replacen("_posts/", "", 1);
        for key in [draft.path.as_str(), above.as_str(), below, name] {
            targets.insert(key.to_owned(), draft.url.clone());
        }
    }
    targets
}

/// A path without its extension.
fn stem(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(stem, _)| stem)
}

/// Reads the bodies that name other posts, now that these have URLs; each with its draft's index.
fn read_linking(
    reader: &Reader<'_>,
    files: &[PostFile],
    drafts: &[Draft],
    packing: &Packing,
    links: &Links<'_>,
) -> Vec<(usize, Outcome)> {
    let mut packer = packing.packer().ok();
    let waiting = drafts.iter().enumerate().filter(|(_, draft)| draft.is_waiting);
    waiting
        .filter_map(|(index, draft)| {
            let file = files.binary_search_by(|file| file.path.cmp(&draft.path)).ok()?;
            Some((index, reader.post(&files[file], packer.as_mut(), Some(links))))
        })
        .collect()
}
