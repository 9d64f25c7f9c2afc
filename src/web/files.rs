//! The site's own files, served as they are: pictures, `favicon.ico`. Only from the folders and
//! names of the contract, and never through a link that leads out of the site.

use std::path::{Path, PathBuf};

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, header};
use tower_http::services::ServeFile;

use super::cache::CachePolicy;
use super::reply::Reply;
use crate::archive::files::{Filter, is_special};
use crate::config::Config;

const FOLDERS: [&str; 7] = ["assets", "images", "img", "static", "media", "uploads", ".well-known"];
const FILES: [&str; 4] = ["favicon.ico", "robots.txt", "ads.txt", "humans.txt"];

/// What of a site's folder may be served.
pub struct SiteFiles {
    /// The site's folder without links, or nothing if it cannot be found.
    root: Option<PathBuf>,
    named: Vec<String>,
    filter: Filter,
}

impl SiteFiles {
    /// The files of a site.
    pub fn new(config: &Config) -> Self {
        let named = config.static_files.iter().filter(|path| !path.is_empty()).cloned().collect();
        Self { root: config.root.canonicalize().ok(), named, filter: Filter::new(config) }
    }

    /// Answers with the file at a decoded path; ranges and conditions hold.
    pub async fn get(&self, path: &str, request: &Parts) -> Option<Reply> {
        let file = self.find(path)?;
        let mut bare = Request::new(());
        *bare.method_mut() = request.method.clone();
        *bare.headers_mut() = request.headers.clone();
        let mut reply = ServeFile::new(file).try_call(bare).await.ok()?.map(axum::body::Body::new);
        let headers = reply.headers_mut();
        headers.insert(header::CACHE_CONTROL, CachePolicy::SiteFile.header());
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if matches!(kind, "text/plain" | "text/css" | "text/javascript" | "text/markdown" | "text/csv") {
            // Without it browsers guess, and guess Han wrong.
            if let Ok(kind) = HeaderValue::try_from(format!("{kind}; charset=utf-8")) {
                headers.insert(header::CONTENT_TYPE, kind);
            }
        } else if kind.starts_with("image/") {
            // Feeds and other sites may show our pictures.
            let embeddable = HeaderName::from_static("cross-origin-resource-policy");
            headers.insert(embeddable, HeaderValue::from_static("cross-origin"));
        }
        Some(reply)
    }

    /// The file at a decoded path, if it may be served.
    fn find(&self, path: &str) -> Option<PathBuf> {
        let path = path.strip_prefix('/')?;
        let plain = path.split('/').all(|part| !matches!(part, "" | "." | "..") && !part.contains('\\'));
        if !plain || !self.is_served(path) {
            return None;
        }
        let root = self.root.as_deref()?;
        let file = root.join(path).canonicalize().ok()?;
        (file.starts_with(root) && file.is_file() && !is_hidden(root, &file)).then_some(file)
    }

    /// Whether the contract names the file or a folder above it, and Jekyll would publish it.
    fn is_served(&self, path: &str) -> bool {
        let below = |folder: &str| path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
        if self.named.iter().any(|named| named == path) {
            return true;
        }
        // What the owner names is served even if Jekyll would pass the folder over.
        let named = self.named.iter().find_map(|folder| below(folder));
        let usual = FOLDERS.iter().find_map(|folder| below(folder)).filter(|_| !self.filter.excludes(path));
        match named.or(usual) {
            Some(rest) => !rest.split('/').any(is_special),
            None => FILES.contains(&path),
        }
    }
}

/// Whether a name on the way begins with a dot, as `.git` does; `.well-known` is meant to be seen.
fn is_hidden(root: &Path, file: &Path) -> bool {
    let below = file.strip_prefix(root).unwrap_or(file);
    below.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        name.starts_with('.') && name != ".well-known"
    })
}
