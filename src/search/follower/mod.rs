//! Keeps the index up to date with the archive, on a thread of its own that does not block requests.

mod failure;
mod scratch;
mod state;
mod worker;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, mpsc};
use std::thread;

use crate::archive::Snapshot;
use crate::search::follower::failure::IndexFailure;
use crate::search::follower::state::{IndexCommand, SharedState};
use crate::search::follower::worker::Worker;
use crate::search::index::SearchIndex;

pub use crate::search::follower::state::IndexState;

/// The index of the current archive. It is empty until [`Follower::start`].
#[derive(Default)]
pub struct Follower {
    shared: Arc<SharedState>,
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

    /// A value that changes whenever results may change. It has a meaning in this process only.
    pub fn version(&self) -> (u64, Arc<IndexState>) {
        (self.shared.index.load().as_ref().map_or(0, |index| index.generation()), self.state())
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
