//! Overload: the server completes the requests it accepts soon, and rejects all others at once.

use std::convert::Infallible;
use std::io::Write;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, Response};
use finews::config::{ConnectionLimit, ListenAddress, RequestLimit};
use finews::web::server::limits::{Limits, Timeouts};
use finews::web::server::observer::Observer;
use finews::web::server::{self, Listener};
use hyper::body::Incoming;
use hyper::service::service_fn;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::http2::{
    DATA, END_HEADERS, END_STREAM, GET, GOAWAY, HEADERS, PREFACE, SETTINGS, frame, frames_until,
};

/// Duration of the work for one request.
const WORK_TIME: Duration = Duration::from_millis(20);
/// Requests that may run at the same time.
const MAX_REQUESTS: usize = 4;
/// Number of requests and the interval between them, which is four times the capacity.
const REQUEST_COUNT: usize = 800;
const INTERVAL: Duration = Duration::from_micros(1250);

async fn work(_: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    tokio::time::sleep(WORK_TIME).await;
    Ok(Response::new(Body::from("done")))
}

/// Serves until the returned sender is dropped; returns the address, the sender, and the server task.
async fn serve<F>(
    handler: impl Fn(Request<Incoming>) -> F + Copy + Send + Sync + 'static,
    change: impl FnOnce(&mut Timeouts),
) -> (String, oneshot::Sender<()>, JoinHandle<()>)
where
    F: Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
{
    let listener = Listener::bind(&ListenAddress::Tcp("127.0.0.1:0".into())).await.expect("a port");
    let address = listener.to_string().replace("http://", "");
    let (stop, stopped) = oneshot::channel::<()>();
    let mut limits = Limits::new(ConnectionLimit::OpenFiles, RequestLimit(MAX_REQUESTS));
    change(&mut limits.timeouts);
    let stopped = async move { drop(stopped.await) };
    let server = server::run(listener, move |_| service_fn(handler), limits, Observer::disabled(), stopped);
    (address, stop, tokio::spawn(server))
}

/// Sends one request; returns the status, the response in lower case, and the time it took.
async fn send_request(address: String) -> (u16, String, Duration) {
    let since = Instant::now();
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.expect("a request");
    let mut response = String::new();
    stream.read_to_string(&mut response).await.expect("an answer");
    (response[9..12].parse().expect("a status"), response.to_lowercase(), since.elapsed())
}

#[test]
fn excess_requests_get_503_immediately() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let responses = runtime.block_on(async {
        let (address, stop, task) = serve(work, |_| {}).await;
        let mut ticks = tokio::time::interval(INTERVAL);
        let mut tasks = Vec::new();
        for _ in 0..REQUEST_COUNT {
            ticks.tick().await;
            tasks.push(tokio::spawn(send_request(address.clone())));
        }
        let mut responses = Vec::new();
        for response in tasks {
            responses.push(response.await.expect("an answer"));
        }
        drop(stop);
        task.await.expect("an end");
        responses
    });
    let timeouts = |wanted: u16| {
        let responses = responses.iter().filter(|(status, ..)| *status == wanted);
        let mut timeouts: Vec<Duration> = responses.map(|(_, _, took)| *took).collect();
        timeouts.sort();
        timeouts
    };
    let (done, shed) = (timeouts(200), timeouts(503));
    assert_eq!(done.len() + shed.len(), REQUEST_COUNT);
    // The capacity is a quarter of the requests; a busy machine may lose half of that.
    assert!(done.len() > REQUEST_COUNT / 8, "{}", done.len());
    assert!(shed.len() > REQUEST_COUNT / 2, "{}", shed.len());
    for timeouts in [&done, &shed] {
        let p99 = timeouts[timeouts.len() * 99 / 100];
        assert!(p99 < Duration::from_millis(100), "{p99:?}");
    }
    let has_retry_after = |response: &str| {
        response.contains("\r\nretry-after: 1\r\n") && response.contains("\r\ncache-control: no-store")
    };
    assert!(
        responses
            .iter()
            .filter(|(status, ..)| *status == 503)
            .all(|(_, response, _)| has_retry_after(response))
    );
}

/// A response larger than the default window of an HTTP/2 client.
async fn page(_: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::from("x".repeat(100_000))))
}

#[test]
fn http2_client_with_zero_window_is_disconnected() {
    // SETTINGS_INITIAL_WINDOW_SIZE of 0 bytes.
    let zero_window = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let request = frame(HEADERS, END_STREAM | END_HEADERS, 1, GET);
    let limit = Duration::from_secs(10);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let change = |timeouts: &mut Timeouts| timeouts.write = Duration::from_millis(300);
        let (address, stop, task) = serve(page, change).await;
        let mut stream = std::net::TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(limit)).expect("a timeout");
        stream.write_all(&[PREFACE, &zero_window, &request].concat()).expect("a request");
        let since = Instant::now();
        let frames = frames_until(&mut stream, GOAWAY);
        assert!(since.elapsed() < limit, "still there");
        assert!(since.elapsed() >= Duration::from_millis(250), "{:?}", since.elapsed());
        // The head of the response arrives, without its body and without a GOAWAY.
        let received =
            |wanted: u8, of: u32| frames.iter().any(|(kind, _, id, _)| (*kind, *id) == (wanted, of));
        assert!(received(HEADERS, 1) && !received(DATA, 1) && !received(GOAWAY, 0), "{frames:?}");
        drop(stop);
        task.await.expect("an end");
    });
}
