//! The content types of responses, and whether scripts of other sites may read them.

/// The content type of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentType {
    /// The value of the `Content-Type` header.
    pub name: &'static str,
    /// Whether scripts of other sites may read the response. True for feeds and data files.
    pub is_open: bool,
}

impl ContentType {
    /// An HTML page.
    pub const HTML: Self = Self::own("text/html; charset=utf-8");
    /// An Atom feed. Browsers show `application/atom+xml` as plain text without its style sheet, and
    /// Jekyll's feeds had this type too.
    pub const FEED: Self = Self::open("application/xml; charset=utf-8");
    /// A feed in JSON Feed format.
    pub const JSON_FEED: Self = Self::open("application/feed+json; charset=utf-8");
    /// A sitemap or a sitemap index.
    pub const SITEMAP: Self = Self::own("application/xml; charset=utf-8");
    /// An OpenSearch description document.
    pub const OPENSEARCH: Self = Self::own("application/opensearchdescription+xml; charset=utf-8");
    /// The source text of a post.
    pub const TEXT: Self = Self::own("text/plain; charset=utf-8");
    /// Suggestions for the beginning of a query
    /// (<https://github.com/dewitt/opensearch/blob/master/mediawiki/Specifications/OpenSearch/Extensions/Suggestions/1.1>).
    pub const SUGGESTIONS: Self = Self::own("application/x-suggestions+json; charset=utf-8");
    /// The manifest of a web app.
    pub const MANIFEST: Self = Self::own("application/manifest+json; charset=utf-8");

    /// A month of the archive, one JSON object per line.
    pub const NDJSON: Self = Self::open("application/x-ndjson; charset=utf-8");
    /// The index of the archive's monthly files.
    pub const JSON: Self = Self::open("application/json; charset=utf-8");

    const fn own(name: &'static str) -> Self {
        Self { name, is_open: false }
    }

    const fn open(name: &'static str) -> Self {
        Self { name, is_open: true }
    }
}
