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
    pub const HTML: Self = Self::same_origin("text/html; charset=utf-8");
    /// An Atom feed. Browsers show `application/atom+xml` as plain text without its style sheet, and
    /// Jekyll's feeds had this type too.
    pub(crate) const FEED: Self = Self::cross_origin("application/xml; charset=utf-8");
    /// A feed in JSON Feed format.
    pub(crate) const JSON_FEED: Self = Self::cross_origin("application/feed+json; charset=utf-8");
    /// A sitemap or a sitemap index.
    pub(crate) const SITEMAP: Self = Self::same_origin("application/xml; charset=utf-8");
    /// An OpenSearch description document.
    pub(crate) const OPENSEARCH: Self =
        Self::same_origin("application/opensearchdescription+xml; charset=utf-8");
    /// The source text of a post.
    pub const TEXT: Self = Self::same_origin("text/plain; charset=utf-8");
    /// Suggestions for the beginning of a query
    /// (<https://github.com/dewitt/opensearch/blob/master/mediawiki/Specifications/OpenSearch/Extensions/Suggestions/1.1>).
    pub(crate) const SUGGESTIONS: Self = Self::same_origin("application/x-suggestions+json; charset=utf-8");
    /// The manifest of a web app.
    pub(crate) const MANIFEST: Self = Self::same_origin("application/manifest+json; charset=utf-8");

    /// A month of the archive, one JSON object per line.
    pub(crate) const NDJSON: Self = Self::cross_origin("application/x-ndjson; charset=utf-8");
    /// The index of the archive's monthly files.
    pub const JSON: Self = Self::cross_origin("application/json; charset=utf-8");

    /// The type of a text file by the extension of its path; `None` if the extension is unknown.
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next()?;
        let extension = name.rsplit_once('.')?.1.to_ascii_lowercase();
        let name = match extension.as_str() {
            "atom" => "application/atom+xml; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "csv" => "text/csv; charset=utf-8",
            "geojson" => "application/geo+json; charset=utf-8",
            "htm" | "html" | "xhtml" => "text/html; charset=utf-8",
            "ics" => "text/calendar; charset=utf-8",
            "js" | "mjs" => "text/javascript; charset=utf-8",
            "json" => "application/json; charset=utf-8",
            "md" => "text/markdown; charset=utf-8",
            "opml" | "xml" | "xsl" | "xslt" => "application/xml; charset=utf-8",
            "rss" => "application/rss+xml; charset=utf-8",
            "svg" => "image/svg+xml; charset=utf-8",
            "txt" => "text/plain; charset=utf-8",
            "vcf" => "text/vcard; charset=utf-8",
            "vtt" => "text/vtt; charset=utf-8",
            "webmanifest" => "application/manifest+json; charset=utf-8",
            "yaml" | "yml" => "application/yaml; charset=utf-8",
            _ => return None,
        };
        Some(Self::same_origin(name))
    }

    const fn same_origin(name: &'static str) -> Self {
        Self { name, is_open: false }
    }

    const fn cross_origin(name: &'static str) -> Self {
        Self { name, is_open: true }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_files_have_the_type_of_their_extension() {
        let table = [
            ("/search.json", Some("application/json; charset=utf-8")),
            ("/a/ROBOTS.TXT", Some("text/plain; charset=utf-8")),
            ("/site.webmanifest", Some("application/manifest+json; charset=utf-8")),
            ("/v1.2/feed", None),
            ("/CNAME", None),
            ("/a.unknown", None),
        ];
        for (path, expected) in table {
            assert_eq!(
                ContentType::from_path(path).map(|content_type| content_type.name),
                expected,
                "{path}"
            );
        }
    }
}
