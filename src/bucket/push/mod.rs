//! `finews push`: writes the changed files of a site to the log of its bucket, once or as they change.

mod follow;
mod outage;
mod read;
mod scan;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rayon::prelude::*;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::archive::file_version::{FileVersion, RESTED_AFTER};
use crate::archive::jekyll::files::{is_at_or_below, relative, with_archives};
use crate::archive::problem::{Code, Defect, Problem};
use crate::bucket::commit::{CommitDraft, StoredFile};
use crate::bucket::error::BucketError;
use crate::bucket::log::{Appended, Bucket};
use crate::bucket::push::outage::Outage;
use crate::bucket::push::read::{FileReading, SiteFileReader};
use crate::bucket::push::scan::{FoundFile, SiteScan, SiteScanner};
use crate::bucket::push::state::PushState;
use crate::bucket::url::{BucketOptions, BucketScheme, BucketUrl};
use crate::config::{Config, ConfigError};

/// The maximum size of the files of a pack. A larger file has a pack of its own.
const PACK_BYTES: usize = 64 << 20;
/// The maximum size of the files in a commit itself.
const COMMIT_BYTES: usize = 8 << 20;
/// The limits of the files that are read at once.
const READ_FILES: usize = 1024;
const READ_BYTES: u64 = 16 << 20;
/// The number of files that a share in `--max-delete` always allows to remove.
const FEW_FILES: usize = 10;
/// The maximum time until a file that grows without end is read again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The time after which a push that follows its site removes a lost file. A program may remove a file to replace it.
const REMOVED_AFTER: Duration = Duration::from_secs(2);

/// The files that determine the settings of a site.
const CONFIG_FILES: [&str; 2] = ["_config.yml", "_config.yaml"];

/// The settings of a push.
#[derive(Debug, Clone, Default)]
pub struct PushOptions {
    /// Whether to remove the files of the bucket that the site lacks.
    pub delete: bool,
    /// The maximum number of removed files.
    pub max_delete: MaxDelete,
    /// Whether to write nothing.
    pub dry_run: bool,
    /// Whether to use a store whose conditional writes may have several winners.
    pub only_writer: bool,
    /// Whether to wait while the store is unreachable.
    pub follow: bool,
}

/// The maximum number of files that a push removes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxDelete {
    /// A share of the files in the bucket, in per cent.
    Percent(f64),
    /// A number of files.
    Files(usize),
}

impl Default for MaxDelete {
    fn default() -> Self {
        Self::Percent(1.0)
    }
}

impl MaxDelete {
    fn limit(self, files: usize) -> usize {
        match self {
            Self::Percent(percent) => ((files as f64 * percent / 100.0) as usize).max(FEW_FILES),
            Self::Files(number) => number,
        }
    }
}

impl FromStr for MaxDelete {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = match text.strip_suffix('%') {
            Some(percent) => {
                percent.parse().ok().filter(|share| (0.0..=100.0).contains(share)).map(Self::Percent)
            }
            None => text.parse().ok().map(Self::Files),
        };
        parsed.ok_or_else(|| "expected a share such as 1%, or a number of files".to_owned())
    }
}

/// The reason why a push stops.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The bucket cannot be used.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The settings of the site are invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The site has no file.
    #[error("nothing was pushed: {0} has no files; if it is on a volume, mount the volume")]
    EmptySite(String),
    /// The bucket has settings and the site has none.
    #[error(
        "nothing was pushed: {0} has no _config.yml, and the bucket has one; if part of the site is on a volume, mount the volume"
    )]
    ConfigGone(String),
    /// The site lacks too many files of the bucket.
    #[error("nothing was pushed: {0}")]
    ManyMissing(ManyMissing),
    /// The store lets several writers win.
    #[error(
        "{0}: the store is not fit for several writers, because it lets one replace the commit of another; use another \
         store, or push with --only-writer if no other machine pushes to this bucket"
    )]
    Unfit(String),
}

/// The site lacks more files of the bucket than a push may remove.
#[derive(Debug, thiserror::Error)]
#[error(
    "the site lacks {missing} of the {files} files in the bucket, and --max-delete allows {limit}; if a folder is \
     missing, restore or mount it; to remove these files, push with --max-delete {missing}"
)]
pub struct ManyMissing {
    missing: usize,
    files: usize,
    limit: usize,
}

/// The result of a push.
#[derive(Debug, Default)]
pub struct PushReport {
    /// The position of the newest commit; 0 if the log is empty.
    pub seq: u64,
    /// The paths of the new and changed files.
    pub pushed: Vec<String>,
    /// The paths of the removed files.
    pub removed: Vec<String>,
    /// The number of files that the bucket has and the site lacks, if they stay in the bucket.
    pub kept: usize,
    /// The number of temporary files and secrets.
    pub omitted: usize,
    /// The files that were left out for a reason of their own.
    pub problems: Vec<Problem>,
    /// The reason why a push that follows its site keeps lost files in the bucket.
    many_missing: Option<ManyMissing>,
    /// Files that may be incomplete, or removed for a moment, with the time until they are read again.
    unsettled: Vec<(PathBuf, Duration)>,
}

/// Writes the files of a site to its bucket.
#[derive(Debug)]
pub struct Pusher {
    site: PathBuf,
    real_site: PathBuf,
    config: Arc<Config>,
    options: PushOptions,
    /// The folder of a `file:` bucket, which may be inside the site.
    bucket_folder: Option<PathBuf>,
    /// The bucket to write to; `None` for a dry run.
    bucket: Option<Bucket>,
    state: PushState,
    state_file: Option<PathBuf>,
    outage: Outage,
    /// The number of lost files that were removed since the last scan of the whole site.
    lost_since_scan: usize,
    /// Lost files that are still in the bucket, with the time of the first scan without them. Only a push that follows
    /// the site has them.
    absent: BTreeMap<String, Instant>,
    /// Files that changed during each read. A read of such a file takes long, so the next reads wait longer each time.
    growing: BTreeMap<String, GrowingFile>,
    /// Links, each with its target inside the site.
    links: Vec<(PathBuf, PathBuf)>,
    /// The reason why the settings of the site are not pushed.
    config_error: Option<String>,
}

impl Pusher {
    /// Opens the bucket of a site, and reads the commits of other writers. `stop` ends the wait for an unreachable store.
    ///
    /// # Errors
    /// If the bucket cannot be used.
    pub async fn open(
        site: &Path,
        config: Config,
        (url, bucket_options): (&BucketUrl, &BucketOptions),
        options: PushOptions,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, PushError> {
        let outage = Outage::new(options.follow, stop);
        let bucket = outage
            .bridge(async || {
                if !options.dry_run {
                    return Bucket::open_or_create(url, bucket_options).await.map(Some);
                }
                match Bucket::open(url, bucket_options).await {
                    Err(BucketError::Absent { .. }) => Ok(None),
                    opened => opened.map(Some),
                }
            })
            .await?;
        let id = bucket.as_ref().map_or("", Bucket::site);
        let state_file = config.server.cache_dir.as_ref().map(|cache| cache.join(format!("push-{id}.state")));
        let mut state =
            state_file.as_deref().map_or_else(|| PushState::new(id), |file| PushState::read(file, id));
        if let Some(bucket) = &bucket {
            outage.bridge(async || state.catch_up(bucket).await).await?;
        }
        let site = std::path::absolute(site).unwrap_or_else(|_| site.to_owned());
        Ok(Self {
            real_site: site.canonicalize().unwrap_or_else(|_| site.clone()),
            site,
            config: with_archives(Arc::new(config), &[]),
            bucket_folder: (url.scheme == BucketScheme::File).then(|| PathBuf::from(&url.bucket)),
            bucket: bucket.filter(|_| !options.dry_run),
            state_file: state_file.filter(|_| !options.dry_run),
            options,
            state,
            outage,
            lost_since_scan: 0,
            absent: BTreeMap::new(),
            growing: BTreeMap::new(),
            links: Vec::new(),
            config_error: None,
        })
    }

    /// Pushes the whole site once. Waits for files that may be incomplete.
    ///
    /// # Errors
    /// If the bucket cannot be written, its store is not fit, or the site lacks too many files.
    pub async fn push(&mut self) -> Result<PushReport, PushError> {
        let mut report = self.push_site().await?;
        let unsettled = std::mem::take(&mut report.unsettled);
        report.problems.extend(unsettled.iter().map(|(place, _)| {
            let defect = Defect::warning(Code::HalfWritten, "the file is still being written");
            defect.in_file(&relative(&self.site, place))
        }));
        self.save();
        Ok(report)
    }

    /// Pushes the changes in the whole site.
    async fn push_site(&mut self) -> Result<PushReport, PushError> {
        let mut scan = self.scanner().all();
        self.links = std::mem::take(&mut scan.links);
        if scan.files.is_empty() {
            return Err(PushError::EmptySite(self.site.display().to_string()));
        }
        if self.config_error.is_some() {
            for path in CONFIG_FILES {
                scan.files.remove(path);
                scan.unseen.push(path.to_owned());
            }
        }
        let has_config = |has: &dyn Fn(&str) -> bool| CONFIG_FILES.iter().any(|path| has(path));
        let is_in_site =
            |path: &str| scan.files.contains_key(path) || scan.unseen.iter().any(|unseen| unseen == path);
        if has_config(&|path| self.state.get(path).is_some()) && !has_config(&is_in_site) {
            return Err(PushError::ConfigGone(self.site.display().to_string()));
        }
        self.growing.retain(|path, _| scan.files.contains_key(path));
        self.lost_since_scan = 0;
        let missing = self.state.files().map(|(path, _)| path);
        let missing = missing.filter(|path| is_missing(&scan, path)).map(str::to_owned).collect();
        self.push_scan(scan, missing).await
    }

    /// Pushes the changes at and below places of the site.
    async fn push_places(&mut self, places: &[PathBuf]) -> Result<PushReport, PushError> {
        let (scanner, mut scan) = (self.scanner(), SiteScan::default());
        places.iter().for_each(|place| scanner.add(place, &mut scan));
        self.links.append(&mut scan.links);
        self.links.sort_unstable();
        self.links.dedup();
        let paths: Vec<String> = places.iter().map(|place| relative(&self.site, place)).collect();
        let known = paths.iter().flat_map(|path| self.state.at_or_below(path));
        let mut missing: Vec<String> =
            known.filter(|path| is_missing(&scan, path)).map(str::to_owned).collect();
        missing.sort_unstable();
        missing.dedup();
        self.push_scan(scan, missing).await
    }

    async fn push_scan(&mut self, scan: SiteScan, mut missing: Vec<String>) -> Result<PushReport, PushError> {
        self.absent.retain(|path, _| is_missing(&scan, path) && self.state.get(path).is_some());
        let mut report =
            PushReport { omitted: scan.omitted, problems: scan.problems, ..PushReport::default() };
        if !self.options.delete {
            report.kept = missing.len();
            missing.clear();
        }
        let config = Arc::clone(&self.config);
        let reader = SiteFileReader::new(&config)?;
        let bucket = self.bucket.clone();
        let mut draft = CommitDraft::new(machine());
        let (mut batch, mut versions) = (Batch::default(), Vec::new());
        let now = Instant::now();
        let is_changed = |(path, found): &(&String, &FoundFile)| {
            !self.state.get(path).is_some_and(|known| known.has_metadata_of(&found.version))
                && self.growing.get(*path).is_none_or(|file| file.read_at <= now)
        };
        let changed: Vec<(&String, &FoundFile)> = scan.files.iter().filter(is_changed).collect();
        if !self.options.follow && self.check_limit(self.lost(&missing, &[]).len()).is_err() {
            // A moved file is not lost. So all new files are read before the first pack is written.
            let mut new = Vec::new();
            for chunk in chunks(&changed) {
                for reading in self.read_files(&reader, chunk) {
                    if let FileReading::Changed(file, version) = reading {
                        new.push((file.path, version));
                    }
                }
            }
            self.check_limit(self.lost(&missing, &new).len()).map_err(PushError::ManyMissing)?;
        }
        for chunk in chunks(&changed) {
            let readings = self.read_files(&reader, chunk);
            for ((path, found), reading) in chunk.iter().zip(readings) {
                if !matches!(reading, FileReading::Growing) {
                    self.growing.remove(*path);
                }
                match reading {
                    FileReading::Changed(_, version)
                        if CONFIG_FILES.contains(&path.as_str())
                            && !config.agrees_with_file(path, version.content().0) =>
                    {
                        let message =
                            "the file has changed since finews read the settings; the next push writes it";
                        report.problems.push(Defect::warning(Code::HalfWritten, message).in_file(path));
                    }
                    FileReading::Changed(file, version) => {
                        versions.push(((*path).clone(), version));
                        let Some(bucket) = &bucket else { continue };
                        if batch.bytes + file.bytes.len() > PACK_BYTES {
                            self.put_pack(bucket, &mut batch, &mut draft).await?;
                        }
                        batch.add(file);
                    }
                    FileReading::Touched(version) => self.state.insert((*path).clone(), version),
                    FileReading::Rejected(problems) => report.problems.extend(problems),
                    FileReading::Unsettled(wait) => {
                        report.unsettled.push((found.place.clone(), wait));
                    }
                    FileReading::Growing => {
                        let file = GrowingFile::after(self.growing.get(*path));
                        report.unsettled.push((found.place.clone(), file.wait));
                        self.growing.insert((*path).clone(), file);
                    }
                    FileReading::Omitted => report.omitted += 1,
                    FileReading::Gone => {}
                }
            }
        }
        self.select_removals(missing, &versions, &mut report)?;
        report.pushed = versions.iter().map(|(path, _)| path.clone()).collect();
        if let Some(bucket) = &bucket
            && !(versions.is_empty() && report.removed.is_empty())
        {
            self.check_store(bucket).await?;
            if batch.bytes > COMMIT_BYTES {
                self.put_pack(bucket, &mut batch, &mut draft).await?;
            }
            draft.files = batch.files;
            self.append(bucket, &mut draft, &versions, &mut report).await?;
            versions.into_iter().for_each(|(path, version)| self.state.insert(path, version));
            report.removed.iter().for_each(|path| self.state.remove(path));
            self.lost_since_scan +=
                report.removed.iter().filter(|path| self.absent.contains_key(*path)).count();
        }
        report.seq = self.state.seq;
        Ok(report)
    }

    fn read_files(&self, reader: &SiteFileReader<'_>, files: &[(&String, &FoundFile)]) -> Vec<FileReading> {
        let (state, follow) = (&self.state, self.options.follow);
        let read = |(path, found): &(&String, &FoundFile)| {
            let known = state.get(path);
            if follow {
                reader.read(path, &found.place, known)
            } else {
                reader.read_complete(path, &found.place, known)
            }
        };
        files.par_iter().map(read).collect()
    }

    /// Adds the missing files that leave the bucket to the report. A push that follows the site waits before it removes
    /// a lost file, and keeps the lost files if they are too many.
    ///
    /// # Errors
    /// If more files are lost than a push without a next pass may remove.
    fn select_removals(
        &mut self,
        missing: Vec<String>,
        new: &[(String, FileVersion)],
        report: &mut PushReport,
    ) -> Result<(), PushError> {
        let lost = self.lost(&missing, new);
        if !self.options.follow {
            self.check_limit(lost.len()).map_err(PushError::ManyMissing)?;
            report.removed = missing;
            return Ok(());
        }
        let now = Instant::now();
        for path in &missing {
            if lost.contains(path) {
                self.absent.entry(path.clone()).or_insert(now);
            } else {
                self.absent.remove(path);
            }
        }
        let many_missing = self.check_limit(self.absent.len()).err();
        for path in missing {
            match self.absent.get(&path).map(|since| REMOVED_AFTER.saturating_sub(now - *since)) {
                Some(wait) if !wait.is_zero() => report.unsettled.push((self.site.join(path), wait)),
                Some(_) if many_missing.is_some() => report.kept += 1,
                _ => report.removed.push(path),
            }
        }
        report.many_missing = many_missing.filter(|_| report.kept > 0);
        Ok(())
    }

    /// Returns the missing files whose bytes no other file of the site has; the others have moved.
    fn lost(&self, missing: &[String], new: &[(String, FileVersion)]) -> HashSet<String> {
        if missing.is_empty() {
            return HashSet::new();
        }
        let is_present = |path: &str| missing.binary_search_by(|other| other.as_str().cmp(path)).is_err();
        let known = self.state.files().filter(|(path, _)| is_present(path)).map(|(_, version)| version);
        let present: HashSet<(u64, u64)> =
            known.chain(new.iter().map(|(_, version)| version)).map(FileVersion::content).collect();
        let is_lost =
            |path: &&String| self.state.get(path).is_none_or(|version| !present.contains(&version.content()));
        missing.iter().filter(is_lost).cloned().collect()
    }

    /// Checks whether this number of files may be removed, in addition to those since the last scan of the whole site.
    fn check_limit(&self, lost: usize) -> Result<(), ManyMissing> {
        let files = self.state.len() + self.lost_since_scan;
        let (missing, limit) = (self.lost_since_scan + lost, self.options.max_delete.limit(files));
        if lost > 0 && missing > limit { Err(ManyMissing { missing, files, limit }) } else { Ok(()) }
    }

    /// Checks the fitness of the store, unless this process or one with the same cache folder has found it fit.
    async fn check_store(&mut self, bucket: &Bucket) -> Result<(), PushError> {
        if self.state.is_fit || self.options.only_writer {
            return Ok(());
        }
        self.state.is_fit = self.outage.bridge(async || bucket.is_fit().await).await?;
        if self.state.is_fit { Ok(()) } else { Err(PushError::Unfit(bucket.name().to_owned())) }
    }

    async fn put_pack(
        &mut self,
        bucket: &Bucket,
        batch: &mut Batch,
        draft: &mut CommitDraft,
    ) -> Result<(), PushError> {
        self.check_store(bucket).await?;
        let files = std::mem::take(batch).files;
        if !files.is_empty() {
            let seq = self.state.seq + 1;
            draft.packs.push(self.outage.bridge(async || bucket.put_pack(seq, &files).await).await?);
        }
        Ok(())
    }

    /// Appends a draft at the first free position, after the commits of other writers. The draft removes no file that
    /// these commits write.
    async fn append(
        &mut self,
        bucket: &Bucket,
        draft: &mut CommitDraft,
        new: &[(String, FileVersion)],
        report: &mut PushReport,
    ) -> Result<(), BucketError> {
        loop {
            draft.gone = report.removed.clone();
            // A replica that merges commits needs the names of the files that others replace.
            draft.gone.extend(new.iter().flat_map(|(path, _)| self.state.replaced_by(path)));
            draft.gone.sort_unstable();
            draft.gone.dedup();
            if new.is_empty() && draft.gone.is_empty() {
                return Ok(());
            }
            let (seq, complete) = (self.state.seq + 1, &*draft);
            match self.outage.bridge(async || bucket.append(seq, complete).await).await? {
                Appended::Written => {
                    self.state.seq = seq;
                    return Ok(());
                }
                Appended::Other(commit) => {
                    let state = &mut self.state;
                    let written = self.outage.bridge(async || state.apply(bucket, &commit).await).await?;
                    self.keep(&written.into_iter().collect(), report);
                }
            }
        }
    }

    /// Keeps removed files that another writer has just written. The next pass of a push that follows the site looks at
    /// them again.
    fn keep(&mut self, written: &HashSet<String>, report: &mut PushReport) {
        for path in report.removed.extract_if(.., |path| written.contains(&*path)) {
            self.absent.remove(&path);
            if self.options.follow {
                report.unsettled.push((self.site.join(path), Duration::ZERO));
            } else {
                report.kept += 1;
            }
        }
    }

    fn scanner(&self) -> SiteScanner<'_> {
        SiteScanner::new(&self.site, &self.config, self.bucket_folder.as_deref())
    }

    /// Writes the state. Without it, the next push reads the log instead.
    fn save(&self) {
        if let Some(file) = &self.state_file
            && let Err(error) = self.state.write(file)
        {
            tracing::warn!("cannot write {}: {error}; the next push reads the log instead", file.display());
        }
    }
}

/// A file that changed during each read.
#[derive(Debug)]
struct GrowingFile {
    wait: Duration,
    /// The time before which no pass reads the file.
    read_at: Instant,
}

impl GrowingFile {
    /// Waits twice as long as after the last read.
    fn after(last: Option<&Self>) -> Self {
        let wait = last.map_or(RESTED_AFTER, |last| (last.wait * 2).min(LONGEST_WAIT));
        Self { wait, read_at: Instant::now() + wait }
    }
}

/// The files of the next pack.
#[derive(Default)]
struct Batch {
    files: Vec<StoredFile>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, file: StoredFile) {
        self.bytes += file.bytes.len();
        self.files.push(file);
    }
}

/// Splits files into those that are read at once.
fn chunks<'f>(
    mut files: &'f [(&'f String, &'f FoundFile)],
) -> impl Iterator<Item = &'f [(&'f String, &'f FoundFile)]> {
    std::iter::from_fn(move || {
        let (chunk, later) = files.split_at_checked(chunk_len(files))?;
        files = later;
        Some(chunk)
    })
}

/// Returns the number of files to read at once.
fn chunk_len(files: &[(&String, &FoundFile)]) -> usize {
    let mut bytes = 0;
    let fits = |(_, found): &&(&String, &FoundFile)| {
        bytes += found.version.size();
        bytes <= READ_BYTES
    };
    files.iter().take(READ_FILES).take_while(fits).count().max(1)
}

/// Returns whether the site lacks a file of the bucket.
fn is_missing(scan: &SiteScan, path: &str) -> bool {
    !scan.files.contains_key(path)
        && !scan.unseen.iter().any(|unseen| is_at_or_below(path, unseen))
        && !scan.replaces(path)
}

/// The name of this machine, for the header of a commit.
fn machine() -> String {
    let files = ["/proc/sys/kernel/hostname", "/etc/hostname"];
    let name = files.iter().find_map(|file| std::fs::read_to_string(file).ok());
    name.map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}
