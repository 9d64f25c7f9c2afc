//! Serves the site's own files unchanged, such as images and `favicon.ico`: those that the archive counts as
//! published.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use futures_util::StreamExt as _;
use rustix::io::Errno;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower_http::services::ServeFile;

use crate::archive::jekyll::files::{FileStatus, PublishedFiles};
use crate::config::Config;
use crate::web::http::cache::CachePolicy;
use crate::web::http::reply::Reply;
use crate::web::server::limits;

/// A file of at most this many bytes is read at once, and closed before it is sent.
const SMALL: u64 = 64 * 1024;
/// How long a request waits for a permit to open a file.
const OPEN_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum numbers of files being opened, and of larger files being sent.
const MOST_OPENED: usize = 64;
const MOST_SENT: usize = 1024;

/// The limits on files that are open for clients. The client determines how long a transfer takes, so a few
/// slow clients could otherwise leave no file descriptors for connections.
pub struct FilePermits {
    opened: Semaphore,
    sent: Arc<Semaphore>,
}

impl Default for FilePermits {
    fn default() -> Self {
        // The rest is for the archive and the index.
        let kept = limits::files_kept();
        Self {
            opened: Semaphore::new((kept / 4).clamp(1, MOST_OPENED)),
            sent: Arc::new(Semaphore::new((kept / 2).clamp(1, MOST_SENT))),
        }
    }
}

/// The reason why an existing file is not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Too many files are being sent.
    #[error("too many files are being sent")]
    Busy,
    /// The file cannot be read.
    #[error("cannot read the file: {0}")]
    Failed(#[from] io::Error),
}

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
    /// Creates the file server of a site.
    pub fn new(config: &Config) -> Self {
        Self { published: PublishedFiles::new(config) }
    }

    /// Serves a file, with support for range and conditional requests. Returns
    /// `None` if there is no such file.
    ///
    /// # Errors
    /// Fails if the file exists and cannot be sent.
    pub async fn get(
        &self,
        address: FileAddress<'_>,
        request: &Parts,
        permits: &FilePermits,
    ) -> Result<Option<Reply>, SendError> {
        let Some(file) = self.find(address)? else { return Ok(None) };
        let mut bare = Request::new(());
        *bare.method_mut() = request.method.clone();
        *bare.headers_mut() = request.headers.clone();
        let mut reply = open(&file, bare, permits).await?;
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
            path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains('\\'))
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

/// Opens a file and builds the response to a request.
async fn open(file: &Path, request: Request<()>, permits: &FilePermits) -> Result<Reply, SendError> {
    let opening = timeout(OPEN_TIMEOUT, permits.opened.acquire()).await.ok().and_then(Result::ok);
    let opening = opening.ok_or(SendError::Busy)?;
    let (head, body) = ServeFile::new(file).try_call(request).await?.map(Body::new).into_parts();
    let length =
        head.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    // A response without a body, such as one to HEAD, keeps no file open.
    if body.is_end_stream() || length.is_some_and(|length: u64| length <= SMALL) {
        let bytes = to_bytes(body, SMALL as usize).await.map_err(io::Error::other)?;
        return Ok(Reply::from_parts(head, bytes.into()));
    }
    let permit = Arc::clone(&permits.sent).try_acquire_owned().map_err(|_| SendError::Busy)?;
    drop(opening);
    let parts = body.into_data_stream().map(move |part| {
        // The permit is held until the file is sent or the client disconnects.
        let _ = &permit;
        part
    });
    Ok(Reply::from_parts(head, Body::from_stream(parts)))
}

/// Returns whether an error means that there is no such file for clients, rather than that reading failed.
fn is_absence(error: &io::Error) -> bool {
    let is_path = |errno| matches!(errno, Errno::LOOP | Errno::NAMETOOLONG);
    let kinds =
        [ErrorKind::NotFound, ErrorKind::NotADirectory, ErrorKind::PermissionDenied, ErrorKind::InvalidInput];
    kinds.contains(&error.kind()) || Errno::from_io_error(error).is_some_and(is_path)
}
