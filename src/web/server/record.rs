//! The record of a request: its metrics and its line in the access log.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::header::{REFERER, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};

use crate::config::AccessLog;
use crate::web::http::reply::Reply;
use crate::web::http::route_pattern::RoutePattern;
use crate::web::server::access_log::{Log, SAMPLED};
use crate::web::server::client::{Client, Peer};
use crate::web::server::observer::Observer;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id that is accepted from a proxy, in bytes.
const LONGEST_ID: usize = 128;
/// The status that is logged for a client that disconnected before its response, as in nginx.
const LEFT: u16 = 499;

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
