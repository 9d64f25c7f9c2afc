//! Responses: their type, redirects, and the failure of a page.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use percent_encoding::{CONTROLS, utf8_percent_encode};

use crate::web::http::cache::{CacheHeaders, CachePolicy, ContentType};
use crate::web::http::route_pattern::RoutePattern;

/// The header with which search engines are asked not to list a response.
pub(crate) const ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");

/// A response with any body.
pub type Reply = Response<Body>;

/// A response with its URL pattern beside it, for a response that goes straight to its connection. An
/// extension would cost a twentieth of the time of a cached page.
#[derive(Debug)]
pub struct RoutedReply {
    /// The response, without the pattern as an extension.
    pub reply: Reply,
    /// The URL pattern of the request.
    pub pattern: RoutePattern,
}

impl From<Reply> for RoutedReply {
    fn from(mut reply: Reply) -> Self {
        let pattern = reply.extensions_mut().remove().unwrap_or_default();
        Self { reply, pattern }
    }
}

/// Why a page could not be made. The log has the details; readers get a neutral page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A template failed to render.
    #[error("template error: {0}")]
    Template(#[from] askama::Error),
    /// A stored body or a file could not be read.
    #[error("cannot read a body or file: {0}")]
    Read(#[from] std::io::Error),
}

impl PageError {
    /// Logs the failure and returns an empty 500 response, which the router fills with the neutral page.
    pub(crate) fn into_reply(self) -> Reply {
        tracing::error!(error = %self, "cannot render a page");
        status(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Renders a template to bytes.
pub(crate) fn render<T: Template>(page: &T) -> Result<Vec<u8>, PageError> {
    Ok(page.render()?.into_bytes())
}

/// Redirects permanently to a URL. Characters outside ASCII are escaped here. `cdn` is true if a content delivery
/// network gets cache headers of its own.
pub(crate) fn redirect(location: &str, cdn: bool) -> Reply {
    let mut reply = status(StatusCode::MOVED_PERMANENTLY);
    let headers = reply.headers_mut();
    match HeaderValue::try_from(utf8_percent_encode(location, CONTROLS).to_string()) {
        Ok(location) => headers.insert(header::LOCATION, location),
        Err(_) => return status(StatusCode::NOT_FOUND),
    };
    CacheHeaders { policy: CachePolicy::Redirect, cdn }.insert_into(headers);
    reply
}

/// A response with a status code and no body.
pub fn status(code: StatusCode) -> Reply {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = code;
    reply
}

/// A text response that clients must not keep.
pub fn plain(code: StatusCode, text: impl Into<Body>) -> Reply {
    fresh(code, ContentType::TEXT.name, text)
}

/// A response that clients must not keep.
pub(crate) fn fresh(code: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Reply {
    let mut reply = Reply::new(body.into());
    *reply.status_mut() = code;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, CachePolicy::NoStore.header());
    reply
}

/// Marks a response as not to be listed by search engines.
pub(crate) fn unlisted(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(ROBOTS_TAG, HeaderValue::from_static("noindex"));
    reply
}
