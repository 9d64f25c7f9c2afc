//! Limits on searches. One search per core runs at a time, a short queue waits, and each client address has a
//! rate limit. A search takes a hundred times as long as a page, so without limits one client could block all
//! others.

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

/// Waiting searches per running search.
const QUEUE: usize = 16;
/// The quota per minute divided by this number is the burst that an address may use at once.
const BURST: u32 = 3;
/// After this number of searches, the limiter drops the addresses that have not searched recently.
const FORGET_EVERY: usize = 1024;

/// A permit to search, held while waiting and running.
#[derive(Debug)]
pub(super) struct Turn {
    _search: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A search for posts.
    Search,
    /// Suggestions, requested with each key that a reader types; therefore without a rate limit.
    Suggestions,
}

/// The permits for one kind of request.
struct Queue {
    /// Limits the running searches.
    running: Arc<Semaphore>,
    /// Limits the running and the waiting searches.
    places: Arc<Semaphore>,
}

/// The admission control of searches and suggestions.
pub struct Searches {
    searches: Queue,
    /// In a queue of their own, so that many suggestions do not delay searches.
    suggestions: Queue,
    limiter: Option<DefaultKeyedRateLimiter<IpAddr>>,
    count: AtomicUsize,
    proxies: Arc<Proxies>,
}

/// Why a search is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The queue is full.
    Crowded,
    /// The address has searched too often; it may search again after this time.
    TooOften(Duration),
}

impl Searches {
    pub(super) fn new(config: &Config, proxies: Arc<Proxies>) -> Self {
        Self {
            searches: Queue::new(),
            suggestions: Queue::new(),
            limiter: limiter(config.search_rate),
            count: AtomicUsize::new(0),
            proxies,
        }
    }

    /// Checks the rate limit of the client's address. If a proxy hides the address, the request always
    /// passes.
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

    /// Waits for a permit, which is released when it is dropped.
    pub(super) async fn turn(&self, kind: Kind) -> Result<Turn, Refusal> {
        let queue = match kind {
            Kind::Search => &self.searches,
            Kind::Suggestions => &self.suggestions,
        };
        let place = Arc::clone(&queue.places).try_acquire_owned().map_err(|_| Refusal::Crowded)?;
        // The semaphore is never closed, so this never fails.
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
    /// The reason as metrics label it.
    pub(super) fn reason(self) -> Shed {
        match self {
            Self::Crowded => Shed::Searches,
            Self::TooOften(_) => Shed::SearchRate,
        }
    }

    /// The page that reports the rejection, with `Retry-After`.
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
    fn full_suggestion_queue_does_not_block_searches() {
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
