//! What the owner's monitoring asks for at `/metrics`: how requests fare, what the archive holds, what the
//! process takes, in the text format of OpenMetrics
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).

mod process;

use std::fmt;
use std::time::{Duration, SystemTime};

use axum::http::Method;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::App;
use super::reply::Pattern;
use crate::archive::problem;

/// The type of the text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds in seconds: of answers, most of which take some microseconds.
const SHORT: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// Of the way from a file to its page.
const LONG: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 600.0];

/// Why somebody was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shed {
    /// There were too many connections.
    Connections,
    /// Too many requests waited for something.
    Requests,
    /// Too many files were being sent.
    Files,
    /// Too many searches were waited for.
    Searches,
    /// One address searched too often.
    SearchRate,
}

impl Shed {
    const ALL: [Self; 5] = [Self::Connections, Self::Requests, Self::Files, Self::Searches, Self::SearchRate];
}

impl EncodeLabelValue for Shed {
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

impl fmt::Display for Shed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connections => "there are too many connections (--max-connections)",
            Self::Requests => "too many requests wait for something (--max-requests)",
            Self::Files => "too many files of the site are being sent",
            Self::Searches => "too many searches are waited for",
            Self::SearchRate => "an address searches too often (--search-rate)",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: Shed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    code: String,
    severity: String,
}

/// Numbers that are counted as things happen.
#[derive(Debug)]
pub struct Metrics {
    started: SystemTime,
    registry: Registry,
    answers: Family<Answered, Histogram, fn() -> Histogram>,
    shed: Family<Reason, Counter>,
    /// Requests whose answers are not sent whole yet.
    pub(super) in_flight: Gauge,
    /// Open connections.
    pub(super) connections: Gauge,
    /// Connections that could not be taken.
    pub(super) accept_errors: Counter,
    /// Clients that left before they were answered.
    pub(super) left: Counter,
    /// Handlers that panicked.
    pub(super) panics: Counter,
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
            shed: Family::default(),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            accept_errors: Counter::default(),
            left: Counter::default(),
            panics: Counter::default(),
            searches: short(),
            delays: Histogram::new(LONG),
        };
        for reason in Shed::ALL {
            // So that the first is a change and not a beginning.
            let _ = metrics.shed.get_or_create(&Reason { reason });
        }
        let mut registry = Registry::with_prefix("finews");
        registry.register_with_unit(
            "http_request_duration",
            "How long answers took to make, without the time to send them",
            Unit::Seconds,
            metrics.answers.clone(),
        );
        registry.register("http_shed", "Who was turned away, and why", metrics.shed.clone());
        registry.register(
            "http_requests_in_flight",
            "Requests not answered whole",
            metrics.in_flight.clone(),
        );
        registry.register("http_connections", "Open connections", metrics.connections.clone());
        registry.register(
            "http_accept_errors",
            "Connections that could not be taken",
            metrics.accept_errors.clone(),
        );
        registry.register("http_left", "Clients that left before they were answered", metrics.left.clone());
        registry.register("http_panics", "Handlers that panicked", metrics.panics.clone());
        registry.register_with_unit(
            "search_duration",
            "How long searches took, without the wait for their turn",
            Unit::Seconds,
            metrics.searches.clone(),
        );
        registry.register_with_unit(
            "publish_delay",
            "From when a file was written, or its post was due, until the post was shown",
            Unit::Seconds,
            metrics.delays.clone(),
        );
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// Notes an answer.
    pub(super) fn answered(&self, method: &Method, Pattern(route): Pattern, status: u16, took: Duration) {
        // Anybody can make up methods.
        let method = match *method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::OPTIONS => "OPTIONS",
            _ => "other",
        };
        self.answers.get_or_create(&Answered { method, route, status }).observe(took.as_secs_f64());
    }

    /// Notes that somebody was turned away.
    pub(super) fn shed(&self, reason: Shed) {
        self.shed.get_or_create(&Reason { reason }).inc();
    }

    /// Notes how long a search took.
    pub(super) fn searched(&self, took: Duration) {
        self.searches.observe(took.as_secs_f64());
    }

    /// Notes how long a post took to be shown.
    pub(super) fn published(&self, delay: Duration) {
        self.delays.observe(delay.as_secs_f64());
    }

    /// All numbers, with those that an app and its process have at the moment.
    ///
    /// # Errors
    /// When the text cannot be written, for which there is no reason.
    pub(super) fn text(&self, app: &App) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        encode_registry(&mut text, &of_app(app))?;
        encode_registry(&mut text, &process::registry(self.started))?;
        encode_eof(&mut text)?;
        Ok(text)
    }
}

fn of_app(app: &App) -> Registry {
    let mut registry = Registry::with_prefix("finews");
    let version = [("version", env!("CARGO_PKG_VERSION").to_owned())];
    registry.register("build", "The program", Info::new(version.to_vec()));
    let served = app.served();
    let posts = served.archive.as_ref().map_or(0, |archive| archive.len());
    registry.register("posts", "Posts of the archive", gauge(posts));
    let help = "Archives and configurations until now";
    registry.register("archive_revision", help, gauge(served.generation));
    let age = served.since.elapsed().unwrap_or_default().as_secs_f64();
    let help = "Since the archive or the configuration last changed";
    registry.register_with_unit("archive_age", help, Unit::Seconds, ConstGauge::new(age));
    registry.register("problems", "What is wrong with files", problems(app));
    let pages = app.pages().usage();
    let help = "What encoded pages take in memory";
    registry.register_with_unit("page_cache", help, Unit::Bytes, gauge(pages.bytes));
    registry.register("page_cache_pages", "Encoded pages in memory", gauge(pages.pages));
    registry.register("page_cache_hits", "Pages that were in memory", ConstCounter::new(pages.hits));
    registry.register("page_cache_misses", "Pages that had to be made", ConstCounter::new(pages.misses));
    registry.register("live_clients", "Who follows /live", gauge(app.live().clients()));
    registry
}

/// How many problems there are of each kind.
fn problems(app: &App) -> Family<Kind, Gauge> {
    let problems = app.archive().map(|archive| archive.problems()).unwrap_or_default();
    let family: Family<Kind, Gauge> = Family::default();
    for ((severity, code), count) in problem::count(&problems) {
        let kind = Kind { code: code.to_string(), severity: severity.to_string() };
        family.get_or_create(&kind).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    family
}

/// A number of the moment.
fn gauge(value: impl TryInto<i64>) -> ConstGauge<i64> {
    ConstGauge::new(value.try_into().unwrap_or(i64::MAX))
}
