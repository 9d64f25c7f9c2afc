//! Keeps the index up to date with the archive, on a thread of its own that does not block requests.

mod failure;
mod scratch;
mod worker;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arc_swap::{ArcSwap, ArcSwapOption};

use crate::archive::Snapshot;
use crate::search::follower::failure::IndexFailure;
use crate::search::follower::scratch::ScratchFolder;
use crate::search::follower::worker::Worker;
use crate::search::index::SearchIndex;

/// Two damaged indexes within this time have another cause than the disk.
const TRUSTED_FOR: Duration = Duration::from_secs(3600);

/// Progress of the index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum IndexState {
    /// The archive is not loaded yet.
    Waiting,
    /// Posts are being added, newest first.
    Building {
        /// Number of indexed posts.
        done: usize,
        /// Number of posts in the archive.
        total: usize,
    },
    /// The index contains every post.
    Current,
    /// The index cannot be written, for this reason. Searches still use what it contains.
    Failing(String),
}

impl fmt::Display for IndexState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("waiting for the archive"),
            Self::Building { done, total } => write!(f, "building, {done} of {total} posts"),
            Self::Current => f.write_str("ok"),
            // The log has the reason; it names folders, so readers do not get it.
            Self::Failing(_) => f.write_str("cannot be written"),
        }
    }
}

/// The index of the current archive. It is empty until [`Follower::start`].
pub struct Follower {
    shared: Arc<SharedState>,
    /// Start time in nanoseconds. It makes the versions of two processes differ.
    nonce: u64,
}

/// A message to the writer thread.
enum IndexCommand {
    Follow(Arc<Snapshot>),
    /// Rebuild this index, which is damaged.
    Rebuild(Arc<SearchIndex>),
}

/// State that the writer thread shares with searches.
struct SharedState {
    commands: OnceLock<Sender<IndexCommand>>,
    index: ArcSwapOption<SearchIndex>,
    state: ArcSwap<IndexState>,
    scratch: Mutex<Option<ScratchFolder>>,
    /// The index is in a temporary folder instead of the configured one, and the log says so.
    moved: AtomicBool,
    /// Time when an index was last found damaged.
    last_damage: Mutex<Option<Instant>>,
}

impl Default for Follower {
    fn default() -> Self {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let shared = SharedState {
            commands: OnceLock::new(),
            index: ArcSwapOption::empty(),
            state: ArcSwap::from_pointee(IndexState::Waiting),
            scratch: Mutex::default(),
            moved: AtomicBool::new(false),
            last_damage: Mutex::default(),
        };
        Self { shared: Arc::new(shared), nonce: clock.as_nanos() as u64 }
    }
}

impl Follower {
    /// Starts the writer thread with an index in a folder. Uses a temporary folder if none is given or the
    /// index there cannot be used.
    pub fn start(&self, folder: Option<PathBuf>) {
        let (sender, commands) = mpsc::channel();
        if self.shared.commands.set(sender).is_err() {
            return;
        }
        let worker = Worker::new(Arc::clone(&self.shared), folder, commands);
        let spawned = thread::Builder::new().name("search".into()).spawn(move || worker.run());
        if let Err(error) = spawned {
            self.shared.set_state(IndexState::Failing(error.to_string()));
        }
    }

    /// Replaces the archive that the index follows.
    pub fn follow(&self, archive: &Arc<Snapshot>) {
        self.shared.send(IndexCommand::Follow(Arc::clone(archive)));
    }

    /// Runs a search on the index; `None` if there is no index. A damaged index is dropped and rebuilt.
    ///
    /// # Errors
    /// When the operating system reports an error, or when the index is damaged again soon after a rebuild.
    /// In the second case a panic of tantivy passes through.
    pub fn read<T>(&self, operation: impl FnOnce(&SearchIndex) -> io::Result<T>) -> io::Result<Option<T>> {
        let Some(index) = self.shared.index.load_full() else { return Ok(None) };
        match IndexFailure::catch(|| operation(&index)) {
            Ok(answer) => Ok(Some(answer)),
            Err(failure) if failure.is_of_system() => failure.into_result(),
            Err(failure) if self.shared.drop_damaged(&index, &failure.to_string()) => Ok(None),
            Err(failure) => failure.into_result(),
        }
    }

    /// A value that changes whenever results may change, and that differs between processes.
    pub fn version(&self) -> (u64, u64, Arc<IndexState>) {
        (self.nonce, self.shared.index.load().as_ref().map_or(0, |index| index.generation()), self.state())
    }

    /// Returns the current progress of the index.
    pub fn state(&self) -> Arc<IndexState> {
        self.shared.state.load_full()
    }

    /// Removes the temporary folder. Call this at the end of the program.
    pub fn close(&self) {
        if let Some(scratch) = self.shared.scratch.lock().unwrap_or_else(PoisonError::into_inner).take() {
            scratch.remove();
        }
    }
}

impl SharedState {
    fn send(&self, command: IndexCommand) {
        if let Some(commands) = self.commands.get()
            && commands.send(command).is_err()
        {
            self.set_state(IndexState::Failing("the index thread has ended".into()));
        }
    }

    /// Drops a damaged index and requests a new one. Returns whether searches no longer use it: if another
    /// index was dropped only recently, this one stays, since the disk is not the cause.
    fn drop_damaged(&self, index: &Arc<SearchIndex>, reason: &str) -> bool {
        let mut last_damage = self.last_damage.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.index.load().as_ref().is_some_and(|shown| Arc::ptr_eq(shown, index)) {
            return true;
        }
        if last_damage.is_some_and(|at| at.elapsed() < TRUSTED_FOR) {
            return false;
        }
        tracing::error!("search index in {} is corrupt; rebuilding it: {reason}", index.folder().display());
        *last_damage = Some(Instant::now());
        self.index.store(None);
        self.set_state(IndexState::Building { done: 0, total: index.len() });
        self.send(IndexCommand::Rebuild(Arc::clone(index)));
        true
    }

    /// Stores the progress, and logs it once when building or a failure begins or ends.
    fn set_state(&self, state: IndexState) {
        let before = self.state.swap(Arc::new(state.clone()));
        match (&*before, &state) {
            (IndexState::Failing(_), IndexState::Failing(_))
            | (IndexState::Building { .. }, IndexState::Building { .. }) => {}
            (IndexState::Waiting, IndexState::Building { done, total }) if done == total => {}
            (_, IndexState::Failing(reason)) => {
                tracing::warn!("cannot write the search index; retrying: {reason}");
            }
            (_, IndexState::Building { done, total }) => {
                tracing::info!(done, total, "building the search index, newest posts first");
            }
            (IndexState::Current, IndexState::Current) => {}
            (_, IndexState::Current) => tracing::info!("search index complete"),
            (_, IndexState::Waiting) => {}
        }
    }

    /// Makes an index the one that searches use, unless the current one has more posts and this one is
    /// incomplete.
    fn show(&self, index: &Arc<SearchIndex>, is_whole: bool) {
        let is_better = |shown: &Arc<SearchIndex>| is_whole || index.len() >= shown.len();
        if self.index.load().as_ref().is_none_or(is_better) {
            self.index.store(Some(Arc::clone(index)));
        }
    }
}
