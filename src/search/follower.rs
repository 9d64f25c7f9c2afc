//! Has the index follow the archive, in a thread of its own and never in the way of readers.

mod scratch;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::{ArcSwap, ArcSwapOption};

use super::index::{BATCH, Index, Writer};
use crate::archive::Snapshot;
use scratch::Scratch;

/// What is published within this time is committed at once.
const GATHERED_FOR: Duration = Duration::from_millis(100);
/// When the index could not be written it is tried again after this time.
const TRIED_AGAIN: Duration = Duration::from_secs(10);
/// How much the system prefers all else to the thread, of 19.
const NICE: i32 = 10;

/// How far the index is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum State {
    /// There is no archive yet.
    Waiting,
    /// Of so many posts so many are in it, the newest first.
    Building {
        /// Those that are in it.
        done: usize,
        /// All.
        total: usize,
    },
    /// All are in it.
    Current,
    /// It cannot be written, for a reason. What was in it is still found.
    Failing(String),
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waiting => f.write_str("waiting for the archive"),
            Self::Building { done, total } => write!(f, "building, {done} of {total} posts"),
            Self::Current => f.write_str("ok"),
            // The reason, which names folders, is the log's.
            Self::Failing(_) => f.write_str("cannot be written"),
        }
    }
}

/// The index of the archive of the moment. It does nothing before it is started.
pub struct Follower {
    archives: OnceLock<Sender<Arc<Snapshot>>>,
    shared: Arc<Shared>,
    /// Other than those of another process.
    nonce: u64,
}

/// What the thread and those who search have in common.
struct Shared {
    index: ArcSwapOption<Index>,
    state: ArcSwap<State>,
    scratch: Mutex<Option<Scratch>>,
    /// The index is in a temporary folder though another was named, and that was said.
    moved: AtomicBool,
}

impl Default for Follower {
    fn default() -> Self {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let shared = Shared {
            index: ArcSwapOption::empty(),
            state: ArcSwap::from_pointee(State::Waiting),
            scratch: Mutex::default(),
            moved: AtomicBool::new(false),
        };
        Self { archives: OnceLock::new(), shared: Arc::new(shared), nonce: clock.as_nanos() as u64 }
    }
}

impl Follower {
    /// Follows the archives that it is given from now on, with an index in a folder; in a temporary one if
    /// there is none or it cannot be used.
    pub fn start(&self, folder: Option<PathBuf>) {
        let (archives, orders) = mpsc::channel();
        if self.archives.set(archives).is_err() {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let spawned = thread::Builder::new().name("search".into()).spawn(move || {
            // The threads that write and merge inherit this.
            if let Err(error) = rustix::process::setpriority_process(None, NICE) {
                tracing::debug!(%error, "the search index is written at the priority of all else");
            }
            shared.follow(folder.as_deref(), &orders);
        });
        if let Err(error) = spawned {
            self.shared.tell(State::Failing(error.to_string()));
        }
    }

    /// Follows an archive from now on.
    pub fn follow(&self, archive: &Arc<Snapshot>) {
        if let Some(archives) = self.archives.get()
            && archives.send(Arc::clone(archive)).is_err()
        {
            self.shared.tell(State::Failing("its thread has ended".into()));
        }
    }

    /// What changes whenever something else may be found, and is other in each process.
    pub fn version(&self) -> (u64, u64, Arc<State>) {
        (self.nonce, self.index().map_or(0, |index| index.generation()), self.state())
    }

    /// The index, once there is one.
    pub fn index(&self) -> Option<Arc<Index>> {
        self.shared.index.load_full()
    }

    /// How far it is.
    pub fn state(&self) -> Arc<State> {
        self.shared.state.load_full()
    }

    /// Removes what is of no use after the program's end.
    pub fn close(&self) {
        if let Some(scratch) = self.shared.scratch.lock().unwrap_or_else(PoisonError::into_inner).take() {
            scratch.remove();
        }
    }
}

impl Shared {
    fn follow(&self, folder: Option<&Path>, orders: &Receiver<Arc<Snapshot>>) {
        let (mut writer, mut failures): (Option<Writer>, usize) = (None, 0);
        let Ok(mut archive) = orders.recv() else { return };
        loop {
            archive = orders.try_iter().last().unwrap_or(archive);
            let total = archive.listed().len();
            let step = match writer.take() {
                Some(writer) => Ok(writer),
                None => self.open(folder, &archive),
            };
            let step = step.and_then(|mut writer| Ok((writer.follow(&archive)?, writer)));
            match step {
                Ok((left, open)) => {
                    self.show(open.index(), left == 0);
                    writer = Some(open);
                    failures = 0;
                    if left > 0 {
                        self.tell(State::Building { done: total - left.min(total), total });
                        continue;
                    }
                    self.tell(State::Current);
                    match orders.recv() {
                        Ok(next) => archive = next,
                        Err(_) => return,
                    }
                    thread::sleep(GATHERED_FOR);
                }
                Err(error) => {
                    self.tell(State::Failing(error.to_string()));
                    failures += 1;
                    // A folder that was removed can be made again at once.
                    if failures > 1 {
                        thread::sleep(TRIED_AGAIN);
                    }
                }
            }
        }
    }

    /// Notes how far the index is, and says it once when that begins or ends.
    fn tell(&self, state: State) {
        let before = self.state.swap(Arc::new(state.clone()));
        match (&*before, &state) {
            (State::Failing(_), State::Failing(_)) | (State::Building { .. }, State::Building { .. }) => {}
            (State::Waiting, State::Building { done, total }) if done == total => {}
            (_, State::Failing(reason)) => {
                tracing::warn!("the search index cannot be written, and is tried again: {reason}");
            }
            (_, State::Building { done, total }) => {
                tracing::info!(done, total, "the search index is being built; the newest posts come first");
            }
            (State::Current, State::Current) => {}
            (_, State::Current) => tracing::info!("the search index holds every post"),
            (_, State::Waiting) => {}
        }
    }

    /// Opens the index in a folder, or in a temporary one.
    fn open(&self, folder: Option<&Path>, archive: &Snapshot) -> io::Result<Writer> {
        let kept = folder.map(|folder| (folder, open_in(folder)));
        let writer = match kept {
            Some((_, Ok(Some(writer)))) => {
                self.moved.store(false, Ordering::Relaxed);
                writer
            }
            Some((folder, outcome)) => {
                if !self.moved.swap(true, Ordering::Relaxed) {
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
        if **self.state.load() == State::Waiting {
            let total = archive.listed().len();
            self.tell(State::Building { done: writer.index().len().min(total), total });
        }
        self.show(writer.index(), false);
        Ok(writer)
    }

    /// Makes an index the one that is searched, unless it holds less than another that holds all it can.
    fn show(&self, index: &Arc<Index>, is_whole: bool) {
        let is_better = |shown: &Arc<Index>| is_whole || index.len() >= shown.len();
        if self.index.load().as_ref().is_none_or(is_better) {
            self.index.store(Some(Arc::clone(index)));
        }
    }

    fn open_scratch(&self) -> io::Result<Writer> {
        let mut held = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_none_or(|scratch| !scratch.path().is_dir()) {
            *held = Some(Scratch::new()?);
        }
        let scratch = held.as_ref().map_or_else(std::env::temp_dir, |scratch| scratch.path().to_owned());
        tracing::debug!("the search index is in {}", scratch.display());
        open_in(&scratch)?.ok_or_else(|| io::Error::other("another process writes it"))
    }
}

/// The writer of the index in a folder; nothing if another process is that.
fn open_in(folder: &Path) -> io::Result<Option<Writer>> {
    Writer::new(&Index::open(folder)?, BATCH)
}
