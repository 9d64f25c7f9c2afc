//! Serves the site's own files unchanged, such as images and `favicon.ico`: those that the archive counts as
//! published.

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use rustix::io::Errno;

use crate::archive::jekyll::files::{FileStatus, PublishedFiles};
use crate::config::Config;
use crate::web::http::cache::CachePolicy;
use crate::web::http::file_identity::{FileHashes, FileIdentity};
use crate::web::http::file_reply::{FilePermits, FileRequest, SendError};
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;

/// How a request names a file of the site.
#[derive(Debug, Clone, Copy)]
pub enum FileAddress<'a> {
    /// By its decoded path, with the slash at the beginning.
    Path(&'a str),
    /// By the URL of a page: the path of the page's file, relative to the site.
    Page(&'a str),
}

/// The files of a site's folder that may be served.
pub struct SiteFiles {
    published: Arc<PublishedFiles>,
    hashes: FileHashes,
}

impl SiteFiles {
    /// Creates the file server of a site. `has_dated_posts` is true if the archive holds dated posts of the folder
    /// `posts/`; otherwise the files of that folder decide whether it is one of posts.
    pub fn new(config: &Config, has_dated_posts: bool) -> Self {
        let published = PublishedFiles::new(config);
        let published = if has_dated_posts { published.with_dated_posts() } else { published };
        Self { published: Arc::new(published), hashes: FileHashes::default() }
    }

    /// Serves a file. Returns `None` if there is no such file.
    ///
    /// # Errors
    /// Fails if the file exists and cannot be sent.
    pub async fn get(
        &self,
        address: FileAddress<'_>,
        request: &Parts,
        page_request: &PageRequest<'_>,
        permits: &FilePermits,
    ) -> Result<Option<Reply>, SendError> {
        // A path that names no file needs neither a permit nor the disk.
        let Some(search) = self.search(address) else { return Ok(None) };
        let permit = permits.open().await?;
        let found = match permit.run(move || search.run()).await {
            Err(error) if is_absence(&error) => None,
            found => found?,
        };
        let Some((file, identity)) = found else { return Ok(None) };
        let file_request = FileRequest {
            file: &file,
            identity,
            request,
            page_request,
            hashes: &self.hashes,
            permits,
            permit: &permit,
        };
        let mut reply = match file_request.reply().await {
            // The file was removed at this moment.
            Err(SendError::Failed(error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
            reply => reply?,
        };
        // The statuses 412 and 416 concern one request only.
        let is_rejection = reply.status().is_client_error();
        let policy = if is_rejection { CachePolicy::NoStore } else { CachePolicy::SiteFile };
        let headers = reply.headers_mut();
        page_request.cache_headers(policy).insert_into(headers);
        let is_image = |content_type: &HeaderValue| content_type.as_bytes().starts_with(b"image/");
        if headers.get(header::CONTENT_TYPE).is_some_and(is_image) {
            // Feeds and other sites may embed the site's images.
            let embeddable = HeaderName::from_static("cross-origin-resource-policy");
            headers.insert(embeddable, HeaderValue::from_static("cross-origin"));
        }
        Ok(Some(reply))
    }

    /// Returns the search for the file at an address; `None` if the address cannot be that of a file.
    fn search(&self, address: FileAddress<'_>) -> Option<FileSearch> {
        let is_plain = |path: &&str| {
            path.split('/').count() <= MOST_PARTS
                && path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains('\\'))
        };
        let (path, is_decided) = match address {
            FileAddress::Path(path) => {
                let path = path.strip_prefix('/').filter(is_plain)?;
                let is_decided = !self.published.status_needs_disk(path);
                if is_decided && self.published.status(path) != FileStatus::Served {
                    return None;
                }
                (path, is_decided)
            }
            // The archive has checked the path.
            FileAddress::Page(path) => (path, true),
        };
        Some(FileSearch { published: Arc::clone(&self.published), path: path.to_owned(), is_decided })
    }
}

/// The search for a file on the disk.
struct FileSearch {
    published: Arc<PublishedFiles>,
    /// The path relative to the site.
    path: String,
    /// True if no check of the disk is needed to know that the file may be served.
    is_decided: bool,
}

impl FileSearch {
    /// Reads the disk. Returns the file and its identity; `None` if the file is missing or may not be served.
    fn run(self) -> io::Result<Option<(PathBuf, FileIdentity)>> {
        if !self.is_decided && self.published.status(&self.path) != FileStatus::Served {
            return Ok(None);
        }
        let Some(file) = self.published.file(&self.path)? else { return Ok(None) };
        let identity = FileIdentity::from_path(&file)?;
        Ok(Some((file, identity)))
    }
}

/// Maximum number of parts of a file's path. It bounds the time for the patterns of `exclude`.
const MOST_PARTS: usize = 64;

/// Returns whether an error means that there is no such file for clients, rather than that reading failed.
fn is_absence(error: &io::Error) -> bool {
    let is_path = |errno| matches!(errno, Errno::LOOP | Errno::NAMETOOLONG);
    let kinds =
        [ErrorKind::NotFound, ErrorKind::NotADirectory, ErrorKind::PermissionDenied, ErrorKind::InvalidInput];
    kinds.contains(&error.kind()) || Errno::from_io_error(error).is_some_and(is_path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn path_that_names_no_file_is_not_searched_on_the_disk() {
        let site = tempfile::tempdir().expect("a folder");
        std::fs::write(site.path().join("_config.yml"), "").expect("a file");
        let config = Config::read(site.path(), &Overrides::default(), &|_| None).expect("valid");
        let files = SiteFiles::new(&config, false);
        for (path, is_searched) in [
            ("/a.png", true),
            ("/css/a.css", true),
            // The files of this folder decide whether it is one of posts.
            ("/posts/a.png", true),
            ("/_config.yml", false),
            ("/.git/config", false),
            ("/_posts/2024-01-02-a.md", false),
            ("/keys/site.pem", false),
            ("/a//b.png", false),
            ("/a/../b.png", false),
            ("/", false),
            ("a.png", false),
        ] {
            assert_eq!(files.search(FileAddress::Path(path)).is_some(), is_searched, "{path}");
        }
    }
}
