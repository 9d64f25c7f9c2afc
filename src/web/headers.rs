//! What is said of every answer to keep readers safe, each header with its reason.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, header};

use super::reply::Reply;

/// Bodies are scraped from other sites. Should the sanitiser ever let something through, it must
/// find nothing that runs it, nowhere to send what it sees, and no frame to show it in.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; \
                      connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    // A text file that looks like HTML stays text.
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Other sites learn that a reader came from here, not from which article.
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    // A page that was opened from here cannot reach back into it.
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    // Other sites cannot embed our pages; images say otherwise for themselves.
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // Reading needs none of these.
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
];

/// A map that holds each of them already.
pub fn secure_headers() -> HeaderMap {
    static ALL: LazyLock<HeaderMap> = LazyLock::new(|| {
        // With room for what pages add.
        let mut headers = HeaderMap::with_capacity(16);
        headers.extend(HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))));
        headers
    });
    ALL.clone()
}

/// As middleware.
pub async fn secure(reply: Reply) -> Reply {
    secured(reply)
}

/// Adds each header that the answer does not have already.
pub fn secured(mut reply: Response<Body>) -> Reply {
    // Pages were made with all of them.
    if reply.headers().contains_key(header::CONTENT_SECURITY_POLICY) {
        return reply;
    }
    for (name, value) in HEADERS {
        reply.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    reply
}
