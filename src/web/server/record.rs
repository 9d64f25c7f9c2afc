//! What is noted of a request: a number for the owner's monitoring, and a line in the log.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::http::header::{REFERER, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};

use super::Observer;
use crate::config::AccessLog;
use crate::web::client::{Client, Peer};
use crate::web::metrics::Shed;
use crate::web::reply::{Pattern, Reply};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Of an id that a proxy gives.
const LONGEST_ID: usize = 128;
/// While requests are turned away for want of room one in so many has a line: a log that is written by the hundred thousand
/// helps nobody.
const SAMPLED: u64 = 64;
/// How long that goes on after the last was.
const SAMPLED_FOR: Duration = Duration::from_secs(1);
/// How often it is said that somebody is turned away.
const SAID_EVERY: Duration = Duration::from_secs(10);
/// What a client that has left is said to have been answered, as nginx does.
const LEFT: u16 = 499;

/// Which requests have a line in the log.
#[derive(Debug)]
pub struct Log {
    which: AccessLog,
    start: Instant,
    /// When somebody was last turned away for want of room, in milliseconds from the start; 0: nobody was.
    shed: AtomicU64,
    /// When that was last said.
    said: AtomicU64,
    count: AtomicU64,
}

impl Log {
    /// A log of these requests.
    pub fn of(which: AccessLog) -> Self {
        let (shed, said, count) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        Self { which, start: Instant::now(), shed, said, count }
    }

    /// Notes that somebody is turned away, which is said once in a while.
    pub(super) fn shed(&self, reason: Shed) {
        let now = self.now();
        // One address that asks too often is no reason to be brief about all others.
        if reason != Shed::SearchRate {
            self.shed.store(now, Ordering::Relaxed);
        }
        let said = self.said.load(Ordering::Relaxed);
        let is_due = said == 0 || u128::from(now - said.min(now)) >= SAID_EVERY.as_millis();
        if is_due && self.said.compare_exchange(said, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            tracing::warn!("readers are turned away: {reason}");
        }
    }

    /// Milliseconds from the start, counted from 1.
    fn now(&self) -> u64 {
        self.start.elapsed().as_millis() as u64 + 1
    }

    /// Whether a line stands for others as well, and if so whether it is written; nothing if each is.
    fn sample(&self) -> Option<bool> {
        let shed = self.shed.load(Ordering::Relaxed);
        let since = self.now().saturating_sub(shed);
        (shed > 0 && u128::from(since) <= SAMPLED_FOR.as_millis())
            .then(|| self.count.fetch_add(1, Ordering::Relaxed).is_multiple_of(SAMPLED))
    }
}

/// Whether an answer says that something failed by our fault. 503 is an answer like others: it says that the time
/// is not right.
fn is_failure(status: u16) -> bool {
    status >= StatusCode::INTERNAL_SERVER_ERROR.as_u16() && status != StatusCode::SERVICE_UNAVAILABLE.as_u16()
}

/// A request that is being answered.
pub(super) struct Record {
    begun: Instant,
    method: Method,
    /// What the log says of it; nothing if that is off.
    line: Option<Box<Line>>,
    status: u16,
    /// How long the answer took to make.
    took: Duration,
    /// Of the answer's body, as far as it was handed over.
    bytes: u64,
}

struct Line {
    id: Option<HeaderValue>,
    uri: Uri,
    client: Client,
    referer: Option<HeaderValue>,
    agent: Option<HeaderValue>,
}

impl Record {
    /// That of a request that has come.
    pub(super) fn begin<B>(observer: &Observer, peer: Peer, request: &Request<B>) -> Self {
        observer.metrics.in_flight.inc();
        let headers = request.headers();
        let line = (observer.log.which != AccessLog::Off).then(|| {
            // Of most requests no line is written then, so that less is kept for it.
            let kept = |name| headers.get(name).filter(|_| observer.log.which == AccessLog::All).cloned();
            Line {
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

    /// Notes the answer. One that says that something failed has the id by which the log knows it.
    pub(super) fn answer(&mut self, observer: &Observer, reply: &mut Reply, pattern: Pattern) {
        self.took = self.begun.elapsed();
        self.status = reply.status().as_u16();
        observer.metrics.answered(&self.method, pattern, self.status, self.took);
        if is_failure(self.status)
            && let Some(line) = &mut self.line
        {
            let id = line.id.get_or_insert_with(new_id).clone();
            reply.headers_mut().insert(REQUEST_ID, id);
        }
    }

    /// Notes that bytes of the answer were handed over.
    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// Notes that the answer was sent, or its client has left.
    pub(super) fn end(&mut self, observer: &Observer) {
        observer.metrics.in_flight.dec();
        if self.status == LEFT {
            observer.metrics.left.inc();
        }
        if let Some(line) = self.line.take() {
            self.log(&observer.log, line);
        }
    }

    fn log(&self, log: &Log, mut line: Box<Line>) {
        let failed = is_failure(self.status);
        if log.which == AccessLog::Errors && !failed {
            return;
        }
        // Who was told the id of what failed asks for it.
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

/// The id that a proxy of the owner's gave a request.
fn given_id(observer: &Observer, peer: Peer, headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(REQUEST_ID).filter(|_| observer.proxies.trusts(peer))?;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=".contains(byte);
    let is_sound = (1..=LONGEST_ID).contains(&id.len()) && id.as_bytes().iter().all(is_plain);
    is_sound.then(|| id.clone())
}

/// An id that no other request has, here or in another run.
fn new_id() -> HeaderValue {
    static RUN: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("run"));
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = format!("{:016x}{:08x}", *RUN, COUNT.fetch_add(1, Ordering::Relaxed));
    HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("-"))
}
