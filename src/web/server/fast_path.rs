//! The fast path: a page whose bytes are cached at the request's path bypasses the router, whose layers cost as
//! much as the response.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use axum::Router;
use axum::http::{Method, Request, StatusCode, header};
use futures_util::future::{Either, MapOk, TryFutureExt};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use crate::web::app::App;
use crate::web::http::lookup::CacheLookup;
use crate::web::http::reply::{Reply, RoutedReply};
use crate::web::router::router;
use crate::web::server::client::Peer;
use crate::web::server::panics::catch_panic;

type ReadyReply = Result<RoutedReply, Infallible>;
type RouterFuture = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

/// The service of a connection: responds from the page cache if possible, and otherwise through the router.
#[derive(Clone)]
pub struct FastPath {
    app: Arc<App>,
    router: TowerToHyperService<Router>,
    peer: Peer,
}

impl FastPath {
    /// Returns a function that creates the service of each connection.
    pub fn service(app: &Arc<App>) -> impl Fn(Peer) -> Self + use<> {
        let router = TowerToHyperService::new(router(Arc::clone(app)));
        let app = Arc::clone(app);
        move |peer| Self { app: Arc::clone(&app), router: router.clone(), peer }
    }

    /// The cached page at the path of a GET or HEAD request without a query.
    fn cached_reply(&self, request: &Request<Incoming>) -> Option<RoutedReply> {
        let uri = request.uri();
        if uri.query().is_some() || !matches!(*request.method(), Method::GET | Method::HEAD) {
            return None;
        }
        let generation = self.app.generation();
        CacheLookup::new(self.app.page_cache(), request.headers()).reply_at(uri.path(), generation)
    }
}

impl Service<Request<Incoming>> for FastPath {
    type Response = RoutedReply;
    type Error = Infallible;
    type Future = Either<Ready<ReadyReply>, MapOk<RouterFuture, fn(Reply) -> RoutedReply>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        match catch_panic(self.app.observer(), || self.cached_reply(&request)) {
            Some(routed) => Either::Left(ready(Ok(routed))),
            None => {
                request.extensions_mut().insert(self.peer);
                Either::Right(self.router.call(request).map_ok(routed))
            }
        }
    }
}

/// Removes the `content-length: 0` that axum adds to a 304 response. It would state the length of the page
/// (RFC 9110, section 8.6).
fn routed(mut reply: Reply) -> RoutedReply {
    if reply.status() == StatusCode::NOT_MODIFIED {
        reply.headers_mut().remove(header::CONTENT_LENGTH);
    }
    reply.into()
}
