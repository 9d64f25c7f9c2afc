//! The whole archive for researchers: a file of JSON lines for each month
//! (<https://github.com/ndjson/ndjson-spec>), and an index with the checksum of each.

mod lines;
mod sums;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use chrono::NaiveDate;
use futures_util::stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::archive::Snapshot;
use crate::archive::snapshot::Period;
use crate::web::documents::dataset::lines::MonthLines;
use crate::web::documents::dataset::sums::Checksums;
use crate::web::http::cache::{CachePolicy, ContentType};
use crate::web::http::reply::{Reply, status, unlisted};
use crate::web::http::request::PageRequest;

pub(crate) use sums::Checksum;

/// Maximum number of concurrent downloads. Each takes about half a megabyte of memory.
const MOST_FILES: usize = 16;
/// `Retry-After` of a rejected download, in seconds.
const RETRY_AFTER_SECONDS: &str = "30";
/// Maximum duration of a download: a slow client blocks others and keeps an old archive in memory.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// How long the index waits for checksums that are being computed.
const CHECKSUM_TIMEOUT: Duration = Duration::from_secs(2);

/// The limits and checksums that all downloads share.
pub struct Dataset {
    files: Arc<Semaphore>,
    /// Downloads use one core at most, so that pages have priority.
    core: Arc<Semaphore>,
    sums: Arc<Checksums>,
}

impl Default for Dataset {
    fn default() -> Self {
        Self {
            files: Arc::new(Semaphore::new(MOST_FILES)),
            core: Arc::new(Semaphore::new(1)),
            sums: Arc::default(),
        }
    }
}

impl Dataset {
    /// Serves `/archive/<year>-<month>.ndjson`; `None` if the month has no posts.
    pub(crate) fn month(
        &self,
        request: &PageRequest<'_>,
        archive: &Arc<Snapshot>,
        first: NaiveDate,
    ) -> Option<Reply> {
        let month = archive.month_of(archive.listed(), first)?;
        let mut fingerprint = request.fingerprint("month");
        for id in archive.listed().range(month.places.clone()) {
            fingerprint.add(archive.listed_version(id));
        }
        let (fingerprint, policy) = (fingerprint.finish(), CachePolicy::Revalidate);
        let reply = request.streamed(ContentType::NDJSON, policy, fingerprint, |is_gzip| {
            let sending = Download {
                _permit: Arc::clone(&self.files).try_acquire_owned().ok()?,
                lines: Some(MonthLines::new(Arc::clone(archive), month.places.clone(), is_gzip)),
                core: Arc::clone(&self.core),
                deadline: Instant::now() + LONGEST,
            };
            Some(Body::from_stream(stream::try_unfold(sending, Download::next)))
        });
        Some(unlisted(reply.unwrap_or_else(refusal)))
    }

    /// Returns the months of an archive, newest first, each with its checksum if it is known in time.
    pub(crate) async fn index(
        &self,
        archive: &Arc<Snapshot>,
        generation: u64,
    ) -> Vec<(Period, Option<Arc<Checksum>>)> {
        let sums = self.sums.wait_for(archive, generation, &self.core, CHECKSUM_TIMEOUT).await;
        let mut months = archive.months_of(archive.listed());
        months.reverse();
        let with_sum = |month: Period| {
            let sum = sums.get(&month.day).map(Arc::clone);
            (month, sum)
        };
        months.into_iter().map(with_sum).collect()
    }
}

/// The response to a client if too many downloads are running.
fn refusal() -> Reply {
    let mut reply = status(StatusCode::SERVICE_UNAVAILABLE);
    let headers = reply.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
    headers.insert(header::CACHE_CONTROL, CachePolicy::NoStore.header());
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    reply
}

/// A download in progress.
struct Download {
    /// `None` once all lines are sent.
    lines: Option<MonthLines>,
    core: Arc<Semaphore>,
    deadline: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Download {
    /// Produces the next part once the previous one is on its way, so that a slow client holds
    /// no more memory than a fast one.
    async fn next(mut self) -> std::io::Result<Option<(bytes::Bytes, Self)>> {
        let Some(mut lines) = self.lines.take() else { return Ok(None) };
        if Instant::now() > self.deadline {
            return Err(std::io::Error::other("download deadline exceeded"));
        }
        let permit = Arc::clone(&self.core).acquire_owned().await.map_err(std::io::Error::other)?;
        let made = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            lines.next_part().map(|part| (part, lines))
        });
        let (part, lines) = made.await.map_err(std::io::Error::other)?.inspect_err(|error| {
            tracing::error!("archive download aborted: {error}");
        })?;
        self.lines = (!lines.is_done()).then_some(lines);
        Ok(Some((part.into(), self)))
    }
}
