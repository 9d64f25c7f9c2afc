//! The state of the index, which the writer thread shares with searches.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, ArcSwapOption};

use crate::archive::Snapshot;
use crate::search::follower::scratch::ScratchFolder;
use crate::search::index::SearchIndex;

/// Two damaged indexes within this time have another cause than the disk.
pub(super) const TRUSTED_FOR: Duration = Duration::from_secs(3600);

/// Progress of the index.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash)]
pub enum IndexState {
    /// The archive is not loaded yet.
    #[default]
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

/// A message to the writer thread.
pub(super) enum IndexCommand {
    Follow(Arc<Snapshot>),
    /// Rebuild this index, which is damaged.
    Rebuild(Arc<SearchIndex>),
}

/// State that the writer thread shares with searches.
#[derive(Default)]
pub(super) struct SharedState {
    pub(super) commands: OnceLock<Sender<IndexCommand>>,
    pub(super) index: ArcSwapOption<SearchIndex>,
    pub(super) state: ArcSwap<IndexState>,
    pub(super) scratch: Mutex<Option<ScratchFolder>>,
    /// The index is in a temporary folder instead of the configured one, and the log says so.
    pub(super) moved: AtomicBool,
    /// Time when an index was last found damaged.
    last_damage: Mutex<Option<Instant>>,
}

impl SharedState {
    pub(super) fn send(&self, command: IndexCommand) {
        if let Some(commands) = self.commands.get()
            && commands.send(command).is_err()
        {
            self.set_state(IndexState::Failing("the index thread has ended".into()));
        }
    }

    /// Drops a damaged index and requests a new one. Returns whether searches no longer use it: if another
    /// index was dropped only recently, this one stays, since the disk is not the cause.
    pub(super) fn drop_damaged(&self, index: &Arc<SearchIndex>, reason: &str) -> bool {
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
    pub(super) fn set_state(&self, state: IndexState) {
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
    pub(super) fn show(&self, index: &Arc<SearchIndex>, is_whole: bool) {
        let is_better = |shown: &Arc<SearchIndex>| is_whole || index.len() >= shown.len();
        if self.index.load().as_ref().is_none_or(is_better) {
            self.index.store(Some(Arc::clone(index)));
        }
    }
}
