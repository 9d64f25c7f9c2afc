//! Symbolic links that form a cycle or have no target.

use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};

use crate::archive::jekyll::files::entry::relative;
use crate::archive::problem::{Code, Defect, Problem};

/// Returns the first link between `from` and `to` that resolves to a folder above it.
pub(crate) fn circle(from: &Path, to: &Path) -> Option<PathBuf> {
    let mut path = from.to_owned();
    let mut above = vec![path.canonicalize().ok()?];
    for part in to.strip_prefix(from).ok()?.components() {
        path.push(part);
        let target = path.canonicalize().ok()?;
        if above.contains(&target) {
            return Some(path);
        }
        above.push(target);
    }
    None
}

/// Converts an error of the walk into a problem.
pub(crate) fn unreadable(root: &Path, error: &walkdir::Error) -> Problem {
    let path = error.path().unwrap_or(root);
    let defect = match error.io_error() {
        Some(error) => {
            leads_nowhere(path).unwrap_or_else(|| Defect::error(Code::Unreadable, error.to_string()))
        }
        None => return leads_back(root, path),
    };
    defect.in_file(&relative(root, path))
}

/// Creates the problem of a link to a folder above it.
pub(crate) fn leads_back(root: &Path, link: &Path) -> Problem {
    Defect::error(Code::Unreadable, "the symbolic link points to a folder that contains it")
        .in_file(&relative(root, link))
}

/// Returns whether the path is a symbolic link.
pub(crate) fn is_link(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_symlink())
}

/// Returns a defect if the path is a link without a target.
pub(crate) fn leads_nowhere(path: &Path) -> Option<Defect> {
    let is_nowhere = is_link(path) && std::fs::metadata(path).is_err_and(|error| error.kind() == NotFound);
    is_nowhere.then(|| Defect::error(Code::Unreadable, "the target of the symbolic link does not exist"))
}
