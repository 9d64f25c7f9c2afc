//! Packs: the files of large commits, in objects of their own.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, TryStreamExt, stream};
use sha2::{Digest, Sha256};

use super::commit::{self, PackRef, StoredFile};
use super::error::BucketError;
use super::http_client::Pace;
use super::log::{Bucket, READ_TRIES, WRITE_TRIES};
use super::store::Created;

/// Large objects are read in ranges of this size, so that a slow one ends within the time limit of a request.
const RANGE: u64 = 8 << 20;
const RANGES_AT_ONCE: usize = 8;

impl Bucket {
    /// Writes a pack. A pack with the same content that exists is used.
    pub async fn put_pack(&self, seq: u64, files: &[StoredFile]) -> Result<PackRef, BucketError> {
        let bytes = commit::encode_pack(files).map_err(|error| self.failed("pack", error))?;
        let sha256 = sha256(&bytes);
        let key = format!("pack/{seq:020}-{}.tar.zst", &sha256[..16]);
        let size = bytes.len() as u64;
        let pack = PackRef { key, bytes: size, sha256, files: files.len() as u64 };
        self.check_folder().await?;
        let mut last = None;
        for attempt in 0..WRITE_TRIES {
            self.pause_before(attempt).await;
            let found = match self.store.create(&pack.key, bytes.clone()).await {
                Ok(Created::Written) => return Ok(pack),
                Ok(Created::Exists) => self.store.size(Pace::Normal, &pack.key).await,
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
        // A buffer that grows would take more than the size of the pack.
        let mut whole = BytesMut::with_capacity(commit::reserved(pack.bytes));
        while let Some(part) = parts.try_next().await? {
            let Some(part) = part else { return Ok(None) };
            whole.extend_from_slice(&part);
        }
        Ok(Some(whole.freeze()))
    }
}

fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
