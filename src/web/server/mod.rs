//! The server: accepts connections until shutdown, then lets the open ones finish.

mod access_log;
mod activity;
pub mod client;
pub(crate) mod fast_path;
mod guard;
pub mod limits;
mod listener;
pub mod observer;
pub(crate) mod panics;
pub mod post_probe;
pub mod readiness;
mod record;
pub(crate) mod replica_status;
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
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::web::admin::metrics::Rejection;
use crate::web::http::reply::RoutedReply;
use crate::web::server::activity::Activity;
use crate::web::server::client::Peer;
use crate::web::server::guard::ConnectionService;
use crate::web::server::listener::{ClientStream, try_send};
use crate::web::server::slow_client_guard::SlowClientGuard;

pub use access_log::Log;
pub use limits::{Limits, Timeouts};
pub use listener::Listener;
pub use observer::Observer;

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
