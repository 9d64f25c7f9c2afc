//! The progress of a replica, for the metrics and `/readyz?verbose`.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The position of a replica in the log of its bucket; empty for a server that reads a folder.
#[derive(Debug, Default)]
pub(crate) struct ReplicaStatus {
    last: Mutex<Option<(u64, Instant)>>,
}

impl ReplicaStatus {
    /// Records an answer of the bucket: the replica has all commits up to this position.
    pub(crate) fn record_answer(&self, position: u64) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((position, Instant::now()));
    }

    /// The position, and the time since the last answer.
    pub(crate) fn get(&self) -> Option<(u64, Duration)> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.map(|(position, at)| (position, at.elapsed()))
    }
}
