//! A replica copies the files of a bucket into a folder of its own, and follows the log. The server reads this folder
//! like that of any site.
//!
//! The folder `replica` in the cache folder holds:
//! - `site/`: the copy;
//! - `staged/` and `staged.json`: files of commits that are complete but not in the copy yet. `staged.json` is written
//!   last; if it exists, the next start moves the files. So the copy never holds a part of a commit;
//! - `packs.json`: the packs of the next commit whose files are all staged. The next try copies the other packs;
//! - `state.json`: the site, the position of the copy with the id of its commit, and an earlier position whose files are
//!   surely on the disk. A start repeats the commits between them, which also mends files that a power failure has damaged;
//! - `lock`: prevents a second process.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::archive::watch::{FolderChange, FolderWrite, WatchCommand};
use crate::bucket::commit::{Commit, CommitHeader};
use crate::bucket::download::{CopyError, commits, unpack_pack};
use crate::bucket::error::BucketError;
use crate::bucket::folder::{FolderWriter, at};
use crate::bucket::log::{Bucket, commit_key};
use crate::bucket::url::{BucketOptions, BucketUrl};
use crate::config::Config;

/// Shortest interval between two requests for the next commit, and the length of the random part.
const INTERVAL: (u64, u64) = (240, 120);
/// Interval after an error that needs the operator, in milliseconds.
const RETRY: u64 = 3000;
/// Longest wait for the first answer, before the local copy is served.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// Interval of the requests before there is a copy.
const START_RETRY: Duration = Duration::from_secs(1);
/// Longest wait for the end of an earlier process, and the interval of the checks.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
const LOCK_RETRY: Duration = Duration::from_millis(50);
/// Number of commits that are read one after the other before the rest is read ahead.
const MOST_SINGLE: usize = 8;
/// Maximum number of commits that change the copy at once.
const MOST_MERGED: u64 = 64;
/// Minimum time between two writes of all files to the disk.
const SYNC_INTERVAL: Duration = Duration::from_secs(10);

/// Interval of the comparisons of the log with the copy.
const CHECK_INTERVAL: Duration = Duration::from_secs(60);

const SITE: &str = "site";
const STAGE: &str = "staged";
const STAGED: &str = "staged.json";
const PACKS: &str = "packs.json";
const STATE: &str = "state.json";

/// The remedy of a folder that holds something else.
const REMOVE: &str = "remove this folder, or name another --cache-dir";

/// The contents of `state.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ReplicaState {
    /// The URL of the bucket.
    url: String,
    /// The id of the site; empty until the bucket has answered.
    site: String,
    /// The position of the copy.
    #[serde(rename = "seq")]
    copied: u64,
    /// A position whose files are on the disk.
    synced: u64,
    /// The id of the commit at the position of the copy; empty if an older finews has written this file.
    #[serde(default)]
    commit: String,
}

/// The changes of the staged commits together.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct StagedChange {
    /// The position of the last one.
    seq: u64,
    /// The id of the last one.
    #[serde(default)]
    commit: String,
    paths: BTreeSet<String>,
    gone: BTreeSet<String>,
}

impl StagedChange {
    /// Moves the staged files into the copy, and removes those that are gone. A repetition continues an interrupted one.
    fn move_into(&self, site: &FolderWriter, stage: &FolderWriter) -> io::Result<()> {
        self.paths.iter().try_for_each(|path| site.move_from(stage, path))?;
        self.gone.iter().try_for_each(|path| site.remove(path))
    }

    fn all_paths(&self) -> impl Iterator<Item = &String> {
        self.paths.iter().chain(&self.gone)
    }

    /// Returns whether the change may affect the configuration, which consists of `_config.yml` and data files.
    fn may_configure(&self) -> bool {
        let is_data = |extension: &str| matches!(extension, "yml" | "yaml" | "json");
        self.all_paths().any(|path| path.rsplit_once('.').is_some_and(|(_, extension)| is_data(extension)))
    }
}

/// The contents of `packs.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct StagedPacks {
    /// The id of the commit.
    commit: String,
    /// The keys of the packs whose files are all staged.
    keys: BTreeSet<String>,
}

/// The server of a copy.
pub struct CopyServer {
    /// The watch of the copy.
    pub commands: Sender<WatchCommand>,
    /// Reads the configuration again, and returns it if it differs.
    pub changed_config: Arc<dyn Fn() -> Option<Arc<Config>> + Send + Sync>,
}

impl CopyServer {
    /// Moves a change into the copy while no other update happens. Returns once the server shows it.
    fn apply(&self, change: StagedChange, site: &FolderWriter, stage: &FolderWriter) -> io::Result<()> {
        let (site, stage, changed_config) = (site.clone(), stage.clone(), Arc::clone(&self.changed_config));
        let write = move || {
            change.move_into(&site, &stage)?;
            Ok(match change.may_configure().then(|| changed_config()).flatten() {
                Some(config) => FolderChange::Settings(config),
                None => FolderChange::Files(change.all_paths().map(|path| site.place(path)).collect()),
            })
        };
        let (done, result) = channel();
        let command = WatchCommand::Apply { write: FolderWrite(Box::new(write)), done };
        // After a panic of the watch, a part of the change may be in the copy, and the rest in the stage.
        let ended = || io::Error::other("cannot apply a commit, because the server has ended");
        self.commands.send(command).map_err(|_| ended())?;
        result.recv().unwrap_or_else(|_| Err(ended()))
    }
}

/// A copy of a bucket that follows its log.
pub struct Replica {
    url: BucketUrl,
    options: BucketOptions,
    /// The folder of this replica.
    folder: PathBuf,
    site: FolderWriter,
    stage: FolderWriter,
    /// The bucket, once it has answered.
    bucket: Option<Bucket>,
    state: ReplicaState,
    /// The last commit that this process has applied, or that need not be applied.
    applied: u64,
    staged: StagedChange,
    packs: StagedPacks,
    /// The first position at which the stage is published: before it, the copy would be older than it was, or would
    /// have a part of a commit.
    goal: u64,
    /// True while the whole log is copied again, because it is not that of the copy.
    replaces: bool,
    /// The time of the last comparison of the log with the copy.
    last_check: Option<Instant>,
    on_answer: Box<dyn Fn(u64) + Send>,
    /// The last error in the log: whether it was temporary, and its text.
    logged: Option<(bool, String)>,
    last_sync: Instant,
    /// The thread that writes the files up to a position to the disk.
    syncing: Option<(u64, JoinHandle<io::Result<()>>)>,
    /// Held until the process ends.
    _lock: File,
}

impl Replica {
    /// Opens the copy in a cache folder, and completes a change that was interrupted.
    ///
    /// # Errors
    /// If the folder cannot be used.
    pub fn open(url: BucketUrl, options: BucketOptions, cache_dir: &Path) -> Result<Self, CopyError> {
        let folder = std::path::absolute(cache_dir)?.join("replica");
        fs::create_dir_all(&folder).map_err(|error| at(&folder, &error))?;
        let unusable = |reason: String| CopyError::Folder { folder: folder.clone(), reason };
        let lock = File::create(folder.join("lock")).map_err(|error| at(&folder, &error))?;
        let since = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(unusable(error.to_string())),
                Err(TryLockError::WouldBlock) if since.elapsed() >= LOCK_TIMEOUT => {
                    return Err(CopyError::InUse(folder.clone()));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_RETRY),
            }
        }
        let (site, stage) = (folder.join(SITE), folder.join(STAGE));
        let state_file = folder.join(STATE);
        if site.exists() && !state_file.exists() {
            // The folder may be the operator's.
            return Err(unusable(format!("it has no {STATE}; {REMOVE}")));
        }
        let state = read_json::<ReplicaState>(&state_file);
        let is_new = state.is_none();
        if is_new {
            // A power failure has damaged the state, or this start is the first one.
            ignore_absent(fs::remove_dir_all(&site)).map_err(|error| at(&site, &error))?;
        }
        let state = state.unwrap_or_default();
        write_json(&state_file, &state)?;
        fs::create_dir_all(&site).map_err(|error| at(&site, &error))?;
        let mut replica = Self {
            applied: state.synced,
            site: FolderWriter::new(site),
            stage: FolderWriter::new(stage),
            bucket: None,
            state,
            staged: StagedChange::default(),
            packs: StagedPacks::default(),
            goal: 0,
            replaces: false,
            last_check: None,
            on_answer: Box::new(|_| {}),
            logged: None,
            last_sync: Instant::now(),
            syncing: None,
            _lock: lock,
            url,
            options,
            folder,
        };
        replica.recover_stage(is_new)?;
        replica.goal = replica.state.copied;
        Ok(replica)
    }

    /// Completes a change that was interrupted, or keeps the packs of a commit that is not complete.
    fn recover_stage(&mut self, is_new: bool) -> io::Result<()> {
        let staged_file = self.folder.join(STAGED);
        if !is_new && !staged_file.exists() {
            if let Some(packs) = read_json(&self.folder.join(PACKS)) {
                self.packs = packs;
                return Ok(());
            }
        } else if !is_new && let Some(staged) = read_json::<StagedChange>(&staged_file) {
            staged.move_into(&self.site, &self.stage)?;
            self.state.copied = staged.seq;
            self.state.commit = staged.commit;
            self.save()?;
        }
        self.clear_stage()
    }

    /// The folder of the copy.
    pub fn site_folder(&self) -> &Path {
        self.site.root()
    }

    /// The folder of this replica, which has no configuration.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sets the function that receives the position of the copy after each answer of the bucket.
    pub fn on_answer(&mut self, on_answer: impl Fn(u64) + Send + 'static) {
        on_answer(self.state.copied);
        self.on_answer = Box::new(on_answer);
    }

    /// Copies all commits of the bucket. Without a copy, waits for a bucket that is away, and for the first commit.
    ///
    /// # Errors
    /// If the bucket is not that of the copy or has another format, if there is no copy and waiting does not help, or if
    /// the folder cannot be written.
    pub fn start(&mut self) -> Result<(), CopyError> {
        // Another bucket may be that of another site.
        let has_copy = self.state.copied > 0 && self.state.url == self.url.to_string();
        let mut is_empty = false;
        loop {
            let Err(error) = self.catch_up(None) else {
                // A copy that is to be replaced is served until then.
                if has_copy || self.applied > 0 || self.replaces {
                    return Ok(());
                }
                // The first push creates the archive some time before its commit.
                if !std::mem::replace(&mut is_empty, true) {
                    tracing::info!("{} has no commit yet; waiting for the first `finews push`", self.url);
                }
                std::thread::sleep(START_RETRY);
                continue;
            };
            let is_final = matches!(
                error,
                CopyError::Folder { .. } | CopyError::Bucket(BucketError::OtherFormat { .. })
            );
            if has_copy && !is_final {
                tracing::warn!(
                    "serving the local copy of {} at position {}: {error}",
                    self.url,
                    self.state.copied
                );
                self.logged = Some((error.is_temporary(), error.to_string()));
                return Ok(());
            }
            if !error.is_temporary() {
                return Err(error);
            }
            self.log_error(&error);
            std::thread::sleep(START_RETRY);
        }
    }

    /// Follows the log until the program ends. A lookup of a post causes a request at once, and ends after it.
    pub fn follow(mut self, server: &CopyServer, lookups: &Receiver<WatchCommand>) {
        let mut lookup = None;
        loop {
            let wait = match self.advance(server) {
                Ok(()) => {
                    if self.logged.take().is_some() {
                        tracing::info!(
                            "{} is available again; the position is {}",
                            self.url,
                            self.state.copied
                        );
                    }
                    random_interval()
                }
                Err(error) => {
                    self.log_error(&error);
                    // The bucket may be another one after an outage.
                    self.last_check = None;
                    if error.is_temporary() { random_interval() } else { RETRY }
                }
            };
            drop(lookup.take());
            self.sync_if_due();
            lookup = match lookups.recv_timeout(Duration::from_millis(wait)) {
                Ok(lookup) => Some(lookup),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
        }
    }

    /// Copies all commits that the bucket has, each with an update of its own unless there are many.
    fn advance(&mut self, server: &CopyServer) -> Result<(), CopyError> {
        self.publish(Some(server))?;
        if self.applied < self.state.copied {
            return self.catch_up(Some(server));
        }
        let bucket = self.bucket()?;
        for _ in 0..MOST_SINGLE {
            let found = block_on(bucket.probe(self.last_staged() + 1))?;
            self.check_log(&bucket)?;
            if self.replaces {
                return self.catch_up(Some(server));
            }
            let Some(commit) = found else {
                (self.on_answer)(self.state.copied);
                return Ok(());
            };
            self.stage(&bucket, &commit)?;
            self.publish(Some(server))?;
        }
        self.catch_up(Some(server))
    }

    /// Copies all commits up to the newest one.
    fn catch_up(&mut self, server: Option<&CopyServer>) -> Result<(), CopyError> {
        self.publish(server)?;
        let bucket = self.bucket()?;
        self.check_log(&bucket)?;
        if self.replaces && server.is_none() {
            return Ok(());
        }
        let last = self.last_staged();
        let newest = block_on(bucket.newest(last))?;
        if self.replaces {
            if newest == 0 {
                return Err(bucket.damaged(&commit_key(1), "it is missing".into()).into());
            }
            self.goal = newest;
        }
        if newest > last {
            tracing::info!("copying {} from position {last} to {newest}", self.url);
        }
        let mut commits = commits(&bucket, last + 1..=newest);
        while let Some(commit) = block_on(commits.next()) {
            let commit = match commit {
                Ok(commit) => commit,
                Err(error) => {
                    // The commits before this one are complete.
                    self.publish(server)?;
                    return Err(error.into());
                }
            };
            // The commits before it need not wait for a pack, and staged packs survive a kill only alone.
            let has_packs = !commit.header.packs.is_empty() || !self.packs.keys.is_empty();
            if has_packs || commit.header.seq >= self.applied + MOST_MERGED {
                self.publish(server)?;
            }
            self.stage(&bucket, &commit)?;
        }
        self.publish(server)?;
        (self.on_answer)(self.state.copied);
        Ok(())
    }

    /// The bucket, whose site must be that of the copy.
    fn bucket(&mut self) -> Result<Bucket, CopyError> {
        if let Some(bucket) = &self.bucket {
            return Ok(bucket.clone());
        }
        let opened = block_on(async { timeout(OPEN_TIMEOUT, Bucket::open(&self.url, &self.options)).await });
        let bucket = opened.unwrap_or_else(|_| {
            let reason = format!("no answer within {} s", OPEN_TIMEOUT.as_secs());
            Err(BucketError::Unreachable { url: self.url.to_string(), reason })
        })?;
        if !self.state.site.is_empty() && self.state.site != bucket.site() {
            let reason = format!("it is not of the site in {}; {REMOVE}", self.url);
            return Err(CopyError::Folder { folder: self.folder.clone(), reason });
        }
        self.state =
            ReplicaState { url: self.url.to_string(), site: bucket.site().to_owned(), ..self.state.clone() };
        self.save()?;
        self.bucket = Some(bucket.clone());
        Ok(bucket)
    }

    /// Compares the log with the copy, or with the stage while the copy is replaced. The log of a bucket that comes from
    /// a backup may end before the position of the copy, or have other commits.
    fn check_log(&mut self, bucket: &Bucket) -> Result<(), CopyError> {
        if self.last_check.is_some_and(|last| last.elapsed() < CHECK_INTERVAL) {
            return Ok(());
        }
        let (seq, id) = if self.replaces {
            (self.staged.seq, &self.staged.commit)
        } else {
            (self.state.copied, &self.state.commit)
        };
        if seq > 0 {
            match block_on(bucket.has_commit(seq, id)) {
                // A damaged commit is in the copy already.
                Ok(true) | Err(BucketError::Damaged { .. }) => {}
                Ok(false) => {
                    tracing::error!(
                        "{}: the log has another commit or none at position {seq}, as after a restore from a backup; the \
                         old copy is served until the whole log is copied again; run `finews push` to bring back lost \
                         changes",
                        self.url
                    );
                    self.replace_copy()?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        block_on(bucket.check_end(self.last_staged()))?;
        self.last_check = Some(Instant::now());
        Ok(())
    }

    /// Begins to copy the whole log again.
    fn replace_copy(&mut self) -> io::Result<()> {
        self.replaces = true;
        self.applied = 0;
        self.staged = StagedChange::default();
        self.packs = StagedPacks::default();
        self.clear_stage()
    }

    /// The position of the last commit in the stage, or else in the copy.
    fn last_staged(&self) -> u64 {
        self.staged.seq.max(self.applied)
    }

    /// Adds a commit to the stage. After an error, the caller stages the same commit again.
    fn stage(&mut self, bucket: &Bucket, commit: &Commit) -> Result<(), CopyError> {
        self.goal = self.goal.max(commit.header.seq);
        self.stage_packs(bucket, &commit.header)?;
        let mut paths = if commit.header.packs.is_empty() { Vec::new() } else { self.stage.paths()? };
        for file in &commit.files {
            self.stage.write(file)?;
            paths.push(file.path.clone());
        }
        commit.header.gone.iter().try_for_each(|path| self.stage.remove(path))?;
        let change = &mut self.staged;
        change.seq = commit.header.seq;
        change.commit.clone_from(&commit.header.id);
        for path in paths {
            change.gone.remove(&path);
            change.paths.insert(path);
        }
        for path in &commit.header.gone {
            change.paths.remove(path);
            change.gone.insert(path.clone());
        }
        Ok(())
    }

    /// Writes the files of the packs that no earlier try has staged.
    fn stage_packs(&mut self, bucket: &Bucket, header: &CommitHeader) -> Result<(), CopyError> {
        if self.packs.commit != header.id {
            if self.staged.seq == 0 {
                // The stage may hold a part of another commit.
                self.clear_stage()?;
            } else {
                // From now on, the stage holds more than the packs of one commit.
                self.remove_file(PACKS)?;
            }
            self.packs = StagedPacks { commit: header.id.clone(), keys: BTreeSet::new() };
        }
        for pack in &header.packs {
            if self.packs.keys.contains(&pack.key) {
                continue;
            }
            block_on(unpack_pack(bucket, pack, &self.stage))?;
            self.packs.keys.insert(pack.key.clone());
            // The next start knows only the files of this commit. After the last pack, little remains to be copied.
            if self.staged.seq == 0 && header.packs.last() != Some(pack) {
                // After a power failure, the files are whole if `packs.json` names their pack.
                sync(&self.folder)?;
                write_json(&self.folder.join(PACKS), &self.packs)?;
            }
        }
        Ok(())
    }

    /// Moves the staged commits into the copy, with one update of the archive if a server shows it.
    fn publish(&mut self, server: Option<&CopyServer>) -> Result<(), CopyError> {
        if self.staged.seq == 0 || self.staged.seq < self.goal {
            return Ok(());
        }
        if self.replaces {
            let StagedChange { paths, gone, .. } = &mut self.staged;
            gone.extend(self.site.paths()?.into_iter().filter(|path| !paths.contains(path)));
            // No file of the new copy is surely on the disk.
            self.syncing = None;
            self.state.synced = 0;
            self.save()?;
        }
        write_json(&self.folder.join(STAGED), &self.staged)?;
        match server {
            Some(server) => server.apply(self.staged.clone(), &self.site, &self.stage)?,
            None => self.staged.move_into(&self.site, &self.stage)?,
        }
        self.applied = self.staged.seq;
        self.state.copied = self.applied;
        self.state.commit = std::mem::take(&mut self.staged.commit);
        self.replaces = false;
        self.staged = StagedChange::default();
        self.packs = StagedPacks::default();
        (self.on_answer)(self.state.copied);
        self.save()?;
        self.clear_stage()?;
        self.sync_if_due();
        Ok(())
    }

    fn clear_stage(&self) -> io::Result<()> {
        // `packs.json` goes first, because it names files of the stage.
        self.remove_file(PACKS)?;
        self.remove_file(STAGED)?;
        ignore_absent(fs::remove_dir_all(self.stage.root())).map_err(|error| at(self.stage.root(), &error))
    }

    /// Removes a file of this replica, if there is one.
    fn remove_file(&self, name: &str) -> io::Result<()> {
        let file = self.folder.join(name);
        ignore_absent(fs::remove_file(&file)).map_err(|error| at(&file, &error))
    }

    fn save(&self) -> io::Result<()> {
        write_json(&self.folder.join(STATE), &self.state)
    }

    /// Writes all files to the disk, on another thread.
    fn sync_if_due(&mut self) {
        if let Some((seq, syncing)) = self.syncing.take_if(|(_, syncing)| syncing.is_finished())
            && matches!(syncing.join(), Ok(Ok(())))
        {
            self.state.synced = seq;
            if let Err(error) = self.save() {
                tracing::warn!("{error}");
            }
        }
        let is_due = self.state.synced < self.applied && self.last_sync.elapsed() >= SYNC_INTERVAL;
        if is_due && self.syncing.is_none() {
            self.last_sync = Instant::now();
            let folder = self.folder.clone();
            self.syncing = Some((self.applied, std::thread::spawn(move || sync(&folder))));
        }
    }

    /// Logs an error once, until another kind of error or an answer follows.
    fn log_error(&mut self, error: &CopyError) {
        let entry = (error.is_temporary(), error.to_string());
        let is_same =
            self.logged.as_ref().is_some_and(|last| last.0 == entry.0 && (entry.0 || last.1 == entry.1));
        if is_same {
            return;
        }
        if entry.0 {
            tracing::warn!("the position stays {}: {error}", self.state.copied);
        } else {
            tracing::error!("the position stays {}: {error}", self.state.copied);
        }
        self.logged = Some(entry);
    }
}

/// Runs a future on the runtime of this thread.
fn block_on<F: Future>(future: F) -> F::Output {
    Handle::current().block_on(future)
}

/// A random interval in milliseconds, so that replicas that start together do not send their requests together.
fn random_interval() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    INTERVAL.0 + u64::from(now.subsec_micros()) % INTERVAL.1
}

/// Reads a file of this replica; `None` if it is missing or damaged.
fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Replaces a file of this replica.
fn write_json<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(&serde_json::to_vec(value)?)?;
        fs::rename(&temporary, path)
    };
    write().map_err(|error| at(path, &error))
}

/// Writes the files of a folder to the disk.
fn sync(folder: &Path) -> io::Result<()> {
    let file = File::open(folder)?;
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(&file)?;
    file.sync_all()
}

fn ignore_absent(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Runtime;

    use super::*;
    use crate::bucket::commit::{CommitDraft, StoredFile};
    use crate::bucket::pull::pull;

    /// The files below a folder, without empty folders.
    fn contents(folder: &Path) -> Vec<(PathBuf, String)> {
        let entries = walkdir::WalkDir::new(folder)
            .sort_by_file_name()
            .into_iter()
            .map(|entry| entry.expect("an entry"));
        let files = entries.filter(|entry| entry.file_type().is_file());
        let below = |path: &Path| path.strip_prefix(folder).expect("a path").to_owned();
        files.map(|file| (below(file.path()), fs::read_to_string(file.path()).expect("a text"))).collect()
    }

    #[test]
    fn commits_that_apply_together_give_the_files_of_a_pull() {
        let (place, runtime) = (tempfile::tempdir().expect("a folder"), Runtime::new().expect("a runtime"));
        let _context = runtime.enter();
        let url: BucketUrl = format!("file://{}/bucket", place.path().display()).parse().expect("a URL");
        let options = BucketOptions::default();
        let bucket = block_on(Bucket::open_or_create(&url, &options)).expect("a bucket");
        let steps: [(&[&str], &[&str]); 8] = [
            (&["a/b", "c"], &[]),
            (&["a"], &["a/b"]),
            (&["a/b"], &["a"]),
            (&["c", "packed/f"], &[]),
            (&["d"], &["c", "none"]),
            (&["d/e"], &["d"]),
            (&["d"], &["d/e", "packed/f"]),
            (&[], &["d"]),
        ];
        let open = || Replica::open(url.clone(), options.clone(), &place.path().join("cache"));
        for seq in 1..=70 {
            let (files, gone) = steps[seq as usize % steps.len()];
            let file = |path: &&str| StoredFile {
                path: (*path).to_owned(),
                modified: SystemTime::UNIX_EPOCH,
                bytes: format!("{path} {seq}").into(),
            };
            let files: Vec<StoredFile> = files.iter().map(file).collect();
            let mut draft = CommitDraft::new("test");
            draft.gone = gone.iter().map(|path| (*path).to_owned()).collect();
            if files.iter().any(|file| file.path == "packed/f") {
                draft.packs = vec![block_on(bucket.put_pack(seq, &files)).expect("a pack")];
            } else {
                draft.files = files;
            }
            block_on(bucket.append(seq, &draft)).expect("a commit");
            if [3, 4, 12, 69, 70].contains(&seq) {
                let mut replica = open().expect("a replica");
                replica.start().expect("a copy");
                assert_eq!((replica.applied, replica.state.copied), (seq, seq));
                let target = place.path().join(format!("pull-{seq}"));
                block_on(pull(&bucket, &target, None)).expect("files");
                assert_eq!(contents(replica.site_folder()), contents(&target), "{seq}");
                replica.state.synced = if seq == 4 { 2 } else { replica.state.synced };
                replica.save().expect("a state");
            }
        }
    }

    /// A bucket in a folder, and the cache folder of its replica.
    struct Trial {
        folder: tempfile::TempDir,
        url: BucketUrl,
        bucket: Bucket,
    }

    impl Trial {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let url: BucketUrl = format!("file://{}/bucket", folder.path().display()).parse().expect("a URL");
            let bucket = block_on(Bucket::open_or_create(&url, &BucketOptions::default()));
            Self { url, bucket: bucket.expect("a bucket"), folder }
        }

        fn object(&self, key: &str) -> PathBuf {
            self.folder.path().join("bucket").join(key)
        }

        fn cache(&self) -> PathBuf {
            self.folder.path().join("cache")
        }

        fn replica(&self) -> Replica {
            let opened = Replica::open(self.url.clone(), BucketOptions::default(), &self.cache());
            opened.expect("a replica")
        }

        /// Appends a commit with these files, each with its path as content.
        fn commit(&self, seq: u64, paths: &[&str]) {
            let mut draft = CommitDraft::new("test");
            draft.files = paths.iter().map(|path| stored(path)).collect();
            block_on(self.bucket.append(seq, &draft)).expect("a commit");
        }
    }

    fn stored(path: &str) -> StoredFile {
        let bytes = path.to_owned().into();
        StoredFile { path: path.to_owned(), modified: SystemTime::UNIX_EPOCH, bytes }
    }

    /// The paths of the files in a copy.
    fn paths(replica: &Replica) -> Vec<String> {
        let files = contents(replica.site_folder());
        files.iter().map(|(path, _)| path.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn whole_packs_are_not_copied_again() {
        let runtime = Runtime::new().expect("a runtime");
        let _context = runtime.enter();
        let trial = Trial::new();
        let mut draft = CommitDraft::new("test");
        draft.files = vec![stored("own")];
        draft.packs = ["a", "b", "c"]
            .map(|path| block_on(trial.bucket.put_pack(1, &[stored(path)])).expect("a pack"))
            .to_vec();
        block_on(trial.bucket.append(1, &draft)).expect("a commit");
        let place = |index: usize| trial.object(&draft.packs[index].key);
        // The second pack is damaged at the first start, and the third one at the second start.
        for damaged in [1, 2] {
            let intact = fs::read(place(damaged)).expect("a pack");
            fs::write(place(damaged), "x").expect("a file");
            let error = trial.replica().start().expect_err("damaged").to_string();
            assert!(error.contains(&draft.packs[damaged].key), "{error}");
            fs::write(place(damaged), intact).expect("a file");
            fs::remove_file(place(damaged - 1)).expect("no pack");
        }
        let mut replica = trial.replica();
        replica.start().expect("a copy");
        assert_eq!(paths(&replica), ["a", "b", "c", "own"]);
        assert!(!replica.folder.join(PACKS).exists());
    }

    #[test]
    fn stage_of_another_commit_is_cleared() {
        let runtime = Runtime::new().expect("a runtime");
        let _context = runtime.enter();
        let trial = Trial::new();
        let mut draft = CommitDraft::new("test");
        draft.packs = vec![block_on(trial.bucket.put_pack(1, &[stored("a")])).expect("a pack")];
        block_on(trial.bucket.append(1, &draft)).expect("a commit");
        let replica = trial.replica();
        replica.stage.write(&stored("left")).expect("a file");
        let packs =
            StagedPacks { commit: "another".to_owned(), keys: BTreeSet::from([draft.packs[0].key.clone()]) };
        write_json(&replica.folder.join(PACKS), &packs).expect("a file");
        drop(replica);
        let mut replica = trial.replica();
        replica.start().expect("a copy");
        assert_eq!(paths(&replica), ["a"]);
    }

    #[test]
    fn packs_are_forgotten_when_a_commit_follows() {
        let runtime = Runtime::new().expect("a runtime");
        let _context = runtime.enter();
        let trial = Trial::new();
        let mut draft = CommitDraft::new("test");
        draft.packs = ["a", "b"]
            .map(|path| block_on(trial.bucket.put_pack(1, &[stored(path)])).expect("a pack"))
            .to_vec();
        block_on(trial.bucket.append(1, &draft)).expect("a commit");
        trial.commit(2, &["c"]);
        let mut replica = trial.replica();
        let commits = [1, 2].map(|seq| block_on(trial.bucket.commit(seq)).expect("a log").expect("a commit"));
        let packs = replica.folder.join(PACKS);
        for (commit, has_packs) in commits.iter().zip([true, false]) {
            replica.stage(&trial.bucket, commit).expect("a staged commit");
            assert_eq!(packs.exists(), has_packs);
        }
        drop(replica);
        assert!(!trial.replica().stage.root().exists());
    }

    #[test]
    fn repeated_commits_are_published_together() {
        let runtime = Runtime::new().expect("a runtime");
        let _context = runtime.enter();
        let trial = Trial::new();
        ["a", "b", "c"].iter().zip(1..).for_each(|(path, seq)| trial.commit(seq, &[*path]));
        let mut replica = trial.replica();
        replica.start().expect("a copy");
        // A power failure has removed a file, and the bucket cannot repeat all commits.
        replica.state.synced = 1;
        replica.save().expect("a state");
        fs::remove_file(replica.site.place("b")).expect("no file");
        drop(replica);
        let third = trial.object(&commit_key(3));
        let intact = fs::read(&third).expect("a commit");
        fs::write(&third, "x").expect("a file");
        let mut replica = trial.replica();
        replica.start().expect("the old copy");
        assert_eq!((replica.applied, replica.staged.seq), (1, 2));
        assert_eq!(paths(&replica), ["a", "c"]);
        fs::write(&third, intact).expect("a commit");
        replica.catch_up(None).expect("all commits");
        assert_eq!((replica.applied, replica.staged.seq), (3, 0));
        assert_eq!(paths(&replica), ["a", "b", "c"]);
    }

    /// A server that only changes the files.
    fn copy_server() -> CopyServer {
        let (commands, receiver) = channel();
        std::thread::spawn(move || {
            for command in receiver {
                if let WatchCommand::Apply { write, done } = command {
                    let _ = done.send((write.0)().map(|_| ()));
                }
            }
        });
        CopyServer { commands, changed_config: Arc::new(|| None) }
    }

    #[test]
    fn copy_follows_a_log_from_a_backup() {
        let runtime = Runtime::new().expect("a runtime");
        let _context = runtime.enter();
        // Each log after the restore: the last commit of the backup, and the files of new commits.
        let table: [(u64, &[&str], bool, &[&str]); 6] = [
            (2, &[], true, &["a", "b"]),
            (2, &["d"], true, &["a", "b", "d"]),
            (1, &["a/c", "d", "e", "f"], true, &["a/c", "d", "e", "f"]),
            (1, &["x/y"], true, &["a", "x/y"]),
            (3, &["d"], false, &["a", "b", "c", "d"]),
            (0, &["c"], true, &["c"]),
        ];
        for (kept, new, is_replaced, expected) in table {
            for is_running in [false, true] {
                let trial = Trial::new();
                ["a", "b", "c"].iter().zip(1..).for_each(|(path, seq)| trial.commit(seq, &[*path]));
                let server = copy_server();
                let mut replica = trial.replica();
                replica.start().expect("a copy");
                replica.advance(&server).expect("no news");
                (kept + 1..=3).for_each(|seq| {
                    fs::remove_file(trial.object(&commit_key(seq))).expect("a commit");
                });
                new.iter().zip(kept + 1..).for_each(|(path, seq)| trial.commit(seq, &[*path]));
                if is_running {
                    replica.last_check = None;
                } else {
                    drop(replica);
                    replica = trial.replica();
                    replica.start().expect("the old copy");
                    assert_eq!(replica.replaces, is_replaced, "{kept} {new:?}");
                    if is_replaced {
                        assert_eq!(
                            paths(&replica),
                            ["a", "b", "c"],
                            "the old copy until the new one is whole"
                        );
                    }
                }
                replica.advance(&server).expect("the new log");
                let newest = kept + new.len() as u64;
                assert_eq!((replica.applied, replica.state.copied), (newest, newest));
                assert!(!replica.replaces && replica.state.synced <= newest);
                assert_eq!(paths(&replica), expected, "{kept} {new:?}");
                drop(replica);
                let mut replica = trial.replica();
                replica.start().expect("the new copy");
                assert!(!replica.replaces);
                assert_eq!(paths(&replica), expected, "{kept} {new:?}");
            }
        }
    }

    #[test]
    fn empty_log_leaves_the_copy() {
        let runtime = Runtime::new().expect("a runtime");
        let _context = runtime.enter();
        let trial = Trial::new();
        trial.commit(1, &["a"]);
        trial.replica().start().expect("a copy");
        fs::remove_file(trial.object(&commit_key(1))).expect("a commit");
        let mut replica = trial.replica();
        replica.start().expect("the old copy");
        let error = replica.advance(&copy_server()).expect_err("no commit").to_string();
        assert!(error.contains(&commit_key(1)) && error.contains("it is missing"), "{error}");
        assert_eq!((replica.state.copied, paths(&replica)), (1, vec!["a".to_owned()]));
    }

    #[test]
    fn state_of_an_older_finews_is_valid() {
        let json = r#"{"url":"s3://b","site":"s","seq":3,"synced":2}"#;
        let state: ReplicaState = serde_json::from_str(json).expect("a state");
        assert_eq!((state.copied, state.synced, &*state.commit), (3, 2, ""));
    }

    #[test]
    fn folder_without_a_state_is_not_touched() {
        let cache = tempfile::tempdir().expect("a folder");
        let file = cache.path().join("replica/site/mine.md");
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(&file, "mine").expect("a file");
        let url: BucketUrl = "file:///none".parse().expect("a URL");
        let open = || {
            Replica::open(url.clone(), BucketOptions::default(), cache.path()).err().map(|e| e.to_string())
        };
        assert!(open().is_some_and(|error| error.contains("it has no state.json; remove this folder")));
        assert!(file.exists());
        // An empty state is that of a power failure.
        fs::write(cache.path().join("replica/state.json"), "").expect("a file");
        assert_eq!(open(), None);
        assert!(!file.exists());
    }

    #[test]
    fn changes_of_yaml_and_json_may_configure() {
        let table = [
            ("_config.yml", true),
            ("_data/a.yaml", true),
            ("_data/a/b.json", true),
            ("_posts/2024-01-02-yml.md", false),
            ("json", false),
        ];
        for (path, expected) in table {
            let (none, one) = (BTreeSet::new, || BTreeSet::from([path.to_owned()]));
            for (paths, gone) in [(one(), none()), (none(), one())] {
                let change = StagedChange { paths, gone, ..StagedChange::default() };
                assert_eq!(change.may_configure(), expected, "{path}");
            }
        }
    }
}
