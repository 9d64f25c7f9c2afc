//! What a connection is at, as those know who answer it; its stream waits by that.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::Response;
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

use super::record::Record;

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
    /// There is hardly room for other connections.
    crowded: AtomicBool,
}

impl Activity {
    /// That of a connection that has said nothing yet.
    pub(super) fn new(is_crowded: bool) -> Self {
        Self {
            start: Instant::now(),
            begun: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            done_at: AtomicU64::new(0),
            crowded: AtomicBool::new(is_crowded),
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
        self.start + Duration::from_nanos(self.done_at.load(Ordering::Acquire))
    }

    pub(super) fn set_crowded(&self, is_crowded: bool) {
        self.crowded.store(is_crowded, Ordering::Relaxed);
    }

    pub(super) fn is_crowded(&self) -> bool {
        self.crowded.load(Ordering::Relaxed)
    }
}

/// A request that has come; it is done when this is dropped.
pub(super) struct Turn(Arc<Activity>);

impl Turn {
    pub(super) fn begin(activity: &Arc<Activity>) -> Self {
        activity.begun.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(activity))
    }

    /// An answer that takes the turn with it, and the record of it.
    pub(super) fn answer(self, mut record: Record, mut reply: Response<Body>) -> Response<Answer> {
        record.answer(&mut reply);
        reply.map(|body| Answer { body, record, _turn: self })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.done_at.store(self.0.start.elapsed().as_nanos() as u64, Ordering::Release);
        self.0.done.fetch_add(1, Ordering::AcqRel);
    }
}

/// The body of an answer.
pub(super) struct Answer {
    body: Body,
    record: Record,
    _turn: Turn,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.record.sent(frame.data_ref().map_or(0, Bytes::len));
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
