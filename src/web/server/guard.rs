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

use crate::web::http::cache::CachePolicy;
use crate::web::http::headers;
use crate::web::http::reply::{Reply, RoutedReply, status};
use crate::web::server::activity::{ActiveRequest, Activity, ResponseBody};
use crate::web::server::request_checks;

/// A service with the checks of one connection around it.
#[derive(Clone)]
pub(super) struct ConnectionService<S> {
    service: S,
    activity: Arc<Activity>,
}

impl<S> ConnectionService<S> {
    pub(super) fn new(service: S, activity: Arc<Activity>) -> Self {
        Self { service, activity }
    }
}

impl<S> Service<Request<Incoming>> for ConnectionService<S>
where
    S: Service<Request<Incoming>, Response: Into<RoutedReply>, Error = Infallible>,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = ResponseFuture<
        Either<Ready<Result<RoutedReply, Infallible>>, MapOk<S::Future, fn(S::Response) -> RoutedReply>>,
    >;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let active = Some(ActiveRequest::begin(&self.activity, &request));
        let reply = match request_checks::rejection(&request) {
            Some(reply) => Either::Left(ready(Ok(reply.into()))),
            None => {
                Either::Right(self.service.call(request).map_ok(Into::into as fn(S::Response) -> RoutedReply))
            }
        };
        ResponseFuture { reply, active, permit: None }
    }
}

/// Rejects a request with 503: an immediate rejection is better than an endless wait.
fn overloaded() -> Reply {
    let mut reply = headers::secured(status(StatusCode::SERVICE_UNAVAILABLE));
    let headers = reply.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    headers.insert(header::CACHE_CONTROL, CachePolicy::NoStore.header());
    reply
}

pin_project! {
    /// A response in progress.
    pub(super) struct ResponseFuture<F> {
        #[pin]
        reply: F,
        active: Option<ActiveRequest>,
        // The permit of a request whose response is not ready at once. It ends when the response begins: the
        // speed of the transfer depends on the client.
        permit: Option<OwnedSemaphorePermit>,
    }
}

impl<F: Future<Output = Result<RoutedReply, Infallible>>> Future for ResponseFuture<F> {
    type Output = Result<Response<ResponseBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // A future is not polled again after it is ready.
        let Some(active) = this.active.as_ref() else { return Poll::Pending };
        let routed = match this.reply.poll(cx) {
            Poll::Ready(Ok(routed)) => routed,
            Poll::Pending => {
                if this.permit.is_none() {
                    *this.permit = active.wait_permit();
                }
                if this.permit.is_some() {
                    return Poll::Pending;
                }
                active.record_rejection();
                overloaded().into()
            }
        };
        *this.permit = None;
        this.active.take().map_or(Poll::Pending, |active| Poll::Ready(Ok(active.answer(routed))))
    }
}
