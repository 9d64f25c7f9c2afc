//! What stands before the site on a connection: refuses what is no request for a page or more than can be
//! worked on, and knows what the connection is at.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use futures_util::future::Either;
use hyper::body::Incoming;
use hyper::service::Service;
use pin_project_lite::pin_project;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::activity::{Activity, Answer, Turn};
use super::record::Record;
use super::{Observer, hygiene};
use crate::web::cache::CachePolicy;
use crate::web::client::Peer;
use crate::web::headers;
use crate::web::reply::{Reply, status};

/// A service behind the guard of one connection.
#[derive(Clone)]
pub(super) struct Guard<S> {
    service: S,
    activity: Arc<Activity>,
    observer: Arc<Observer>,
    peer: Peer,
    /// For how many more requests there is room.
    room: Arc<Semaphore>,
}

impl<S> Guard<S> {
    pub(super) fn new(
        service: S,
        activity: Arc<Activity>,
        observer: Arc<Observer>,
        peer: Peer,
        room: Arc<Semaphore>,
    ) -> Self {
        Self { service, activity, observer, peer, room }
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
        let turn = Some((Turn::begin(&self.activity), Record::begin(&self.observer, self.peer, &request)));
        let reply = match hygiene::refusal(&request) {
            Some(reply) => Either::Left(ready(Ok(reply))),
            None => Either::Right(self.service.call(request)),
        };
        Answering { reply, turn, place: Place::Unasked(Arc::clone(&self.room)) }
    }
}

/// A place among the requests that are worked on.
enum Place {
    /// What is answered at once needs none.
    Unasked(Arc<Semaphore>),
    /// Until the answer begins: how long it takes to send is its client's affair.
    Taken { _permit: OwnedSemaphorePermit },
}

impl Place {
    /// Takes a place for a request that has to wait for something. Whether there is one.
    fn take(&mut self) -> bool {
        let Self::Unasked(room) = self else { return true };
        let Ok(permit) = Arc::clone(room).try_acquire_owned() else { return false };
        *self = Self::Taken { _permit: permit };
        true
    }
}

/// Turns a request away: to be told so at once is better than to wait for ever.
fn shed() -> Reply {
    let mut reply = headers::secured(status(StatusCode::SERVICE_UNAVAILABLE));
    let headers = reply.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    headers.insert(header::CACHE_CONTROL, CachePolicy::NoStore.header());
    reply
}

pin_project! {
    /// An answer that is being made.
    pub(super) struct Answering<F> {
        #[pin]
        reply: F,
        turn: Option<(Turn, Record)>,
        place: Place,
    }
}

impl<F: Future<Output = Result<Reply, Infallible>>> Future for Answering<F> {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let reply = match this.reply.poll(cx) {
            Poll::Ready(Ok(reply)) => reply,
            Poll::Pending if this.place.take() => return Poll::Pending,
            Poll::Pending => {
                if let Some((_, record)) = this.turn {
                    record.shed();
                }
                shed()
            }
        };
        match this.turn.take() {
            Some((turn, record)) => Poll::Ready(Ok(turn.answer(record, reply))),
            // Nobody asks again after an answer.
            None => Poll::Pending,
        }
    }
}
