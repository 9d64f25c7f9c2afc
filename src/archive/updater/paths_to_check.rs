//! The input of a check of files.

use crate::archive::jekyll::files::SiteFile;
use crate::archive::problem::Problem;

/// The files and folders to check.
#[derive(Debug, Default)]
pub(super) struct PathsToCheck {
    /// Files of posts, which may have been removed.
    pub(super) posts: Vec<SiteFile>,
    /// True if the site's own pages must be checked.
    pub(super) pages: bool,
    /// The problems of unreadable folders.
    pub(super) problems: Vec<Problem>,
    /// Completely scanned folders: `problems` lists every unreadable folder below them.
    pub(super) cleared: Vec<String>,
    /// Read files even if time and size are unchanged.
    pub(super) reread_all: bool,
}
