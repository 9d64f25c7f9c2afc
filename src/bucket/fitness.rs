//! The fitness of a store: whether its conditional writes have at most one winner. Some stores ignore the condition,
//! so a log with several writers would lose commits.

use bytes::Bytes;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use super::commit::random_id;
use super::error::BucketError;
use super::http_client::Pace;
use super::store::{BucketStore, Created};
use super::url::{BucketOptions, BucketUrl};

const RACES: usize = 20;
const RACERS: usize = 8;
const RACES_AT_ONCE: usize = 10;

/// The tries of the later write. The network may lose each of them.
const LATER_TRIES: usize = 4;

/// Returns whether a store is fit, also if its bucket has no archive.
///
/// # Errors
/// Fails if the store cannot be asked.
pub async fn is_store_fit(url: &BucketUrl, options: &BucketOptions) -> Result<bool, BucketError> {
    is_fit(&BucketStore::open(url, options)?).await
}

/// Lets conditional writes race for keys below `probe/`, and removes the objects.
pub(super) async fn is_fit(store: &BucketStore) -> Result<bool, BucketError> {
    let id = random_id();
    let races = (0..RACES).map(|race| run_race(store, format!("probe/{id}-{race}")));
    // Some stores let the losers of a race wait for seconds.
    let results: Vec<_> = stream::iter(races).buffer_unordered(RACES_AT_ONCE).collect().await;
    let mut is_fit = true;
    for result in results {
        match result {
            Ok(is_fair) => is_fit &= is_fair,
            Err(BucketError::Unconditional { .. }) => is_fit = false,
            Err(error) => return Err(error),
        }
    }
    Ok(is_fit)
}

async fn run_race(store: &BucketStore, key: String) -> Result<bool, BucketError> {
    let is_fair = is_race_fair(store, &key).await;
    // A writer may lack the right to remove objects, which are small.
    let _ = store.delete(&key).await;
    is_fair
}

/// Returns whether at most one of the writers wins, whether the object is its own, and whether a later writer loses.
async fn is_race_fair(store: &BucketStore, key: &str) -> Result<bool, BucketError> {
    let body = |racer: usize| Bytes::from(racer.to_string());
    let racers = (0..RACERS).map(|racer| store.create(key, body(racer)));
    let mut winners = Vec::new();
    for (racer, result) in join_all(racers).await.into_iter().enumerate() {
        match result {
            Ok(Created::Written) => winners.push(racer),
            Ok(Created::Exists) => {}
            // The write may have succeeded.
            Err(error) if error.is_temporary() => {}
            Err(error) => return Err(error),
        }
    }
    let Some(found) = store.get(Pace::Normal, key, None).await? else {
        let reason = "it confirmed a write and has no such object".into();
        return if winners.is_empty() {
            Err(BucketError::Unreachable {
                url: store.name().to_owned(),
                reason: "no write succeeded".into(),
            })
        } else {
            Err(BucketError::Failed { url: store.name().to_owned(), key: key.to_owned(), reason })
        };
    };
    let is_own = match winners[..] {
        [] => true,
        [winner] => found == body(winner),
        _ => false,
    };
    if !is_own {
        return Ok(false);
    }
    for attempt in 1.. {
        match store.create(key, body(RACERS)).await {
            Ok(Created::Written) => return Ok(false),
            Ok(Created::Exists) => break,
            Err(error) if error.is_temporary() && attempt < LATER_TRIES => {}
            Err(error) => return Err(error),
        }
    }
    Ok(store.get(Pace::Normal, key, None).await? == Some(found))
}
