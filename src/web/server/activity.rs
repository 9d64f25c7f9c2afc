//! What a connection is at, as those know who answer it; its stream waits by that.

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

use super::Observer;
use super::record::Record;
use crate::web::client::Peer;
use crate::web::metrics::Shed;
use crate::web::reply::Marked;

/// What a connection is at.
#[derive(Debug)]
pub(super) struct Activity {
    start: Instant,
    /// Requests that have come.
    begun: AtomicUsize,
    /// Those whose answers have been handed over to the last byte.
    done: AtomicUsize,
    /// When the last of these was, in nanoseconds from the start.
    done_at: AtomicU64,
    /// Answers of HTTP/2 of which something was handed over and is not all taken on.
    given: AtomicUsize,
    /// When something last was, in nanoseconds from the start.
    given_at: AtomicU64,
    /// There is hardly room for other connections.
    crowded: AtomicBool,
    /// Who is told of its requests.
    pub(super) observer: Arc<Observer>,
    /// Who is at the other end.
    pub(super) peer: Peer,
    /// For how many more requests there is room, those of other connections included.
    room: Arc<Semaphore>,
}

impl Activity {
    /// That of a connection that has said nothing yet.
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

    /// How many requests have come.
    pub(super) fn begun(&self) -> usize {
        self.begun.load(Ordering::Acquire)
    }

    /// Whether some are not answered yet.
    pub(super) fn is_busy(&self) -> bool {
        self.done.load(Ordering::Acquire) != self.begun()
    }

    /// When the last answer was handed over.
    pub(super) fn answered_at(&self) -> Instant {
        self.at(&self.done_at)
    }

    /// Since when a client of HTTP/2 is to take something of every answer that it has asked for, if it is. A
    /// connection may be that of a proxy: that one of its readers takes nothing is no reason to end it for those
    /// who wait or take, so that who means to hold answers can, as many as there are streams.
    pub(super) fn given_at(&self) -> Option<Instant> {
        let unanswered = self.begun().wrapping_sub(self.done.load(Ordering::Acquire));
        let given = self.given.load(Ordering::Acquire);
        (given > 0 && given >= unanswered).then(|| self.at(&self.given_at))
    }

    /// Notes that something of an answer waits for its client to allow room for it.
    pub(super) fn give(&self) {
        self.given_at.store(self.now(), Ordering::Release);
        self.given.fetch_add(1, Ordering::AcqRel);
    }

    /// Notes that it was taken.
    fn take(&self) {
        self.given.fetch_sub(1, Ordering::AcqRel);
    }

    /// Nanoseconds from the start.
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

/// A request that has come; it is done when this is dropped.
pub(super) struct Turn {
    activity: Arc<Activity>,
    record: Record,
    /// Its connection has others as well.
    is_multiplexed: bool,
    /// Whether something of its answer is given and not taken.
    is_given: bool,
}

impl Turn {
    pub(super) fn begin<B>(activity: &Arc<Activity>, request: &Request<B>) -> Self {
        activity.begun.fetch_add(1, Ordering::AcqRel);
        Self {
            record: Record::begin(&activity.observer, activity.peer, request),
            activity: Arc::clone(activity),
            is_multiplexed: request.version() == Version::HTTP_2,
            is_given: false,
        }
    }

    /// Notes whether something of the answer is given and not taken.
    fn give(&mut self, is_given: bool) {
        match (self.is_given, is_given && self.is_multiplexed) {
            (false, true) => self.activity.give(),
            (true, false) => self.activity.take(),
            _ => return,
        }
        self.is_given = !self.is_given;
    }

    /// A place among the requests that are worked on, if there is one.
    pub(super) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.activity.room).try_acquire_owned().ok()
    }

    /// Notes that the request is turned away.
    pub(super) fn shed(&self) {
        self.activity.observer.shed(Shed::Requests);
    }

    /// An answer that takes the turn with it.
    pub(super) fn answer(mut self, Marked { mut reply, pattern }: Marked) -> Response<Answer> {
        self.record.answer(&self.activity.observer, &mut reply, pattern);
        reply.map(|body| Answer { body, turn: self })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.record.end(&self.activity.observer);
        self.give(false);
        let activity = &self.activity;
        activity.done_at.store(activity.now(), Ordering::Release);
        activity.done.fetch_add(1, Ordering::AcqRel);
    }
}

/// The body of an answer.
pub(super) struct Answer {
    body: Body,
    turn: Turn,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        // Nobody asks for more before that is taken.
        self.turn.give(matches!(polled, Poll::Ready(Some(Ok(_)))));
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.turn.record.sent(frame.data_ref().map_or(0, Bytes::len));
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
