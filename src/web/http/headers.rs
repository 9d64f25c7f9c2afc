//! Security headers of every response, each with its reason.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, header};

use crate::web::http::reply::Reply;

/// Bodies are scraped from other sites. If the sanitiser ever misses something, this policy blocks its
/// scripts, its forms and connections to other hosts, and its frames.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https:; \
                      media-src 'self' https:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    // A text file that looks like HTML stays text.
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Other sites see that a reader comes from this site, but not which article it was.
    (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
    // A page that was opened from this site cannot reach back into it.
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    // Other sites cannot embed the site's pages; images override this.
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    // Reading does not need these features.
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
];

/// Returns a map with all security headers.
pub(crate) fn secure_headers() -> HeaderMap {
    static ALL: LazyLock<HeaderMap> = LazyLock::new(|| {
        // The capacity includes the headers that pages add.
        let mut headers = HeaderMap::with_capacity(16);
        headers.extend(HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))));
        headers
    });
    ALL.clone()
}

/// Adds the security headers, as axum middleware of the admin listener.
pub(crate) async fn secure(reply: Reply) -> Reply {
    secured(reply)
}

/// Adds each security header that the response does not have already.
pub(crate) fn secured(mut reply: Response<Body>) -> Reply {
    // Pages are created with all of them.
    if reply.headers().contains_key(header::CONTENT_SECURITY_POLICY) {
        return reply;
    }
    for (name, value) in HEADERS {
        reply.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    reply
}
