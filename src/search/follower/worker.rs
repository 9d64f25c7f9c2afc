//! The thread that writes the index.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::scratch::Scratch;
use super::{Order, Shared, State, TRUSTED_FOR};
use crate::archive::Snapshot;
use crate::search::index::{BATCH, Index, Writer};

/// What is published within this time is committed at once.
const GATHERED_FOR: Duration = Duration::from_millis(100);
/// When the index could not be written it is tried again after this time.
const TRIED_AGAIN: Duration = Duration::from_secs(10);
/// The niceness of the indexing threads, from 0 to 19.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// What has the index follow the archive.
pub(super) struct Worker {
    shared: Arc<Shared>,
    /// Where the index is kept; else it is in a temporary folder.
    folder: Option<PathBuf>,
    orders: Receiver<Order>,
    writer: Option<Writer>,
    /// What is in the folder makes no sense, and is removed first.
    is_damaged: bool,
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, folder: Option<PathBuf>, orders: Receiver<Order>) -> Self {
        Self { shared, folder, orders, writer: None, is_damaged: false }
    }

    /// Follows archives as long as the program runs.
    pub(super) fn run(mut self) {
        // The threads that write, merge and check inherit the priority. Elsewhere than on Linux it would be that of
        // the whole process.
        #[cfg(target_os = "linux")]
        if let Err(error) = rustix::process::setpriority_process(None, NICE) {
            tracing::debug!(%error, "the search index is written at the priority of all else");
        }
        let Ok(Order::Follow(mut archive)) = self.orders.recv() else { return };
        let (mut failures, mut made_anew): (_, Option<Instant>) = (0, None);
        loop {
            while let Ok(order) = self.orders.try_recv() {
                archive = self.obey(order, archive);
            }
            let total = archive.listed().len();
            match self.step(&archive) {
                Ok(0) => {
                    (failures, made_anew) = (0, None);
                    self.shared.tell(State::Current);
                    let Ok(order) = self.orders.recv() else { return };
                    archive = self.obey(order, archive);
                    thread::sleep(GATHERED_FOR);
                }
                Ok(left) => {
                    self.shared.tell(State::Building { done: total - left.min(total), total });
                }
                Err(failure) => {
                    failures += 1;
                    // What fails anew so soon is no damage.
                    let is_new = made_anew.is_none_or(|at| at.elapsed() > TRUSTED_FOR);
                    if failure.is_of_damage() && is_new {
                        made_anew = Some(Instant::now());
                        tracing::error!("the search index is damaged: {failure}");
                        self.make_anew();
                        self.shared.tell(State::Building { done: 0, total });
                    } else {
                        self.shared.tell(State::Failing(failure.to_string()));
                    }
                    // A folder that was removed can be made again at once.
                    if failures > 1 {
                        thread::sleep(TRIED_AGAIN);
                    }
                }
            }
        }
    }

    /// Which archive is to be followed after an order.
    fn obey(&mut self, order: Order, archive: Arc<Snapshot>) -> Arc<Snapshot> {
        match order {
            Order::Follow(next) => next,
            Order::MakeAnew(index) => {
                // One that was replaced meanwhile is of no concern.
                if self.writer.as_ref().is_none_or(|writer| Arc::ptr_eq(writer.index(), &index)) {
                    self.make_anew();
                    self.shared.tell(State::Building { done: 0, total: archive.listed().len() });
                }
                archive
            }
        }
    }

    /// Has the next step remove what there is, which nobody asks any more.
    fn make_anew(&mut self) {
        (self.writer, self.is_damaged) = (None, true);
        self.shared.index.store(None);
    }

    /// Brings the index nearer to an archive; how many posts are missing still. After a failure it is
    /// opened again.
    fn step(&mut self, archive: &Arc<Snapshot>) -> Result<usize, Failure> {
        let writer = self.writer.take();
        let (left, writer) = Failure::caught(|| {
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

    /// Opens the index in the folder, or in a temporary one.
    fn open(&self, archive: &Snapshot) -> io::Result<Writer> {
        let kept = self.folder.as_deref().map(|folder| (folder, self.open_in(folder)));
        let writer = match kept {
            Some((_, Ok(Some(writer)))) => {
                self.shared.moved.store(false, Ordering::Relaxed);
                writer
            }
            Some((folder, outcome)) => {
                if !self.shared.moved.swap(true, Ordering::Relaxed) {
                    let reason = outcome
                        .err()
                        .map_or("another process writes there".into(), |error| error.to_string());
                    tracing::warn!(
                        "the search index is in a temporary folder, not in {}: {reason}",
                        folder.display()
                    );
                }
                self.open_scratch()?
            }
            None => self.open_scratch()?,
        };
        if **self.shared.state.load() == State::Waiting {
            let total = archive.listed().len();
            self.shared.tell(State::Building { done: writer.index().len().min(total), total });
        }
        self.shared.show(writer.index(), false);
        self.check(writer.index());
        Ok(writer)
    }

    fn open_scratch(&self) -> io::Result<Writer> {
        let mut held = self.shared.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let scratch = match held.take().filter(|scratch| scratch.path().is_dir()) {
            Some(scratch) => held.insert(scratch),
            None => held.insert(Scratch::new()?),
        };
        tracing::debug!("the search index is in {}", scratch.path().display());
        self.open_in(scratch.path())?.ok_or_else(|| io::Error::other("another process writes it"))
    }

    /// The writer of the index in a folder; nothing if another process is that.
    fn open_in(&self, folder: &Path) -> io::Result<Option<Writer>> {
        if self.is_damaged {
            Index::remove(folder)?;
        }
        Writer::new(&Index::open(folder)?, BATCH)
    }

    /// Reads all of what was kept once, meanwhile: a file may have changed though its end is as it was.
    fn check(&self, index: &Arc<Index>) {
        if index.is_empty() {
            return;
        }
        let (shared, index) = (Arc::clone(&self.shared), Arc::clone(index));
        let check = move || {
            // Who asks the index will come upon what this stops at.
            if let Ok(Some(file)) = Failure::caught(|| Ok(index.damaged_file())) {
                shared.give_up(&index, &format!("{} is not as it was written", file.display()));
            }
        };
        let spawned = thread::Builder::new().name("search-check".into()).spawn(check);
        if let Err(error) = spawned {
            tracing::debug!(%error, "the search index is used unchecked");
        }
    }
}
