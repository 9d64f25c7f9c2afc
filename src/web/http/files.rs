//! Serves the site's own files unchanged, such as images and `favicon.ico`. Only the documented folders and
//! names are served, and symbolic links cannot lead out of the site.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use rustix::io::Errno;

use crate::archive::jekyll::files::{EntryFilter, is_special};
use crate::config::Config;
use crate::web::http::cache::CachePolicy;
use crate::web::http::file_reply::{FilePermits, FileRequest, SendError};
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;

const FOLDERS: [&str; 7] = ["assets", "images", "img", "static", "media", "uploads", ".well-known"];
const FILES: [&str; 4] = ["favicon.ico", "robots.txt", "ads.txt", "humans.txt"];

/// The files of a site's folder that may be served.
pub struct SiteFiles {
    /// The site's folder with links resolved; `None` if the folder cannot be found.
    root: Option<PathBuf>,
    named: Vec<String>,
    filter: EntryFilter,
}

impl SiteFiles {
    /// Creates the file server of a site.
    pub fn new(config: &Config) -> Self {
        let named = config.site.static_files.iter().filter(|path| !path.is_empty()).cloned().collect();
        Self { root: config.root.canonicalize().ok(), named, filter: EntryFilter::new(config) }
    }

    /// Serves the file at a decoded path. Returns `None` if there is no such file.
    ///
    /// # Errors
    /// Fails if the file exists and cannot be sent.
    pub async fn get(
        &self,
        path: &str,
        request: &Parts,
        page_request: &PageRequest<'_>,
        permits: &FilePermits,
    ) -> Result<Option<Reply>, SendError> {
        let Some(file) = self.find(path)? else { return Ok(None) };
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

    /// Returns the file at a decoded path, if it may be served.
    fn find(&self, path: &str) -> io::Result<Option<PathBuf>> {
        let Some((path, root)) = path.strip_prefix('/').zip(self.root.as_deref()) else { return Ok(None) };
        let plain = path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains('\\'));
        if !plain || !self.is_served(path) {
            return Ok(None);
        }
        let file = match root.join(path).canonicalize().and_then(|file| Ok((file.metadata()?, file))) {
            Ok((metadata, file)) => Some(file).filter(|_| metadata.is_file()),
            Err(error) if is_absence(&error) => None,
            Err(error) => return Err(error),
        };
        Ok(file.filter(|file| file.starts_with(root) && !is_hidden(root, file)))
    }

    /// Returns whether the operator or the default list names the file or a folder above it. Jekyll's
    /// exclusions apply to the default folders.
    fn is_served(&self, path: &str) -> bool {
        let below = |folder: &str| path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
        if self.named.iter().any(|named| named == path) {
            return true;
        }
        // A folder that the operator lists is served even if Jekyll would exclude it.
        let named = self.named.iter().find_map(|folder| below(folder));
        let usual = FOLDERS.iter().find_map(|folder| below(folder)).filter(|_| !self.filter.excludes(path));
        match named.or(usual) {
            Some(rest) => !rest.split('/').any(is_special),
            None => FILES.contains(&path),
        }
    }
}

/// Returns whether an error means that there is no such file for clients, rather than that reading failed.
fn is_absence(error: &io::Error) -> bool {
    let is_path = |errno| matches!(errno, Errno::LOOP | Errno::NAMETOOLONG);
    let kinds =
        [ErrorKind::NotFound, ErrorKind::NotADirectory, ErrorKind::PermissionDenied, ErrorKind::InvalidInput];
    kinds.contains(&error.kind()) || Errno::from_io_error(error).is_some_and(is_path)
}

/// Returns whether a part of the path begins with a dot, such as `.git`. `.well-known` is public.
fn is_hidden(root: &Path, file: &Path) -> bool {
    let below = file.strip_prefix(root).unwrap_or(file);
    below.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        name.starts_with('.') && name != ".well-known"
    })
}
