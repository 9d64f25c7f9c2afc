//! The versions of the site's files, and the validators of each. Validators depend on nothing that differs between
//! two copies of a folder, such as inodes, so that servers with copies answer alike.

use std::fs::{Metadata, metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderValue;
use quick_cache::sync::Cache;

use crate::archive::file_version::RESTED_AFTER;

/// Minimum age of a file's last change for validators that identify its bytes. Clocks of file systems advance in
/// steps of up to two seconds; two changes within a step have the same mtime.
const STRONG_AFTER: Duration = Duration::from_secs(2);
/// Number of text files whose hash is kept.
const MOST_HASHED: usize = 8192;

/// Distinguishes the versions of a file by its metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileIdentity {
    pub(super) size: u64,
    /// The mtime in nanoseconds since 1970. A copy of the file keeps it.
    modified: i128,
    /// The ctime in nanoseconds since 1970. Only the system sets it.
    changed: i128,
    inode: u64,
}

impl FileIdentity {
    pub(super) fn new(meta: &Metadata) -> Self {
        let nanoseconds = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Self {
            size: meta.len(),
            modified: nanoseconds(meta.mtime(), meta.mtime_nsec()),
            changed: nanoseconds(meta.ctime(), meta.ctime_nsec()),
            inode: meta.ino(),
        }
    }

    pub(super) fn from_path(path: &Path) -> io::Result<Self> {
        metadata(path).map(|meta| Self::new(&meta))
    }

    /// The ETag of the file without encoding. For the first seconds after a change, it is weak and differs from the
    /// later one, so that no client keeps bytes that a second change within the same mtime has replaced.
    pub(super) fn etag(&self) -> HeaderValue {
        let Self { size, modified, .. } = self;
        let etag = if self.rested_for(STRONG_AFTER) {
            format!("\"{size:x}-{modified:x}\"")
        } else {
            format!("W/\"{size:x}-{modified:x}-new\"")
        };
        // Hexadecimal digits are always valid in a header.
        HeaderValue::try_from(etag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
    }

    /// The mtime in seconds since 1970.
    pub(super) fn seconds(&self) -> i64 {
        i64::try_from(self.modified.div_euclid(1_000_000_000)).unwrap_or(i64::MAX)
    }

    /// The mtime for `Last-Modified`. `None` for the first seconds after a change, since the file may change once more
    /// within the same second.
    pub(super) fn last_modified(&self) -> Option<i64> {
        self.rested_for(STRONG_AFTER).then(|| self.seconds())
    }

    /// Returns whether the file has not changed for a moment, so that a further change gives it another identity.
    pub(super) fn is_settled(&self) -> bool {
        self.rested_for(RESTED_AFTER)
    }

    fn rested_for(&self, time: Duration) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i128::try_from(now.as_nanos()).unwrap_or(i128::MAX);
        (now - self.modified).unsigned_abs() >= time.as_nanos()
    }
}

/// The hashes of text files, by the path and identity of each.
pub(super) struct TextHashes(Cache<Box<Path>, (FileIdentity, u128)>);

impl Default for TextHashes {
    fn default() -> Self {
        Self(Cache::new(MOST_HASHED))
    }
}

impl TextHashes {
    pub(super) fn get(&self, file: &Path, identity: FileIdentity) -> Option<u128> {
        self.0.get(file).filter(|(known, _)| *known == identity).map(|(_, hash)| hash)
    }

    pub(super) fn insert(&self, file: &Path, identity: FileIdentity, hash: u128) {
        self.0.insert(file.into(), (identity, hash));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(age: Duration, inode: u64) -> FileIdentity {
        let modified = (SystemTime::now() - age).duration_since(UNIX_EPOCH).expect("after 1970");
        let modified = i128::try_from(modified.as_nanos()).expect("a time");
        FileIdentity { size: 10, modified, changed: modified, inode }
    }

    #[test]
    fn validators_of_a_recent_change_are_weak() {
        let is_weak = |identity: &FileIdentity| identity.etag().as_bytes().starts_with(b"W/");
        let mut identity = identity(Duration::ZERO, 1);
        assert!(is_weak(&identity) && identity.last_modified().is_none());
        identity.modified -= 1_000_000_000;
        assert!(is_weak(&identity) && identity.last_modified().is_none() && identity.is_settled());
        identity.modified -= 1_500_000_000;
        assert!(!is_weak(&identity) && identity.last_modified() == Some(identity.seconds()));
    }

    #[test]
    fn copy_of_a_file_has_the_same_etag() {
        let hour = Duration::from_secs(3600);
        let first = identity(hour, 1);
        let copy = FileIdentity { inode: 2, changed: first.changed + 1, ..first };
        assert_eq!(copy.etag(), first.etag());
        for other in [
            FileIdentity { modified: first.modified + 1, ..first },
            FileIdentity { size: first.size + 1, ..first },
        ] {
            assert_ne!(other.etag(), first.etag());
        }
    }

    #[test]
    fn hash_counts_for_one_identity() {
        let (hashes, file) = (TextHashes::default(), Path::new("/site/a.css"));
        let first = identity(Duration::from_secs(3600), 1);
        hashes.insert(file, first, 7);
        assert_eq!(hashes.get(file, first), Some(7));
        assert_eq!(hashes.get(file, FileIdentity { changed: first.changed + 1, ..first }), None);
        assert_eq!(hashes.get(Path::new("/site/b.css"), first), None);
    }
}
