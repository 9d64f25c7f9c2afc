//! The log of a bucket: numbered commits that writers append one after another, and that readers follow.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStore;
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::commit::{self, Commit, CommitDraft, PackRef, StoredFile};
use super::error::BucketError;
use super::fitness;
use super::http_client::Pace;
use super::store::{BucketStore, Created, ObjectSizes};
use super::url::{BucketOptions, BucketScheme, BucketUrl};

/// The format of the layout and of commits.
pub const FORMAT: u64 = 1;

const IDENTITY: &str = "finews.json";

/// Large objects are read in ranges of this size, so that a slow one ends within the time limit of a request.
const RANGE: u64 = 8 << 20;
const RANGES_AT_ONCE: usize = 8;

/// The tries of a conditional write whose result is unknown, and of a read that returns damaged bytes.
const WRITE_TRIES: u32 = 8;
const READ_TRIES: u32 = 2;

/// The first pause between two tries of a write. Each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Smaller objects are decoded at once; the others on a thread for blocking work.
const DECODED_AT_ONCE: usize = 64 << 10;

/// The object that identifies the site of a bucket.
#[derive(Debug, Serialize, Deserialize)]
struct Identity {
    format: u64,
    site: String,
}

/// The archive of one site in a bucket. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Bucket {
    store: Arc<BucketStore>,
    site: Arc<str>,
    pause: Duration,
}

/// The result of an attempt to write a commit.
#[derive(Debug)]
pub enum Appended {
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
        Self::identify(Arc::new(BucketStore::open(url, options)?)).await
    }

    /// Opens the archive of a bucket, and creates it if the bucket has none. The folder of a `file:` URL is created too.
    pub async fn open_or_create(url: &BucketUrl, options: &BucketOptions) -> Result<Self, BucketError> {
        if url.scheme == BucketScheme::File {
            std::fs::create_dir_all(&url.bucket)
                .map_err(|error| BucketError::Settings { url: url.to_string(), reason: error.to_string() })?;
        }
        Self::identify_or_create(Arc::new(BucketStore::open(url, options)?)).await
    }

    /// Uses a store that exists, and creates the archive if it is absent.
    pub async fn from_store(store: Arc<dyn ObjectStore>) -> Result<Self, BucketError> {
        let store = BucketStore::new("memory:///".into(), Path::ROOT, store);
        let bucket = Self::identify_or_create(Arc::new(store)).await?;
        Ok(Self { pause: Duration::ZERO, ..bucket })
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

    /// Reads a commit like [`Self::commit`], but gives up after 2 s and one request.
    pub async fn probe(&self, seq: u64) -> Result<Option<Commit>, BucketError> {
        self.read_commit(Pace::Probe, seq).await
    }

    /// Writes a draft at a position, if the position is free. After an error, the caller appends the same draft again,
    /// because the draft may be in the log.
    pub async fn append(&self, seq: u64, draft: &CommitDraft) -> Result<Appended, BucketError> {
        let key = commit_key(seq);
        let header = draft.header(seq, &self.site);
        let bytes = commit::encode_commit(&header, &draft.files).map_err(|error| self.failed(&key, error))?;
        let mut last = None;
        for attempt in 0..WRITE_TRIES {
            self.pause_before(attempt).await;
            match self.store.create(&key, bytes.clone()).await {
                Ok(Created::Written) => return Ok(Appended::Written),
                Ok(Created::Exists) => {}
                Err(error) if error.is_temporary() => last = Some(error),
                Err(error) => return Err(error),
            }
            // A repeated request may meet its own commit, and a failed one may have succeeded: only the id tells.
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

    /// Writes a pack. A pack with the same content that exists is used.
    pub async fn put_pack(&self, seq: u64, files: &[StoredFile]) -> Result<PackRef, BucketError> {
        let bytes = commit::encode_pack(files).map_err(|error| self.failed("pack", error))?;
        let sha256 = sha256(&bytes);
        let key = format!("pack/{seq:020}-{}.tar.zst", &sha256[..16]);
        let size = bytes.len() as u64;
        let pack = PackRef { key, bytes: size, sha256, files: files.len() as u64 };
        let mut last = None;
        for attempt in 0..WRITE_TRIES {
            self.pause_before(attempt).await;
            let found = match self.store.create(&pack.key, bytes.clone()).await {
                Ok(Created::Written) => return Ok(pack),
                Ok(Created::Exists) => self.store.size(&pack.key).await,
                Err(error) => Err(error),
            };
            match found {
                Ok(Some(found)) if found == size => return Ok(pack),
                Ok(Some(found)) => {
                    return Err(self.damaged(&pack.key, format!("it has {found} bytes, not {size}")));
                }
                Ok(None) => {}
                Err(error) if error.is_temporary() => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| self.contended()))
    }

    /// Reads a pack, and checks its size and hash.
    pub async fn pack(&self, pack: &PackRef) -> Result<Bytes, BucketError> {
        let mut reason = String::new();
        for _ in 0..READ_TRIES {
            let Some(bytes) = self.read_ranges(pack).await? else {
                return Err(self.damaged(&pack.key, "it is missing".into()));
            };
            if bytes.len() as u64 == pack.bytes {
                let hashed = bytes.clone();
                if self.compute(bytes.len(), move || sha256(&hashed)).await? == pack.sha256 {
                    return Ok(bytes);
                }
                reason = "its SHA-256 differs from that in the commit".into();
            } else {
                reason = format!("it has {} bytes, not {}", bytes.len(), pack.bytes);
            }
        }
        Err(self.damaged(&pack.key, reason))
    }

    /// Returns the position of the newest commit, from a known position; 0 if the log is empty.
    pub async fn newest(&self, known: u64) -> Result<u64, BucketError> {
        let (mut there, mut step) = (known, 1);
        let mut absent = loop {
            let next = there + step;
            if self.store.size(&commit_key(next)).await?.is_none() {
                break next;
            }
            (there, step) = (next, step * 2);
        };
        while there + 1 < absent {
            let middle = there + (absent - there) / 2;
            if self.store.size(&commit_key(middle)).await?.is_some() {
                there = middle;
            } else {
                absent = middle;
            }
        }
        Ok(there)
    }

    /// Returns whether conditional writes of the store have at most one winner.
    pub async fn is_fit(&self) -> Result<bool, BucketError> {
        fitness::is_fit(&self.store).await
    }

    /// The sizes of the log and of the packs. This lists the bucket, so only commands for people call it.
    pub async fn sizes(&self) -> Result<(ObjectSizes, ObjectSizes), BucketError> {
        Ok((self.store.sizes("log").await?, self.store.sizes("pack").await?))
    }

    async fn identify(store: Arc<BucketStore>) -> Result<Self, BucketError> {
        let url = store.name().to_owned();
        let Some(bytes) = store.get(Pace::Normal, IDENTITY, None).await? else {
            return Err(BucketError::Absent { url });
        };
        // A later format may have other fields.
        let format =
            serde_json::from_slice::<serde_json::Value>(&bytes).ok().and_then(|json| json["format"].as_u64());
        if let Some(found) = format.filter(|format| *format != FORMAT) {
            return Err(BucketError::OtherFormat { url, found, expected: FORMAT });
        }
        let is_hex = |site: &str| site.len() == 32 && site.bytes().all(|byte| byte.is_ascii_hexdigit());
        match serde_json::from_slice::<Identity>(&bytes) {
            Ok(Identity { site, .. }) if is_hex(&site) => {
                Ok(Self { store, site: site.into(), pause: FIRST_PAUSE })
            }
            Ok(_) => {
                let reason = "its `site` has not 32 hexadecimal digits".into();
                Err(BucketError::Damaged { url, key: IDENTITY.into(), reason })
            }
            Err(error) => Err(BucketError::Damaged { url, key: IDENTITY.into(), reason: error.to_string() }),
        }
    }

    async fn identify_or_create(store: Arc<BucketStore>) -> Result<Self, BucketError> {
        let identity = format!(r#"{{"format":{FORMAT},"site":"{}"}}"#, commit::random_id());
        let mut attempt = 0;
        loop {
            attempt += 1;
            match Self::identify(Arc::clone(&store)).await {
                Err(BucketError::Absent { .. }) => {}
                Err(error) if error.is_temporary() && attempt < WRITE_TRIES => continue,
                other => return other,
            }
            // Another writer may be first, so the object is read again in any case.
            match store.create(IDENTITY, identity.clone().into()).await {
                Ok(_) => {}
                Err(error) if error.is_temporary() && attempt < WRITE_TRIES => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn read_commit(&self, pace: Pace, seq: u64) -> Result<Option<Commit>, BucketError> {
        let key = commit_key(seq);
        let mut reason = String::new();
        // The network may damage an answer, so damaged bytes are read again.
        for _ in 0..READ_TRIES {
            let Some(bytes) = self.store.get(pace, &key, None).await? else { return Ok(None) };
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

    async fn read_ranges(&self, pack: &PackRef) -> Result<Option<Bytes>, BucketError> {
        if pack.bytes <= RANGE {
            return self.store.get(Pace::Normal, &pack.key, None).await;
        }
        let starts = (0..pack.bytes).step_by(RANGE as usize);
        let ranges: Vec<Range<u64>> = starts.map(|start| start..(start + RANGE).min(pack.bytes)).collect();
        let reads = ranges.into_iter().map(|range| {
            let (store, key) = (Arc::clone(&self.store), pack.key.clone());
            async move { store.get(Pace::Normal, &key, Some(range)).await }
        });
        let mut parts = stream::iter(reads).buffered(RANGES_AT_ONCE);
        let mut whole = BytesMut::new();
        while let Some(part) = parts.try_next().await? {
            let Some(part) = part else { return Ok(None) };
            whole.extend_from_slice(&part);
        }
        Ok(Some(whole.freeze()))
    }

    /// Does work that takes long for large objects.
    async fn compute<T: Send + 'static>(
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

    async fn pause_before(&self, attempt: u32) {
        if attempt > 0 && !self.pause.is_zero() {
            tokio::time::sleep(self.pause * 2_u32.pow(attempt - 1)).await;
        }
    }

    fn damaged(&self, key: &str, reason: String) -> BucketError {
        BucketError::Damaged { url: self.name().to_owned(), key: key.to_owned(), reason }
    }

    fn failed(&self, key: &str, error: impl ToString) -> BucketError {
        BucketError::Failed { url: self.name().to_owned(), key: key.to_owned(), reason: error.to_string() }
    }

    fn contended(&self) -> BucketError {
        let reason = "it refuses a write as if the object existed, and then has no such object".into();
        BucketError::Unreachable { url: self.name().to_owned(), reason }
    }
}

/// The key of a commit.
pub fn commit_key(seq: u64) -> String {
    format!("log/{seq:020}.tar.zst")
}

fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
