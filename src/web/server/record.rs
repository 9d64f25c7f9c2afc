//! The record of a request: its metrics and its line in the access log.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::header::{REFERER, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};

use crate::config::AccessLog;
use crate::web::admin::metrics::Rejection;
use crate::web::http::reply::Reply;
use crate::web::http::route_pattern::RoutePattern;
use crate::web::server::Observer;
use crate::web::server::client::{Client, Peer};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id that is accepted from a proxy, in bytes.
const LONGEST_ID: usize = 128;
/// While requests are rejected for lack of room, one line in this number is written: hundreds of thousands of
/// lines would help no operator.
const SAMPLED: u64 = 64;
/// How long sampling continues after the last rejection.
const SAMPLED_FOR: Duration = Duration::from_secs(1);
/// Least time between two warnings about rejections.
const SAID_EVERY: Duration = Duration::from_secs(10);
/// The status that is logged for a client that disconnected before its response, as in nginx.
const LEFT: u16 = 499;

/// The access log. It samples lines while the server rejects requests.
#[derive(Debug)]
pub struct Log {
    which: AccessLog,
    start: Instant,
    /// Time of the last rejection for lack of room, in milliseconds since `start`; 0 before the first.
    rejected: AtomicU64,
    /// Time of the last warning about rejections, likewise.
    said: AtomicU64,
    count: AtomicU64,
}

impl Log {
    /// A log of the requests that `which` selects.
    pub fn new(which: AccessLog) -> Self {
        let (rejected, said, count) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        Self { which, start: Instant::now(), rejected, said, count }
    }

    /// Records a rejection, and warns about rejections from time to time.
    pub(super) fn record_rejection(&self, reason: Rejection) {
        let now = self.now();
        // A single address over its rate limit is no reason to sample the lines of all others.
        if reason != Rejection::SearchRate {
            self.rejected.store(now, Ordering::Relaxed);
        }
        let said = self.said.load(Ordering::Relaxed);
        let is_due = said == 0 || u128::from(now - said.min(now)) >= SAID_EVERY.as_millis();
        if is_due && self.said.compare_exchange(said, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            tracing::warn!("rejecting clients: {reason}");
        }
    }

    /// Milliseconds since `start`, plus 1.
    fn now(&self) -> u64 {
        self.start.elapsed().as_millis() as u64 + 1
    }

    /// Returns `None` without sampling; otherwise whether the line is written.
    fn sample(&self) -> Option<bool> {
        let rejected = self.rejected.load(Ordering::Relaxed);
        let since = self.now().saturating_sub(rejected);
        (rejected > 0 && u128::from(since) <= SAMPLED_FOR.as_millis())
            .then(|| self.count.fetch_add(1, Ordering::Relaxed).is_multiple_of(SAMPLED))
    }
}

/// Returns whether a status reports a failure of the server. 503 is not one: it reports overload.
fn is_failure(status: u16) -> bool {
    status >= StatusCode::INTERNAL_SERVER_ERROR.as_u16() && status != StatusCode::SERVICE_UNAVAILABLE.as_u16()
}

/// A request in progress.
pub(super) struct RequestRecord {
    begun: Instant,
    method: Method,
    /// The parts of the log line; `None` if the access log is off.
    line: Option<Box<LogLine>>,
    status: u16,
    /// Time that the response took to make.
    took: Duration,
    /// Bytes of the body handed to hyper.
    bytes: u64,
}

struct LogLine {
    id: Option<HeaderValue>,
    uri: Uri,
    client: Client,
    referer: Option<HeaderValue>,
    agent: Option<HeaderValue>,
}

impl RequestRecord {
    /// Starts the record of a request.
    pub(super) fn begin<B>(observer: &Observer, peer: Peer, request: &Request<B>) -> Self {
        observer.metrics.in_flight.inc();
        let headers = request.headers();
        let line = (observer.log.which != AccessLog::Off).then(|| {
            // With `errors` most requests have no line, so these headers are not copied.
            let kept = |name| headers.get(name).filter(|_| observer.log.which == AccessLog::All).cloned();
            LogLine {
                id: given_id(observer, peer, headers),
                uri: request.uri().clone(),
                client: observer.proxies.client(peer, headers),
                referer: kept(REFERER),
                agent: kept(USER_AGENT),
            }
        });
        Self {
            begun: Instant::now(),
            method: request.method().clone(),
            line: line.map(Box::new),
            status: LEFT,
            took: Duration::ZERO,
            bytes: 0,
        }
    }

    /// Records the response. A failure gets the id of its log line as a header.
    pub(super) fn answer(&mut self, observer: &Observer, reply: &mut Reply, pattern: RoutePattern) {
        self.took = self.begun.elapsed();
        self.status = reply.status().as_u16();
        observer.metrics.record_response(&self.method, pattern, self.status, self.took);
        if is_failure(self.status)
            && let Some(line) = &mut self.line
        {
            let id = line.id.get_or_insert_with(new_id).clone();
            reply.headers_mut().insert(REQUEST_ID, id);
        }
    }

    /// Adds bytes of the body handed to hyper.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// Ends the record: the response was sent, or the client disconnected.
    pub(super) fn end(&mut self, observer: &Observer) {
        observer.metrics.in_flight.dec();
        if self.status == LEFT {
            observer.metrics.left.inc();
        }
        if let Some(line) = self.line.take() {
            self.log(&observer.log, line);
        }
    }

    fn log(&self, log: &Log, mut line: Box<LogLine>) {
        let failed = is_failure(self.status);
        if log.which == AccessLog::Errors && !failed {
            return;
        }
        // A failure is never sampled: a reader who received its id may ask about it.
        let sampled = match log.sample().filter(|_| !failed) {
            Some(false) => return,
            Some(true) => Some(SAMPLED),
            None => None,
        };
        let id = line.id.get_or_insert_with(new_id);
        let text = |value: &HeaderValue| format!("{value:?}").trim_matches('"').to_owned();
        let (referer, agent) = (line.referer.as_ref().map(text), line.agent.as_ref().map(text));
        let target = line.uri.path_and_query().map_or("*", |target| target.as_str());
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    id = id.to_str().unwrap_or_default(),
                    client = %line.client,
                    method = %self.method,
                    target,
                    status = self.status,
                    bytes = self.bytes,
                    took_us = self.took.as_micros() as u64,
                    all_us = self.begun.elapsed().as_micros() as u64,
                    referer,
                    agent,
                    sampled,
                    "request"
                )
            };
        }
        if failed {
            line!(warn);
        } else {
            line!(info);
        }
    }
}

/// The request id that a trusted proxy gave.
fn given_id(observer: &Observer, peer: Peer, headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(REQUEST_ID).filter(|_| observer.proxies.trusts(peer))?;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(byte);
    let is_sound = (1..=LONGEST_ID).contains(&id.len()) && id.as_bytes().iter().all(is_plain);
    is_sound.then(|| id.clone())
}

/// Makes an id that is unique among requests, also across restarts.
fn new_id() -> HeaderValue {
    static RUN: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("run"));
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = format!("{:016x}{:08x}", *RUN, COUNT.fetch_add(1, Ordering::Relaxed));
    HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("-"))
}
