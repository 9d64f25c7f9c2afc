//! Encoded pages in memory. Their key is a fingerprint of all that they show, so none is ever out of
//! date: the cache is bounded by bytes, and forgets what is not asked for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::{CachePolicy, ContentType, Fingerprint};
use crate::web::encoding::{self, Encoding};
use crate::web::headers::secure_headers;
use crate::web::reply::Pattern;

/// A page that was asked for so often by clients that take Brotli is packed with it, which takes a
/// hundred times as long as gzip.
const HOT: u32 = 16;
/// What a page takes beside its bytes: headers, and its place in the cache.
const OVERHEAD: u64 = 1024;
/// What stands at a longer address is not noted. No page of ours has one, but one page may be asked for
/// under many.
const LONGEST_ADDRESS: usize = 512;
/// Bytes of an article's page, about.
const USUAL_PAGE: u64 = 4096;

/// What pages have in common that are sent with the same headers but for tag and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind {
    /// The type of their bytes.
    pub content_type: ContentType,
    /// How long they may be kept.
    pub policy: CachePolicy,
}

type Shared = HashMap<(Kind, Encoding), Arc<HeaderMap>>;

impl Kind {
    /// The headers of pages of this kind in an encoding. All such pages share them: a copy for each
    /// would seldom be in the processor's cache, and cost more than the page.
    pub(in crate::web) fn headers(self, encoding: Encoding) -> Arc<HeaderMap> {
        static ALL: LazyLock<Mutex<Shared>> = LazyLock::new(Mutex::default);
        // A map that somebody panicked over holds whole entries all the same.
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let headers = all.entry((self, encoding)).or_insert_with(|| {
            let mut headers = secure_headers();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type.name));
            headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
            headers.insert(header::CACHE_CONTROL, self.policy.header());
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

/// A page as it is sent: its headers, and its bytes in one encoding.
#[derive(Debug)]
pub struct EncodedPage {
    kind: Kind,
    headers: Arc<HeaderMap>,
    etag: Option<HeaderValue>,
    bytes: Bytes,
    /// How often it was sent to clients that would have taken Brotli.
    wanted: AtomicU32,
}

impl EncodedPage {
    /// A page of these bytes, which are in the encoding already. What says that there is no page has
    /// no fingerprint.
    pub fn new(kind: Kind, fingerprint: Option<Fingerprint>, encoding: Encoding, bytes: Vec<u8>) -> Self {
        Self {
            kind,
            headers: kind.headers(encoding),
            etag: fingerprint.map(|fingerprint| fingerprint.etag(encoding.tag())),
            bytes: bytes.into(),
            wanted: AtomicU32::new(0),
        }
    }

    /// The answer that sends it.
    pub fn reply(&self, code: StatusCode) -> Response<Body> {
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

type Key = (Fingerprint, Encoding);

/// The pages that were asked for of late.
pub struct PageCache {
    /// None if nothing is to be kept.
    pages: Option<Arc<Cache<Key, Arc<EncodedPage>, Bytesize>>>,
    /// What stood at an address when it was last asked for.
    addresses: Cache<Box<str>, Standing>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// What stands at an address for as long as the site and its archive are the same: to find out costs
/// more than to send it.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Which site and archive.
    pub generation: u64,
    /// The page.
    pub fingerprint: Fingerprint,
    /// How long it may be kept.
    pub policy: CachePolicy,
    /// Of which kind the address is.
    pub pattern: Pattern,
}

/// What a cache holds, and how well it serves.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// What its pages take.
    pub bytes: u64,
    /// Pages, each encoding for itself.
    pub pages: usize,
    /// How often a page was in it that was asked for.
    pub hits: u64,
    /// How often it was not.
    pub misses: u64,
}

#[derive(Debug, Clone)]
struct Bytesize;

impl Weighter<Key, Arc<EncodedPage>> for Bytesize {
    fn weight(&self, _: &Key, page: &Arc<EncodedPage>) -> u64 {
        page.bytes.len() as u64 + OVERHEAD
    }
}

impl PageCache {
    /// A cache of so many bytes; of none it keeps nothing.
    pub fn new(bytes: u64) -> Self {
        let usual = usize::try_from(bytes / (USUAL_PAGE + OVERHEAD)).unwrap_or(usize::MAX);
        Self {
            pages: (bytes > 0).then(|| Arc::new(Cache::with_weighter(usual, bytes, Bytesize))),
            addresses: Cache::new(usual),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// What it holds at the moment, and how it has served until now.
    pub fn usage(&self) -> Usage {
        let (bytes, pages) = self.pages.as_ref().map_or((0, 0), |pages| (pages.weight(), pages.len()));
        let (hits, misses) = (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed));
        Usage { bytes, pages, hits, misses }
    }

    /// Notes whether a page was there that was asked for.
    pub fn count(&self, was_there: bool) {
        if was_there { &self.hits } else { &self.misses }.fetch_add(1, Ordering::Relaxed);
    }

    /// What stands at an address of this generation, if that is known.
    pub fn at(&self, address: &str, generation: u64) -> Option<Standing> {
        self.addresses.get(address).filter(|standing| standing.generation == generation)
    }

    /// Notes what stands at an address.
    pub fn note(&self, address: &str, standing: Standing) {
        if self.pages.is_some() && address.len() <= LONGEST_ADDRESS {
            self.addresses.insert(address.into(), standing);
        }
    }

    /// The page of a fingerprint in an encoding.
    pub fn get(&self, fingerprint: Fingerprint, encoding: Encoding) -> Option<Arc<EncodedPage>> {
        self.pages.as_ref()?.get(&(fingerprint, encoding))
    }

    /// Keeps a page.
    pub fn insert(&self, fingerprint: Fingerprint, encoding: Encoding, page: Arc<EncodedPage>) {
        if let Some(cache) = &self.pages {
            cache.insert((fingerprint, encoding), page);
        }
    }

    /// Notes that a gzip page went to a client that takes Brotli. One that is often wanted is packed
    /// anew, by a thread that no reader waits for.
    pub fn want_brotli(&self, fingerprint: Fingerprint, page: &Arc<EncodedPage>) {
        let Some(cache) = &self.pages else { return };
        let times = page.wanted.fetch_add(1, Ordering::Relaxed) + 1;
        // Again and again, but ever more seldom: the packed page may have been forgotten since.
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
    use crate::web::cache::Fingerprinter;

    const KIND: Kind = Kind { content_type: ContentType::HTML, policy: CachePolicy::Article };

    fn fingerprint(number: usize) -> Fingerprint {
        Fingerprinter::new(0, "test").with(number).finish()
    }

    fn page(length: usize) -> Arc<EncodedPage> {
        Arc::new(EncodedPage::new(KIND, None, Encoding::Gzip, vec![b'x'; length]))
    }

    #[test]
    fn the_cache_holds_as_many_bytes_as_it_may() {
        let cache = PageCache::new(1 << 20);
        for number in 0..1000 {
            cache.insert(fingerprint(number), Encoding::Gzip, page(10_000));
        }
        let kept = (0..1000).filter(|number| cache.get(fingerprint(*number), Encoding::Gzip).is_some());
        let kept = kept.count() * 11_024;
        assert!((500_000..=1 << 20).contains(&kept), "{kept}");
    }

    #[test]
    fn a_cache_of_nothing_keeps_nothing() {
        let cache = PageCache::new(0);
        cache.insert(fingerprint(1), Encoding::Gzip, page(1));
        assert!(cache.get(fingerprint(1), Encoding::Gzip).is_none());
    }

    #[test]
    fn what_is_often_wanted_with_brotli_is_packed_so() {
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
