//! Size and checksum of each month's file. A background thread computes them on the first request. If a month
//! only grows, hashing continues at the end of the former file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use xxhash_rust::xxh3::Xxh3;

use crate::archive::Snapshot;
use crate::web::documents::dataset::lines::MonthLines;

/// Size and checksum of a month's file, uncompressed.
#[derive(Debug, Clone)]
pub(crate) struct Checksum {
    /// Number of posts; each is one line.
    pub(crate) posts: usize,
    /// Size of the file in bytes.
    pub(crate) bytes: u64,
    /// SHA-256 of the file, in hexadecimal digits.
    pub(crate) sha256: String,
    /// A hash of the posts' versions.
    version: u64,
    /// The state of SHA-256 at the end of the file.
    hasher: Sha256,
}

type MonthChecksums = BTreeMap<NaiveDate, Arc<Checksum>>;

/// A checksum, and the newest generation that it is valid for.
type KnownChecksum = (u64, Arc<Checksum>);

/// The known checksums.
#[derive(Default)]
pub(crate) struct Checksums {
    state: Mutex<ChecksumState>,
    /// The newest generation with all checksums known.
    complete: watch::Sender<u64>,
}

#[derive(Default)]
struct ChecksumState {
    is_running: bool,
    months: BTreeMap<NaiveDate, KnownChecksum>,
}

impl Checksums {
    /// Returns the known checksums of an archive. Waits up to `timeout` for missing ones.
    pub(crate) async fn wait_for(
        self: &Arc<Self>,
        archive: &Arc<Snapshot>,
        generation: u64,
        core: &Arc<Semaphore>,
        timeout: Duration,
    ) -> MonthChecksums {
        let mut complete = self.complete.subscribe();
        let all_known = async {
            while *complete.borrow_and_update() < generation {
                self.start(archive, generation, core);
                // The sender lives as long as `self`.
                let _ = complete.changed().await;
            }
        };
        // Checksums that are still missing are left out.
        let _ = tokio::time::timeout(timeout, all_known).await;
        let state = self.state();
        let current = state.months.iter().filter(|(_, (of, _))| *of >= generation);
        current.map(|(month, (_, sum))| (*month, Arc::clone(sum))).collect()
    }

    /// Starts to compute the checksums, unless a thread does so already.
    fn start(self: &Arc<Self>, archive: &Arc<Snapshot>, generation: u64, core: &Arc<Semaphore>) {
        if std::mem::replace(&mut self.state().is_running, true) {
            return;
        }
        let (sums, archive, core) = (Arc::clone(self), Arc::clone(archive), Arc::clone(core));
        let runtime = Handle::current();
        let thread = std::thread::Builder::new().name("sums".into());
        let started = thread.spawn(move || {
            let running = RunningGuard(&sums);
            sums.update(&archive, generation, || runtime.block_on(Arc::clone(&core).acquire_owned()).ok());
            drop(running);
            // A request that waits for another generation starts the computation again.
            sums.complete.send_modify(|complete| *complete = (*complete).max(generation));
        });
        if let Err(error) = started {
            tracing::error!("cannot start the thread for checksums of archive downloads: {error}");
            self.state().is_running = false;
        }
    }

    /// Computes the checksum of each month that has changed, newest first. `permit` waits until a part may be
    /// produced, and returns a permit that is held until the part is hashed.
    fn update<T>(&self, archive: &Arc<Snapshot>, generation: u64, permit: impl Fn() -> T) {
        let months = archive.months_of(archive.listed());
        self.state().months.retain(|first, _| months.iter().any(|month| month.day == *first));
        for month in months.iter().rev() {
            let known = self.state().months.get(&month.day).map(|(_, sum)| Arc::clone(sum));
            match sum_of(archive, &month.places, known.as_deref(), &permit) {
                Ok(other) => {
                    let sum = other.map(Arc::new).or(known);
                    self.state().months.extend(sum.map(|sum| (month.day, (generation, sum))));
                }
                Err(error) => {
                    self.state().months.remove(&month.day);
                    tracing::error!(
                        "cannot compute the checksum of the archive download {}: {error}",
                        month.day.format("%Y-%m")
                    );
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, ChecksumState> {
        // Each checksum is complete, so the state is valid even after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks the computation as running until it is dropped.
struct RunningGuard<'s>(&'s Checksums);

impl Drop for RunningGuard<'_> {
    fn drop(&mut self) {
        self.0.state().is_running = false;
    }
}

/// Computes the checksum of a range of posts. Returns `None` if it equals the known one.
fn sum_of<T>(
    archive: &Arc<Snapshot>,
    places: &Range<usize>,
    known: Option<&Checksum>,
    permit: impl Fn() -> T,
) -> io::Result<Option<Checksum>> {
    let mut versions = Xxh3::new();
    // The lines hold dates in this time zone.
    versions.update(archive.zone().name().as_bytes());
    let mut goes_on = None;
    for (count, id) in archive.listed().range(places.clone()).enumerate() {
        if known.is_some_and(|known| known.posts == count && known.version == versions.digest()) {
            goes_on = known;
        }
        versions.update(&archive.listed_version(id).to_le_bytes());
    }
    let version = versions.digest();
    if known.is_some_and(|known| (known.posts, known.version) == (places.len(), version)) {
        return Ok(None);
    }
    let (mut hasher, mut bytes, done) =
        goes_on.map_or((Sha256::new(), 0, 0), |known| (known.hasher.clone(), known.bytes, known.posts));
    let mut lines = MonthLines::new(Arc::clone(archive), places.start + done..places.end, false);
    while !lines.is_done() {
        let _permit = permit();
        let part = lines.next_part()?;
        bytes += part.len() as u64;
        hasher.update(&part);
    }
    let mut sha256 = String::new();
    for byte in hasher.clone().finalize() {
        // Writing to a `String` does not fail.
        let _ = write!(sha256, "{byte:02x}");
    }
    Ok(Some(Checksum { posts: places.len(), bytes, sha256, version, hasher }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Progress;
    use crate::config::{Config, Overrides};
    use crate::web::paths;

    /// Returns an archive with this many posts in one month.
    fn archive(posts: usize) -> Arc<Snapshot> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("_posts")).expect("a folder");
        for number in 0..posts {
            let path = folder.path().join(format!("_posts/2024-01-{:02}-p.md", number + 1));
            std::fs::write(
                path,
                format!(
                    "Text {number}.
"
                ),
            )
            .expect("a file");
        }
        let config = Config::read(folder.path(), &Overrides::default(), &|_| None).expect("a configuration");
        Arc::new(
            crate::archive::load(&config, paths::RESERVED_PATHS, &Progress::default()).expect("an archive"),
        )
    }

    fn sum(posts: usize, known: Option<&Checksum>) -> Option<Checksum> {
        sum_of(&archive(posts), &(0..posts), known, || ()).expect("whole articles")
    }

    #[test]
    fn checksum_continues_from_the_known_part_of_a_file() {
        let three = sum(3, None).expect("a sum");
        let four = sum(4, None).expect("another");
        assert_eq!(sum(4, Some(&three)).map(|sum| sum.sha256), Some(four.sha256));
        assert!(sum(3, Some(&three)).is_none());
        // The checksum of an unchanged beginning is trusted, so a wrong size in it shows in the result.
        let known = Checksum { bytes: three.bytes + 7, ..three.clone() };
        assert_eq!(sum(4, Some(&known)).map(|sum| sum.bytes), Some(four.bytes + 7));
        let other = Checksum { version: three.version ^ 1, ..known };
        assert_eq!(sum(4, Some(&other)).map(|sum| sum.bytes), Some(four.bytes));
    }
}
