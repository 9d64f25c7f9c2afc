//! The source of a post, as its author wrote it: the article's path with `.md` for `.html`.

use std::io::ErrorKind;
use std::path::Path;

use axum::http::{HeaderValue, header};

use super::error::not_found;
use crate::archive::{Post, front_matter};
use crate::web::cache::CachePolicy;
use crate::web::reply::{Failure, Reply, Visit};

/// Answers with the post's file.
pub fn get(visit: &Visit<'_>, root: &Path, post: &Post) -> Reply {
    let bytes = match std::fs::read(root.join(post.path())) {
        Ok(bytes) => bytes,
        // Removed since it was read, or of a name that is no UTF-8.
        Err(error) if error.kind() == ErrorKind::NotFound => return not_found(visit, post.path()),
        Err(error) => return Failure::from(error).reply(visit.site),
    };
    let text = front_matter::decode(&bytes).0;
    let fingerprint = visit.fingerprint("source").with(&text).finish();
    let mut reply = visit.conditional("text/plain; charset=utf-8", CachePolicy::Article, fingerprint, || {
        Ok(text.into_owned().into_bytes())
    });
    let headers = reply.headers_mut();
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    let canonical = format!("<{}>; rel=\"canonical\"", visit.site.absolute(post.url()));
    if let Ok(canonical) = HeaderValue::try_from(canonical) {
        headers.insert(header::LINK, canonical);
    }
    reply
}
