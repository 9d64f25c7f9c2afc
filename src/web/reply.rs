//! Answers: a page with its policy and fingerprint, a redirect, an error. What a request says
//! of them (encoding, what it has already) is read once, into a [`Visit`].

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use percent_encoding::{CONTROLS, utf8_percent_encode};

use super::cache::{
    CachePolicy, ContentType, EncodedPage, Fingerprint, Fingerprinter, Kind, PageCache, Standing,
};
use super::encoding::{Accepted, Encoding};
use super::headers::secure_headers;
use super::paths;
use super::site::Site;
use crate::archive::Snapshot;

/// A request for a page, and what it is answered from.
pub struct Visit<'a> {
    /// The site.
    pub site: &'a Site,
    /// The archive as it is at this moment.
    pub archive: &'a Snapshot,
    /// Whether the source of posts is served.
    pub source: bool,
    /// What follows the `?` of the address, as it was sent.
    query: Option<&'a str>,
    pages: &'a PageCache,
    headers: &'a HeaderMap,
    accepted: Accepted,
    /// The address asked for, and of which site and archive, if what stands there may be noted.
    address: Option<(&'a str, u64)>,
    /// Of which kind the address is.
    pattern: Pattern,
}

/// An answer.
pub type Reply = Response<Body>;

/// Which kind of address was asked for, as monitoring knows it: an extension of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern(pub &'static str);

impl Default for Pattern {
    /// That of what no page was looked for.
    fn default() -> Self {
        Self("none")
    }
}

/// An answer that goes no further than to its connection, with the kind of its address beside it: as an extension
/// that would be a twentieth of what a page costs that was asked for before.
#[derive(Debug)]
pub struct Marked {
    /// The answer.
    pub reply: Reply,
    /// Of which kind the address is.
    pub pattern: Pattern,
}

impl From<Reply> for Marked {
    fn from(mut reply: Reply) -> Self {
        let pattern = reply.extensions_mut().remove().unwrap_or_default();
        Self { reply, pattern }
    }
}

impl Marked {
    /// The answer, with the kind of its address as an extension.
    pub fn into_reply(self) -> Reply {
        self.pattern.mark(self.reply)
    }
}

impl Pattern {
    /// An answer for an address of this kind.
    #[must_use]
    pub fn mark(self, mut reply: Reply) -> Reply {
        reply.extensions_mut().insert(self);
        reply
    }
}

impl<'a> Visit<'a> {
    /// The visit of a request with these headers.
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
            accepted: Accepted::of(headers),
            address: None,
            pattern: Pattern::default(),
        }
    }

    /// The same visit, with a query.
    #[must_use]
    pub fn asking(self, query: &'a str) -> Self {
        Self { query: Some(query), ..self }
    }

    /// What a reader asks for in a form: the field `q`, if it is not empty.
    pub fn asked(&self) -> Option<String> {
        self.field("q")
    }

    /// A field of the query, if it is not empty.
    pub fn field(&self, name: &str) -> Option<String> {
        paths::field(self.query?, name)
    }

    /// The same visit, to an address of a site and archive that have this number.
    #[must_use]
    pub fn at(self, address: &'a str, generation: u64) -> Self {
        Self { address: Some((address, generation)), ..self }
    }

    /// The answer to a visit, to an address of this kind.
    pub fn to(&self, pattern: Pattern, answer: impl FnOnce(&Self) -> Option<Reply>) -> Option<Reply> {
        answer(&Self { pattern, ..*self }).map(|reply| pattern.mark(reply))
    }

    /// The answer to who asks for a page that was asked for before, in the same site and archive.
    pub fn again(&self, address: &str, generation: u64) -> Option<Marked> {
        let Standing { fingerprint, policy, pattern, .. } = self.pages.at(address, generation)?;
        let reply = match self.known(fingerprint) {
            Some(etag) => not_modified(policy, etag),
            None => self.cached(fingerprint)?.reply(StatusCode::OK),
        };
        Some(Marked { reply, pattern })
    }

    /// The codings that the client takes.
    pub fn accepted(&self) -> Accepted {
        self.accepted
    }

    /// A fingerprint to be filled.
    pub fn fingerprint(&self, kind: &str) -> Fingerprinter {
        Fingerprinter::new(self.site.settings(), kind)
    }

    /// A page. It is rendered only if the client does not have it already.
    pub fn page<T: Template>(
        &self,
        policy: CachePolicy,
        fingerprint: Fingerprint,
        page: impl FnOnce() -> Result<T, Failure>,
    ) -> Reply {
        self.html(policy, fingerprint, || render(&page()?))
    }

    /// The HTML of a page, under the same conditions. It must depend on nothing but what is in the
    /// fingerprint.
    pub fn html(
        &self,
        policy: CachePolicy,
        fingerprint: Fingerprint,
        html: impl FnOnce() -> Result<Vec<u8>, Failure>,
    ) -> Reply {
        if let Some((address, generation)) = self.address {
            let standing = Standing { generation, fingerprint, policy, pattern: self.pattern };
            self.pages.note(address, standing);
        }
        self.conditional(ContentType::HTML, policy, fingerprint, html)
    }

    /// A document of a type, under the same conditions.
    pub fn document<T: Template>(
        &self,
        content_type: ContentType,
        policy: CachePolicy,
        fingerprint: Fingerprint,
        document: impl FnOnce() -> Result<T, Failure>,
    ) -> Reply {
        self.conditional(content_type, policy, fingerprint, || render(&document()?))
    }

    /// Bytes of any type, under the same conditions.
    pub fn conditional(
        &self,
        content_type: ContentType,
        policy: CachePolicy,
        fingerprint: Fingerprint,
        bytes: impl FnOnce() -> Result<Vec<u8>, Failure>,
    ) -> Reply {
        if let Some(etag) = self.known(fingerprint) {
            return not_modified(policy, etag);
        }
        if let Some(page) = self.cached(fingerprint) {
            return page.reply(StatusCode::OK);
        }
        self.pages.count(false);
        let bytes = match bytes() {
            Ok(bytes) => bytes,
            Err(failure) => return failure.reply(self.site),
        };
        let encoding = self.accepted.quickest();
        let kind = Kind { content_type, policy };
        let page = EncodedPage::new(kind, Some(fingerprint), encoding, encoding.encode(bytes));
        let page = Arc::new(page);
        let reply = page.reply(StatusCode::OK);
        self.pages.insert(fingerprint, encoding, page);
        reply
    }

    /// What is too long to be kept or made at once, under the same conditions; `body` is told whether it is
    /// to be packed with gzip. Nothing if it gives none.
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
        if self.has(&etag) {
            return Some(not_modified(policy, etag));
        }
        let mut reply = Response::new(body(is_gzip)?);
        *reply.headers_mut() = HeaderMap::clone(&Kind { content_type, policy }.headers(encoding));
        reply.headers_mut().insert(header::ETAG, etag);
        Some(reply)
    }

    /// The page as it was made for somebody before, in the fewest bytes there are.
    fn cached(&self, fingerprint: Fingerprint) -> Option<Arc<EncodedPage>> {
        if self.accepted.brotli()
            && let Some(page) = self.pages.get(fingerprint, Encoding::Brotli)
        {
            self.pages.count(true);
            return Some(page);
        }
        let encoding = self.accepted.quickest();
        let page = self.pages.get(fingerprint, encoding)?;
        self.pages.count(true);
        if self.accepted.brotli() && encoding == Encoding::Gzip {
            self.pages.want_brotli(fingerprint, &page);
        }
        Some(page)
    }

    /// A page that says that there is none, or no longer.
    pub fn absent<T: Template>(&self, code: StatusCode, page: &T) -> Reply {
        match render(page) {
            Ok(bytes) => {
                let encoding = self.accepted.quickest();
                let kind = Kind { content_type: ContentType::HTML, policy: CachePolicy::Revalidate };
                EncodedPage::new(kind, None, encoding, encoding.encode(bytes)).reply(code)
            }
            Err(failure) => failure.reply(self.site),
        }
    }

    /// A permanent redirect to a path of this site, given without `baseurl`.
    pub fn moved(&self, path: impl std::fmt::Display) -> Reply {
        redirect(&self.site.href(path))
    }

    /// RFC 9110, section 13.1.2: the tag by which the client has this version, in whichever encoding
    /// it was given.
    fn known(&self, fingerprint: Fingerprint) -> Option<HeaderValue> {
        if !self.headers.contains_key(header::IF_NONE_MATCH) {
            return None;
        }
        let mut tags = self.accepted.all().map(|encoding| fingerprint.etag(encoding.tag()));
        tags.find(|tag| self.has(tag))
    }

    fn has(&self, etag: &HeaderValue) -> bool {
        let tag = etag.as_bytes();
        self.headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .any(|item| item == b"*" || item.strip_prefix(b"W/").unwrap_or(item) == tag)
    }
}

/// Says to a client that it has the page already.
fn not_modified(policy: CachePolicy, etag: HeaderValue) -> Reply {
    let mut reply = status(StatusCode::NOT_MODIFIED);
    let headers = reply.headers_mut();
    *headers = secure_headers();
    headers.insert(header::ETAG, etag);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CACHE_CONTROL, policy.header());
    reply
}

/// Why a page could not be made. Readers are told nothing of it; the log is.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A template failed.
    #[error("a template failed: {0}")]
    Template(#[from] askama::Error),
    /// A body or file could not be read.
    #[error("a body could not be read: {0}")]
    Read(#[from] std::io::Error),
}

impl Failure {
    /// Logs the failure and answers with the page that says so.
    pub fn reply(self, site: &Site) -> Reply {
        tracing::error!(error = %self, "a page could not be made");
        super::pages::error::failed(site)
    }
}

/// The HTML of a page.
pub fn render<T: Template>(page: &T) -> Result<Vec<u8>, Failure> {
    Ok(page.render()?.into_bytes())
}

/// A permanent redirect to an address, whose characters beyond ASCII are escaped here.
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

/// An answer without a body.
pub fn status(code: StatusCode) -> Reply {
    let mut reply = Response::new(Body::empty());
    *reply.status_mut() = code;
    reply
}
