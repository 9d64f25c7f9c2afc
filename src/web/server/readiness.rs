//! The notice of a shutdown to load balancers: `/readyz` reports it before the listener stops accepting, so
//! that a load balancer that probes it loses no connection.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::{FORWARDED, VIA};
use tokio::sync::Notify;

use crate::web::server::client::X_FORWARDED_FOR;

/// A prober silent for this long counts as absent.
const PROBER_ABSENT_AFTER: Duration = Duration::from_secs(30);
/// The longest wait for the next probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(3);
/// Time after the probe for that load balancer to switch, and for the others to probe as well.
const PROBE_GRACE: Duration = Duration::from_millis(500);

/// Records the probes of `/readyz`.
#[derive(Debug, Default)]
pub struct Readiness {
    last: Mutex<Option<Instant>>,
    probed: Notify,
}

impl Readiness {
    /// Records a probe. A request that a proxy forwarded does not count, because the proxy itself learns
    /// nothing from the response.
    pub(crate) fn record_probe(&self, request: &HeaderMap) {
        if [FORWARDED, VIA, X_FORWARDED_FOR].iter().any(|name| request.contains_key(name)) {
            return;
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.probed.notify_waiters();
    }

    /// Waits until a prober has received a response that says "not ready". Returns at once without a recent
    /// probe, and after a few seconds at the latest.
    pub async fn wait_for_probe(&self) {
        let asked = self.probed.notified();
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() > PROBER_ABSENT_AFTER) {
            return;
        }
        if tokio::time::timeout(PROBE_TIMEOUT, asked).await.is_ok() {
            tokio::time::sleep(PROBE_GRACE).await;
        }
    }
}
