//! The content types of responses, and whether scripts of other sites may read them. The table of text types decides
//! the type and the charset of documents and files. Only files with a type in the table are sent compressed.

use std::path::Path;

use axum::http::HeaderValue;

/// The text types: the extension, the type with the charset of documents that finews writes, and the charset of files
/// of the site.
const TEXT_TYPES: [(&str, &str, FileCharset); 25] = [
    ("atom", "application/atom+xml; charset=utf-8", FileCharset::Own),
    ("css", "text/css; charset=utf-8", FileCharset::Utf8),
    ("csv", "text/csv; charset=utf-8", FileCharset::Utf8),
    ("geojson", "application/geo+json; charset=utf-8", FileCharset::Own),
    ("htm", "text/html; charset=utf-8", FileCharset::Own),
    ("html", "text/html; charset=utf-8", FileCharset::Own),
    ("ics", "text/calendar; charset=utf-8", FileCharset::Utf8),
    ("js", "text/javascript; charset=utf-8", FileCharset::Utf8),
    ("json", "application/json; charset=utf-8", FileCharset::Own),
    ("map", "application/json; charset=utf-8", FileCharset::Own),
    ("md", "text/markdown; charset=utf-8", FileCharset::Utf8),
    ("mjs", "text/javascript; charset=utf-8", FileCharset::Utf8),
    ("opml", "application/xml; charset=utf-8", FileCharset::Own),
    ("rss", "application/rss+xml; charset=utf-8", FileCharset::Own),
    ("svg", "image/svg+xml; charset=utf-8", FileCharset::Own),
    ("txt", "text/plain; charset=utf-8", FileCharset::Utf8),
    ("vcf", "text/vcard; charset=utf-8", FileCharset::Utf8),
    ("vtt", "text/vtt; charset=utf-8", FileCharset::Utf8),
    ("webmanifest", "application/manifest+json; charset=utf-8", FileCharset::Own),
    ("xhtml", "application/xhtml+xml; charset=utf-8", FileCharset::Own),
    ("xml", "application/xml; charset=utf-8", FileCharset::Own),
    ("xsl", "application/xml; charset=utf-8", FileCharset::Own),
    ("xslt", "application/xml; charset=utf-8", FileCharset::Own),
    ("yaml", "application/yaml; charset=utf-8", FileCharset::Utf8),
    ("yml", "application/yaml; charset=utf-8", FileCharset::Utf8),
];

/// The charset of a file that is sent unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileCharset {
    /// The header states UTF-8, because browsers guess the charset of Chinese text wrong.
    Utf8,
    /// The header states none: the file may name its own (HTML, XML), or the format knows only UTF-8 (JSON).
    Own,
}

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

    /// The type of a text document that finews writes, by the extension of its path; `None` for other extensions.
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        // `/search.json/` is the path of a folder.
        let (_, name) = path.rsplit_once('/').unwrap_or(("", path));
        text_type(Path::new(name)).map(|(name, _)| Self::same_origin(name))
    }

    /// The type of a text file of the site, by its extension; `None` for other files.
    pub(crate) fn from_file(file: &Path) -> Option<Self> {
        let (name, charset) = text_type(file)?;
        let essence = name.split(';').next().unwrap_or(name);
        Some(Self::same_origin(if charset == FileCharset::Utf8 { name } else { essence }))
    }

    const fn same_origin(name: &'static str) -> Self {
        Self { name, is_open: false }
    }

    const fn cross_origin(name: &'static str) -> Self {
        Self { name, is_open: true }
    }
}

fn text_type(path: &Path) -> Option<(&'static str, FileCharset)> {
    let extension = path.extension()?.to_str()?;
    let found = TEXT_TYPES.iter().find(|(known, ..)| extension.eq_ignore_ascii_case(known));
    found.map(|&(_, name, charset)| (name, charset))
}

/// The header of a file outside the table, from the type that tower-http guesses by the extension. Text is UTF-8,
/// but for HTML and XML.
pub(crate) fn with_charset(guessed: &HeaderValue) -> HeaderValue {
    let text = guessed.to_str().ok().filter(|name| name.starts_with("text/") && !name.contains(';'));
    let stated = text.filter(|name| !matches!(*name, "text/html" | "text/xml"));
    let header = stated.and_then(|name| HeaderValue::try_from(format!("{name}; charset=utf-8")).ok());
    header.unwrap_or_else(|| guessed.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_without_own_charset_is_declared_as_utf8() {
        let table = [
            ("a.css", Some("text/css; charset=utf-8")),
            ("a.min.JS", Some("text/javascript; charset=utf-8")),
            ("deep/a.txt", Some("text/plain; charset=utf-8")),
            ("a.json", Some("application/json")),
            ("a.svg", Some("image/svg+xml")),
            ("a.xml", Some("application/xml")),
            ("a.html", Some("text/html")),
            ("a.xhtml", Some("application/xhtml+xml")),
            ("a.png", None),
            ("a.svgz", None),
            ("css", None),
            ("a.txt.gz", None),
            (".css", None),
        ];
        for (file, expected) in table {
            let found = ContentType::from_file(Path::new(file)).map(|content_type| content_type.name);
            assert_eq!(found, expected, "{file}");
        }
        let guesses = [
            ("text/plain", "text/plain; charset=utf-8"),
            ("text/x-c", "text/x-c; charset=utf-8"),
            ("text/xml", "text/xml"),
            ("image/png", "image/png"),
            ("application/octet-stream", "application/octet-stream"),
        ];
        for (guessed, expected) in guesses {
            assert_eq!(with_charset(&HeaderValue::from_static(guessed)), expected);
        }
    }

    #[test]
    fn documents_have_the_type_of_their_extension() {
        let table = [
            ("/search.json", Some("application/json; charset=utf-8")),
            ("/a/ROBOTS.TXT", Some("text/plain; charset=utf-8")),
            ("/site.webmanifest", Some("application/manifest+json; charset=utf-8")),
            ("/a.xml", Some("application/xml; charset=utf-8")),
            ("/v1.2/feed", None),
            ("/search.json/", None),
            ("robots.txt", Some("text/plain; charset=utf-8")),
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
