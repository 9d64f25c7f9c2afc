//! The server: accepts connections until shutdown, then lets the open ones finish.

mod activity;
pub mod client;
pub(crate) mod fast_path;
mod guard;
mod listener;
pub mod readiness;
mod record;
mod request_checks;
pub mod searches;
mod slow_client_guard;

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

use crate::config::{AccessLog, Config, ConnectionLimit, RequestLimit};
use crate::web::admin::metrics::{Metrics, Rejection};
use crate::web::http::reply::RoutedReply;
use crate::web::server::activity::Activity;
use crate::web::server::client::{Peer, Proxies};
use crate::web::server::guard::ConnectionService;
use crate::web::server::listener::{ClientStream, try_send};
use crate::web::server::slow_client_guard::SlowClientGuard;

pub use listener::Listener;
pub use record::Log;

/// Pause after a failed `accept`, usually for lack of file descriptors or memory.
const BREATHER: Duration = Duration::from_millis(100);
/// Largest request head that is buffered, in bytes. A target over 8 KiB still fits and gets its own status; a
/// head that does not fit is rejected as too large.
const HEAD_BUFFER: usize = 64 * 1024;
/// Concurrent requests on one HTTP/2 connection.
const STREAMS: u32 = 100;
/// Bytes of a response that a stream buffers for a client that does not read.
const STREAM_BUFFER: usize = 256 * 1024;
/// Interval of HTTP/2 pings to a silent client, and the time in which it must acknowledge one.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_ANSWERED: Duration = Duration::from_secs(20);
/// Limit of streams that a client resets before they are accepted (CVE-2023-44487), and of streams that the
/// server resets for the client's protocol errors.
const MOST_RESETS: usize = 20;
/// File descriptors reserved for everything but connections: the archive, index, log, files being sent.
const FILES_KEPT: usize = 64;
/// Cap on the open-file limit that is used; no network needs more.
const MOST_FILES: usize = 65_536;

/// The limits of a server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Maximum concurrent connections; the server rejects further ones with 503.
    pub connections: usize,
    /// Maximum requests that wait at the same time; further ones get 503.
    pub requests: usize,
    /// The timeouts of each connection.
    pub timeouts: Timeouts,
}

/// How long a connection waits for its client.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For the first byte.
    pub first: Duration,
    /// For the rest of a request head, from its first byte.
    pub head: Duration,
    /// For the next request. Longer than the 60 s of most proxies, so that the proxy closes the connection
    /// first.
    pub idle: Duration,
    /// The same while fewer than an eighth of the connections are free.
    pub idle_when_crowded: Duration,
    /// For the client to read some of a response.
    pub write: Duration,
    /// For the client to close its side after the server closed its own. Input that stays unread would make
    /// the system discard the response.
    pub linger: Duration,
}

impl Default for Timeouts {
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
    /// Limits with the default timeouts. `most` is capped by the open-file limit minus a reserve.
    pub fn new(most: ConnectionLimit, requests: RequestLimit) -> Self {
        let room = raised_file_limit() - files_kept();
        let connections = match most {
            ConnectionLimit::OpenFiles => room,
            ConnectionLimit::AtMost(most) => most.min(room),
        };
        if let ConnectionLimit::AtMost(most) = most
            && most > room
        {
            tracing::warn!("open-file limit allows {room} connections, not {most} (--max-connections)");
        }
        Self { connections, requests: requests.0, timeouts: Timeouts::default() }
    }
}

/// The receivers of a server's events: metrics and log.
#[derive(Debug)]
pub struct Observer {
    /// Counters for the operator's monitoring.
    pub metrics: Arc<Metrics>,
    /// The access log.
    pub log: Log,
    /// The trusted proxies, whose forwarded client addresses are used.
    pub proxies: Arc<Proxies>,
}

impl Observer {
    /// Makes the observer that a site's configuration describes.
    pub(super) fn from_config(config: &Config) -> Arc<Self> {
        Arc::new(Self {
            metrics: Arc::default(),
            log: Log::new(config.access_log),
            proxies: Arc::new(Proxies::from_config(config)),
        })
    }

    /// An observer without an access log, with metrics that are never read.
    pub fn disabled() -> Arc<Self> {
        Arc::new(Self { metrics: Arc::default(), log: Log::new(AccessLog::Off), proxies: Arc::default() })
    }

    /// Counts and logs a rejection.
    pub(super) fn record_rejection(&self, what: Rejection) {
        self.metrics.count_rejection(what);
        self.log.record_rejection(what);
    }
}

/// The reserve of file descriptors: an eighth of the limit, at least [`FILES_KEPT`], at most half the limit.
pub(super) fn files_kept() -> usize {
    let files = raised_file_limit();
    FILES_KEPT.max(files / 8).min(files / 2)
}

/// Raises this process's open-file limit to the allowed maximum and returns it, at most [`MOST_FILES`].
fn raised_file_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limit = raised;
        }
    }
    // An unlimited value is no useful bound, because each connection takes some memory.
    limit.current.map_or(MOST_FILES, |files| usize::try_from(files).unwrap_or(MOST_FILES)).min(MOST_FILES)
}

/// Serves until `stop` completes, then stops accepting and returns once all open requests have their
/// responses. The caller bounds that wait. `service` makes the service of each connection.
pub async fn run<S>(
    listener: Listener,
    service: impl Fn(Peer) -> S,
    limits: Limits,
    observer: Arc<Observer>,
    stop: impl Future<Output = ()>,
) where
    S: Service<Request<Incoming>, Response: Into<RoutedReply>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let acceptor = Acceptor::new(service, &limits, observer);
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, peer)) => acceptor.accept(stream, peer, &graceful),
            Err(error) => {
                acceptor.observer.metrics.accept_errors.inc();
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
    drop(listener);
    graceful.shutdown().await;
}

/// Accepts connections within the limits.
struct Acceptor<F> {
    service: F,
    http: auto::Builder<TokioExecutor>,
    timeouts: Timeouts,
    observer: Arc<Observer>,
    /// One permit for each further connection.
    room: Arc<Semaphore>,
    most: usize,
    /// Whether few permits are left.
    crowded: watch::Sender<bool>,
    /// One permit for each further request.
    room_for_requests: Arc<Semaphore>,
}

impl<F> Acceptor<F> {
    fn new(service: F, limits: &Limits, observer: Arc<Observer>) -> Self {
        let mut http = auto::Builder::new(TokioExecutor::new());
        // `writev(false)`: one buffer and one write per response. hyper's `pipeline_flush` would also do
        // this, but it holds responses back while more of a request has arrived, and it polls bodies faster
        // than a client reads. `header_read_timeout(None)`: `SlowClientGuard` knows better than hyper what
        // the connection waits for.
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_buf_size(HEAD_BUFFER)
            .max_headers(request_checks::MOST_HEADERS)
            .writev(false);
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(request_checks::MOST_HEADER_BYTES as u32)
            .max_send_buf_size(STREAM_BUFFER)
            .max_pending_accept_reset_streams(MOST_RESETS)
            .max_local_error_reset_streams(MOST_RESETS)
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_ANSWERED);
        let most = limits.connections.max(1);
        Self {
            service,
            http,
            timeouts: limits.timeouts,
            observer,
            room: Arc::new(Semaphore::new(most)),
            most,
            crowded: watch::Sender::new(false),
            room_for_requests: Arc::new(Semaphore::new(limits.requests)),
        }
    }

    /// Serves a connection if there is a permit for it.
    fn accept<S>(&self, stream: ClientStream, peer: Peer, graceful: &GracefulShutdown)
    where
        F: Fn(Peer) -> S,
        S: Service<Request<Incoming>, Response: Into<RoutedReply>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send,
    {
        let permit = Arc::clone(&self.room).try_acquire_owned();
        let is_crowded = self.room.available_permits() < self.most / 8;
        self.crowded.send_if_modified(|before| std::mem::replace(before, is_crowded) != is_crowded);
        let Ok(permit) = permit else { return self.reject(&stream) };
        let permit = ConnectionPermit { _permit: permit, observer: Arc::clone(&self.observer) };
        self.observer.metrics.connections.inc();
        let (observer, room) = (Arc::clone(&self.observer), Arc::clone(&self.room_for_requests));
        let activity = Arc::new(Activity::new(is_crowded, observer, peer, room));
        let stream = SlowClientGuard::new(stream, self.timeouts, Arc::clone(&activity));
        let guard = ConnectionService::new((self.service)(peer), Arc::clone(&activity));
        let connection = self.http.serve_connection(TokioIo::new(stream), guard).into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(serve_connection(connection, activity, self.crowded.subscribe(), permit));
    }

    /// Sends a 503 response, if the socket accepts it at once.
    fn reject(&self, stream: &ClientStream) {
        const ANSWER: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        self.observer.record_rejection(Rejection::Connections);
        try_send(stream, ANSWER);
    }
}

/// A permit for a connection, which also counts it.
struct ConnectionPermit {
    _permit: OwnedSemaphorePermit,
    observer: Arc<Observer>,
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.observer.metrics.connections.dec();
    }
}

/// Serves a connection to its end, and notifies it when few free connections are left.
async fn serve_connection<E: std::fmt::Display>(
    connection: impl Future<Output = Result<(), E>>,
    activity: Arc<Activity>,
    mut crowded: watch::Receiver<bool>,
    _permit: ConnectionPermit,
) {
    tokio::pin!(connection);
    loop {
        tokio::select! {
            biased;
            ended = &mut connection => {
                // A client that disconnects or sends invalid data affects no other client.
                if let Err(error) = ended {
                    tracing::debug!(%error, "connection ended with an error");
                }
                return;
            }
            // The sender is dropped when `run` returns. A connection that is open after that keeps its
            // timeouts.
            Ok(()) = crowded.changed() => activity.set_crowded(*crowded.borrow_and_update()),
        }
    }
}
