//! Timeouts of a connection: for a request, for the rest of a request head, and for the client to read a
//! response. Without them a slow or vanished client would hold its connection for hours.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::web::server::activity::Activity;
use crate::web::server::limits::Timeouts;

/// The preface that only HTTP/2 connections start with (RFC 9113, 3.4).
const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes of responses that count as progress of an HTTP/2 client.
const TAKEN: i64 = 1024;

/// A stream whose reads and writes fail with `TimedOut` when they wait for too long.
pub(super) struct SlowClientGuard<S> {
    stream: S,
    timeouts: Timeouts,
    activity: Arc<Activity>,
    phase: Phase,
    /// Start of the phase.
    since: Instant,
    /// Bytes of the HTTP/2 preface matched so far; `None` once they differ.
    preface: Option<usize>,
    reading: Timer,
    writing: Timer,
    /// Time at which the last write that had to wait ended.
    written_at: Instant,
    /// Time at which an HTTP/2 client last read [`TAKEN`] bytes of responses, and the bytes written since
    /// minus the bytes received.
    taken_at: Instant,
    taken: i64,
    /// Start of the phase after our shutdown, in which input is read and discarded.
    lingering: Option<Instant>,
}

/// The event that a connection waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The client's first byte.
    First,
    /// The rest of a request head; holds the number of requests before it.
    Head(usize),
    /// The server's own response.
    Response,
    /// The client's next request.
    Idle,
}

impl<S> SlowClientGuard<S> {
    pub(super) fn new(stream: S, timeouts: Timeouts, activity: Arc<Activity>) -> Self {
        let now = Instant::now();
        Self {
            stream,
            timeouts,
            activity,
            phase: Phase::First,
            since: now,
            preface: Some(0),
            reading: Timer::default(),
            writing: Timer::default(),
            written_at: now,
            taken_at: now,
            taken: 0,
            lingering: None,
        }
    }

    fn enter(&mut self, phase: Phase) {
        if self.phase != phase {
            let since = match phase {
                Phase::Idle => self.activity.answered_at().max(self.written_at),
                _ => Instant::now(),
            };
            (self.phase, self.since, self.taken) = (phase, since, 0);
        }
    }

    /// Records received bytes.
    fn record_read(&mut self, bytes: &[u8]) {
        // A control frame is acknowledged with at most as many bytes, so its acknowledgement is no progress
        // of a response.
        self.taken -= bytes.len() as i64;
        if bytes.is_empty() || self.activity.is_busy() || self.is_http2() {
            return;
        }
        if let Some(known) = self.preface {
            let rest = &HTTP2[known..];
            let more = rest.len().min(bytes.len());
            self.preface = (rest[..more] == bytes[..more]).then_some(known + more);
        }
        // Input of HTTP/2 need not be part of a request.
        if self.is_http2() {
            self.enter(Phase::Idle);
        } else if !matches!(self.phase, Phase::Head(begun) if begun == self.activity.begun()) {
            self.enter(Phase::Head(self.activity.begun()));
        }
    }

    /// Returns whether the client speaks HTTP/2.
    fn is_http2(&self) -> bool {
        self.preface == Some(HTTP2.len())
    }

    /// Completes with an error when the connection has waited too long for its client.
    fn poll_timeout(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let phase = match self.phase {
            // A response that was handed over may still be unsent.
            _ if self.activity.is_busy() || self.writing.runs() => Phase::Response,
            Phase::Head(begun) if begun != self.activity.begun() => Phase::Idle,
            Phase::Response => Phase::Idle,
            phase => phase,
        };
        self.enter(phase);
        let idle = match self.activity.is_crowded() {
            true => self.timeouts.idle_when_crowded,
            false => self.timeouts.idle,
        };
        let limit = match phase {
            Phase::Response => {
                // A write does not wait for an HTTP/2 client that opens no window for a response.
                if let Some(given_at) = self.activity.given_at() {
                    let deadline = given_at.max(self.taken_at) + self.timeouts.write;
                    return self.reading.poll(cx, deadline).map(|()| ErrorKind::TimedOut.into());
                }
                self.taken = 0;
                // hyper does not poll reads again when the response is ready. The timer for the next request
                // therefore starts now; when it fires, the phase is determined again.
                let _ = self.reading.poll(cx, Instant::now() + idle.min(self.timeouts.write));
                return Poll::Pending;
            }
            Phase::First => self.timeouts.first,
            Phase::Head(_) => self.timeouts.head,
            // With HTTP/2, much data may still be queued when a response is handed over.
            Phase::Idle => {
                self.since = self.since.max(self.taken_at);
                idle
            }
        };
        self.reading.poll(cx, self.since + limit).map(|()| ErrorKind::TimedOut.into())
    }

    /// Records written bytes of HTTP/2.
    fn record_written(&mut self, written: &Poll<io::Result<usize>>) {
        if let (true, Poll::Ready(Ok(bytes))) = (self.is_http2(), written) {
            self.taken += *bytes as i64;
            if self.taken >= TAKEN {
                (self.taken, self.taken_at) = (0, Instant::now());
            }
        }
    }

    /// Returns the result of a write, or `TimedOut` if it waits for too long.
    fn with_timeout<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.writing.runs() {
                self.writing.stop();
                self.written_at = Instant::now();
            }
            return written;
        }
        let deadline = self.writing.deadline_or(|| Instant::now() + self.timeouts.write);
        self.writing.poll(cx, deadline).map(|()| Err(ErrorKind::TimedOut.into()))
    }
}

/// A timer that is reused by successive waits: most end long before their deadline.
#[derive(Default)]
struct Timer {
    sleep: Option<Pin<Box<Sleep>>>,
    deadline: Option<Instant>,
}

impl Timer {
    /// Returns whether a wait is in progress.
    fn runs(&self) -> bool {
        self.deadline.is_some()
    }

    fn stop(&mut self) {
        self.deadline = None;
    }

    /// The deadline of the current wait, or of one that begins now.
    fn deadline_or(&self, begin: impl FnOnce() -> Instant) -> Instant {
        self.deadline.unwrap_or_else(begin)
    }

    /// Completes when the deadline has passed.
    fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        self.deadline = Some(deadline);
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // A timer that would fire too early is reset only when it fires.
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for SlowClientGuard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, into);
        if read.is_ready() {
            self.record_read(&into.filled()[before..]);
            return read;
        }
        self.poll_timeout(cx).map(Err)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for SlowClientGuard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.record_written(&written);
        self.with_timeout(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.record_written(&written);
        self.with_timeout(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.with_timeout(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let since = match self.lingering {
            Some(since) => since,
            None => {
                ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
                *self.lingering.insert(Instant::now())
            }
        };
        // Read what the client still sends: unread input would make the system discard the response
        // (RFC 9112, 9.6).
        let mut bytes = [0; 4096];
        loop {
            let deadline = since + self.timeouts.linger;
            let mut into = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(cx, &mut into) {
                Poll::Ready(Ok(())) if !into.filled().is_empty() && Instant::now() < deadline => {}
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return self.reading.poll(cx, deadline).map(Ok),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::Request;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::sync::Semaphore;

    use super::*;
    use crate::web::server::activity::ActiveRequest;
    use crate::web::server::client::Peer;
    use crate::web::server::observer::Observer;

    const SHORT: Duration = Duration::from_millis(60);
    const LONG: Duration = Duration::from_secs(60);

    fn run<T>(test: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(test)
    }

    fn timeouts(change: impl FnOnce(&mut Timeouts)) -> Timeouts {
        let mut timeouts = Timeouts {
            first: LONG,
            head: LONG,
            idle: LONG,
            idle_when_crowded: LONG,
            write: LONG,
            linger: LONG,
        };
        change(&mut timeouts);
        timeouts
    }

    fn timed(timeouts: Timeouts) -> (SlowClientGuard<DuplexStream>, DuplexStream, Arc<Activity>) {
        let (ours, theirs) = duplex(16);
        let activity = Activity::new(false, Observer::disabled(), Peer::Unix, Arc::new(Semaphore::new(1)));
        let activity = Arc::new(activity);
        (SlowClientGuard::new(ours, timeouts, Arc::clone(&activity)), theirs, activity)
    }

    fn begin(activity: &Arc<Activity>) -> ActiveRequest {
        ActiveRequest::begin(activity, &Request::new(()))
    }

    /// The error that a read ends with within a second.
    async fn failure(stream: &mut SlowClientGuard<DuplexStream>) -> Option<ErrorKind> {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(1), stream.read_to_end(&mut bytes));
        read.await.ok()?.err().map(|error| error.kind())
    }

    #[test]
    fn silent_client_times_out() {
        run(async {
            let (mut stream, _theirs, _) = timed(timeouts(|timeouts| timeouts.first = SHORT));
            assert_eq!(failure(&mut stream).await, Some(ErrorKind::TimedOut));
        });
    }

    #[test]
    fn slow_request_head_times_out() {
        run(async {
            let (mut stream, mut theirs, _) = timed(timeouts(|timeouts| timeouts.head = SHORT));
            let drip = async {
                while theirs.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            };
            tokio::select! {
                failure = failure(&mut stream) => assert_eq!(failure, Some(ErrorKind::TimedOut)),
                () = drip => {}
            }
        });
    }

    #[test]
    fn idle_timeout_starts_when_the_response_is_complete() {
        run(async {
            let (mut stream, mut theirs, activity) =
                timed(timeouts(|timeouts| (timeouts.head, timeouts.idle) = (SHORT, 2 * SHORT)));
            theirs.write_all(b"GET").await.expect("room");
            let mut bytes = [0; 3];
            stream.read_exact(&mut bytes).await.expect("a head");
            let active = begin(&activity);
            let waited = tokio::time::timeout(4 * SHORT, stream.read(&mut bytes)).await;
            assert!(waited.is_err(), "while the answer is made");
            let since = Instant::now();
            drop(active);
            assert_eq!(failure(&mut stream).await, Some(ErrorKind::TimedOut));
            assert!(since.elapsed() >= 2 * SHORT, "{:?}", since.elapsed());
        });
    }

    #[test]
    fn idle_timeout_fires_if_the_read_is_not_polled_again() {
        run(async {
            let (mut stream, mut theirs, activity) = timed(timeouts(|timeouts| timeouts.idle = 2 * SHORT));
            theirs.write_all(b"GET").await.expect("room");
            stream.read_exact(&mut [0; 3]).await.expect("a head");
            let active = begin(&activity);
            let answer = async {
                tokio::time::sleep(SHORT).await;
                let answered = Instant::now();
                drop(active);
                answered
            };
            let (failure, answered) = tokio::join!(failure(&mut stream), answer);
            assert_eq!(failure, Some(ErrorKind::TimedOut));
            assert!(answered.elapsed() >= 2 * SHORT, "{:?}", answered.elapsed());
        });
    }

    #[test]
    fn crowded_server_uses_the_shorter_idle_timeout() {
        run(async {
            let (mut stream, mut theirs, activity) =
                timed(timeouts(|timeouts| timeouts.idle_when_crowded = SHORT));
            theirs.write_all(b"GET").await.expect("room");
            stream.read_exact(&mut [0; 3]).await.expect("a head");
            drop(begin(&activity));
            let crowd = async {
                tokio::time::sleep(SHORT).await;
                activity.set_crowded(true);
                // In the server, this also wakes the connection; here `asked_again` polls it again.
                std::future::pending::<()>().await;
            };
            let asked_again = async {
                loop {
                    let waited = tokio::time::timeout(SHORT, failure(&mut stream)).await;
                    if let Ok(failure) = waited {
                        return failure;
                    }
                }
            };
            tokio::select! {
                failure = asked_again => assert_eq!(failure, Some(ErrorKind::TimedOut)),
                () = crowd => {}
            }
        });
    }

    #[test]
    fn http2_pings_use_the_idle_timeout_not_the_head_timeout() {
        run(async {
            let (mut stream, mut theirs, _) =
                timed(timeouts(|timeouts| (timeouts.head, timeouts.idle) = (SHORT, 3 * SHORT)));
            let since = Instant::now();
            // Each part is read on its own.
            for part in HTTP2.chunks(10).chain([&b"a ping"[..]]) {
                theirs.write_all(part).await.expect("room");
                stream.read_exact(&mut vec![0; part.len()]).await.expect("a part");
            }
            assert_eq!(failure(&mut stream).await, Some(ErrorKind::TimedOut));
            assert!(since.elapsed() >= 3 * SHORT, "{:?}", since.elapsed());
        });
    }

    #[test]
    fn incomplete_http2_preface_uses_the_head_timeout() {
        for bytes in [&HTTP2[..HTTP2.len() - 1], b"PRI / HTTP/1.1\r\nHo"] {
            run(async {
                let (mut stream, mut theirs, _) =
                    timed(timeouts(|timeouts| (timeouts.head, timeouts.idle) = (SHORT, 10 * SHORT)));
                let since = Instant::now();
                let (written, failure) = tokio::join!(theirs.write_all(bytes), failure(&mut stream));
                written.expect("room");
                assert_eq!(failure, Some(ErrorKind::TimedOut));
                assert!(since.elapsed() < 5 * SHORT, "{:?}", since.elapsed());
            });
        }
    }

    #[test]
    fn client_that_reads_no_response_times_out() {
        let error = run(async {
            let (mut stream, _theirs, _) = timed(timeouts(|timeouts| timeouts.write = SHORT));
            stream.write_all(&[0; 64]).await
        });
        assert_eq!(error.expect_err("too long").kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn slow_reading_client_does_not_time_out() {
        run(async {
            let (mut stream, mut theirs, _) =
                timed(timeouts(|timeouts| timeouts.write = Duration::from_millis(200)));
            let reader = async {
                let mut part = [0; 16];
                for _ in 0..4 {
                    tokio::time::sleep(Duration::from_millis(80)).await;
                    theirs.read_exact(&mut part).await.expect("bytes");
                }
            };
            let (written, ()) = tokio::join!(stream.write_all(&[0; 64]), reader);
            written.expect("all of it");
        });
    }

    #[test]
    fn idle_timeout_starts_when_all_response_bytes_are_sent() {
        run(async {
            let (mut stream, mut theirs, activity) = timed(timeouts(|timeouts| timeouts.idle = SHORT));
            theirs.write_all(b"GET").await.expect("room");
            stream.read_exact(&mut [0; 3]).await.expect("a head");
            drop(begin(&activity));
            let (mut reading, mut writing) = tokio::io::split(stream);
            let reader = async {
                let mut part = [0; 16];
                // The last part stays in the buffer.
                for _ in 0..7 {
                    tokio::time::sleep(SHORT / 2).await;
                    theirs.read_exact(&mut part).await.expect("bytes");
                }
            };
            let mut byte = [0];
            let sent = async { tokio::join!(writing.write_all(&[0; 128]), reader).0 };
            tokio::select! {
                read = reading.read(&mut byte) => panic!("while it is sent: {read:?}"),
                sent = sent => sent.expect("all of it"),
            }
            let ended = reading.read(&mut byte).await.map_err(|error| error.kind());
            assert_eq!(ended, Err(ErrorKind::TimedOut));
        });
    }

    #[test]
    fn http2_client_without_window_times_out_despite_pings() {
        run(async {
            let (mut stream, mut theirs, activity) = timed(timeouts(|timeouts| timeouts.write = 4 * SHORT));
            theirs.write_all(b"PRI * HTTP").await.expect("room");
            stream.read_exact(&mut [0; 10]).await.expect("a preface");
            let active = begin(&activity);
            let waited = tokio::time::timeout(5 * SHORT, stream.read(&mut [0; 1])).await;
            assert!(waited.is_err(), "while the answer is made");
            let since = Instant::now();
            activity.begin_wait();
            let (mut reading, mut writing) = tokio::io::split(stream);
            let pings = async {
                let (mut ping, mut count) = ([0; 16], 0);
                while theirs.write_all(&ping).await.is_ok() && theirs.read_exact(&mut ping).await.is_ok() {
                    count += 1;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                count
            };
            // Each ping is acknowledged with the same number of bytes.
            let answers = async {
                let mut ping = [0; 16];
                loop {
                    if let Err(error) = reading.read_exact(&mut ping).await {
                        return error.kind();
                    }
                    writing.write_all(&ping).await.expect("room");
                }
            };
            tokio::select! {
                failure = answers => assert_eq!(failure, ErrorKind::TimedOut),
                count = pings => panic!("they ended after {count}"),
            }
            assert!(since.elapsed() >= 4 * SHORT, "{:?}", since.elapsed());
            drop(active);
        });
    }

    #[test]
    fn shutdown_drains_input_for_a_limited_time() {
        run(async {
            let (mut stream, mut theirs, _) = timed(timeouts(|timeouts| timeouts.linger = SHORT));
            let sender = async { theirs.write_all(&[0; 64]).await };
            let (ended, sent) = tokio::join!(stream.shutdown(), sender);
            ended.expect("an end");
            sent.expect("all of it");
        });
    }
}
