//! Encoded pages in memory. Their key is a fingerprint of all that they show, so no page is ever stale. The
//! cache is limited in bytes and evicts the pages that clients request least.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::web::http::cache::content::ContentType;
use crate::web::http::cache::version_dates::VersionDates;
use crate::web::http::cache::{CacheHeaders, Fingerprint};
use crate::web::http::encoding::{self, Encoding};
use crate::web::http::headers::secure_headers;
use crate::web::http::route_pattern::RoutePattern;

/// Number of requests by clients that accept Brotli, after which a page is compressed with it. Brotli takes a
/// hundred times as long as gzip.
const HOT: u32 = 16;
/// Bytes of a cached page besides its body: headers, and its place in the cache.
const OVERHEAD: u64 = 1024;
/// Longest address that is recorded. The site's pages have shorter ones, but clients can request
/// one page under many addresses.
const LONGEST_ADDRESS: usize = 512;
/// Approximate size of an article's page, in bytes.
const USUAL_PAGE: u64 = 4096;
/// Maximum number of states whose documents are recorded. Each search has a state of its own.
const MOST_STATES: usize = 4096;

/// The properties that determine a page's headers, except its ETag and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PageKind {
    /// The type of the body.
    pub content_type: ContentType,
    /// How long clients may keep the page.
    pub caching: CacheHeaders,
}

type SharedHeaders = HashMap<(PageKind, Encoding), Arc<HeaderMap>>;

impl PageKind {
    /// Returns the headers of pages of this kind in an encoding. All such pages share them: separate copies
    /// would rarely be in the processor's cache, and would cost more than the page.
    pub(in crate::web) fn headers(self, encoding: Encoding) -> Arc<HeaderMap> {
        static ALL: LazyLock<Mutex<SharedHeaders>> = LazyLock::new(Mutex::default);
        // Each entry is complete, so the map is valid even after a panic.
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let headers = all.entry((self, encoding)).or_insert_with(|| {
            let mut headers = secure_headers();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type.name));
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            self.caching.insert_into(&mut headers);
            if let Some(encoding) = encoding.header() {
                headers.insert(header::CONTENT_ENCODING, encoding);
            }
            if self.content_type.is_open {
                headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
                let elsewhere = HeaderValue::from_static("cross-origin");
                headers.insert("cross-origin-resource-policy", elsewhere);
            }
            Arc::new(headers)
        });
        Arc::clone(headers)
    }
}

/// A page as it is sent: its headers, and its body in one encoding.
#[derive(Debug)]
pub struct EncodedPage {
    kind: PageKind,
    headers: Arc<HeaderMap>,
    etag: Option<HeaderValue>,
    bytes: Bytes,
    /// Number of times it was sent to clients that accept Brotli.
    wanted: AtomicU32,
}

impl EncodedPage {
    /// Creates a page from bytes that are already in the encoding. A not-found page has no fingerprint.
    pub fn new(kind: PageKind, fingerprint: Option<Fingerprint>, encoding: Encoding, bytes: Vec<u8>) -> Self {
        Self {
            kind,
            headers: kind.headers(encoding),
            etag: fingerprint.map(|fingerprint| fingerprint.etag(encoding.tag())),
            bytes: bytes.into(),
            wanted: AtomicU32::new(0),
        }
    }

    /// Builds a response with the page's headers and body.
    pub(crate) fn reply(&self, code: StatusCode) -> Response<Body> {
        let mut reply = Response::new(Body::from(self.bytes.clone()));
        *reply.status_mut() = code;
        let headers = reply.headers_mut();
        *headers = HeaderMap::clone(&self.headers);
        headers.insert(header::CONTENT_LENGTH, self.bytes.len().into());
        if let Some(etag) = &self.etag {
            headers.insert(header::ETAG, etag.clone());
        }
        reply
    }
}

type CacheKey = (Fingerprint, Encoding);

/// A cache of recently requested pages.
pub struct PageCache {
    /// `None` if the cache is disabled.
    pages: Option<Arc<Cache<CacheKey, Arc<EncodedPage>, PageWeight>>>,
    /// The page that was last found at each address.
    addresses: Cache<Box<str>, CachedRoute>,
    /// The fingerprint of the document that was made in a state of this process.
    documents: Cache<Fingerprint, Fingerprint>,
    dates: VersionDates,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// The page at an address while the site and its archive stay the same. Finding a
/// page costs more than sending it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CachedRoute {
    /// The generation of site and archive.
    pub(crate) generation: u64,
    /// The fingerprint of the page.
    pub(crate) fingerprint: Fingerprint,
    /// How long clients may keep the page.
    pub(crate) caching: CacheHeaders,
    /// The route pattern of the address.
    pub(crate) pattern: RoutePattern,
}

/// The size of a cache, and its hits and misses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Bytes that the cached pages take.
    pub(crate) bytes: u64,
    /// Number of cached pages; each encoding of a page counts.
    pub(crate) pages: usize,
    /// Number of requests for a page that was cached.
    pub(crate) hits: u64,
    /// Number of requests for a page that was not cached.
    pub(crate) misses: u64,
}

#[derive(Debug, Clone)]
struct PageWeight;

impl Weighter<CacheKey, Arc<EncodedPage>> for PageWeight {
    fn weight(&self, _: &CacheKey, page: &Arc<EncodedPage>) -> u64 {
        page.bytes.len() as u64 + OVERHEAD
    }
}

impl PageCache {
    /// Creates a cache with a limit in bytes. A limit of 0 disables it.
    pub fn new(bytes: u64) -> Self {
        let usual = usize::try_from(bytes / (USUAL_PAGE + OVERHEAD)).unwrap_or(usize::MAX);
        Self {
            pages: (bytes > 0).then(|| Arc::new(Cache::with_weighter(usual, bytes, PageWeight))),
            addresses: Cache::new(usual),
            documents: Cache::new(MOST_STATES),
            dates: VersionDates::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Returns the current size, and the hits and misses since the start.
    pub(crate) fn usage(&self) -> Usage {
        let (bytes, pages) = self.pages.as_ref().map_or((0, 0), |pages| (pages.weight(), pages.len()));
        let (hits, misses) = (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed));
        Usage { bytes, pages, hits, misses }
    }

    /// Counts a hit or a miss.
    pub(crate) fn count_lookup(&self, was_there: bool) {
        if was_there { &self.hits } else { &self.misses }.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the page that is recorded at an address, if the record is of this generation.
    pub(crate) fn route(&self, address: &str, generation: u64) -> Option<CachedRoute> {
        self.addresses.get(address).filter(|route| route.generation == generation)
    }

    /// Records the page at an address.
    pub(crate) fn record_route(&self, address: &str, route: CachedRoute) {
        if self.pages.is_some() && address.len() <= LONGEST_ADDRESS {
            self.addresses.insert(address.into(), route);
        }
    }

    /// Returns the fingerprint of the document that was made in a state.
    pub(crate) fn document_in(&self, state: Fingerprint) -> Option<Fingerprint> {
        self.documents.get(&state)
    }

    /// Records the fingerprint of the document that was made in a state.
    pub(crate) fn record_document(&self, state: Fingerprint, document: Fingerprint) {
        self.documents.insert(state, document);
    }

    /// Returns the time at which this process first served a version of a document, in seconds since 1970. It is later
    /// than `now` if the previous version is not a second old.
    pub(crate) fn version_date(&self, document: Fingerprint, version: Fingerprint, now: i64) -> i64 {
        self.dates.date(document, version, now)
    }

    /// Returns the cached page with a fingerprint in an encoding.
    pub fn get(&self, fingerprint: Fingerprint, encoding: Encoding) -> Option<Arc<EncodedPage>> {
        self.pages.as_ref()?.get(&(fingerprint, encoding))
    }

    /// Adds a page to the cache.
    pub fn insert(&self, fingerprint: Fingerprint, encoding: Encoding, page: Arc<EncodedPage>) {
        if let Some(cache) = &self.pages {
            cache.insert((fingerprint, encoding), page);
        }
    }

    /// Counts a gzip response to a client that accepts Brotli. A page with many such responses is
    /// compressed again in the background.
    pub(crate) fn want_brotli(&self, fingerprint: Fingerprint, page: &Arc<EncodedPage>) {
        let Some(cache) = &self.pages else { return };
        let times = page.wanted.fetch_add(1, Ordering::Relaxed) + 1;
        // Repeats at growing intervals, since the cache may have evicted the Brotli version.
        if times < HOT || !times.is_power_of_two() {
            return;
        }
        let (cache, page) = (Arc::clone(cache), Arc::clone(page));
        rayon::spawn(move || {
            let Some(plain) = encoding::gunzip(&page.bytes) else { return };
            let bytes = Encoding::Brotli.encode(plain);
            // Some small pages are smaller with gzip.
            if bytes.len() < page.bytes.len() {
                let page = EncodedPage::new(page.kind, Some(fingerprint), Encoding::Brotli, bytes);
                cache.insert((fingerprint, Encoding::Brotli), Arc::new(page));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::http::cache::{CachePolicy, Fingerprinter};

    const KIND: PageKind = PageKind {
        content_type: ContentType::HTML,
        caching: CacheHeaders { policy: CachePolicy::Article, cdn: false },
    };

    fn fingerprint(number: usize) -> Fingerprint {
        Fingerprinter::new(0, "test").with(number).finish()
    }

    fn page(length: usize) -> Arc<EncodedPage> {
        Arc::new(EncodedPage::new(KIND, None, Encoding::Gzip, vec![b'x'; length]))
    }

    #[test]
    fn cache_fills_but_does_not_exceed_its_byte_limit() {
        let cache = PageCache::new(1 << 20);
        for number in 0..1000 {
            cache.insert(fingerprint(number), Encoding::Gzip, page(10_000));
        }
        let kept = (0..1000).filter(|number| cache.get(fingerprint(*number), Encoding::Gzip).is_some());
        let kept = kept.count() * 11_024;
        assert!((500_000..=1 << 20).contains(&kept), "{kept}");
    }

    #[test]
    fn zero_byte_cache_keeps_no_page() {
        let cache = PageCache::new(0);
        cache.insert(fingerprint(1), Encoding::Gzip, page(1));
        assert!(cache.get(fingerprint(1), Encoding::Gzip).is_none());
    }

    #[test]
    fn frequently_requested_page_is_recompressed_with_brotli() {
        let cache = PageCache::new(1 << 20);
        let html = "<p>text of a page that says much</p>".repeat(200).into_bytes();
        let gzip = Encoding::Gzip.encode(html);
        let page = Arc::new(EncodedPage::new(KIND, Some(fingerprint(1)), Encoding::Gzip, gzip));
        cache.insert(fingerprint(1), Encoding::Gzip, Arc::clone(&page));
        for _ in 0..HOT {
            cache.want_brotli(fingerprint(1), &page);
        }
        let packed = (0..500).find_map(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            cache.get(fingerprint(1), Encoding::Brotli)
        });
        let packed = packed.expect("a page packed with Brotli");
        assert!(packed.bytes.len() < page.bytes.len());
        assert_eq!(packed.reply(StatusCode::OK).headers()[header::CONTENT_ENCODING], "br");
    }
}
