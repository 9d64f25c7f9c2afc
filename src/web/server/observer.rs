//! The receivers of a server's events.

use std::sync::Arc;

use crate::config::{AccessLog, Config};
use crate::web::admin::metrics::{Metrics, Rejection};
use crate::web::server::access_log::Log;
use crate::web::server::client::Proxies;

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
    pub(crate) fn from_config(config: &Config) -> Arc<Self> {
        Arc::new(Self {
            metrics: Arc::default(),
            log: Log::new(config.server.access_log),
            proxies: Arc::new(Proxies::from_config(config)),
        })
    }

    /// An observer without an access log, with metrics that are never read.
    pub fn disabled() -> Arc<Self> {
        Arc::new(Self { metrics: Arc::default(), log: Log::new(AccessLog::Off), proxies: Arc::default() })
    }

    /// Counts and logs a rejection.
    pub(crate) fn record_rejection(&self, what: Rejection) {
        self.metrics.count_rejection(what);
        self.log.record_rejection(what);
    }
}
