//! Whoever sends readers here and asks `/readyz` before, learns that the process is about to end before it
//! takes no more connections: so that none of them is lost.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::http::header::{FORWARDED, VIA};
use tokio::sync::Notify;

use super::client::X_FORWARDED_FOR;

/// Who has not asked for so long does not ask.
const ASKS: Duration = Duration::from_secs(30);
/// The longest that is waited for who does.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long it may take to send readers elsewhere once one knows, and for others that ask as well to do so.
const HEARD: Duration = Duration::from_millis(500);

/// Who asks whether the process is ready.
#[derive(Debug, Default)]
pub struct Readiness {
    last: Mutex<Option<Instant>>,
    asked: Notify,
}

impl Readiness {
    /// Notes that somebody has asked, unless a proxy only passed that on: it is not it that hears.
    pub(super) fn asked(&self, request: &HeaderMap) {
        if [FORWARDED, VIA, X_FORWARDED_FOR].iter().any(|name| request.contains_key(name)) {
            return;
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.asked.notify_waiters();
    }

    /// Waits until whoever asks has heard that the process is not ready any more: not at all if nobody has
    /// asked of late, and not for long.
    pub async fn heard(&self) {
        let asked = self.asked.notified();
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() > ASKS) {
            return;
        }
        if tokio::time::timeout(PATIENCE, asked).await.is_ok() {
            tokio::time::sleep(HEARD).await;
        }
    }
}
