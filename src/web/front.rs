//! The short way to a page: what needs nothing but the memory is answered before the router, whose
//! layers cost as much as the answer.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::Router;
use axum::http::Request;
use futures_util::future::Either;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

use super::reply::Reply;
use super::{App, headers, panicked, quick_answer, router};

type Answer = Result<Reply, Infallible>;

/// Answers connections: at once if it can, by the router if not.
#[derive(Clone)]
pub struct Front {
    app: Arc<App>,
    router: TowerToHyperService<Router>,
}

impl Front {
    /// The front of a site.
    pub fn new(app: Arc<App>) -> Self {
        Self { router: TowerToHyperService::new(router(Arc::clone(&app))), app }
    }

    fn quickly(&self, request: Request<Incoming>) -> Either<Reply, Request<Incoming>> {
        // The router has routes of its own besides what the archive holds.
        if super::is_routed(request.uri().path()) {
            return Either::Right(request);
        }
        let (parts, body) = request.into_parts();
        match catch_unwind(AssertUnwindSafe(|| quick_answer(&self.app, &parts))) {
            Ok(Some(reply)) => Either::Left(headers::secured(reply)),
            Ok(None) => Either::Right(Request::from_parts(parts, body)),
            Err(cause) => Either::Left(panicked(cause)),
        }
    }
}

impl Service<Request<Incoming>> for Front {
    type Response = Reply;
    type Error = Infallible;
    type Future = Either<Ready<Answer>, <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        match self.quickly(request) {
            Either::Left(reply) => Either::Left(ready(Ok(reply))),
            Either::Right(request) => Either::Right(self.router.call(request)),
        }
    }
}
