//! The access log, and its sampling while the server rejects requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::config::AccessLog;
use crate::web::admin::metrics::Rejection;

/// While requests are rejected for lack of room, one line in this number is written: hundreds of thousands of
/// lines would help no operator.
pub(crate) const SAMPLED: u64 = 64;
/// How long sampling continues after the last rejection.
const SAMPLED_FOR: Duration = Duration::from_secs(1);
/// Least time between two warnings about rejections.
const SAID_EVERY: Duration = Duration::from_secs(10);

/// The access log. It samples lines while the server rejects requests.
#[derive(Debug)]
pub struct Log {
    pub(crate) which: AccessLog,
    start: Instant,
    /// Time of the last rejection for lack of room, in milliseconds since `start`; 0 before the first.
    rejected: AtomicU64,
    /// Time of the last warning about rejections, likewise.
    said: AtomicU64,
    count: AtomicU64,
}

impl Log {
    /// A log of the requests that `which` selects.
    pub fn new(which: AccessLog) -> Self {
        let (rejected, said, count) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        Self { which, start: Instant::now(), rejected, said, count }
    }

    /// Records a rejection, and warns about rejections from time to time.
    pub(crate) fn record_rejection(&self, reason: Rejection) {
        let now = self.now();
        // A single address over its rate limit is no reason to sample the lines of all others.
        if reason != Rejection::SearchRate {
            self.rejected.store(now, Ordering::Relaxed);
        }
        let said = self.said.load(Ordering::Relaxed);
        let is_due = said == 0 || u128::from(now - said.min(now)) >= SAID_EVERY.as_millis();
        if is_due && self.said.compare_exchange(said, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            tracing::warn!("rejecting clients: {reason}");
        }
    }

    /// Milliseconds since `start`, plus 1.
    fn now(&self) -> u64 {
        self.start.elapsed().as_millis() as u64 + 1
    }

    /// Returns `None` without sampling; otherwise whether the line is written.
    pub(crate) fn sample(&self) -> Option<bool> {
        let rejected = self.rejected.load(Ordering::Relaxed);
        let since = self.now().saturating_sub(rejected);
        (rejected > 0 && u128::from(since) <= SAMPLED_FOR.as_millis())
            .then(|| self.count.fetch_add(1, Ordering::Relaxed).is_multiple_of(SAMPLED))
    }
}
