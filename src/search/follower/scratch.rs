//! A temporary folder that goes with the process: when it ends by itself, and else when the next one begins.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// What the names of such folders begin with.
const PREFIX: &str = "finews-search-";
/// The file that a process holds a lock of for as long as it uses the folder.
const LOCK: &str = "lock";

/// A temporary folder.
pub(super) struct Scratch {
    path: PathBuf,
    /// Held for as long as it is open.
    _lock: File,
}

impl Scratch {
    /// Makes a folder, and removes those whose processes were killed.
    pub(super) fn new() -> io::Result<Self> {
        Self::new_in(&std::env::temp_dir())
    }

    fn new_in(folder: &Path) -> io::Result<Self> {
        for entry in fs::read_dir(folder)?.flatten() {
            if entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)) {
                remove_if_left(&entry.path());
            }
        }
        // For us alone, and of a name that nobody has.
        let path = tempfile::Builder::new().prefix(PREFIX).tempdir_in(folder)?.keep();
        let lock = File::create(path.join(LOCK))?;
        lock.lock()?;
        Ok(Self { path, _lock: lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn remove(self) {
        // Whoever comes next does it if we cannot.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes a folder that no process uses any more. That of another user cannot be removed, and one that was
/// made just now has no lock yet.
fn remove_if_left(path: &Path) {
    let is_left = File::open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
    if is_left && fs::remove_dir_all(path).is_ok() {
        tracing::debug!("what a process left that was killed is removed: {}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_is_used_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let left = folder.path().join("finews-search-left");
        fs::create_dir(&left).expect("a folder");
        fs::write(left.join(LOCK), "").expect("a file");
        let other = folder.path().join("finews-other");
        fs::create_dir(&other).expect("a folder");
        let first = Scratch::new_in(folder.path()).expect("a folder");
        assert!(!left.exists() && other.exists());
        let second = Scratch::new_in(folder.path()).expect("a folder");
        assert!(first.path().is_dir() && second.path().is_dir());
        first.remove();
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }
}
