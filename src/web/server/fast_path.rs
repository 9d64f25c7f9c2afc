//! The fast path to a page: requests that need only memory bypass the router, whose
//! layers cost as much as the response.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::Router;
use axum::http::Request;
use futures_util::future::{Either, MapOk, TryFutureExt};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use crate::web::app::App;
use crate::web::http::headers;
use crate::web::http::reply::{Reply, RoutedReply};
use crate::web::server::client::Peer;
use crate::web::{panicked, quick_answer, router};

type ReadyReply = Result<RoutedReply, Infallible>;
type RouterFuture = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

/// The service of a connection: responds immediately if possible, and otherwise through the router.
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

    fn answer_now(&self, request: Request<Incoming>) -> Either<RoutedReply, Request<Incoming>> {
        // The router has its own routes besides those of the archive.
        if crate::web::is_routed(request.uri().path()) {
            return Either::Right(request);
        }
        let (parts, body) = request.into_parts();
        match catch_panic(&self.app, || quick_answer(&self.app, &parts)) {
            Some(routed) => Either::Left(routed),
            None => {
                let mut request = Request::from_parts(parts, body);
                request.extensions_mut().insert(self.peer);
                Either::Right(request)
            }
        }
    }
}

/// Runs a handler and adds the security headers. A panic becomes an error response.
pub(crate) fn catch_panic(app: &App, answer: impl FnOnce() -> Option<RoutedReply>) -> Option<RoutedReply> {
    match catch_unwind(AssertUnwindSafe(answer)) {
        Ok(routed) => routed
            .map(|RoutedReply { reply, pattern }| RoutedReply { reply: headers::secured(reply), pattern }),
        Err(cause) => Some(panicked(app, &*cause).into()),
    }
}

impl Service<Request<Incoming>> for FastPath {
    type Response = RoutedReply;
    type Error = Infallible;
    type Future = Either<Ready<ReadyReply>, MapOk<RouterFuture, fn(Reply) -> RoutedReply>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        match self.answer_now(request) {
            Either::Left(routed) => Either::Left(ready(Ok(routed))),
            Either::Right(request) => Either::Right(self.router.call(request).map_ok(RoutedReply::from)),
        }
    }
}
