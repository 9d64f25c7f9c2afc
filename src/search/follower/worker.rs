//! The thread that writes the index.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::archive::Snapshot;
use crate::search::follower::failure::IndexFailure;
use crate::search::follower::scratch::ScratchFolder;
use crate::search::follower::state::{IndexCommand, IndexState, SharedState, TRUSTED_FOR};
use crate::search::index::{BATCH, SearchIndex, Writer};

/// Time in which the worker collects published snapshots before it commits.
const GATHERED_FOR: Duration = Duration::from_millis(100);
/// Time between two attempts to write the index.
const TRIED_AGAIN: Duration = Duration::from_secs(10);
/// The niceness of the indexing threads, from 0 to 19.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// The state of the writer thread.
pub(super) struct Worker {
    shared: Arc<SharedState>,
    /// The folder of the index; `None` means a temporary folder.
    folder: Option<PathBuf>,
    commands: Receiver<IndexCommand>,
    writer: Option<Writer>,
    /// The index in the folder is damaged and is removed before the next open.
    is_damaged: bool,
}

impl Worker {
    pub(super) fn new(
        shared: Arc<SharedState>,
        folder: Option<PathBuf>,
        commands: Receiver<IndexCommand>,
    ) -> Self {
        Self { shared, folder, commands, writer: None, is_damaged: false }
    }

    /// Indexes each published archive until the program ends.
    pub(super) fn run(mut self) {
        // The threads that write, merge and check inherit this priority. On other systems than Linux the call
        // would change the priority of the whole process.
        #[cfg(target_os = "linux")]
        if let Err(error) = rustix::process::setpriority_process(None, NICE) {
            tracing::debug!(%error, "cannot lower the priority of the search index thread");
        }
        let Ok(IndexCommand::Follow(mut archive)) = self.commands.recv() else { return };
        let (mut failures, mut last_rebuild): (_, Option<Instant>) = (0, None);
        loop {
            while let Ok(command) = self.commands.try_recv() {
                archive = self.handle(command, archive);
            }
            let total = archive.listed().len();
            match self.step(&archive) {
                Ok(0) => {
                    (failures, last_rebuild) = (0, None);
                    self.shared.set_state(IndexState::Current);
                    let Ok(command) = self.commands.recv() else { return };
                    archive = self.handle(command, archive);
                    thread::sleep(GATHERED_FOR);
                }
                Ok(left) => {
                    self.shared.set_state(IndexState::Building { done: total - left.min(total), total });
                }
                Err(failure) => {
                    failures += 1;
                    // A second failure so soon after a rebuild has another cause than damage.
                    let is_new = last_rebuild.is_none_or(|at| at.elapsed() > TRUSTED_FOR);
                    if failure.is_of_damage() && is_new {
                        last_rebuild = Some(Instant::now());
                        tracing::error!("search index is corrupt; rebuilding it: {failure}");
                        self.rebuild(total);
                    } else {
                        self.shared.set_state(IndexState::Failing(failure.to_string()));
                    }
                    // A removed folder can be created again at once, so the first retry does not wait.
                    if failures > 1 {
                        thread::sleep(TRIED_AGAIN);
                    }
                }
            }
        }
    }

    /// Handles a command and returns the archive to follow.
    fn handle(&mut self, command: IndexCommand, archive: Arc<Snapshot>) -> Arc<Snapshot> {
        match command {
            IndexCommand::Follow(next) => next,
            IndexCommand::Rebuild(index) => {
                // Ignore the command if another index has replaced this one.
                if self.writer.as_ref().is_none_or(|writer| Arc::ptr_eq(writer.index(), &index)) {
                    self.rebuild(archive.listed().len());
                }
                archive
            }
        }
    }

    /// Drops the index and hides it from searches. The next step removes its files. `total` is the number of
    /// posts to index.
    fn rebuild(&mut self, total: usize) {
        (self.writer, self.is_damaged) = (None, true);
        self.shared.index.store(None);
        self.shared.set_state(IndexState::Building { done: 0, total });
    }

    /// Indexes the next batch of an archive and returns how many posts are still missing. After a failure the
    /// next step opens the index again.
    fn step(&mut self, archive: &Arc<Snapshot>) -> Result<usize, IndexFailure> {
        let writer = self.writer.take();
        let (left, writer) = IndexFailure::catch(|| {
            let mut writer = match writer {
                Some(writer) => writer,
                None => self.open(archive)?,
            };
            Ok((writer.follow(archive)?, writer))
        })?;
        self.is_damaged = false;
        self.shared.show(writer.index(), left == 0);
        self.writer = Some(writer);
        Ok(left)
    }

    /// Opens the index in the configured folder, else in a temporary one.
    fn open(&self, archive: &Snapshot) -> io::Result<Writer> {
        let kept = self.folder.as_deref().map(|folder| (folder, self.open_in(folder)));
        let writer = match kept {
            Some((_, Ok(Some(writer)))) => {
                self.shared.moved.store(false, Ordering::Relaxed);
                writer
            }
            Some((folder, outcome)) => {
                if !self.shared.moved.swap(true, Ordering::Relaxed) {
                    let reason =
                        outcome.err().map_or("another process uses it".into(), |error| error.to_string());
                    tracing::warn!(
                        "using a temporary folder for the search index instead of {}: {reason}",
                        folder.display()
                    );
                }
                self.open_scratch()?
            }
            None => self.open_scratch()?,
        };
        if **self.shared.state.load() == IndexState::Waiting {
            let total = archive.listed().len();
            self.shared.set_state(IndexState::Building { done: writer.index().len().min(total), total });
        }
        self.shared.show(writer.index(), false);
        self.check(writer.index());
        Ok(writer)
    }

    fn open_scratch(&self) -> io::Result<Writer> {
        let mut held = self.shared.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let scratch = match held.take().filter(|scratch| scratch.path().is_dir()) {
            Some(scratch) => held.insert(scratch),
            None => held.insert(ScratchFolder::new()?),
        };
        tracing::debug!("temporary folder of the search index: {}", scratch.path().display());
        self.open_in(scratch.path())?
            .ok_or_else(|| io::Error::other("another process uses the temporary search index"))
    }

    /// Opens the writer of the index in a folder; `None` if another process holds it.
    fn open_in(&self, folder: &Path) -> io::Result<Option<Writer>> {
        if self.is_damaged {
            SearchIndex::remove(folder)?;
        }
        Writer::new(&SearchIndex::open(folder)?, BATCH)
    }

    /// Reads all files of an existing index once, in the background: opening a file checks only its end.
    fn check(&self, index: &Arc<SearchIndex>) {
        if index.is_empty() {
            return;
        }
        let (shared, index) = (Arc::clone(&self.shared), Arc::clone(index));
        let check = move || {
            // A failure of the check itself is ignored: a search that reads the same bytes reports it.
            if let Ok(Some(file)) = IndexFailure::catch(|| Ok(index.damaged_file())) {
                shared.drop_damaged(&index, &format!("checksum mismatch in {}", file.display()));
            }
        };
        let spawned = thread::Builder::new().name("search-check".into()).spawn(check);
        if let Err(error) = spawned {
            tracing::debug!(%error, "cannot start the check of the search index");
        }
    }
}
