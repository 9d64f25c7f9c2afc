//! Reads files, and detects changes by times, size and hash.

use std::fs::{File, Metadata};
use std::io::{Read, Seek};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::archive::problem::{Code, Defect};

/// Size limit of a post's file, in bytes. Larger files are not read.
pub(crate) const LARGEST_FILE: u64 = 64 * 1024 * 1024;

/// Minimum age of a file's last change. A younger file may be incomplete: a program that writes in
/// several steps pauses between them, and a program that truncates a file leaves it empty for a moment.
pub(crate) const RESTED_AFTER: Duration = Duration::from_millis(30);

/// Limit on the retries for a file that keeps changing.
const TRIES: usize = 10;

/// Identifies a version of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FileVersion {
    /// The mtime in nanoseconds since 1970. Any writer of the file can set it.
    modified: i64,
    /// The ctime in nanoseconds since 1970: the last change of the content, the name or the permissions.
    /// Only the system sets it.
    changed: i64,
    /// Size in bytes.
    size: u64,
    /// A hash of the bytes; 0 if they were not read.
    hash: u64,
}

impl FileVersion {
    fn from_metadata(meta: &Metadata) -> Self {
        let nanoseconds =
            |seconds: i64, more: i64| seconds.saturating_mul(1_000_000_000).saturating_add(more);
        let modified = nanoseconds(meta.mtime(), meta.mtime_nsec());
        Self { modified, changed: nanoseconds(meta.ctime(), meta.ctime_nsec()), size: meta.len(), hash: 0 }
    }

    /// The version of a stored copy of a file. It has no ctime, so its metadata is that of no file.
    pub(crate) fn from_copy(modified: SystemTime, bytes: &[u8]) -> Self {
        let (is_negative, since) = match modified.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => (false, since),
            Err(error) => (true, error.duration()),
        };
        let since = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
        let modified = if is_negative { -since } else { since };
        Self { modified, changed: 0, size: bytes.len() as u64, hash: xxhash_rust::xxh3::xxh3_64(bytes) }
    }

    /// The version of a file from its metadata alone, without a hash of its bytes.
    ///
    /// # Errors
    /// If the file does not exist, or its metadata cannot be read.
    pub(crate) fn from_path(path: &Path) -> std::io::Result<Self> {
        std::fs::metadata(path).map(|meta| Self::from_metadata(&meta))
    }

    /// The mtime of the file.
    pub(crate) fn modified_at(&self) -> SystemTime {
        let since = Duration::from_nanos(self.modified.unsigned_abs());
        if self.modified < 0 { SystemTime::UNIX_EPOCH - since } else { SystemTime::UNIX_EPOCH + since }
    }

    /// The size of the file in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The hash and the size of the bytes.
    pub(crate) fn content(&self) -> (u64, u64) {
        (self.hash, self.size)
    }

    /// The ctime of the file.
    pub(crate) fn changed_at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(self.changed).unwrap_or(0))
    }

    /// True if times and size equal those of another version, so that reading the bytes is unnecessary.
    pub(crate) fn has_metadata_of(&self, other: &Self) -> bool {
        (self.modified, self.changed, self.size) == (other.modified, other.changed, other.size)
    }

    /// True if the hash and size of the bytes equal those of another version.
    pub(crate) fn has_bytes_of(&self, other: &Self) -> bool {
        self.content() == other.content()
    }

    /// True if the last change is old enough that any later one gives the file other times.
    pub(crate) fn is_rested(&self) -> bool {
        let since = SystemTime::now().duration_since(self.changed_at());
        self.age() >= RESTED_AFTER && since.is_ok_and(|since| since >= RESTED_AFTER)
    }

    /// The time since the file's mtime. A future mtime gives the maximum, so it causes no wait.
    pub(crate) fn age(&self) -> Duration {
        SystemTime::now().duration_since(self.modified_at()).unwrap_or(Duration::MAX)
    }
}

/// Device and inode number, which distinguish a folder from a later one with the same name.
pub(super) type FolderIdentity = (u64, u64);

/// Returns the identity of a folder, if it exists.
pub(super) fn folder_identity(folder: &Path) -> Option<FolderIdentity> {
    std::fs::metadata(folder).ok().map(|meta| (meta.dev(), meta.ino()))
}

/// The content of a file.
#[derive(Debug)]
pub struct FileContent {
    /// The bytes of the file.
    pub bytes: Vec<u8>,
    /// The version that was read.
    pub file_version: FileVersion,
    /// True if the file kept changing: the bytes may mix two versions.
    pub torn: bool,
}

/// Reads a post's file once it has stopped changing.
///
/// # Errors
/// If the file does not exist, cannot be read, or is too large for a post.
pub fn read(path: &Path) -> Result<FileContent, Defect> {
    read_up_to(path, LARGEST_FILE)
}

/// Reads a file of at most `largest` bytes once it has stopped changing.
///
/// # Errors
/// If the file does not exist, cannot be read, or is too large.
pub(crate) fn read_up_to(path: &Path, largest: u64) -> Result<FileContent, Defect> {
    let unreadable = |error: std::io::Error| Defect::error(Code::Unreadable, error.to_string());
    // Without this flag, opening a pipe blocks until a writer opens it. The flag has no effect on files.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let open = File::options().read(true).custom_flags(flags).open(path);
    let file = open.map_err(unreadable)?;
    let mut content = read_once(&file, largest)?;
    // The file stays open, so that a program that replaces it repeatedly cannot prolong the wait.
    for _ in 0..TRIES {
        let rest = RESTED_AFTER.saturating_sub(content.file_version.age());
        if !content.torn && rest.is_zero() {
            return Ok(content);
        }
        std::thread::sleep(rest.max(Duration::from_millis(1)));
        let now = file.metadata().map(|meta| FileVersion::from_metadata(&meta)).map_err(unreadable)?;
        if content.torn || !now.has_metadata_of(&content.file_version) {
            content = read_once(&file, largest)?;
        }
    }
    content.torn |= content.file_version.age() < RESTED_AFTER;
    Ok(content)
}

fn read_once(mut file: &File, largest: u64) -> Result<FileContent, Defect> {
    let unreadable = |error: std::io::Error| Defect::error(Code::Unreadable, error.to_string());
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(Defect::error(Code::Unreadable, "not a regular file"));
    }
    let mut file_version = FileVersion::from_metadata(&meta);
    if file_version.size > largest {
        let message = format!("the file has {} bytes; the limit is {largest}", file_version.size);
        return Err(Defect::error(Code::TooLarge, message));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(file_version.size).unwrap_or(0) + 1);
    file.rewind().map_err(unreadable)?;
    // The file may grow during the read.
    file.take(largest).read_to_end(&mut bytes).map_err(unreadable)?;
    file_version.hash = xxhash_rust::xxh3::xxh3_64(&bytes);
    let after = file.metadata().map(|meta| FileVersion::from_metadata(&meta)).map_err(unreadable)?;
    let torn = !after.has_metadata_of(&file_version) || bytes.len() as u64 != file_version.size;
    Ok(FileContent { bytes, file_version, torn })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_pipe_is_rejected_without_blocking() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe.md");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo").success());
        let defect = read(&pipe).expect_err("no file");
        assert_eq!((defect.code, &*defect.message), (Code::Unreadable, "not a regular file"));
    }

    #[test]
    fn file_that_changes_once_is_read_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("post.md");
        std::fs::write(&path, "first").expect("a file");
        let writer = std::thread::spawn({
            let path = path.clone();
            move || {
                std::thread::sleep(RESTED_AFTER / 3);
                std::fs::write(path, "second").expect("a file");
            }
        });
        let content = read(&path).expect("a file");
        writer.join().expect("the writer");
        assert!(!content.torn);
        assert!(["first", "second"].contains(&str::from_utf8(&content.bytes).expect("text")));
    }
}
