//! A file of the site and its kind.

use std::path::{Path, PathBuf};

use crate::archive::jekyll::files::entry::{base_name, relative, without_compression};
use crate::archive::jekyll::files::temporary::is_temporary;
use crate::archive::jekyll::permalink::FileName;

/// A file of the site, with its path relative to the site's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteFile {
    /// The relative path with `/` as separator; bytes that are not UTF-8 are replaced.
    pub path: Box<str>,
    /// The original path, if it is not UTF-8.
    odd: Option<Box<Path>>,
}

impl SiteFile {
    pub(super) fn new(root: &Path, file: &Path) -> Self {
        let below = file.strip_prefix(root).unwrap_or(file);
        let odd = below.to_str().is_none().then(|| below.into());
        Self { path: relative(root, file).into(), odd }
    }

    /// Creates a file from its UTF-8 path relative to the site.
    pub fn from_path(path: &str) -> Self {
        Self { path: path.into(), odd: None }
    }

    /// Returns whether a path is the file system's own: no bytes of it were replaced.
    pub fn is_exact(path: &str) -> bool {
        !path.contains(char::REPLACEMENT_CHARACTER)
    }

    /// Returns the path to open.
    pub fn file(&self, root: &Path) -> PathBuf {
        match &self.odd {
            Some(odd) => root.join(odd),
            None => root.join(&*self.path),
        }
    }

    /// Parses the file name as that of a post; `None` if it is not one.
    pub fn name(&self) -> Option<FileName> {
        FileName::from_path(&self.path).filter(|_| !self.is_temporary())
    }

    /// Returns whether the file, which has the name of a post, is a temporary or backup file or a compressed copy. Such a
    /// file is never read.
    pub(crate) fn is_temporary(&self) -> bool {
        let name = base_name(&self.path);
        is_temporary(name) || without_compression(name).is_some()
    }
}

/// The kind of a site file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteFileKind {
    /// A post, judged by its name and folder. It may be a temporary or backup file, which is reported.
    Post,
    /// Another file that the archive reads: a page, a document of a collection, or a file that may have the URL of
    /// a page.
    Page,
}
