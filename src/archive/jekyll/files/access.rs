//! Checks whether a path exists and whether the process may enter it.

use std::io::ErrorKind;
use std::path::Path;

/// Returns whether an error means that the path does not exist.
pub(crate) fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Checks the permission to enter a folder, which the permission to list it does not imply.
///
/// # Errors
/// Returns an error if the process may not enter the folder.
pub(crate) fn enter(folder: &Path) -> std::io::Result<()> {
    std::fs::metadata(folder.join(".")).map(|_| ())
}
