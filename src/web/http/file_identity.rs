//! The versions of the site's files, and the validators of each. The ETag of a file up to 8 MiB is a hash of its bytes,
//! so that it differs for each content, and servers with copies of one folder answer alike.

use std::fs::{File, Metadata, metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::HeaderValue;
use quick_cache::sync::Cache;
use xxhash_rust::xxh3::Xxh3;

use crate::archive::file_version::RESTED_AFTER;

/// Minimum age of a file's last change for validators that identify its bytes. Clocks of file systems advance in
/// steps of up to two seconds; two changes within a step have the same mtime.
const STRONG_AFTER: Duration = Duration::from_secs(2);
/// Maximum size of a file whose bytes are hashed, in bytes.
const LARGEST_HASHED: u64 = 8 << 20;
/// Number of bytes that are read at once for a hash.
const HASHED_AT_ONCE: usize = 64 * 1024;
/// Number of files whose hash is kept.
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

    /// Returns whether the ETag is the hash of the bytes. For the first seconds after a change, a second change can have
    /// the same mtime, and the hash of a large file takes too long.
    pub(super) fn has_hash(&self) -> bool {
        self.size <= LARGEST_HASHED && self.rested_for(STRONG_AFTER)
    }

    /// The ETag of a file without hash: of a large file, or a weak one for the first seconds after a change. The weak one
    /// differs from the later one, so that no client keeps bytes that a second change within the same mtime has replaced.
    pub(super) fn etag(&self) -> HeaderValue {
        let Self { size, modified, changed, inode } = self;
        let version = format!("{size:x}-{modified:x}-{changed:x}-{inode:x}");
        let is_strong = self.rested_for(STRONG_AFTER);
        to_header(if is_strong { format!("\"{version}\"") } else { format!("W/\"{version}-new\"") })
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

    /// Returns whether the file has not changed for a moment, by its mtime.
    pub(super) fn is_settled(&self) -> bool {
        self.rested_for(RESTED_AFTER)
    }

    /// Returns whether a further change gives the file another identity. The mtime is no proof, since any writer can set it.
    fn is_final(&self) -> bool {
        is_past(self.changed, RESTED_AFTER)
    }

    fn rested_for(&self, time: Duration) -> bool {
        is_past(self.modified, time)
    }
}

/// Returns whether a time, in nanoseconds since 1970, is at least so far from now.
fn is_past(time: i128, distance: Duration) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i128::try_from(now.as_nanos()).unwrap_or(i128::MAX);
    now.saturating_sub(time).unsigned_abs() >= distance.as_nanos()
}

/// The strong ETag of a file without encoding, by the hash of its bytes.
pub(super) fn etag_of_hash(hash: u128) -> HeaderValue {
    to_header(format!("\"{hash:032x}\""))
}

fn to_header(etag: String) -> HeaderValue {
    // Hexadecimal digits are always valid in a header.
    HeaderValue::try_from(etag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// Hashes a file of this identity; `None` if the file has another identity by now.
pub(super) fn hash_file(path: &Path, identity: FileIdentity) -> io::Result<Option<u128>> {
    let file = File::open(path)?;
    let (mut hasher, mut bytes) = (Xxh3::new(), vec![0; HASHED_AT_ONCE]);
    // The file may grow during the read.
    let mut rest = (&file).take(LARGEST_HASHED + 1);
    loop {
        match rest.read(&mut bytes) {
            Ok(0) => break,
            Ok(read) => hasher.update(&bytes[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let is_same = FileIdentity::new(&file.metadata()?) == identity;
    Ok(is_same.then(|| hasher.digest128()))
}

/// The hashes of files, by the path and identity of each.
pub(super) struct FileHashes(Cache<Box<Path>, (FileIdentity, u128)>);

impl Default for FileHashes {
    fn default() -> Self {
        Self(Cache::new(MOST_HASHED))
    }
}

impl FileHashes {
    pub(super) fn get(&self, file: &Path, identity: FileIdentity) -> Option<u128> {
        self.0.get(file).filter(|(known, _)| *known == identity).map(|(_, hash)| hash)
    }

    /// Keeps the hash of a file, unless the file may still change without another identity.
    pub(super) fn insert(&self, file: &Path, identity: FileIdentity, hash: u128) {
        if identity.is_final() {
            self.0.insert(file.into(), (identity, hash));
        }
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
        let is_weak =
            |identity: &FileIdentity| !identity.has_hash() && identity.etag().as_bytes().starts_with(b"W/");
        let mut identity = identity(Duration::ZERO, 1);
        assert!(is_weak(&identity) && identity.last_modified().is_none());
        identity.modified -= 1_000_000_000;
        assert!(is_weak(&identity) && identity.last_modified().is_none() && identity.is_settled());
        identity.modified -= 1_500_000_000;
        assert!(identity.has_hash() && identity.last_modified() == Some(identity.seconds()));
    }

    #[test]
    fn etag_of_a_large_file_covers_its_identity() {
        let first = FileIdentity { size: LARGEST_HASHED + 1, ..identity(Duration::from_secs(3600), 1) };
        assert!(!first.has_hash() && FileIdentity { size: LARGEST_HASHED, ..first }.has_hash());
        for other in [
            FileIdentity { modified: first.modified + 1, ..first },
            FileIdentity { changed: first.changed + 1, ..first },
            FileIdentity { size: first.size + 1, ..first },
            FileIdentity { inode: 2, ..first },
        ] {
            assert_ne!(other.etag(), first.etag());
        }
    }

    #[test]
    fn hash_covers_the_bytes_of_one_identity() {
        let folder = tempfile::tempdir().expect("a folder");
        let hash = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).expect("a file");
            let identity = FileIdentity::from_path(&path).expect("a file");
            let other = FileIdentity { inode: identity.inode + 1, ..identity };
            assert_eq!(hash_file(&path, other).expect("a file"), None);
            hash_file(&path, identity).expect("a file").expect("the same file")
        };
        let long = vec![b'x'; HASHED_AT_ONCE * 2 + 1];
        let table: [&[u8]; 3] = [b"", b"0123456789", &long];
        for bytes in table {
            assert_eq!(hash("a.png", bytes), xxhash_rust::xxh3::xxh3_128(bytes));
        }
        assert_ne!(hash("a.png", b"0123456789"), hash("a.png", b"9876543210"));
        assert_eq!(hash("a.png", b"0123456789"), hash("copy.png", b"0123456789"));
    }

    #[test]
    fn hash_counts_for_one_identity() {
        let (hashes, file) = (FileHashes::default(), Path::new("/site/a.css"));
        let first = identity(Duration::from_secs(3600), 1);
        hashes.insert(file, first, 7);
        assert_eq!(hashes.get(file, first), Some(7));
        assert_eq!(hashes.get(file, FileIdentity { changed: first.changed + 1, ..first }), None);
        assert_eq!(hashes.get(Path::new("/site/b.css"), first), None);
        // The file may change once more within the same ctime.
        let recent = FileIdentity { changed: identity(Duration::ZERO, 1).changed, ..first };
        hashes.insert(Path::new("/site/c.css"), recent, 7);
        assert_eq!(hashes.get(Path::new("/site/c.css"), recent), None);
    }
}
