//! A request for a page: it reads the relevant request headers (accepted encodings, known ETags) once, and
//! makes conditional responses from the page cache or from a page that is rendered for it.

use std::sync::Arc;
use std::time::SystemTime;

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::archive::snapshot::{ByKind, GroupKind};
use crate::archive::{Snapshot, Timestamp};
use crate::web::http::cache::{
    CacheHeaders, CachePolicy, CachedRoute, ContentType, EncodedPage, Fingerprint, Fingerprinter, PageCache,
    PageKind,
};
use crate::web::http::conditions;
use crate::web::http::encoding::{AcceptedEncodings, Encoding};
use crate::web::http::lookup::{CacheLookup, not_modified};
use crate::web::http::reply::{PageError, Reply, redirect, render};
use crate::web::http::route_pattern::RoutePattern;
use crate::web::paths;
use crate::web::view::site::Site;

/// A request for a page, with the state that the response is made from.
#[derive(Clone, Copy)]
pub struct PageRequest<'a> {
    /// The site's title, navigation, URLs and interface text.
    pub site: &'a Site,
    /// The archive at the time of the request; it does not change during it.
    pub archive: &'a Snapshot,
    /// True if the site serves the Markdown source of posts.
    pub source: bool,
    /// The query string without the `?`, still encoded.
    query: Option<&'a str>,
    lookup: CacheLookup<'a>,
    /// The path and the generation of site and archive. The response may be remembered under them; `None`
    /// means that it may not.
    address: Option<(&'a str, u64)>,
    pattern: RoutePattern,
}

impl<'a> PageRequest<'a> {
    /// Describes a request with these headers and no query.
    pub fn new(
        site: &'a Site,
        archive: &'a Snapshot,
        source: bool,
        pages: &'a PageCache,
        headers: &'a HeaderMap,
    ) -> Self {
        Self {
            site,
            archive,
            source,
            query: None,
            lookup: CacheLookup::new(pages, headers),
            address: None,
            pattern: RoutePattern::default(),
        }
    }

    /// Sets the query string, still encoded.
    #[must_use]
    pub(crate) fn with_query(self, query: &'a str) -> Self {
        Self { query: Some(query), ..self }
    }

    /// The text that a reader typed into a form: the field `q`; `None` if it is empty.
    pub(crate) fn typed_query(&self) -> Option<String> {
        self.field("q")
    }

    /// A field of the query, decoded; `None` if it is empty.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        paths::field(self.query?, name)
    }

    /// Allows the response to be remembered under a path, for this generation of site and archive.
    #[must_use]
    pub(crate) fn remembered_at(self, address: &'a str, generation: u64) -> Self {
        Self { address: Some((address, generation)), ..self }
    }

    /// Calls `answer` for a URL of this pattern, and marks the response with it.
    pub(crate) fn with_pattern(
        &self,
        pattern: RoutePattern,
        answer: impl FnOnce(&Self) -> Option<Reply>,
    ) -> Option<Reply> {
        answer(&Self { pattern, ..*self }).map(|reply| pattern.attach_to(reply))
    }

    /// The content encodings that the client accepts.
    pub(crate) fn accepted(&self) -> AcceptedEncodings {
        self.lookup.accepted
    }

    /// Starts a fingerprint for a kind of page; it includes what all pages show.
    pub(crate) fn fingerprint(&self, kind: &str) -> Fingerprinter {
        Fingerprinter::new(self.site.settings(), kind).with(self.hidden_lists())
    }

    /// The lists that the default links of the header leave out: securities if posts mention none, and tags if they
    /// repeat the sources.
    pub(crate) fn hidden_lists(&self) -> ByKind<bool> {
        ByKind::from_fn(|kind| match kind {
            GroupKind::Source => false,
            GroupKind::Tag => self.archive.tags_repeat_sources(),
            GroupKind::Security => self.archive.groups(kind).is_empty(),
        })
    }

    /// Responds with a page, rendered only if it is neither cached nor known to the client. The fingerprint
    /// must cover everything that the page shows.
    pub fn page<T: Template>(
        &self,
        policy: CachePolicy,
        fingerprint: Fingerprint,
        page: impl FnOnce() -> Result<T, PageError>,
    ) -> Reply {
        self.html(policy, fingerprint, || render(&page()?))
    }

    /// Like [`PageRequest::page`], with a closure that renders the HTML itself.
    pub fn html(
        &self,
        policy: CachePolicy,
        fingerprint: Fingerprint,
        html: impl FnOnce() -> Result<Vec<u8>, PageError>,
    ) -> Reply {
        if let Some((address, generation)) = self.address {
            let caching = self.cache_headers(policy);
            let route = CachedRoute { generation, fingerprint, caching, pattern: self.pattern };
            self.lookup.pages.record_route(address, route);
        }
        self.conditional(ContentType::HTML, policy, fingerprint, html)
    }

    /// Like [`PageRequest::page`], for a document of another content type.
    pub fn document<T: Template>(
        &self,
        content_type: ContentType,
        policy: CachePolicy,
        fingerprint: Fingerprint,
        document: impl FnOnce() -> Result<T, PageError>,
    ) -> Reply {
        self.conditional(content_type, policy, fingerprint, || render(&document()?))
    }

    /// Like [`PageRequest::page`], for bytes of any content type.
    pub(crate) fn conditional(
        &self,
        content_type: ContentType,
        policy: CachePolicy,
        fingerprint: Fingerprint,
        bytes: impl FnOnce() -> Result<Vec<u8>, PageError>,
    ) -> Reply {
        if let Some(reply) = self.known(policy, fingerprint) {
            return reply;
        }
        let bytes = match bytes() {
            Ok(bytes) => bytes,
            Err(error) => return error.into_reply(),
        };
        let encoding = self.lookup.accepted.quickest();
        self.encoded(self.kind(content_type, policy), fingerprint, encoding, encoding.encode(bytes))
    }

    /// Like [`PageRequest::conditional`], for the results of a search. The fingerprint is the hash of the document's
    /// bytes, so it is the same in every process. `state` must cover everything in this process that the bytes depend
    /// on: while it is the same, a known document needs no search.
    pub(crate) fn searched(
        &self,
        content_type: ContentType,
        policy: CachePolicy,
        state: Fingerprint,
        bytes: impl FnOnce() -> Result<Vec<u8>, PageError>,
    ) -> Reply {
        if let Some(document) = self.lookup.pages.document_in(state)
            && let Some(reply) = self.known(policy, document)
        {
            return reply;
        }
        match bytes() {
            Ok(bytes) => {
                let document = self.fingerprint("searched").with(&bytes).finish();
                self.lookup.pages.record_document(state, document);
                self.conditional(content_type, policy, document, || Ok(bytes))
            }
            Err(error) => error.into_reply(),
        }
    }

    /// The response with a document that the client or the cache has.
    fn known(&self, policy: CachePolicy, fingerprint: Fingerprint) -> Option<Reply> {
        match self.lookup.matching_etag(fingerprint) {
            Some(etag) => Some(not_modified(self.cache_headers(policy), etag)),
            None => self.cached(fingerprint),
        }
    }

    /// Like [`PageRequest::conditional`], with a date in `Last-Modified`; some clients revalidate only by date. The date
    /// is the time at which this process first served this version of the document at `url`, so every change gives
    /// another one. Only exactly this date gives a 304: a later one may be that of an older version from another process.
    pub(crate) fn dated(
        &self,
        url: &str,
        content_type: ContentType,
        policy: CachePolicy,
        fingerprint: Fingerprint,
        bytes: impl FnOnce() -> Result<Vec<u8>, PageError>,
    ) -> Reply {
        let document = Fingerprinter::new(0, "dated").with(url).finish();
        let now = Timestamp::from_system_time(SystemTime::now()).seconds();
        let date = self.lookup.pages.version_date(document, fingerprint, now);
        // RFC 9110, section 8.8.2.1: the date is never later than the response.
        let date = Some(date).filter(|date| *date <= now);
        let mut reply = match date.filter(|date| self.lookup.has_date(*date)) {
            Some(_) => {
                let etag = fingerprint.etag(self.lookup.accepted.quickest().tag());
                not_modified(self.cache_headers(policy), etag)
            }
            None => self.conditional(content_type, policy, fingerprint, bytes),
        };
        // The response to a failure has no ETag.
        if reply.headers().contains_key(header::ETAG)
            && let Some(date) = date.and_then(conditions::last_modified)
        {
            reply.headers_mut().insert(header::LAST_MODIFIED, date);
        }
        reply
    }

    /// The ETags that the current version of a page has in the encodings that the client accepts.
    pub(crate) fn etags(&self, fingerprint: Fingerprint) -> Vec<HeaderValue> {
        self.lookup.accepted.all().map(|encoding| fingerprint.etag(encoding.tag())).collect()
    }

    /// The response with the cached page, and counts whether there is one.
    pub(crate) fn cached(&self, fingerprint: Fingerprint) -> Option<Reply> {
        let page = self.lookup.cached_page(fingerprint);
        if page.is_none() {
            self.lookup.pages.count_lookup(false);
        }
        page.map(|page| page.reply(StatusCode::OK))
    }

    /// Responds with a page whose bytes are already in the encoding, and adds it to the cache.
    pub(crate) fn encoded(
        &self,
        kind: PageKind,
        fingerprint: Fingerprint,
        encoding: Encoding,
        bytes: Vec<u8>,
    ) -> Reply {
        let page = Arc::new(EncodedPage::new(kind, Some(fingerprint), encoding, bytes));
        let reply = page.reply(StatusCode::OK);
        self.lookup.pages.insert(fingerprint, encoding, page);
        reply
    }

    /// Like [`PageRequest::page`], for a body that is too long to be cached or held in memory. `body`
    /// receives whether to compress with gzip. Returns `None` if `body` does.
    pub(crate) fn streamed(
        &self,
        content_type: ContentType,
        policy: CachePolicy,
        fingerprint: Fingerprint,
        body: impl FnOnce(bool) -> Option<Body>,
    ) -> Option<Reply> {
        let is_gzip = self.lookup.accepted.quickest() == Encoding::Gzip;
        let encoding = if is_gzip { Encoding::Gzip } else { Encoding::Identity };
        let etag = fingerprint.etag(encoding.tag());
        if self.lookup.if_none_match(&etag) {
            return Some(not_modified(self.cache_headers(policy), etag));
        }
        let mut reply = Response::new(body(is_gzip)?);
        *reply.headers_mut() = HeaderMap::clone(&self.kind(content_type, policy).headers(encoding));
        reply.headers_mut().insert(header::ETAG, etag);
        Some(reply)
    }

    /// Renders an error page (404, 410) with this status code, without ETag or cache.
    pub(crate) fn error_page<T: Template>(&self, code: StatusCode, page: &T) -> Reply {
        match render(page) {
            Ok(bytes) => {
                let encoding = self.lookup.accepted.quickest();
                let kind = self.kind(ContentType::HTML, CachePolicy::NotFound);
                EncodedPage::new(kind, None, encoding, encoding.encode(bytes)).reply(code)
            }
            Err(error) => error.into_reply(),
        }
    }

    /// Redirects permanently to a path of this site, given without `baseurl`.
    pub(crate) fn redirect_to(&self, path: impl std::fmt::Display) -> Reply {
        redirect(&self.site.href(path), self.site.cdn)
    }

    /// The cache headers of a response with this policy.
    pub(crate) fn cache_headers(&self, policy: CachePolicy) -> CacheHeaders {
        CacheHeaders { policy, cdn: self.site.cdn }
    }

    /// The properties of a page of this type and policy.
    pub(crate) fn kind(&self, content_type: ContentType, policy: CachePolicy) -> PageKind {
        PageKind { content_type, caching: self.cache_headers(policy) }
    }
}
