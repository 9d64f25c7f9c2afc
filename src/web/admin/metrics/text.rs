//! The text at `/metrics`: the counters, and the state of the site and of the process at this moment.

use std::fmt;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::archive::{Snapshot, problem};
use crate::web::admin::metrics::Metrics;
use crate::web::admin::metrics::process::{self, gauge};
use crate::web::admin::problems_of;
use crate::web::app::App;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProblemLabels {
    code: String,
    severity: String,
}

impl Metrics {
    /// Returns all metrics, together with the current state of `app` and of the process.
    ///
    /// # Errors
    /// Returns an error if formatting fails, which writing to a `String` never does.
    pub(crate) fn text(&self, app: &App) -> Result<String, fmt::Error> {
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
    registry.register("build", "Version of the program", Info::new(version.to_vec()));
    let current = app.current();
    let posts = current.archive.as_ref().map_or(0, |archive| archive.len());
    registry.register("posts", "Posts in the archive", gauge(posts));
    let help = "Generation of archive and configuration; each update increases it";
    registry.register("archive_revision", help, gauge(current.generation));
    let age = current.since.elapsed().unwrap_or_default().as_secs_f64();
    let help = "Time since the last update of the archive or the configuration";
    registry.register_with_unit("archive_age", help, Unit::Seconds, ConstGauge::new(age));
    registry.register(
        "problems",
        "Problems in the site's files, by code and severity",
        problems(current.archive.as_deref()),
    );
    let pages = app.page_cache().usage();
    let help = "Memory used by the page cache";
    registry.register_with_unit("page_cache", help, Unit::Bytes, gauge(pages.bytes));
    registry.register("page_cache_pages", "Encoded pages in the page cache", gauge(pages.pages));
    registry.register("page_cache_hits", "Pages served from the page cache", ConstCounter::new(pages.hits));
    let help = "Pages rendered because they were not cached";
    registry.register("page_cache_misses", help, ConstCounter::new(pages.misses));
    if let Some((position, lag)) = app.replica().get() {
        registry.register("replica_position", "Last commit of the bucket in the archive", gauge(position));
        let help = "Time since the last successful answer of the bucket";
        registry.register_with_unit("replica_lag", help, Unit::Seconds, ConstGauge::new(lag.as_secs_f64()));
    }
    registry.register("live_clients", "Clients connected to /live", gauge(app.live().clients()));
    registry
}

/// The number of problems by code and severity.
fn problems(archive: Option<&Snapshot>) -> Family<ProblemLabels, Gauge> {
    let problems = problems_of(archive);
    let family: Family<ProblemLabels, Gauge> = Family::default();
    for ((severity, code), count) in problem::count(&problems) {
        let kind = ProblemLabels { code: code.to_string(), severity: severity.to_string() };
        family.get_or_create(&kind).set(i64::try_from(count).unwrap_or(i64::MAX));
    }
    family
}
