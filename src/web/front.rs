//! The short way to a page: what needs nothing but the memory is answered before the router, whose
//! layers cost as much as the answer.

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

use super::client::Peer;
use super::reply::{Marked, Reply};
use super::{App, headers, panicked, quick_answer, router};

type Answer = Result<Marked, Infallible>;
type Routed = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

/// Answers a connection: at once if it can, by the router if not.
#[derive(Clone)]
pub struct Front {
    app: Arc<App>,
    router: TowerToHyperService<Router>,
    peer: Peer,
}

impl Front {
    /// What makes the front of a site for each who connects.
    pub fn of(app: &Arc<App>) -> impl Fn(Peer) -> Self + use<> {
        let router = TowerToHyperService::new(router(Arc::clone(app)));
        let app = Arc::clone(app);
        move |peer| Self { app: Arc::clone(&app), router: router.clone(), peer }
    }

    fn quickly(&self, request: Request<Incoming>) -> Either<Marked, Request<Incoming>> {
        // The router has routes of its own besides what the archive holds.
        if super::is_routed(request.uri().path()) {
            return Either::Right(request);
        }
        let (parts, body) = request.into_parts();
        match caught(&self.app, || quick_answer(&self.app, &parts)) {
            Some(marked) => Either::Left(marked),
            None => {
                let mut request = Request::from_parts(parts, body);
                request.extensions_mut().insert(self.peer);
                Either::Right(request)
            }
        }
    }
}

/// What an answer came to, also if making it panics.
pub(super) fn caught(app: &App, answer: impl FnOnce() -> Option<Marked>) -> Option<Marked> {
    match catch_unwind(AssertUnwindSafe(answer)) {
        Ok(marked) => {
            marked.map(|Marked { reply, pattern }| Marked { reply: headers::secured(reply), pattern })
        }
        Err(cause) => Some(panicked(app, &*cause).into()),
    }
}

impl Service<Request<Incoming>> for Front {
    type Response = Marked;
    type Error = Infallible;
    type Future = Either<Ready<Answer>, MapOk<Routed, fn(Reply) -> Marked>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        match self.quickly(request) {
            Either::Left(marked) => Either::Left(ready(Ok(marked))),
            Either::Right(request) => Either::Right(self.router.call(request).map_ok(Marked::from)),
        }
    }
}
