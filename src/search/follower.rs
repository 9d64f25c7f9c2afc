//! Has the index follow the archive, in a thread of its own and never in the way of readers.

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

use super::index::Index;
use crate::archive::Snapshot;
use failure::Failure;
use scratch::Scratch;
use worker::Worker;

/// An index that makes no sense so soon after another did was not damaged by a disk.
const TRUSTED_FOR: Duration = Duration::from_secs(3600);

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
    shared: Arc<Shared>,
    /// Other than those of another process.
    nonce: u64,
}

/// What the thread is told.
enum Order {
    Follow(Arc<Snapshot>),
    /// This index is damaged.
    MakeAnew(Arc<Index>),
}

/// What the thread and those who search have in common.
struct Shared {
    orders: OnceLock<Sender<Order>>,
    index: ArcSwapOption<Index>,
    state: ArcSwap<State>,
    scratch: Mutex<Option<Scratch>>,
    /// The index is in a temporary folder though another was named, and that was said.
    moved: AtomicBool,
    /// When an index was last found to be damaged.
    given_up: Mutex<Option<Instant>>,
}

impl Default for Follower {
    fn default() -> Self {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let shared = Shared {
            orders: OnceLock::new(),
            index: ArcSwapOption::empty(),
            state: ArcSwap::from_pointee(State::Waiting),
            scratch: Mutex::default(),
            moved: AtomicBool::new(false),
            given_up: Mutex::default(),
        };
        Self { shared: Arc::new(shared), nonce: clock.as_nanos() as u64 }
    }
}

impl Follower {
    /// Follows the archives that it is given from now on, with an index in a folder; in a temporary one if
    /// there is none or it cannot be used.
    pub fn start(&self, folder: Option<PathBuf>) {
        let (sender, orders) = mpsc::channel();
        if self.shared.orders.set(sender).is_err() {
            return;
        }
        let worker = Worker::new(Arc::clone(&self.shared), folder, orders);
        let spawned = thread::Builder::new().name("search".into()).spawn(move || worker.run());
        if let Err(error) = spawned {
            self.shared.tell(State::Failing(error.to_string()));
        }
    }

    /// Follows an archive from now on.
    pub fn follow(&self, archive: &Arc<Snapshot>) {
        self.shared.order(Order::Follow(Arc::clone(archive)));
    }

    /// Asks the index, if there is one. One that turns out to be damaged is made anew, and is none until then.
    ///
    /// # Errors
    /// When the system refuses something.
    pub fn ask<T>(&self, question: impl FnOnce(&Index) -> io::Result<T>) -> io::Result<Option<T>> {
        let Some(index) = self.shared.index.load_full() else { return Ok(None) };
        match Failure::caught(|| question(&index)) {
            Ok(answer) => Ok(Some(answer)),
            Err(failure) if failure.is_of_system() => failure.raise(),
            Err(failure) if self.shared.give_up(&index, &failure.to_string()) => Ok(None),
            Err(failure) => failure.raise(),
        }
    }

    /// What changes whenever something else may be found, and is other in each process.
    pub fn version(&self) -> (u64, u64, Arc<State>) {
        (self.nonce, self.shared.index.load().as_ref().map_or(0, |index| index.generation()), self.state())
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
    /// Tells the thread something.
    fn order(&self, order: Order) {
        if let Some(orders) = self.orders.get()
            && orders.send(order).is_err()
        {
            self.tell(State::Failing("its thread has ended".into()));
        }
    }

    /// Has an index made anew that makes no sense. Whether it is no longer asked; if one was given up only just,
    /// this one is not, since not the disk is at fault.
    fn give_up(&self, index: &Arc<Index>, reason: &str) -> bool {
        let mut given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.index.load().as_ref().is_some_and(|shown| Arc::ptr_eq(shown, index)) {
            return true;
        }
        if given_up.is_some_and(|at| at.elapsed() < TRUSTED_FOR) {
            return false;
        }
        tracing::error!("the search index in {} is damaged: {reason}", index.folder().display());
        *given_up = Some(Instant::now());
        self.index.store(None);
        self.tell(State::Building { done: 0, total: index.len() });
        self.order(Order::MakeAnew(Arc::clone(index)));
        true
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

    /// Makes an index the one that is searched, unless it holds less than another that holds all it can.
    fn show(&self, index: &Arc<Index>, is_whole: bool) {
        let is_better = |shown: &Arc<Index>| is_whole || index.len() >= shown.len();
        if self.index.load().as_ref().is_none_or(is_better) {
            self.index.store(Some(Arc::clone(index)));
        }
    }
}
