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

use crate::config::{Config, SearchRate};
use crate::web::admin::metrics::Rejection;
use crate::web::http::reply::Reply;
use crate::web::pages::error;
use crate::web::server::client::{Peer, Proxies};
use crate::web::view::site::Site;

/// Waiting searches per running search.
const QUEUE: usize = 16;
/// The quota per minute divided by this number is the burst that an address may use at once.
const BURST: u32 = 3;
/// After this number of searches, the limiter drops the addresses that have not searched recently.
const FORGET_EVERY: usize = 1024;

/// A permit to search, held while waiting and running.
#[derive(Debug)]
pub(crate) struct SearchPermit {
    _search: OwnedSemaphorePermit,
    _slot: OwnedSemaphorePermit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SearchKind {
    /// A search for posts.
    Search,
    /// Suggestions, requested with each key that a reader types; therefore without a rate limit.
    Suggestions,
}

/// The permits for one kind of request.
struct SearchQueue {
    /// Limits the running searches.
    running: Arc<Semaphore>,
    /// Limits the running and the waiting searches.
    slots: Arc<Semaphore>,
}

/// The admission control of searches and suggestions.
pub struct SearchLimiter {
    searches: SearchQueue,
    /// In a queue of their own, so that many suggestions do not delay searches.
    suggestions: SearchQueue,
    limiter: Option<DefaultKeyedRateLimiter<IpAddr>>,
    count: AtomicUsize,
    proxies: Arc<Proxies>,
}

/// Why a search is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SearchRejection {
    /// The queue is full.
    QueueFull,
    /// The address has searched too often; it may search again after this time.
    RateLimited(Duration),
}

impl SearchLimiter {
    pub(crate) fn new(config: &Config, proxies: Arc<Proxies>) -> Self {
        Self {
            searches: SearchQueue::new(),
            suggestions: SearchQueue::new(),
            limiter: limiter(config.server.search_rate),
            count: AtomicUsize::new(0),
            proxies,
        }
    }

    /// Checks the rate limit of the client's address. If a proxy hides the address, the request always
    /// passes.
    pub(crate) fn check_rate(&self, request: &Parts) -> Result<(), SearchRejection> {
        let (Some(limiter), Some(peer)) = (&self.limiter, request.extensions.get::<Peer>()) else {
            return Ok(());
        };
        let Some(network) = self.proxies.client(*peer, &request.headers).network() else { return Ok(()) };
        if self.count.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limiter.retain_recent();
        }
        let wait = |until: governor::NotUntil<_>| until.wait_time_from(DefaultClock::default().now());
        limiter.check_key(&network).map_err(|until| SearchRejection::RateLimited(wait(until)))
    }

    /// Waits for a permit, which is released when it is dropped.
    pub(crate) async fn acquire(&self, kind: SearchKind) -> Result<SearchPermit, SearchRejection> {
        let queue = match kind {
            SearchKind::Search => &self.searches,
            SearchKind::Suggestions => &self.suggestions,
        };
        let slot = Arc::clone(&queue.slots).try_acquire_owned().map_err(|_| SearchRejection::QueueFull)?;
        // The semaphore is never closed, so this never fails.
        let search =
            Arc::clone(&queue.running).acquire_owned().await.map_err(|_| SearchRejection::QueueFull)?;
        Ok(SearchPermit { _search: search, _slot: slot })
    }
}

impl SearchQueue {
    fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self {
            running: Arc::new(Semaphore::new(cores)),
            slots: Arc::new(Semaphore::new(cores * (1 + QUEUE))),
        }
    }
}

fn limiter(rate: SearchRate) -> Option<DefaultKeyedRateLimiter<IpAddr>> {
    let a_minute = rate.0?;
    let burst = NonZeroU32::new(a_minute.get() / BURST).unwrap_or(NonZeroU32::MIN);
    Some(DefaultKeyedRateLimiter::keyed(Quota::per_minute(a_minute).allow_burst(burst)))
}

impl SearchRejection {
    /// The reason as metrics label it.
    pub(crate) fn reason(self) -> Rejection {
        match self {
            Self::QueueFull => Rejection::Searches,
            Self::RateLimited(_) => Rejection::SearchRate,
        }
    }

    /// The page that reports the rejection, with `Retry-After`.
    pub(crate) fn reply(self, site: &Site) -> Reply {
        let (code, seconds) = match self {
            Self::QueueFull => (StatusCode::SERVICE_UNAVAILABLE, 1),
            Self::RateLimited(wait) => (StatusCode::TOO_MANY_REQUESTS, wait.as_secs() + 1),
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
        let searches = SearchLimiter::new(&config, Arc::default());
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let slots = searches.suggestions.slots.available_permits() as u32;
            let _taken = searches.suggestions.slots.try_acquire_many(slots).expect("all places");
            assert_eq!(
                searches.acquire(SearchKind::Suggestions).await.err(),
                Some(SearchRejection::QueueFull)
            );
            assert!(searches.acquire(SearchKind::Search).await.is_ok());
        });
    }
}
