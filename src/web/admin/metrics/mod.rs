//! The numbers at `/metrics`, for the operator's monitoring: requests, the archive, the process. The text
//! format is OpenMetrics (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).

mod process;
mod text;

use std::fmt;
use std::time::{Duration, SystemTime};

use axum::http::Method;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::web::http::route_pattern::RoutePattern;

/// Media type of the metrics text, as OpenMetrics 1.0 names it.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds in seconds of the buckets for responses and searches. Most responses take microseconds.
const SHORT: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Upper bounds in seconds of the buckets for the delay from a file's change, or a post's date, to its page.
const LONG: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 600.0];

/// The limit that rejected a connection or a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Rejection {
    /// `--max-connections` connections were open.
    Connections,
    /// `--max-requests` requests were waiting.
    Requests,
    /// Too many files of the site were being sent.
    Files,
    /// The queue of searches was full.
    Searches,
    /// One client address searched more often than `--search-rate` allows.
    SearchRate,
}

impl Rejection {
    const ALL: [Self; 5] = [Self::Connections, Self::Requests, Self::Files, Self::Searches, Self::SearchRate];
}

impl EncodeLabelValue for Rejection {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        let name = match self {
            Self::Connections => "connections",
            Self::Requests => "requests",
            Self::Files => "files",
            Self::Searches => "searches",
            Self::SearchRate => "search-rate",
        };
        EncodeLabelValue::encode(&name, encoder)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connections => "connection limit reached (--max-connections)",
            Self::Requests => "limit of waiting requests reached (--max-requests)",
            Self::Files => "limit of concurrent file transfers reached",
            Self::Searches => "search queue is full",
            Self::SearchRate => "a client address exceeded the search rate (--search-rate)",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResponseLabels {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RejectionLabels {
    reason: Rejection,
}

/// Counters and histograms that are updated as events happen.
#[derive(Debug)]
pub struct Metrics {
    started: SystemTime,
    registry: Registry,
    answers: Family<ResponseLabels, Histogram, fn() -> Histogram>,
    rejections: Family<RejectionLabels, Counter>,
    /// Requests whose response is not completely sent.
    pub(crate) in_flight: Gauge,
    pub(crate) connections: Gauge,
    /// Failed calls of `accept`.
    pub(crate) accept_errors: Counter,
    /// Clients that disconnected before their response began.
    pub(crate) left: Counter,
    pub(crate) panics: Counter,
    searches: Histogram,
    delays: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let short: fn() -> Histogram = || Histogram::new(SHORT);
        let metrics = Self {
            started: SystemTime::now(),
            registry: Registry::default(),
            answers: Family::new_with_constructor(short),
            rejections: Family::default(),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            accept_errors: Counter::default(),
            left: Counter::default(),
            panics: Counter::default(),
            searches: short(),
            delays: Histogram::new(LONG),
        };
        for reason in Rejection::ALL {
            // Start every reason at 0, so that monitoring sees the first rejection as an increase.
            let _ = metrics.rejections.get_or_create(&RejectionLabels { reason });
        }
        let mut registry = Registry::with_prefix("finews");
        registry.register_with_unit(
            "http_request_duration",
            "Time to create the response, excluding its transfer",
            Unit::Seconds,
            metrics.answers.clone(),
        );
        registry.register(
            "http_shed",
            "Connections and requests rejected by a limit, by reason",
            metrics.rejections.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests whose response is not completely sent",
            metrics.in_flight.clone(),
        );
        registry.register("http_connections", "Open client connections", metrics.connections.clone());
        registry.register("http_accept_errors", "Failed accept calls", metrics.accept_errors.clone());
        registry.register(
            "http_left",
            "Clients that disconnected before their response began",
            metrics.left.clone(),
        );
        registry.register("http_panics", "Panics in request handlers", metrics.panics.clone());
        registry.register_with_unit(
            "search_duration",
            "Time to run a search, excluding the wait in the queue",
            Unit::Seconds,
            metrics.searches.clone(),
        );
        registry.register_with_unit(
            "publish_delay",
            "Delay from a file's modification, or its post's date, until the post is served",
            Unit::Seconds,
            metrics.delays.clone(),
        );
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// Counts a response and the time that it took to make.
    pub(crate) fn record_response(
        &self,
        method: &Method,
        RoutePattern(route): RoutePattern,
        status: u16,
        took: Duration,
    ) {
        // Clients can invent methods; a label for each would grow without bound.
        let method = match *method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::OPTIONS => "OPTIONS",
            _ => "other",
        };
        self.answers.get_or_create(&ResponseLabels { method, route, status }).observe(took.as_secs_f64());
    }

    pub(crate) fn count_rejection(&self, reason: Rejection) {
        self.rejections.get_or_create(&RejectionLabels { reason }).inc();
    }

    pub(crate) fn record_search(&self, took: Duration) {
        self.searches.observe(took.as_secs_f64());
    }

    /// Records the delay from a file's change to the post's appearance.
    pub(crate) fn record_publication(&self, delay: Duration) {
        self.delays.observe(delay.as_secs_f64());
    }
}
