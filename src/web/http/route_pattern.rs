//! The URL pattern of a request, which routes name and responses carry to the metrics.

use axum::body::Body;
use axum::http::Response;

/// The URL pattern of a request, as metrics label it. It travels as an extension of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoutePattern(pub &'static str);

impl Default for RoutePattern {
    /// The pattern of requests that no route matched.
    fn default() -> Self {
        Self("none")
    }
}

impl RoutePattern {
    /// Adds the pattern to a response, as an extension.
    #[must_use]
    pub(crate) fn attach_to(self, mut reply: Response<Body>) -> Response<Body> {
        reply.extensions_mut().insert(self);
        reply
    }
}
