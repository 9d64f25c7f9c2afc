//! The sums of months: how many bytes a file has, and which. They are taken in the background when first
//! asked for. A month that only went on is not read anew: its file begins with what it was before.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use xxhash_rust::xxh3::Xxh3;

use super::lines::Lines;
use crate::archive::Snapshot;

/// What is known of a month's file, unpacked.
#[derive(Debug, Clone)]
pub struct Sum {
    /// Posts, one a line.
    pub posts: usize,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// A hash of the posts' versions.
    version: u64,
    /// Goes on where the file ends.
    hasher: Sha256,
}

type Months = BTreeMap<NaiveDate, Arc<Sum>>;

/// The sums that are known.
pub struct Sums {
    state: Mutex<State>,
    /// Which generation they are of, once they are complete.
    complete: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    is_running: bool,
    months: Months,
}

impl Default for Sums {
    fn default() -> Self {
        Self { state: Mutex::default(), complete: watch::channel(u64::MAX).0 }
    }
}

impl Sums {
    /// The sums that are known of an archive, or are within this time.
    pub(super) async fn of(
        self: &Arc<Self>,
        archive: &Arc<Snapshot>,
        generation: u64,
        patience: Duration,
    ) -> Months {
        let mut complete = self.complete.subscribe();
        let all_known = async {
            while *complete.borrow_and_update() != generation {
                self.take(archive, generation);
                // The sender lives as long as this.
                let _ = complete.changed().await;
            }
        };
        // What is not known then is left out.
        let _ = tokio::time::timeout(patience, all_known).await;
        self.state().months.clone()
    }

    /// Begins to take the sums, unless that is being done.
    fn take(self: &Arc<Self>, archive: &Arc<Snapshot>, generation: u64) {
        if std::mem::replace(&mut self.state().is_running, true) {
            return;
        }
        let (sums, archive) = (Arc::clone(self), Arc::clone(archive));
        let thread = std::thread::Builder::new().name("sums".into());
        let started = thread.spawn(move || {
            let taken = sums.update(&archive);
            sums.state().is_running = false;
            match taken {
                // Who waits for another generation begins anew.
                Ok(()) => sums.complete.send_replace(generation),
                Err(error) => {
                    tracing::error!("the sum of a month could not be taken: {error}");
                    u64::MAX
                }
            }
        });
        if let Err(error) = started {
            tracing::error!("the sums of months are not taken: {error}");
            self.state().is_running = false;
        }
    }

    /// Takes the sum of each month that is another than it was, newest first.
    fn update(&self, archive: &Arc<Snapshot>) -> io::Result<()> {
        let months = archive.months_of(archive.listed());
        self.state().months.retain(|first, _| months.iter().any(|month| month.day == *first));
        for month in months.iter().rev() {
            let known = self.state().months.get(&month.day).map(Arc::clone);
            let sum = sum_of(archive, &month.places, known.as_deref())?;
            if let Some(sum) = sum {
                self.state().months.insert(month.day, Arc::new(sum));
            }
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each sum is whole, whoever has panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The sum of posts at some places, or nothing if it is what was known.
fn sum_of(archive: &Arc<Snapshot>, places: &Range<usize>, known: Option<&Sum>) -> io::Result<Option<Sum>> {
    let mut versions = Xxh3::new();
    // Dates are written in the zone.
    versions.update(archive.zone().name().as_bytes());
    let mut goes_on = None;
    for (count, id) in archive.listed().range(places.clone()).enumerate() {
        if known.is_some_and(|known| known.posts == count && known.version == versions.digest()) {
            goes_on = known;
        }
        versions.update(&archive.post(id).hash.to_le_bytes());
    }
    let version = versions.digest();
    if known.is_some_and(|known| (known.posts, known.version) == (places.len(), version)) {
        return Ok(None);
    }
    let (mut hasher, mut bytes, done) =
        goes_on.map_or((Sha256::new(), 0, 0), |known| (known.hasher.clone(), known.bytes, known.posts));
    let mut lines = Lines::new(Arc::clone(archive), places.start + done..places.end, false);
    while !lines.is_done() {
        let part = lines.next_part()?;
        bytes += part.len() as u64;
        hasher.update(&part);
    }
    let mut sha256 = String::new();
    for byte in hasher.clone().finalize() {
        // A text takes whatever is written.
        let _ = write!(sha256, "{byte:02x}");
    }
    Ok(Some(Sum { posts: places.len(), bytes, sha256, version, hasher }))
}
