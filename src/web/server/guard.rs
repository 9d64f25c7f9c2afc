//! What stands before the site on a connection: refuses what is no request for a page, and knows what the
//! connection is at.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::http::{Request, Response};
use futures_util::future::Either;
use hyper::body::Incoming;
use hyper::service::Service;
use pin_project_lite::pin_project;

use super::activity::{Activity, Answer, Turn};
use super::hygiene;
use crate::web::reply::Reply;

/// A service behind the guard of one connection.
#[derive(Clone)]
pub(super) struct Guard<S> {
    service: S,
    activity: Arc<Activity>,
}

impl<S> Guard<S> {
    pub(super) fn new(service: S, activity: Arc<Activity>) -> Self {
        Self { service, activity }
    }
}

impl<S> Service<Request<Incoming>> for Guard<S>
where
    S: Service<Request<Incoming>, Response = Reply, Error = Infallible>,
{
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Answering<Either<Ready<Result<Reply, Infallible>>, S::Future>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let turn = Some(Turn::begin(&self.activity));
        let reply = match hygiene::refusal(&request) {
            Some(reply) => Either::Left(ready(Ok(reply))),
            None => Either::Right(self.service.call(request)),
        };
        Answering { reply, turn }
    }
}

pin_project! {
    /// An answer that is being made.
    pub(super) struct Answering<F> {
        #[pin]
        reply: F,
        turn: Option<Turn>,
    }
}

impl<F: Future<Output = Result<Reply, Infallible>>> Future for Answering<F> {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Poll::Ready(Ok(reply)) = this.reply.poll(cx) else { return Poll::Pending };
        match this.turn.take() {
            Some(turn) => Poll::Ready(Ok(turn.answer(reply))),
            // Nobody asks again after an answer.
            None => Poll::Pending,
        }
    }
}
