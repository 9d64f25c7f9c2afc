//! The Markdown source of a post, at the article's path with `.md` instead of `.html`.

use std::io;
use std::path::Path;

use axum::http::{HeaderValue, StatusCode, header};

use crate::archive::jekyll::front_matter;
use crate::archive::{Post, file_version};
use crate::web::http::cache::{CachePolicy, ContentType};
use crate::web::http::reply::{PageError, Reply, status, unlisted};
use crate::web::http::request::PageRequest;
use crate::web::pages::error::not_found;

/// Serves the post's file.
pub async fn get(request: &PageRequest<'_>, root: &Path, post: &Post) -> Reply {
    let file = root.join(post.path());
    if !file.is_file() {
        // The file was removed after it was read, or its name is not UTF-8.
        return not_found(request, post.path());
    }
    let content = match tokio::task::spawn_blocking(move || file_version::read(&file)).await {
        Ok(Ok(content)) => content,
        Ok(Err(defect)) => return PageError::from(io::Error::other(defect.message)).into_reply(),
        Err(panic) => return PageError::from(io::Error::other(panic)).into_reply(),
    };
    if content.torn {
        let mut reply = status(StatusCode::SERVICE_UNAVAILABLE);
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        return reply;
    }
    let text = front_matter::decode(&content.bytes).0;
    let fingerprint = request.fingerprint("source").with(&text).finish();
    let mut reply =
        unlisted(request.conditional(ContentType::TEXT, CachePolicy::Article, fingerprint, || {
            Ok(text.into_owned().into_bytes())
        }));
    let canonical = format!("<{}>; rel=\"canonical\"", request.site.absolute(post.url()));
    if let Ok(canonical) = HeaderValue::try_from(canonical) {
        reply.headers_mut().insert(header::LINK, canonical);
    }
    reply
}
