//! What pages and documents are, and who may read them.

/// The type of an answer's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentType {
    /// The header's value.
    pub name: &'static str,
    /// Whether scripts of other sites may read it: what is made to be read elsewhere.
    pub is_open: bool,
}

impl ContentType {
    /// A page.
    pub const HTML: Self = Self::own("text/html; charset=utf-8");
    /// An Atom feed. Browsers show `application/atom+xml` as bare text, without its style sheet, and
    /// Jekyll's feeds were sent like this.
    pub const FEED: Self = Self::open("application/xml; charset=utf-8");
    /// A JSON feed.
    pub const JSON_FEED: Self = Self::open("application/feed+json; charset=utf-8");
    /// A sitemap.
    pub const SITEMAP: Self = Self::own("application/xml; charset=utf-8");
    /// An OpenSearch description.
    pub const OPENSEARCH: Self = Self::own("application/opensearchdescription+xml; charset=utf-8");
    /// The source of a post.
    pub const TEXT: Self = Self::own("text/plain; charset=utf-8");
    /// What may be meant by the beginning of a search
    /// (<https://github.com/dewitt/opensearch/blob/master/mediawiki/Specifications/OpenSearch/Extensions/Suggestions/1.1>).
    pub const SUGGESTIONS: Self = Self::own("application/x-suggestions+json; charset=utf-8");
    /// A manifest.
    pub const MANIFEST: Self = Self::own("application/manifest+json; charset=utf-8");

    /// A month of the archive.
    pub const NDJSON: Self = Self::open("application/x-ndjson; charset=utf-8");
    /// What the months of the archive are.
    pub const JSON: Self = Self::open("application/json; charset=utf-8");

    const fn own(name: &'static str) -> Self {
        Self { name, is_open: false }
    }

    const fn open(name: &'static str) -> Self {
        Self { name, is_open: true }
    }
}
