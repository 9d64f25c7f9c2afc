//! The listener: takes connections until it is told to stop, then lets what runs finish.

mod activity;
mod guard;
mod hygiene;
mod listener;
mod record;
mod timed;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::client::{Peer, Proxies};
use super::metrics::{Metrics, Shed};
use super::reply::Marked;
use crate::config::{AccessLog, Config, Connections, Requests};
use activity::Activity;
use guard::Guard;
pub use listener::Listener;
use listener::{Stream, say};
pub use record::Log;
use timed::Timed;

/// How long to wait when no connection can be taken for want of files or memory.
const BREATHER: Duration = Duration::from_millis(100);
/// The most that is read of a request before its head is whole: a line of 8 KiB is refused as such, and what
/// does not fit is too large whatever it is.
const HEAD_BUFFER: usize = 64 * 1024;
/// Requests of an HTTP/2 connection at once.
const STREAMS: u32 = 100;
/// What a stream may hold of an answer that its client does not take.
const STREAM_BUFFER: usize = 256 * 1024;
/// How often an HTTP/2 client that says nothing is asked whether it is there, and how long it may take to
/// say so.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_ANSWERED: Duration = Duration::from_secs(20);
/// Streams that a client took back before we took them on (CVE-2023-44487), and that we took back for its
/// mistakes.
const MOST_RESETS: usize = 20;
/// Files that are kept for all but connections: the archive, the index, the log, files that are sent.
const FILES_KEPT: usize = 64;
/// More than any network needs.
const MOST_FILES: usize = 65_536;

/// What a listener allows.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once; what is beyond is told so.
    pub connections: usize,
    /// Requests that wait for something at once; what is beyond is told so.
    pub requests: usize,
    /// How long is waited for what.
    pub times: Times,
}

/// How long a connection waits for its client.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// For the first byte.
    pub first: Duration,
    /// For the head of a request, from its first byte to its last.
    pub head: Duration,
    /// For the next request; above the 60 s of most proxies, so that it is they who hang up.
    pub idle: Duration,
    /// The same while there is hardly room for others.
    pub idle_when_crowded: Duration,
    /// For the client to take something of what it is sent.
    pub write: Duration,
    /// For the client to hang up when it was told that we do. What it has sent meanwhile would otherwise
    /// have the system take back the answer.
    pub linger: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            idle_when_crowded: Duration::from_secs(1),
            write: Duration::from_secs(30),
            linger: Duration::from_secs(1),
        }
    }
}

impl Limits {
    /// So many connections, but no more than the system gives this process files for, and so many requests.
    pub fn new(most: Connections, requests: Requests) -> Self {
        let room = raised_file_limit() - files_kept();
        let connections = match most {
            Connections::OfSystem => room,
            Connections::Most(most) => most.min(room),
        };
        if let Connections::Most(most) = most
            && most > room
        {
            tracing::warn!("there are files for {room} connections, not for {most} (--max-connections)");
        }
        Self { connections, requests: requests.0, times: Times::default() }
    }
}

/// Who is told of what a listener does.
#[derive(Debug)]
pub struct Observer {
    /// Numbers for the owner's monitoring.
    pub metrics: Arc<Metrics>,
    /// Which requests have a line in the log.
    pub log: Log,
    /// The proxies that are believed about whom they ask for.
    pub proxies: Arc<Proxies>,
}

impl Observer {
    /// Who is told of what the listener of a site does.
    pub(super) fn of(config: &Config) -> Arc<Self> {
        Arc::new(Self {
            metrics: Arc::default(),
            log: Log::of(config.access_log),
            proxies: Arc::new(Proxies::of(config)),
        })
    }

    /// One whom nobody asks.
    pub fn nobody() -> Arc<Self> {
        Arc::new(Self { metrics: Arc::default(), log: Log::of(AccessLog::Off), proxies: Arc::default() })
    }

    /// Notes that somebody was turned away.
    pub(super) fn shed(&self, what: Shed) {
        self.metrics.shed(what);
        self.log.shed(what);
    }
}

/// Of the files that this process may have open, how many are for all but connections.
pub(super) fn files_kept() -> usize {
    let files = raised_file_limit();
    FILES_KEPT.max(files / 8).min(files / 2)
}

/// The number of files that this process may have open, which is made as great as it is allowed to.
fn raised_file_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limit = raised;
        }
    }
    // Of a limit that says nothing no use can be made: each connection takes some memory.
    limit.current.map_or(MOST_FILES, |files| usize::try_from(files).unwrap_or(MOST_FILES)).min(MOST_FILES)
}

/// Serves until `stop` is done; then takes no more connections, and returns when the open ones have had their
/// answers, for which who waits for that has a bound. Each connection is answered by a service of its own.
pub async fn run<S>(
    listener: Listener,
    service: impl Fn(Peer) -> S,
    limits: Limits,
    observer: Arc<Observer>,
    stop: impl Future<Output = ()>,
) where
    S: Service<Request<Incoming>, Response: Into<Marked>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let taker = Taker::new(service, &limits, observer);
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => taker.take(stream, peer, &graceful),
            Err(error) => {
                taker.observer.metrics.accept_errors.inc();
                tracing::warn!(%error, "no connection could be taken");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

/// What takes connections.
struct Taker<F> {
    service: F,
    http: auto::Builder<TokioExecutor>,
    times: Times,
    observer: Arc<Observer>,
    /// For how many more connections there is room.
    room: Arc<Semaphore>,
    most: usize,
    /// Whether there is hardly any.
    crowded: watch::Sender<bool>,
    /// For how many more requests there is.
    room_for_requests: Arc<Semaphore>,
}

impl<F> Taker<F> {
    fn new(service: F, limits: &Limits, observer: Arc<Observer>) -> Self {
        let mut http = auto::Builder::new(TokioExecutor::new());
        // One buffer and one write an answer. hyper's `pipeline_flush` would do so as well, but it holds back
        // answers while anything more of a request has come, and takes bodies faster than a client reads.
        // The stream knows better than hyper what is waited for.
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_buf_size(HEAD_BUFFER)
            .max_headers(hygiene::MOST_HEADERS)
            .writev(false);
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(hygiene::MOST_HEADER_BYTES as u32)
            .max_send_buf_size(STREAM_BUFFER)
            .max_pending_accept_reset_streams(MOST_RESETS)
            .max_local_error_reset_streams(MOST_RESETS)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_ANSWERED);
        let most = limits.connections.max(1);
        Self {
            service,
            http,
            times: limits.times,
            observer,
            room: Arc::new(Semaphore::new(most)),
            most,
            crowded: watch::Sender::new(false),
            room_for_requests: Arc::new(Semaphore::new(limits.requests)),
        }
    }

    /// Serves a connection, if there is room for it.
    fn take<S>(&self, stream: Stream, peer: Peer, graceful: &GracefulShutdown)
    where
        F: Fn(Peer) -> S,
        S: Service<Request<Incoming>, Response: Into<Marked>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
    {
        let place = Arc::clone(&self.room).try_acquire_owned();
        let is_crowded = self.room.available_permits() < self.most / 8;
        self.crowded.send_if_modified(|before| std::mem::replace(before, is_crowded) != is_crowded);
        let Ok(place) = place else { return self.refuse(&stream) };
        let place = Place { _permit: place, observer: Arc::clone(&self.observer) };
        self.observer.metrics.connections.inc();
        let (observer, room) = (Arc::clone(&self.observer), Arc::clone(&self.room_for_requests));
        let activity = Arc::new(Activity::new(is_crowded, observer, peer, room));
        let stream = Timed::new(stream, self.times, Arc::clone(&activity));
        let guard = Guard::new((self.service)(peer), Arc::clone(&activity));
        let connection = self.http.serve_connection(TokioIo::new(stream), guard).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(served(connection, activity, self.crowded.subscribe(), place));
    }

    /// Says that there is no room, if that can be said at once.
    fn refuse(&self, stream: &Stream) {
        const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        self.observer.shed(Shed::Connections);
        say(stream, ANSWER);
    }
}

/// A connection's place among those that there may be.
struct Place {
    _permit: OwnedSemaphorePermit,
    observer: Arc<Observer>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.observer.metrics.connections.dec();
    }
}

/// Serves a connection to its end; tells it when there is hardly room for others.
async fn served<E: std::fmt::Display>(
    connection: impl Future<Output = Result<(), E>>,
    activity: Arc<Activity>,
    mut crowded: watch::Receiver<bool>,
    _place: Place,
) {
    tokio::pin!(connection);
    loop {
        tokio::select! {
            biased;
            ended = &mut connection => {
                // A client that hangs up or talks nonsense concerns nobody else.
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            // The sender lives as long as the listener; who is still served after that has time.
            Ok(()) = crowded.changed() => activity.set_crowded(*crowded.borrow_and_update()),
        }
    }
}
