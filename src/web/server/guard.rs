//! The service in front of the site, one per connection. It rejects invalid requests and requests beyond the
//! limit, and keeps the connection's state.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use futures_util::future::{Either, MapOk, TryFutureExt};
use hyper::body::Incoming;
use hyper::service::Service;
use pin_project_lite::pin_project;
use tokio::sync::OwnedSemaphorePermit;

use super::activity::{Activity, Answer, Turn};
use super::hygiene;
use crate::web::cache::CachePolicy;
use crate::web::headers;
use crate::web::reply::{Marked, Reply, status};

/// A service with the checks of one connection around it.
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
    S: Service<Request<Incoming>, Response: Into<Marked>, Error = Infallible>,
{
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future =
        Answering<Either<Ready<Result<Marked, Infallible>>, MapOk<S::Future, fn(S::Response) -> Marked>>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let turn = Some(Turn::begin(&self.activity, &request));
        let reply = match hygiene::refusal(&request) {
            Some(reply) => Either::Left(ready(Ok(reply.into()))),
            None => Either::Right(self.service.call(request).map_ok(Into::into as fn(S::Response) -> Marked)),
        };
        Answering { reply, turn, place: None }
    }
}

/// Rejects a request with 503: an immediate rejection is better than an endless wait.
fn shed() -> Reply {
    let mut reply = headers::secured(status(StatusCode::SERVICE_UNAVAILABLE));
    let headers = reply.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    headers.insert(header::CACHE_CONTROL, CachePolicy::NoStore.header());
    reply
}

pin_project! {
    /// A response in progress.
    pub(super) struct Answering<F> {
        #[pin]
        reply: F,
        turn: Option<Turn>,
        // The permit of a request whose response is not ready at once. It ends when the response begins: the
        // speed of the transfer depends on the client.
        place: Option<OwnedSemaphorePermit>,
    }
}

impl<F: Future<Output = Result<Marked, Infallible>>> Future for Answering<F> {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // A future is not polled again after it is ready.
        let Some(turn) = this.turn.as_ref() else { return Poll::Pending };
        let marked = match this.reply.poll(cx) {
            Poll::Ready(Ok(marked)) => marked,
            Poll::Pending => {
                if this.place.is_none() {
                    *this.place = turn.place();
                }
                if this.place.is_some() {
                    return Poll::Pending;
                }
                turn.shed();
                shed().into()
            }
        };
        *this.place = None;
        this.turn.take().map_or(Poll::Pending, |turn| Poll::Ready(Ok(turn.answer(marked))))
    }
}
