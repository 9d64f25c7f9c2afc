//! The log of a bucket: numbered commits that writers append one after another, and that readers follow.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStore;
use object_store::path::Path;

use super::commit::{self, Commit, CommitDraft};
use super::error::BucketError;
use super::fitness;
use super::http_client::Pace;
use super::identity;
use super::store::{BucketStore, Created, ObjectSizes};
use super::url::{BucketOptions, BucketScheme, BucketUrl};

/// The tries of a conditional write whose result is unknown, and of a read that returns damaged bytes.
pub(super) const WRITE_TRIES: u32 = 8;
pub(super) const READ_TRIES: u32 = 2;

/// The first pause between two tries of a write. Each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The first bytes of a commit, which nearly always have its id: a block of zstd has at most 128 KiB.
const START: u64 = 256 << 10;

/// Smaller objects are decoded at once; the others on a thread for blocking work.
const DECODED_AT_ONCE: usize = 64 << 10;

/// The archive of one site in a bucket. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Bucket {
    pub(super) store: Arc<BucketStore>,
    site: Arc<str>,
    pause: Duration,
    /// True for a bucket in a folder, which may be on a disk that is not mounted.
    is_folder: bool,
}

/// The result of an attempt to write a commit.
#[derive(Debug)]
pub enum Appended {
    /// The draft is in the log.
    Written,
    /// Another writer was first; this is its commit.
    Other(Commit),
}

impl Bucket {
    /// Opens the archive of a bucket.
    ///
    /// # Errors
    /// [`BucketError::Absent`] if the bucket has none.
    pub async fn open(url: &BucketUrl, options: &BucketOptions) -> Result<Self, BucketError> {
        let store = BucketStore::open(url, options)?;
        let site = identity::read_site(&store).await?;
        Ok(Self { is_folder: url.scheme == BucketScheme::File, ..Self::new(store, &site, FIRST_PAUSE) })
    }

    /// Opens the archive of a bucket, and creates it if the bucket has none. The folder of a `file:` URL is created too,
    /// but not the folders above it, because they may be on a disk that is not mounted.
    pub async fn open_or_create(url: &BucketUrl, options: &BucketOptions) -> Result<Self, BucketError> {
        let is_folder = url.scheme == BucketScheme::File;
        if is_folder {
            create_folder(&url.bucket)
                .map_err(|reason| BucketError::Settings { url: url.to_string(), reason })?;
        }
        let store = BucketStore::open(url, options)?;
        let site = identity::read_or_create_site(&store).await?;
        Ok(Self { is_folder, ..Self::new(store, &site, FIRST_PAUSE) })
    }

    /// Uses a store that exists, as the archive of a site.
    pub fn from_store(store: Arc<dyn ObjectStore>, site: &str) -> Self {
        let store = BucketStore::new("memory:///".into(), Path::ROOT, store);
        Self::new(store, site, Duration::ZERO)
    }

    fn new(store: BucketStore, site: &str, pause: Duration) -> Self {
        Self { store: Arc::new(store), site: site.into(), pause, is_folder: false }
    }

    /// The id of the site: 32 hexadecimal digits.
    pub fn site(&self) -> &str {
        &self.site
    }

    /// The URL of the bucket, for messages.
    pub fn name(&self) -> &str {
        self.store.name()
    }

    /// Reads a commit; `None` if the log ends before it.
    pub async fn commit(&self, seq: u64) -> Result<Option<Commit>, BucketError> {
        self.read_commit(Pace::Normal, seq).await
    }

    /// Reads a commit like [`Self::commit`], but without repetitions, and for at most 2 s a request unless the commit
    /// exists.
    pub async fn probe(&self, seq: u64) -> Result<Option<Commit>, BucketError> {
        let probed = self.read_commit(Pace::Probe, seq).await;
        // The transfer of a large commit may take longer than a probe.
        if probed.as_ref().is_err_and(BucketError::is_temporary)
            && self.store.size(Pace::Probe, &commit_key(seq)).await.is_ok_and(|size| size.is_some())
        {
            return self.commit(seq).await;
        }
        probed
    }

    /// Returns whether the log has a commit with this id at a position. Each commit matches an empty id.
    pub async fn has_commit(&self, seq: u64, id: &str) -> Result<bool, BucketError> {
        let key = commit_key(seq);
        match self.store.size(Pace::Normal, &key).await? {
            None => {
                self.check_folder().await?;
                return Ok(false);
            }
            Some(_) if id.is_empty() => return Ok(true),
            Some(size) if size > START => {
                let start = self.store.get(Pace::Normal, &key, Some(0..START)).await?;
                if start.and_then(|bytes| commit::decode_id(&bytes)).is_some_and(|found| found == id) {
                    return Ok(true);
                }
            }
            Some(_) => {}
        }
        Ok(self.commit(seq).await?.is_some_and(|commit| commit.header.id == id))
    }

    /// Writes a draft at a position, if the position is free. After an error, the caller appends the same draft again,
    /// because the draft may be in the log.
    pub async fn append(&self, seq: u64, draft: &CommitDraft) -> Result<Appended, BucketError> {
        let key = commit_key(seq);
        let header = draft.header(seq, &self.site);
        let bytes = commit::encode_commit(&header, &draft.files).map_err(|error| self.failed(&key, error))?;
        self.check_folder().await?;
        let mut last = None;
        for attempt in 0..WRITE_TRIES {
            self.pause_before(attempt).await;
            match self.store.create(&key, bytes.clone()).await {
                Ok(Created::Written) => return Ok(Appended::Written),
                Ok(Created::Exists) => {}
                Err(error) if error.is_temporary() => last = Some(error),
                Err(error) => return Err(error),
            }
            // A repeated request may meet its own commit, and a failed one may have succeeded. Only the id identifies it.
            match self.commit(seq).await {
                Ok(Some(found)) if found.header.id == draft.id() => return Ok(Appended::Written),
                Ok(Some(found)) => return Ok(Appended::Other(found)),
                Ok(None) => {}
                Err(error) if error.is_temporary() => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| self.contended()))
    }

    /// Returns the position of the newest commit, from a known position; 0 if the log is empty.
    ///
    /// # Errors
    /// [`BucketError::Damaged`] if the commit after it is missing and later ones exist. A gap before it is found when the
    /// commits are read.
    pub async fn newest(&self, known: u64) -> Result<u64, BucketError> {
        let (mut there, mut step) = (known, 1);
        let mut absent = loop {
            let next = there + step;
            if !self.exists(next).await? {
                break next;
            }
            (there, step) = (next, step * 2);
        };
        while there + 1 < absent {
            let middle = there + (absent - there) / 2;
            if self.exists(middle).await? {
                there = middle;
            } else {
                absent = middle;
            }
        }
        self.check_folder().await?;
        self.check_end(there).await?;
        Ok(there)
    }

    /// Fails if the commit after this position is missing and one of three later ones exists.
    pub(super) async fn check_end(&self, end: u64) -> Result<(), BucketError> {
        let (second, fourth, last) =
            tokio::try_join!(self.exists(end + 2), self.exists(end + 4), self.exists(end + 16))?;
        // Writers may have been faster than these requests.
        if (second || fourth || last) && !self.exists(end + 1).await? {
            return Err(self.damaged(&commit_key(end + 1), "it is missing, and later commits exist".into()));
        }
        Ok(())
    }

    async fn exists(&self, seq: u64) -> Result<bool, BucketError> {
        Ok(self.store.size(Pace::Normal, &commit_key(seq)).await?.is_some())
    }

    /// Returns whether conditional writes of the store have at most one winner.
    pub async fn is_fit(&self) -> Result<bool, BucketError> {
        fitness::is_fit(&self.store).await
    }

    /// The sizes of the log and of the packs. This lists the bucket, so only commands for people call it.
    pub async fn sizes(&self) -> Result<(ObjectSizes, ObjectSizes), BucketError> {
        Ok((self.store.sizes("log").await?, self.store.sizes("pack").await?))
    }

    async fn read_commit(&self, pace: Pace, seq: u64) -> Result<Option<Commit>, BucketError> {
        let key = commit_key(seq);
        let mut reason = String::new();
        // The network may damage an answer, so damaged bytes are read again.
        for _ in 0..READ_TRIES {
            let Some(bytes) = self.store.get(pace, &key, None).await? else {
                self.check_folder().await?;
                return Ok(None);
            };
            match self.compute(bytes.len(), move || commit::decode_commit(&bytes)).await? {
                Ok(commit) if commit.header.seq != seq => {
                    return Err(self.damaged(&key, format!("it has number {}", commit.header.seq)));
                }
                Ok(commit) if *commit.header.site != *self.site => {
                    let (url, found) = (self.name().to_owned(), commit.header.site);
                    return Err(BucketError::OtherSite { url, key, found, expected: self.site.to_string() });
                }
                Ok(commit) => return Ok(Some(commit)),
                Err(error) => reason = error,
            }
        }
        Err(self.damaged(&key, reason))
    }

    /// Fails if the folder of the bucket has lost its archive, like that of a disk that is not mounted.
    pub(super) async fn check_folder(&self) -> Result<(), BucketError> {
        if !self.is_folder || self.store.size(Pace::Normal, identity::KEY).await?.is_some() {
            return Ok(());
        }
        let reason = format!("its folder has lost `{}`; if it is on a disk, mount the disk", identity::KEY);
        Err(BucketError::Unreachable { url: self.name().to_owned(), reason })
    }

    /// Does work that takes long for large objects.
    pub(super) async fn compute<T: Send + 'static>(
        &self,
        size: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, BucketError> {
        if size < DECODED_AT_ONCE {
            return Ok(work());
        }
        let stopped =
            |_| BucketError::Unreachable { url: self.name().to_owned(), reason: "finews stops".into() };
        tokio::task::spawn_blocking(work).await.map_err(stopped)
    }

    pub(super) async fn pause_before(&self, attempt: u32) {
        if attempt > 0 && !self.pause.is_zero() {
            tokio::time::sleep(self.pause * 2_u32.pow(attempt - 1)).await;
        }
    }

    pub(super) fn damaged(&self, key: &str, reason: String) -> BucketError {
        BucketError::Damaged { url: self.name().to_owned(), key: key.to_owned(), reason }
    }

    pub(super) fn failed(&self, key: &str, error: impl ToString) -> BucketError {
        BucketError::Failed { url: self.name().to_owned(), key: key.to_owned(), reason: error.to_string() }
    }

    pub(super) fn contended(&self) -> BucketError {
        let reason = "it refuses a write as if the object existed, and then has no such object".into();
        BucketError::Unreachable { url: self.name().to_owned(), reason }
    }
}

/// Creates the folder of a bucket unless it exists. Returns the reason of a failure.
fn create_folder(folder: &str) -> Result<(), String> {
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err("the folder above it does not exist; mount its disk, or create the folder".into())
        }
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// The key of a commit.
pub fn commit_key(seq: u64) -> String {
    format!("log/{seq:020}.tar.zst")
}

#[cfg(test)]
mod tests;
