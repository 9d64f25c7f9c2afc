//! Who may search, and when: at once as many as there are processors, after them a short queue, and nobody
//! without end. A search takes a hundred times as long as a page, so this is where one client could keep
//! all others waiting.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::request::Parts;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::client::{Peer, Proxies};
use super::metrics::Shed;
use super::pages::error;
use super::reply::Reply;
use super::site::Site;
use crate::config::{Config, SearchRate};

/// Who waits, for each that searches.
const QUEUE: usize = 16;
/// Of what an address may search in a minute, the part that it may at once.
const BURST: u32 = 3;
/// After so many searches the addresses are forgotten that have not searched of late.
const FORGET_EVERY: usize = 1024;

/// A place among those who search or wait to.
#[derive(Debug)]
pub(super) struct Turn {
    _search: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What holds what was typed.
    Search,
    /// What may be meant, which is asked for with each letter that is typed: nobody is limited to so many.
    Suggestions,
}

/// Those who are let in.
struct Queue {
    /// Those that run.
    running: Arc<Semaphore>,
    /// Those, and who waits.
    places: Arc<Semaphore>,
}

/// Lets searches in.
pub struct Searches {
    searches: Queue,
    /// In a queue of their own, so that who asks for many keeps nobody from searching.
    suggestions: Queue,
    limiter: Option<DefaultKeyedRateLimiter<IpAddr>>,
    count: AtomicUsize,
    proxies: Arc<Proxies>,
}

/// Why a search is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Too many wait.
    Crowded,
    /// The address has searched too often; it may again after this.
    TooOften(Duration),
}

impl Searches {
    /// Those of a site.
    pub(super) fn new(config: &Config, proxies: Arc<Proxies>) -> Self {
        Self {
            searches: Queue::new(),
            suggestions: Queue::new(),
            limiter: limiter(config.search_rate),
            count: AtomicUsize::new(0),
            proxies,
        }
    }

    /// Whether whoever sent a request may search. Where a proxy hides all who ask, nobody is refused.
    pub(super) fn check(&self, request: &Parts) -> Result<(), Refusal> {
        let (Some(limiter), Some(peer)) = (&self.limiter, request.extensions.get::<Peer>()) else {
            return Ok(());
        };
        let Some(network) = self.proxies.client(*peer, &request.headers).network() else { return Ok(()) };
        if self.count.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limiter.retain_recent();
        }
        let wait = |until: governor::NotUntil<_>| until.wait_time_from(DefaultClock::default().now());
        limiter.check_key(&network).map_err(|until| Refusal::TooOften(wait(until)))
    }

    /// Waits for a turn, which lasts until what it gives is dropped.
    pub(super) async fn turn(&self, kind: Kind) -> Result<Turn, Refusal> {
        let queue = match kind {
            Kind::Search => &self.searches,
            Kind::Suggestions => &self.suggestions,
        };
        let place = Arc::clone(&queue.places).try_acquire_owned().map_err(|_| Refusal::Crowded)?;
        // It is never closed.
        let search = Arc::clone(&queue.running).acquire_owned().await.map_err(|_| Refusal::Crowded)?;
        Ok(Turn { _search: search, _place: place })
    }
}

impl Queue {
    fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            running: Arc::new(Semaphore::new(cores)),
            places: Arc::new(Semaphore::new(cores * (1 + QUEUE))),
        }
    }
}

fn limiter(rate: SearchRate) -> Option<DefaultKeyedRateLimiter<IpAddr>> {
    let a_minute = rate.0?;
    let burst = NonZeroU32::new(a_minute.get() / BURST).unwrap_or(NonZeroU32::MIN);
    Some(DefaultKeyedRateLimiter::keyed(Quota::per_minute(a_minute).allow_burst(burst)))
}

impl Refusal {
    /// As monitoring knows it.
    pub(super) fn reason(self) -> Shed {
        match self {
            Self::Crowded => Shed::Searches,
            Self::TooOften(_) => Shed::SearchRate,
        }
    }

    /// The page that says so.
    pub(super) fn reply(self, site: &Site) -> Reply {
        let (code, seconds) = match self {
            Self::Crowded => (StatusCode::SERVICE_UNAVAILABLE, 1),
            Self::TooOften(wait) => (StatusCode::TOO_MANY_REQUESTS, wait.as_secs() + 1),
        };
        error::busy(site, code, seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;

    #[test]
    fn who_asks_for_suggestions_keeps_nobody_from_searching() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config::read(folder.path(), &Overrides::default(), &|_| None).expect("a configuration");
        let searches = Searches::new(&config, Arc::default());
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let places = searches.suggestions.places.available_permits() as u32;
            let _taken = searches.suggestions.places.try_acquire_many(places).expect("all places");
            assert_eq!(searches.turn(Kind::Suggestions).await.err(), Some(Refusal::Crowded));
            assert!(searches.turn(Kind::Search).await.is_ok());
        });
    }
}
