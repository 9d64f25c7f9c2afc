//! Responses: a page with its cache policy and fingerprint, a redirect, an error. A [`PageRequest`] reads the
//! relevant request headers (accepted encodings, known ETags) once.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use percent_encoding::{CONTROLS, utf8_percent_encode};

use crate::archive::Snapshot;
use crate::web::http::cache::{
    CachePolicy, CachedRoute, ContentType, EncodedPage, Fingerprint, Fingerprinter, PageCache, PageKind,
};
use crate::web::http::encoding::{AcceptedEncodings, Encoding};
use crate::web::http::headers::secure_headers;
use crate::web::http::route_pattern::RoutePattern;
use crate::web::paths;
use crate::web::view::site::Site;

/// A request for a page, with the state that the response is made from.
pub struct PageRequest<'a> {
    /// The site's title, navigation, URLs and interface text.
    pub site: &'a Site,
    /// The archive at the time of the request; it does not change during it.
    pub archive: &'a Snapshot,
    /// True if the site serves the Markdown source of posts.
    pub source: bool,
    /// The query string without the `?`, still encoded.
    query: Option<&'a str>,
    pages: &'a PageCache,
    headers: &'a HeaderMap,
    accepted: AcceptedEncodings,
    /// The path and the generation of site and archive. The response may be remembered under them; `None`
    /// means that it may not.
    address: Option<(&'a str, u64)>,
    pattern: RoutePattern,
}

/// A response with any body.
pub type Reply = Response<Body>;

/// A response with its URL pattern beside it, for a response that goes straight to its connection. An
/// extension would cost a twentieth of the time of a cached page.
#[derive(Debug)]
pub struct RoutedReply {
    /// The response, without the pattern as an extension.
    pub reply: Reply,
    /// The URL pattern of the request.
    pub pattern: RoutePattern,
}

impl From<Reply> for RoutedReply {
    fn from(mut reply: Reply) -> Self {
        let pattern = reply.extensions_mut().remove().unwrap_or_default();
        Self { reply, pattern }
    }
}

impl RoutedReply {
    /// Returns the response with the pattern as an extension.
    pub fn into_reply(self) -> Reply {
        self.pattern.attach_to(self.reply)
    }
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
            pages,
            headers,
            accepted: AcceptedEncodings::from_headers(headers),
            address: None,
            pattern: RoutePattern::default(),
        }
    }

    /// Sets the query string, still encoded.
    #[must_use]
    pub fn with_query(self, query: &'a str) -> Self {
        Self { query: Some(query), ..self }
    }

    /// The text that a reader typed into a form: the field `q`; `None` if it is empty.
    pub fn typed_query(&self) -> Option<String> {
        self.field("q")
    }

    /// A field of the query, decoded; `None` if it is empty.
    pub fn field(&self, name: &str) -> Option<String> {
        paths::field(self.query?, name)
    }

    /// Allows the response to be remembered under a path, for this generation of site and archive.
    #[must_use]
    pub fn remembered_at(self, address: &'a str, generation: u64) -> Self {
        Self { address: Some((address, generation)), ..self }
    }

    /// Calls `answer` for a URL of this pattern, and marks the response with it.
    pub fn with_pattern(
        &self,
        pattern: RoutePattern,
        answer: impl FnOnce(&Self) -> Option<Reply>,
    ) -> Option<Reply> {
        answer(&Self { pattern, ..*self }).map(|reply| pattern.attach_to(reply))
    }

    /// The response for a path that was requested before in the same generation; `None` if its page is not
    /// cached.
    pub fn cached_reply(&self, address: &str, generation: u64) -> Option<RoutedReply> {
        let CachedRoute { fingerprint, policy, pattern, .. } = self.pages.route(address, generation)?;
        let reply = match self.matching_etag(fingerprint) {
            Some(etag) => not_modified(policy, etag),
            None => self.cached_page(fingerprint)?.reply(StatusCode::OK),
        };
        Some(RoutedReply { reply, pattern })
    }

    /// The content encodings that the client accepts.
    pub fn accepted(&self) -> AcceptedEncodings {
        self.accepted
    }

    /// Starts a fingerprint for a kind of page; it includes the site's settings.
    pub fn fingerprint(&self, kind: &str) -> Fingerprinter {
        Fingerprinter::new(self.site.settings(), kind)
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
            let route = CachedRoute { generation, fingerprint, policy, pattern: self.pattern };
            self.pages.record_route(address, route);
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
    pub fn conditional(
        &self,
        content_type: ContentType,
        policy: CachePolicy,
        fingerprint: Fingerprint,
        bytes: impl FnOnce() -> Result<Vec<u8>, PageError>,
    ) -> Reply {
        if let Some(etag) = self.matching_etag(fingerprint) {
            return not_modified(policy, etag);
        }
        if let Some(page) = self.cached_page(fingerprint) {
            return page.reply(StatusCode::OK);
        }
        self.pages.count_lookup(false);
        let bytes = match bytes() {
            Ok(bytes) => bytes,
            Err(failure) => return failure.reply(self.site),
        };
        let encoding = self.accepted.quickest();
        let kind = PageKind { content_type, policy };
        let page = EncodedPage::new(kind, Some(fingerprint), encoding, encoding.encode(bytes));
        let page = Arc::new(page);
        let reply = page.reply(StatusCode::OK);
        self.pages.insert(fingerprint, encoding, page);
        reply
    }

    /// Like [`PageRequest::page`], for a body that is too long to be cached or held in memory. `body`
    /// receives whether to compress with gzip. Returns `None` if `body` does.
    pub fn streamed(
        &self,
        content_type: ContentType,
        policy: CachePolicy,
        fingerprint: Fingerprint,
        body: impl FnOnce(bool) -> Option<Body>,
    ) -> Option<Reply> {
        let is_gzip = self.accepted.quickest() == Encoding::Gzip;
        let encoding = if is_gzip { Encoding::Gzip } else { Encoding::Identity };
        let etag = fingerprint.etag(encoding.tag());
        if self.if_none_match(&etag) {
            return Some(not_modified(policy, etag));
        }
        let mut reply = Response::new(body(is_gzip)?);
        *reply.headers_mut() = HeaderMap::clone(&PageKind { content_type, policy }.headers(encoding));
        reply.headers_mut().insert(header::ETAG, etag);
        Some(reply)
    }

    /// The cached page in the smallest encoding available.
    fn cached_page(&self, fingerprint: Fingerprint) -> Option<Arc<EncodedPage>> {
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

    /// Renders an error page (404, 410) with this status code, without ETag or cache.
    pub fn error_page<T: Template>(&self, code: StatusCode, page: &T) -> Reply {
        match render(page) {
            Ok(bytes) => {
                let encoding = self.accepted.quickest();
                let kind = PageKind { content_type: ContentType::HTML, policy: CachePolicy::Revalidate };
                EncodedPage::new(kind, None, encoding, encoding.encode(bytes)).reply(code)
            }
            Err(failure) => failure.reply(self.site),
        }
    }

    /// Redirects permanently to a path of this site, given without `baseurl`.
    pub fn redirect_to(&self, path: impl std::fmt::Display) -> Reply {
        redirect(&self.site.href(path))
    }

    /// RFC 9110, section 13.1.2: the ETag in `If-None-Match` that matches this version, in any encoding.
    fn matching_etag(&self, fingerprint: Fingerprint) -> Option<HeaderValue> {
        if !self.headers.contains_key(header::IF_NONE_MATCH) {
            return None;
        }
        let mut tags = self.accepted.all().map(|encoding| fingerprint.etag(encoding.tag()));
        tags.find(|tag| self.if_none_match(tag))
    }

    fn if_none_match(&self, etag: &HeaderValue) -> bool {
        let tag = etag.as_bytes();
        self.headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .any(|item| item == b"*" || item.strip_prefix(b"W/").unwrap_or(item) == tag)
    }
}

/// The 304 response, with the headers that RFC 9110, section 15.4.5 requires.
fn not_modified(policy: CachePolicy, etag: HeaderValue) -> Reply {
    let mut reply = status(StatusCode::NOT_MODIFIED);
    let headers = reply.headers_mut();
    *headers = secure_headers();
    headers.insert(header::ETAG, etag);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CACHE_CONTROL, policy.header());
    reply
}

/// Why a page could not be made. The log has the details; readers get a neutral page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A template failed to render.
    #[error("template error: {0}")]
    Template(#[from] askama::Error),
    /// A stored body or a file could not be read.
    #[error("cannot read a body or file: {0}")]
    Read(#[from] std::io::Error),
}

impl PageError {
    /// Logs the failure and returns the neutral 500 page.
    pub fn reply(self, site: &Site) -> Reply {
        tracing::error!(error = %self, "cannot render a page");
        crate::web::pages::error::failed(site)
    }
}

/// Renders a template to bytes.
pub fn render<T: Template>(page: &T) -> Result<Vec<u8>, PageError> {
    Ok(page.render()?.into_bytes())
}

/// Redirects permanently to a URL. Characters outside ASCII are escaped here.
pub fn redirect(location: &str) -> Reply {
    let mut reply = status(StatusCode::MOVED_PERMANENTLY);
    let headers = reply.headers_mut();
    match HeaderValue::try_from(utf8_percent_encode(location, CONTROLS).to_string()) {
        Ok(location) => headers.insert(header::LOCATION, location),
        Err(_) => return status(StatusCode::NOT_FOUND),
    };
    headers.insert(header::CACHE_CONTROL, CachePolicy::Redirect.header());
    reply
}

/// A response with a status code and no body.
pub fn status(code: StatusCode) -> Reply {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = code;
    reply
}
