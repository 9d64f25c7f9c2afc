//! Serves the site's own files unchanged, such as images and `favicon.ico`: those that the archive counts as
//! published.

use std::io::{self, ErrorKind};
use std::path::PathBuf;

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use rustix::io::Errno;

use crate::archive::jekyll::files::{FileStatus, PublishedFiles};
use crate::config::Config;
use crate::web::http::cache::CachePolicy;
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
    published: PublishedFiles,
}

impl SiteFiles {
    /// Creates the file server of a site. `has_dated_posts` is true if the archive holds dated posts of the folder
    /// `posts/`; otherwise the files of that folder decide whether it is one of posts.
    pub fn new(config: &Config, has_dated_posts: bool) -> Self {
        let published = PublishedFiles::new(config);
        Self { published: if has_dated_posts { published.with_dated_posts() } else { published } }
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
        let Some(file) = self.find(address)? else { return Ok(None) };
        let mut reply = match (FileRequest { file: &file, request, page_request }).reply(permits).await {
            // The file was removed at this moment.
            Err(SendError::Failed(error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
            reply => reply?,
        };
        let headers = reply.headers_mut();
        headers.insert(header::CACHE_CONTROL, CachePolicy::SiteFile.header());
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if matches!(kind, "text/plain" | "text/css" | "text/javascript" | "text/markdown" | "text/csv") {
            // Without a charset, browsers guess, and guess Chinese text wrong.
            if let Ok(kind) = HeaderValue::try_from(format!("{kind}; charset=utf-8")) {
                headers.insert(header::CONTENT_TYPE, kind);
            }
        } else if kind.starts_with("image/") {
            // Feeds and other sites may embed the site's images.
            let embeddable = HeaderName::from_static("cross-origin-resource-policy");
            headers.insert(embeddable, HeaderValue::from_static("cross-origin"));
        }
        Ok(Some(reply))
    }

    /// Returns the file at an address, if it may be served.
    fn find(&self, address: FileAddress<'_>) -> io::Result<Option<PathBuf>> {
        let is_plain = |path: &&str| {
            path.split('/').count() <= MOST_PARTS
                && path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains('\\'))
        };
        let path = match address {
            FileAddress::Path(path) => path
                .strip_prefix('/')
                .filter(|path| is_plain(path) && self.published.status(path) == FileStatus::Served),
            // The archive has checked the path.
            FileAddress::Page(path) => Some(path),
        };
        let Some(path) = path else { return Ok(None) };
        match self.published.file(path) {
            Err(error) if is_absence(&error) => Ok(None),
            found => found,
        }
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
