//! The input of a check of files.

use crate::archive::jekyll::files::SiteFile;
use crate::archive::problem::Problem;

/// The files and folders to check.
#[derive(Debug, Default)]
pub(super) struct PathsToCheck {
    /// Files of posts, which may have been removed.
    pub(super) posts: Vec<SiteFile>,
    /// Files of the site's own pages, which may have been removed.
    pub(super) pages: Vec<SiteFile>,
    /// The problems of unreadable folders.
    pub(super) problems: Vec<Problem>,
    /// Completely scanned folders: `problems` lists every unreadable folder below them.
    pub(super) cleared: Vec<String>,
    /// Read files even if time and size are unchanged.
    pub(super) reread_all: bool,
}
