//! The state of a connection as its requests and responses report it. The connection's stream derives its
//! timeouts from it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, Response, Version};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::web::admin::metrics::Rejection;
use crate::web::http::reply::RoutedReply;
use crate::web::server::client::Peer;
use crate::web::server::observer::Observer;
use crate::web::server::record::RequestRecord;

/// The state of a connection.
#[derive(Debug)]
pub(super) struct Activity {
    start: Instant,
    /// Requests received.
    begun: AtomicUsize,
    /// Requests whose response has been handed to hyper completely.
    done: AtomicUsize,
    /// Time of the last increment of `done`, in nanoseconds since `start`.
    done_at: AtomicU64,
    /// HTTP/2 responses that have handed over data which the client has not taken.
    given: AtomicUsize,
    /// Time of the last increment of `given`, in nanoseconds since `start`.
    given_at: AtomicU64,
    /// True while few free connections are left.
    crowded: AtomicBool,
    pub(super) observer: Arc<Observer>,
    pub(super) peer: Peer,
    /// Permits for further requests, shared by all connections.
    room: Arc<Semaphore>,
}

impl Activity {
    /// The state of a new connection.
    pub(super) fn new(is_crowded: bool, observer: Arc<Observer>, peer: Peer, room: Arc<Semaphore>) -> Self {
        Self {
            start: Instant::now(),
            begun: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            done_at: AtomicU64::new(0),
            given: AtomicUsize::new(0),
            given_at: AtomicU64::new(0),
            crowded: AtomicBool::new(is_crowded),
            observer,
            peer,
            room,
        }
    }

    /// The number of requests received.
    pub(super) fn begun(&self) -> usize {
        self.begun.load(Ordering::Acquire)
    }

    /// Returns whether any response is unfinished.
    pub(super) fn is_busy(&self) -> bool {
        self.done.load(Ordering::Acquire) != self.begun()
    }

    /// The time at which the last response was handed over.
    pub(super) fn answered_at(&self) -> Instant {
        self.at(&self.done_at)
    }

    /// The time since which the HTTP/2 client alone holds up all of its unfinished responses; `None` while
    /// the server owes one. The connection may be a proxy's, so a reader who stalls must not end it for
    /// readers who wait or read. A hostile client can therefore hold one response per stream.
    pub(super) fn given_at(&self) -> Option<Instant> {
        let unanswered = self.begun().wrapping_sub(self.done.load(Ordering::Acquire));
        let given = self.given.load(Ordering::Acquire);
        (given > 0 && given >= unanswered).then(|| self.at(&self.given_at))
    }

    /// Records that a response has data that waits for the client.
    pub(super) fn begin_wait(&self) {
        self.given_at.store(self.now(), Ordering::Release);
        self.given.fetch_add(1, Ordering::AcqRel);
    }

    /// Records that the client took the data.
    fn end_wait(&self) {
        self.given.fetch_sub(1, Ordering::AcqRel);
    }

    /// Nanoseconds since `start`.
    fn now(&self) -> u64 {
        self.start.elapsed().as_nanos() as u64
    }

    fn at(&self, moment: &AtomicU64) -> Instant {
        self.start + Duration::from_nanos(moment.load(Ordering::Acquire))
    }

    pub(super) fn set_crowded(&self, is_crowded: bool) {
        self.crowded.store(is_crowded, Ordering::Relaxed);
    }

    pub(super) fn is_crowded(&self) -> bool {
        self.crowded.load(Ordering::Relaxed)
    }
}

/// A request in progress; dropping it ends the request.
pub(super) struct ActiveRequest {
    activity: Arc<Activity>,
    record: RequestRecord,
    /// True if other requests can share the connection.
    is_multiplexed: bool,
    /// True while data of the response waits for the client.
    is_given: bool,
}

impl ActiveRequest {
    pub(super) fn begin<B>(activity: &Arc<Activity>, request: &Request<B>) -> Self {
        activity.begun.fetch_add(1, Ordering::AcqRel);
        Self {
            record: RequestRecord::begin(&activity.observer, activity.peer, request),
            activity: Arc::clone(activity),
            is_multiplexed: request.version() == Version::HTTP_2,
            is_given: false,
        }
    }

    /// Records whether data of the response waits for the client.
    fn set_waiting(&mut self, is_given: bool) {
        match (self.is_given, is_given && self.is_multiplexed) {
            (false, true) => self.activity.begin_wait(),
            (true, false) => self.activity.end_wait(),
            _ => return,
        }
        self.is_given = !self.is_given;
    }

    /// A permit for a request that waits, if there is one.
    pub(super) fn wait_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.activity.room).try_acquire_owned().ok()
    }

    /// Counts the rejection of the request.
    pub(super) fn record_rejection(&self) {
        self.activity.observer.record_rejection(Rejection::Requests);
    }

    /// Makes the response; its body owns the active request.
    pub(super) fn answer(
        mut self,
        RoutedReply { mut reply, pattern }: RoutedReply,
    ) -> Response<ResponseBody> {
        self.record.answer(&self.activity.observer, &mut reply, pattern);
        reply.map(|body| ResponseBody { body, active: self })
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.record.end(&self.activity.observer);
        self.set_waiting(false);
        let activity = &self.activity;
        activity.done_at.store(activity.now(), Ordering::Release);
        activity.done.fetch_add(1, Ordering::AcqRel);
    }
}

/// The body of a response, which ends the active request when it is dropped.
pub(super) struct ResponseBody {
    body: Body,
    active: ActiveRequest,
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        // hyper polls for a frame only after the client has taken the one before.
        self.active.set_waiting(matches!(polled, Poll::Ready(Some(Ok(_)))));
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.active.record.sent(frame.data_ref().map_or(0, Bytes::len));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
