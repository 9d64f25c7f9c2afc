//! Sends a file of the site by RFC 9110: conditional requests (section 13), partial responses (section 14), and
//! compressed text. tower-http reads the file; this module decides what a request means.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, HttpBody as _, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tower_http::services::ServeFile;
use xxhash_rust::xxh3::xxh3_128;

use crate::web::http::cache::{CachePolicy, ContentType, Fingerprinter, with_charset};
use crate::web::http::conditions::{self, PreconditionFailure};
use crate::web::http::encoding::Encoding;
use crate::web::http::file_identity::{FileHashes, FileIdentity, etag_of_hash, hash_file};
use crate::web::http::lookup::not_modified;
use crate::web::http::range;
use crate::web::http::reply::{Reply, status};
use crate::web::http::request::PageRequest;
use crate::web::server::limits;

/// Sizes of the text files that are sent compressed, in bytes. A smaller file does not shrink; the compression of a
/// larger one would take too long while the client waits.
const LEAST_TEXT: u64 = 256;
const MOST_TEXT: u64 = 4 << 20;

/// A file of at most this many bytes is read at once, and closed before it is sent.
const SMALL: u64 = 64 * 1024;
/// How long a request waits for a permit to open a file.
const OPEN_TIMEOUT: Duration = Duration::from_secs(1);
/// Maximum numbers of files being opened, and of larger files being sent.
const MOST_OPENED: usize = 64;
const MOST_SENT: usize = 1024;
/// How often a file is opened that is replaced at the same moment.
const TRIES: usize = 4;
/// The first second after the years that tower-http can write in a header.
const YEAR_10000: i64 = 253_402_300_800;

/// The limits on files that are open for clients. The client determines how long a transfer takes, so a few
/// slow clients could otherwise leave no file descriptors for connections.
pub struct FilePermits {
    opened: Arc<Semaphore>,
    sent: Arc<Semaphore>,
}

impl Default for FilePermits {
    fn default() -> Self {
        // The rest is for the archive and the index.
        let kept = limits::files_kept();
        Self {
            opened: Arc::new(Semaphore::new((kept / 4).clamp(1, MOST_OPENED))),
            sent: Arc::new(Semaphore::new((kept / 2).clamp(1, MOST_SENT))),
        }
    }
}

impl FilePermits {
    /// Waits for a permit to open files.
    ///
    /// # Errors
    /// Fails if too many files are being opened.
    pub(super) async fn open(&self) -> Result<OpenPermit, SendError> {
        let permit = timeout(OPEN_TIMEOUT, Arc::clone(&self.opened).acquire_owned()).await;
        let permit = permit.ok().and_then(Result::ok).ok_or(SendError::Busy)?;
        Ok(OpenPermit { _permit: Arc::new(permit) })
    }
}

/// The permit to open files. It ends with its last clone.
#[derive(Clone)]
pub(super) struct OpenPermit {
    _permit: Arc<OwnedSemaphorePermit>,
}

impl OpenPermit {
    /// Runs work that reads the disk on a thread for blocking work. The work holds the permit until it ends, even
    /// if the client disconnects.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let permit = self.clone();
        let work = spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        work.await.map_err(io::Error::other)?
    }
}

/// The reason why an existing file is not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Too many files are being sent, or the file changes too often.
    #[error("too many files are being sent, or the file is being changed")]
    Busy,
    /// The file cannot be read.
    #[error("cannot read the file: {0}")]
    Failed(#[from] io::Error),
}

/// A request for a file that was found on the disk.
pub(super) struct FileRequest<'a> {
    /// The path on the disk.
    pub(super) file: &'a Path,
    /// The identity of the file when it was found.
    pub(super) identity: FileIdentity,
    pub(super) request: &'a Parts,
    pub(super) page_request: &'a PageRequest<'a>,
    pub(super) hashes: &'a FileHashes,
    pub(super) permits: &'a FilePermits,
    pub(super) permit: &'a OpenPermit,
}

impl FileRequest<'_> {
    /// Sends the file.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or if too many files are being sent.
    pub(super) async fn reply(&self) -> Result<Reply, SendError> {
        let content_type = ContentType::from_file(self.file);
        let mut identity = self.identity;
        for _ in 0..TRIES {
            let compressed = match content_type {
                Some(content_type) => self.compressed(content_type, identity).await?,
                None => None,
            };
            let reply = match compressed {
                Some(reply) => Some(reply),
                None => self.plain(identity).await?,
            };
            let Some(mut reply) = reply else {
                identity = self.current_identity().await?;
                continue;
            };
            let headers = reply.headers_mut();
            if content_type.is_some() {
                headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            }
            if let Some(guessed) = headers.get(header::CONTENT_TYPE) {
                let stated = content_type.map(|content_type| HeaderValue::from_static(content_type.name));
                let stated = stated.unwrap_or_else(|| with_charset(guessed));
                headers.insert(header::CONTENT_TYPE, stated);
            }
            return Ok(reply);
        }
        Err(SendError::Busy)
    }

    async fn current_identity(&self) -> io::Result<FileIdentity> {
        let file = self.file.to_owned();
        self.permit.run(move || FileIdentity::from_path(&file)).await
    }

    /// The response with the compressed text; `None` if the file is to be sent without encoding. A partial response
    /// never has an encoding. The ETag is a hash of the text, so a response from the page cache is never out of date.
    async fn compressed(
        &self,
        content_type: ContentType,
        identity: FileIdentity,
    ) -> Result<Option<Reply>, SendError> {
        let encoding = self.page_request.accepted().quickest();
        let is_suited = (LEAST_TEXT..=MOST_TEXT).contains(&identity.size) && identity.is_settled();
        if encoding == Encoding::Identity || !is_suited || self.asks_for_range() {
            return Ok(None);
        }
        let (hash, mut text) = match self.hashes.get(self.file, identity) {
            Some(hash) => (hash, None),
            None => match self.text(identity).await? {
                Some((text, hash)) => (hash, Some(text)),
                None => return Ok(None),
            },
        };
        // The cached page holds the headers for a CDN. The response depends on no other setting of the site.
        let caching = self.page_request.cache_headers(CachePolicy::SiteFile);
        let fingerprint = Fingerprinter::new(0, "file").with((content_type, hash, caching.cdn)).finish();
        let etags = self.page_request.etags(fingerprint);
        let modified = identity.last_modified();
        let mut reply = match conditions::check(&self.request.headers, &etags, modified) {
            Err(PreconditionFailure::NotModified(etag)) => not_modified(caching, etag),
            Err(PreconditionFailure::Failed) => return Ok(Some(status(StatusCode::PRECONDITION_FAILED))),
            Ok(()) => match self.page_request.cached(fingerprint) {
                Some(reply) => reply,
                None => {
                    if text.is_none() {
                        let read = self.text(identity).await?;
                        text = read.filter(|(_, found)| *found == hash).map(|(text, _)| text);
                    }
                    let Some(text) = text else { return Ok(None) };
                    let bytes = self.permit.run(move || Ok(encoding.encode(text))).await?;
                    let kind = self.page_request.kind(content_type, CachePolicy::SiteFile);
                    self.page_request.encoded(kind, fingerprint, encoding, bytes)
                }
            },
        };
        if let Some(date) = modified.and_then(conditions::last_modified) {
            reply.headers_mut().insert(header::LAST_MODIFIED, date);
        }
        Ok(Some(reply))
    }

    /// Reads a text of this identity, and keeps its hash; `None` if the file has another identity by now.
    async fn text(&self, identity: FileIdentity) -> io::Result<Option<(Vec<u8>, u128)>> {
        let file = self.file.to_owned();
        let text = self.permit.run(move || read_text(&file, identity)).await?;
        if let Some((_, hash)) = &text {
            self.hashes.insert(self.file, identity, *hash);
        }
        Ok(text)
    }

    /// The ETag of the file without encoding; `None` if the file has another identity by now.
    async fn plain_etag(&self, identity: FileIdentity) -> io::Result<Option<HeaderValue>> {
        if !identity.has_hash() {
            return Ok(Some(identity.etag()));
        }
        if let Some(hash) = self.hashes.get(self.file, identity) {
            return Ok(Some(etag_of_hash(hash)));
        }
        let file = self.file.to_owned();
        let hash = self.permit.run(move || hash_file(&file, identity)).await?;
        if let Some(hash) = hash {
            self.hashes.insert(self.file, identity, hash);
        }
        Ok(hash.map(etag_of_hash))
    }

    /// The response with the file or a part of it, without encoding; `None` if another file has replaced it during the
    /// request.
    async fn plain(&self, identity: FileIdentity) -> Result<Option<Reply>, SendError> {
        let Some(etag) = self.plain_etag(identity).await? else { return Ok(None) };
        let modified = identity.last_modified();
        let date = modified.and_then(conditions::last_modified);
        match conditions::check(&self.request.headers, slice::from_ref(&etag), modified) {
            Err(PreconditionFailure::NotModified(etag)) => {
                let caching = self.page_request.cache_headers(CachePolicy::SiteFile);
                let mut reply = not_modified(caching, etag);
                reply.headers_mut().remove(header::VARY);
                if let Some(date) = date {
                    reply.headers_mut().insert(header::LAST_MODIFIED, date);
                }
                return Ok(Some(reply));
            }
            Err(PreconditionFailure::Failed) => return Ok(Some(status(StatusCode::PRECONDITION_FAILED))),
            Ok(()) => {}
        }
        if !(0..YEAR_10000).contains(&identity.seconds()) {
            return Err(io::Error::other("the mtime is not between the years 1970 and 9999").into());
        }
        let mut bare = Request::new(());
        *bare.method_mut() = self.request.method.clone();
        if let Some(range) = self.range(identity.size, &etag, modified) {
            bare.headers_mut().insert(header::RANGE, range);
        }
        let reply = ServeFile::new(self.file).try_call(bare).await?.map(Body::new);
        let (mut head, body) = reply.into_parts();
        head.headers.insert(header::ETAG, etag);
        if date.is_none() {
            head.headers.remove(header::LAST_MODIFIED);
        }
        let length = head.headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        // A response without a body, such as one to HEAD, keeps no file open.
        let body = if body.is_end_stream() {
            Ok(body)
        } else if length.is_some_and(|length| length <= SMALL) {
            let bytes = to_bytes(body, SMALL as usize).await;
            if bytes.as_ref().is_ok_and(|bytes| Some(bytes.len() as u64) != length) {
                return Ok(None);
            }
            bytes.map(Body::from)
        } else {
            let permit = Arc::clone(&self.permits.sent).try_acquire_owned().map_err(|_| SendError::Busy)?;
            let transfer =
                Transfer { parts: body.into_data_stream(), left: length.unwrap_or(0), _permit: permit };
            Ok(Body::from_stream(stream::try_unfold(transfer, Transfer::next)))
        };
        // tower-http opened the file of this identity, and read all of it if it is small.
        if self.current_identity().await? != identity {
            return Ok(None);
        }
        Ok(Some(Reply::from_parts(head, body.map_err(io::Error::other)?)))
    }

    /// Returns whether the client asks for a part of the file. A `Range` means nothing with other methods than GET.
    fn asks_for_range(&self) -> bool {
        self.request.method == Method::GET && self.request.headers.contains_key(header::RANGE)
    }

    /// The requested range in the form that tower-http reads; `None` if the response is the whole file: for an
    /// unknown unit, invalid syntax, several ranges, and an `If-Range` with another version.
    fn range(&self, size: u64, etag: &HeaderValue, modified: Option<i64>) -> Option<HeaderValue> {
        let headers = &self.request.headers;
        if !self.asks_for_range() || !conditions::if_range(headers, etag, modified) {
            return None;
        }
        let mut values = headers.get_all(header::RANGE).iter();
        let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
        HeaderValue::try_from(range::normalised(value, size)?).ok()
    }
}

/// Reads a text of this identity, and hashes it; `None` if the file has another identity by now.
fn read_text(path: &Path, identity: FileIdentity) -> io::Result<Option<(Vec<u8>, u128)>> {
    let file = File::open(path)?;
    let mut bytes = Vec::with_capacity(usize::try_from(identity.size).unwrap_or(0) + 1);
    (&file).take(MOST_TEXT + 1).read_to_end(&mut bytes)?;
    let is_same = FileIdentity::new(&file.metadata()?) == identity && bytes.len() as u64 == identity.size;
    Ok(is_same.then(|| {
        let hash = xxh3_128(&bytes);
        (bytes, hash)
    }))
}

/// A large file that is being sent.
struct Transfer {
    parts: BodyDataStream,
    /// Bytes that the client still expects.
    left: u64,
    /// The permit is held until the file is sent or the client disconnects.
    _permit: OwnedSemaphorePermit,
}

impl Transfer {
    /// Returns the next part. A file that became shorter aborts the response, so that the client does not take the
    /// part for the whole.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.left == 0 {
            return Ok(None);
        }
        let part = self.parts.next().await.transpose().map_err(io::Error::other)?;
        let Some(mut part) = part else {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file became shorter while it was sent",
            ));
        };
        // The file may have become longer.
        part.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= part.len() as u64;
        Ok(Some((part, self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn file_that_changes_its_length_is_not_sent_as_whole() {
        let transfer = |bytes: &'static str, left| {
            let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().expect("a permit");
            let transfer = Transfer { parts: Body::from(bytes).into_data_stream(), left, _permit: permit };
            to_bytes(Body::from_stream(stream::try_unfold(transfer, Transfer::next)), 100)
        };
        assert_eq!(transfer("0123456789", 10).await.expect("the whole"), "0123456789");
        assert_eq!(transfer("0123456789", 5).await.expect("the beginning"), "01234");
        assert!(transfer("0123456789", 11).await.is_err());
    }
}
