//! The lookup of a page in the cache, by fingerprint or by address, and the 304 response.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::web::http::cache::{CacheHeaders, CachedRoute, EncodedPage, Fingerprint, PageCache};
use crate::web::http::conditions;
use crate::web::http::encoding::{AcceptedEncodings, Encoding};
use crate::web::http::headers::secure_headers;
use crate::web::http::reply::{Reply, RoutedReply, status};

/// The page cache, and the headers of one request that select from it.
#[derive(Clone, Copy)]
pub(crate) struct CacheLookup<'a> {
    pub(crate) pages: &'a PageCache,
    headers: &'a HeaderMap,
    pub(crate) accepted: AcceptedEncodings,
}

impl<'a> CacheLookup<'a> {
    pub(crate) fn new(pages: &'a PageCache, headers: &'a HeaderMap) -> Self {
        Self { pages, headers, accepted: AcceptedEncodings::from_headers(headers) }
    }

    /// The response for a path that was requested before in the same generation; `None` if its page is not
    /// cached.
    pub(crate) fn reply_at(&self, address: &str, generation: u64) -> Option<RoutedReply> {
        let CachedRoute { fingerprint, caching, pattern, .. } = self.pages.route(address, generation)?;
        let reply = match self.matching_etag(fingerprint) {
            Some(etag) => not_modified(caching, etag),
            None => self.cached_page(fingerprint)?.reply(StatusCode::OK),
        };
        Some(RoutedReply { reply, pattern })
    }

    /// The cached page in the smallest encoding available.
    pub(crate) fn cached_page(&self, fingerprint: Fingerprint) -> Option<Arc<EncodedPage>> {
        if self.accepted.brotli()
            && let Some(page) = self.pages.get(fingerprint, Encoding::Brotli)
        {
            self.pages.count_lookup(true);
            return Some(page);
        }
        let encoding = self.accepted.quickest();
        let page = self.pages.get(fingerprint, encoding)?;
        self.pages.count_lookup(true);
        if self.accepted.brotli() && encoding == Encoding::Gzip {
            self.pages.want_brotli(fingerprint, &page);
        }
        Some(page)
    }

    /// RFC 9110, section 13.1.2: the ETag in `If-None-Match` that matches this version, in any encoding.
    pub(crate) fn matching_etag(&self, fingerprint: Fingerprint) -> Option<HeaderValue> {
        if !self.headers.contains_key(header::IF_NONE_MATCH) {
            return None;
        }
        let mut tags = self.accepted.all().map(|encoding| fingerprint.etag(encoding.tag()));
        tags.find(|tag| self.if_none_match(tag))
    }

    /// Returns whether `If-None-Match` lists this ETag.
    pub(crate) fn if_none_match(&self, etag: &HeaderValue) -> bool {
        conditions::if_none_match(self.headers, etag)
    }

    /// Returns whether the client has the version of this date, by `If-Modified-Since`.
    pub(crate) fn has_date(&self, date: i64) -> bool {
        conditions::has_date(self.headers, date)
    }
}

/// The 304 response, with the headers that RFC 9110, section 15.4.5 requires.
pub(crate) fn not_modified(caching: CacheHeaders, etag: HeaderValue) -> Reply {
    let mut reply = status(StatusCode::NOT_MODIFIED);
    let headers = reply.headers_mut();
    *headers = secure_headers();
    headers.insert(header::ETAG, etag);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    caching.insert_into(headers);
    reply
}
