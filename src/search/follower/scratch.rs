//! A temporary folder for the life of the process. The process removes it when it ends normally; otherwise
//! the next process that creates such a folder does.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Prefix of the folder names.
const PREFIX: &str = "finews-search-";
/// Name of the file in the folder that its process keeps locked.
const LOCK: &str = "lock";

pub(super) struct ScratchFolder {
    path: PathBuf,
    /// The lock lasts until the file is closed.
    _lock: File,
}

impl ScratchFolder {
    /// Creates a folder, and removes those of killed processes.
    pub(super) fn new() -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir())
    }

    fn new_in(folder: &Path) -> io::Result<Self> {
        for entry in fs::read_dir(folder)?.flatten() {
            if entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)) {
                remove_if_left(&entry.path());
            }
        }
        // `tempfile` gives access to this user only and picks an unused name.
        let path = tempfile::Builder::new().prefix(PREFIX).tempdir_in(folder)?.keep();
        let lock = File::create(path.join(LOCK))?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn remove(self) {
        // If this fails, a later process removes the folder.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes a folder if no process uses it. The folder of another user cannot be removed, and a folder that is
/// just being created has no lock file yet.
fn remove_if_left(path: &Path) {
    let is_left = File::open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
    if is_left && fs::remove_dir_all(path).is_ok() {
        tracing::debug!("removed the temporary search index of a killed process: {}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use crate::search::follower::scratch::*;

    #[test]
    fn stale_index_folders_are_removed_used_ones_stay() {
        let folder = tempfile::tempdir().expect("a folder");
        let left = folder.path().join("finews-search-left");
        fs::create_dir(&left).expect("a folder");
        fs::write(left.join(LOCK), "").expect("a file");
        let other = folder.path().join("finews-other");
        fs::create_dir(&other).expect("a folder");
        let first = ScratchFolder::new_in(folder.path()).expect("a folder");
        assert!(!left.exists() && other.exists());
        let second = ScratchFolder::new_in(folder.path()).expect("a folder");
        assert!(first.path().is_dir() && second.path().is_dir());
        first.remove();
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }
}
