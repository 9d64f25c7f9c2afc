//! A file's bytes, and the stamp that tells whether it has changed since.

use std::fs::{File, Metadata};
use std::io::{Read, Seek};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::problem::{Code, Defect};

/// A file larger than this is no post.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;

/// A file that changed later than this ago may still be being written: what is written in several
/// parts takes a moment, and a file that is cut short to be written anew is empty for another.
pub const RESTED_AFTER: Duration = Duration::from_millis(30);

/// How often a file is looked at again that does not come to rest.
const TRIES: usize = 10;

/// What tells a version of a file from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stamp {
    /// When its bytes last changed, in nanoseconds since 1970; whoever writes it may say so.
    modified: i64,
    /// When anything of it last changed, its name and rights included; the system alone says so.
    changed: i64,
    /// In bytes.
    size: u64,
    /// A hash of its bytes.
    hash: u64,
}

impl Stamp {
    fn of(meta: &Metadata) -> Self {
        let since = meta.modified().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        let modified = since.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0);
        let changed = meta.ctime().saturating_mul(1_000_000_000).saturating_add(meta.ctime_nsec());
        Self { modified, changed, size: meta.len(), hash: 0 }
    }

    /// The stamp of a file as its folder knows it, without a look at its bytes.
    ///
    /// # Errors
    /// When there is no such file, or it may not be seen.
    pub fn at(path: &Path) -> std::io::Result<Self> {
        std::fs::metadata(path).map(|meta| Self::of(&meta))
    }

    /// When anything of the file last changed.
    pub fn changed_at(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(self.changed).unwrap_or(0))
    }

    /// Whether times and size are those of another stamp, so that its bytes need not be read.
    pub fn looks_like(&self, other: &Self) -> bool {
        (self.modified, self.changed, self.size) == (other.modified, other.changed, other.size)
    }

    /// Whether the bytes are those of another stamp.
    pub fn same_bytes(&self, other: &Self) -> bool {
        (self.hash, self.size) == (other.hash, other.size)
    }

    /// How long ago the file last changed. A time in the future is no reason to wait.
    pub fn age(&self) -> Duration {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_nanos(self.modified.try_into().unwrap_or(0));
        SystemTime::now().duration_since(modified).unwrap_or(Duration::MAX)
    }
}

/// A file as it was read.
#[derive(Debug)]
pub struct Content {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its stamp.
    pub stamp: Stamp,
    /// It changed while it was read, so that its bytes may be of no version at all.
    pub torn: bool,
}

/// Reads a file, once it has rested.
///
/// # Errors
/// With what is wrong when the file is not there, cannot be read, or is too large for a post.
pub fn read(path: &Path) -> Result<Content, Defect> {
    let unreadable = |error: std::io::Error| Defect::error(Code::Unreadable, error.to_string());
    // Without the flag, `open` of a pipe waits for its writer. The flag has no effect on files.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let open = File::options().read(true).custom_flags(flags).open(path);
    let file = open.map_err(unreadable)?;
    let mut content = read_once(&file)?;
    // The file is held open, so that who puts another in its place does not keep us waiting.
    for _ in 0..TRIES {
        let rest = RESTED_AFTER.saturating_sub(content.stamp.age());
        if !content.torn && rest.is_zero() {
            break;
        }
        std::thread::sleep(rest.max(Duration::from_millis(1)));
        let now = file.metadata().map(|meta| Stamp::of(&meta)).map_err(unreadable)?;
        if content.torn || !now.looks_like(&content.stamp) {
            content = read_once(&file)?;
            content.torn = true;
        } else {
            content.torn = false;
        }
    }
    Ok(content)
}

fn read_once(mut file: &File) -> Result<Content, Defect> {
    let unreadable = |error: std::io::Error| Defect::error(Code::Unreadable, error.to_string());
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() {
        return Err(Defect::error(Code::Unreadable, "it is no file"));
    }
    let mut stamp = Stamp::of(&meta);
    if stamp.size > LARGEST_FILE {
        let message = format!("{} bytes; a post has at most {LARGEST_FILE}", stamp.size);
        return Err(Defect::error(Code::TooLarge, message));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(stamp.size).unwrap_or(0) + 1);
    file.rewind().map_err(unreadable)?;
    // The file may grow while it is read.
    file.take(LARGEST_FILE).read_to_end(&mut bytes).map_err(unreadable)?;
    stamp.hash = xxhash_rust::xxh3::xxh3_64(&bytes);
    let after = file.metadata().map(|meta| Stamp::of(&meta)).map_err(unreadable)?;
    let torn = !after.looks_like(&stamp) || bytes.len() as u64 != stamp.size;
    Ok(Content { bytes, stamp, torn })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_no_file_and_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe.md");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo").success());
        let defect = read(&pipe).expect_err("no file");
        assert_eq!((defect.code, &*defect.message), (Code::Unreadable, "it is no file"));
    }
}
