//! Panics of request handlers: each becomes a 500 response, a log line and a count.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;

use crate::panics;
use crate::web::http::headers;
use crate::web::http::reply::{Reply, RoutedReply, plain};
use crate::web::server::observer::Observer;

/// A layer that turns a panic into a 500 response.
pub(crate) fn catch_panics(
    observer: &Arc<Observer>,
) -> CatchPanicLayer<impl Fn(Box<dyn Any + Send>) -> Reply + Clone + Send + Sync + 'static> {
    let observer = Arc::clone(observer);
    CatchPanicLayer::custom(move |cause: Box<dyn Any + Send>| panicked(&observer, &*cause))
}

/// Runs a handler outside the router. A panic becomes an error response.
pub(crate) fn catch_panic(
    observer: &Observer,
    answer: impl FnOnce() -> Option<RoutedReply>,
) -> Option<RoutedReply> {
    catch_unwind(AssertUnwindSafe(answer)).unwrap_or_else(|cause| Some(panicked(observer, &*cause).into()))
}

fn panicked(observer: &Observer, cause: &(dyn Any + Send)) -> Reply {
    observer.metrics.panics.inc();
    tracing::error!(cause = panics::text(cause).unwrap_or_default(), "request handler panicked");
    headers::secured(plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error.\n"))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::extract::Request;
    use axum::http::header;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[test]
    fn panics_in_router_and_fast_path_return_500_and_are_counted() {
        let observer = Observer::disabled();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        async fn panics() -> Reply {
            panic!("a reason")
        }
        let router: Router = Router::new().route("/", get(panics)).layer(catch_panics(&observer));
        let request = Request::builder().body(Body::empty()).expect("a request");
        let slow = runtime.block_on(router.oneshot(request)).expect("an answer");
        let quick = catch_panic(&observer, || panic!("a reason")).expect("an answer").reply;
        for reply in [slow, quick] {
            assert_eq!(reply.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert!(reply.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        }
        assert_eq!(observer.metrics.panics.get(), 2);
    }
}
