//! Caching: the named policies of responses, the fingerprint that shows whether a page has changed,
//! and the cache of encoded pages.

mod content;
mod pages;
mod version_dates;

use std::hash::Hash;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use xxhash_rust::xxh3::Xxh3;

use crate::archive::snapshot::ListPage;
use crate::program;

pub use content::ContentType;
pub(crate) use content::with_charset;
pub(crate) use pages::CachedRoute;
pub use pages::{EncodedPage, PageCache, PageKind};

/// The headers for a content delivery network: RFC 9213, and the older header that Fastly and others read. Such a
/// network obeys `Cache-Control` if a response has neither.
const CDN_HEADERS: [HeaderName; 2] =
    [header::CDN_CACHE_CONTROL, HeaderName::from_static("surrogate-control")];

/// How long browsers and proxies may keep a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CachePolicy {
    /// Lists and the home page: clients revalidate them each time, since a 304 costs no rendering and a front
    /// page must not be a minute old.
    Revalidate,
    /// Pages of the statuses 404 and 410: the path may get a post at any moment.
    NotFound,
    /// Articles and the site's own pages: corrections are rare, and a stale copy may be shown for a while
    /// during a restart or an outage.
    Article,
    /// Numbered pages of lists: they change only when an older post does.
    Numbered,
    /// Files of the site, such as images.
    SiteFile,
    /// Embedded files, which have a hash in their names.
    Immutable,
    /// Redirects, whose targets may change.
    Redirect,
    /// Server errors, and responses that describe the current state.
    NoStore,
}

impl CachePolicy {
    /// Returns the policy for a page of a list. A numbered page that newer posts would still change is
    /// revalidated like the page without a number.
    pub(crate) fn for_list(page: &ListPage) -> Self {
        if page.is_settled() { Self::Numbered } else { Self::Revalidate }
    }

    /// The value of the `Cache-Control` header.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Revalidate | Self::NotFound => "no-cache",
            Self::Article => "max-age=300, stale-while-revalidate=600, stale-if-error=86400",
            Self::Numbered => "max-age=86400",
            Self::SiteFile | Self::Redirect => "max-age=3600",
            Self::Immutable => "max-age=31536000, immutable",
            Self::NoStore => "no-store",
        })
    }

    /// The value of the headers for a content delivery network. Nothing purges such a network, so it asks again soon,
    /// and serves its old copy while finews is away. The copy of everything that the owner may change is at most 70
    /// seconds old while finews answers.
    pub fn cdn_header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Revalidate => "max-age=1, stale-while-revalidate=10, stale-if-error=86400",
            Self::Article | Self::Numbered | Self::SiteFile | Self::Redirect => {
                "max-age=60, stale-while-revalidate=10, stale-if-error=86400"
            }
            // A stale copy would hide a post that has appeared since.
            Self::NotFound => "max-age=5",
            Self::Immutable => "max-age=31536000, immutable",
            Self::NoStore => "no-store",
        })
    }
}

/// The cache headers of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheHeaders {
    /// How long clients may keep the response.
    pub policy: CachePolicy,
    /// Whether a content delivery network gets headers of its own.
    pub cdn: bool,
}

impl CacheHeaders {
    /// Adds the cache headers to those of a response.
    pub(crate) fn insert_into(self, headers: &mut HeaderMap) {
        headers.insert(header::CACHE_CONTROL, self.policy.header());
        if self.cdn {
            for name in CDN_HEADERS {
                headers.insert(name, self.policy.cdn_header());
            }
        }
    }

    /// Forbids a content delivery network to keep a response without cache headers for it, such as an error.
    pub(crate) fn keep_out_of_cdn(headers: &mut HeaderMap) {
        for name in CDN_HEADERS {
            headers.entry(name).or_insert_with(|| CachePolicy::NoStore.cdn_header());
        }
    }
}

/// A hash of all that a page shows, cheap to compute before the page is rendered. It is the page's
/// ETag, so a 304 costs no rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u128);

impl Fingerprint {
    /// The ETag of the page in an encoding. A strong ETag identifies bytes, so it includes the encoding.
    pub fn etag(self, encoding: &str) -> HeaderValue {
        // Hexadecimal digits and the names of encodings are always valid in a header.
        HeaderValue::try_from(format!("\"{:032x}-{encoding}\"", self.0))
            .unwrap_or_else(|_| HeaderValue::from_static("\"\""))
    }
}

/// Hashes the parts that a page shows.
pub(crate) struct Fingerprinter(Xxh3);

impl Fingerprinter {
    /// Starts with the id of this build, the hash of the site's settings and the kind of page.
    pub(crate) fn new(settings: u64, kind: &str) -> Self {
        let mut hasher = Xxh3::new();
        hasher.update(&program::id().to_le_bytes());
        hasher.update(&settings.to_le_bytes());
        hasher.update(kind.as_bytes());
        Self(hasher)
    }

    /// Adds a part that the page shows, and returns the hasher.
    #[must_use]
    pub(crate) fn with(mut self, part: impl Hash) -> Self {
        self.add(part);
        self
    }

    /// Adds a part that the page shows.
    pub(crate) fn add(&mut self, part: impl Hash) {
        part.hash(&mut self.0);
    }

    /// Returns the fingerprint of all added parts.
    pub(crate) fn finish(self) -> Fingerprint {
        Fingerprint(self.0.digest128())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_has_headers_for_browsers_and_for_a_cdn() {
        const MINUTE: &str = "max-age=60, stale-while-revalidate=10, stale-if-error=86400";
        const YEAR: &str = "max-age=31536000, immutable";
        let article = "max-age=300, stale-while-revalidate=600, stale-if-error=86400";
        for (policy, browser, network) in [
            (
                CachePolicy::Revalidate,
                "no-cache",
                "max-age=1, stale-while-revalidate=10, stale-if-error=86400",
            ),
            (CachePolicy::NotFound, "no-cache", "max-age=5"),
            (CachePolicy::Article, article, MINUTE),
            (CachePolicy::Numbered, "max-age=86400", MINUTE),
            (CachePolicy::SiteFile, "max-age=3600", MINUTE),
            (CachePolicy::Redirect, "max-age=3600", MINUTE),
            (CachePolicy::Immutable, YEAR, YEAR),
            (CachePolicy::NoStore, "no-store", "no-store"),
        ] {
            for cdn in [true, false] {
                let mut headers = HeaderMap::new();
                // A second call replaces the headers of the first one.
                for policy in [CachePolicy::Redirect, policy] {
                    CacheHeaders { policy, cdn }.insert_into(&mut headers);
                }
                assert_eq!(headers[header::CACHE_CONTROL], browser, "{policy:?}");
                assert_eq!(headers.len(), if cdn { 3 } else { 1 }, "{policy:?}");
                CacheHeaders::keep_out_of_cdn(&mut headers);
                let expected = if cdn { network } else { "no-store" };
                for name in ["cdn-cache-control", "surrogate-control"] {
                    assert_eq!(headers[name], expected, "{policy:?} {name}");
                }
            }
        }
    }

    #[test]
    fn fingerprints_differ_by_settings_kind_and_content() {
        let of = |settings, kind, part: &str| Fingerprinter::new(settings, kind).with(part).finish();
        let one = of(1, "home", "a");
        assert_eq!(one, of(1, "home", "a"));
        for other in [of(2, "home", "a"), of(1, "day", "a"), of(1, "home", "b")] {
            assert_ne!(one, other);
        }
        assert_ne!(one.etag("gz"), one.etag("br"));
    }
}
