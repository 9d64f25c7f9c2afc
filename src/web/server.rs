//! The listener: takes connections until it is told to stop, then lets what runs finish.

mod patience;

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use axum::http::Request;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;

use super::reply::Reply;
use patience::Patient;

/// How long a client may take to send the head of a request, and stay silent between two.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a client may take nothing of what it is sent.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long what runs may take to finish. Containers are killed after 10 s.
const DRAIN: Duration = Duration::from_secs(7);
/// How long to wait when no connection can be taken for want of files or memory.
const BREATHER: Duration = Duration::from_millis(100);

/// Serves until `stop` is done; then takes no more connections, and returns when the open ones
/// have had their answers or their time is up.
pub async fn run<S>(listener: TcpListener, service: S, stop: impl Future<Output = ()>)
where
    S: Service<Request<Incoming>, Response = Reply, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut http = hyper::server::conn::http1::Builder::new();
    // One buffer and one write an answer. hyper's `pipeline_flush` would do so as well, but it holds back
    // answers while anything more of a request has come, and takes bodies faster than a client reads.
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).writev(false);
    let graceful = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, _)) => {
                // Answers are written whole, so waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                let connection =
                    http.serve_connection(TokioIo::new(Patient::new(stream, PATIENCE)), service.clone());
                let connection = graceful.watch(connection);
                tokio::spawn(async move {
                    // A client that hangs up or talks nonsense concerns nobody else.
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "a connection ended early");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be taken");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not end in time and were cut");
    }
}
