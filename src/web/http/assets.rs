//! The program's own files, embedded in the binary. Each name contains a hash of the file's bytes.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use bytes::Bytes;

use crate::web::http::cache::{CacheHeaders, CachePolicy};
use crate::web::http::encoding::Encoding;

/// An embedded file, compressed once in each encoding.
#[derive(Debug)]
pub struct Asset {
    name: String,
    content_type: &'static str,
    plain: Bytes,
    gzip: Bytes,
    brotli: Bytes,
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, text: &'static str) -> Self {
        let bytes = without_notes(text).into_bytes();
        let hash = xxhash_rust::xxh3::xxh3_64(&bytes);
        Self {
            name: format!("{stem}-{hash:016x}.{extension}"),
            content_type,
            gzip: Encoding::Gzip.encode(bytes.clone()).into(),
            brotli: Encoding::Brotli.encode(bytes.clone()).into(),
            plain: bytes.into(),
        }
    }

    /// The file name in the URL: stem, hash and extension.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Removes empty lines, comment lines and indentation, which only developers need. None of the
/// files has a multi-line string.
fn without_notes(text: &str) -> String {
    let is_note = |line: &&str| {
        line.is_empty() || line.starts_with("// ") || (line.starts_with("/*") && line.ends_with("*/"))
    };
    text.lines().map(str::trim).filter(|line| !is_note(line)).flat_map(|line| [line, "\n"]).collect()
}

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// The parts of the main script in the order in which they run. `common.js` must be the first.
const SCRIPT_TEXT: &str = concat!(
    include_str!("../../../assets/finews/common.js"),
    include_str!("../../../assets/finews/settings.js"),
    include_str!("../../../assets/finews/keys.js"),
    include_str!("../../../assets/finews/visit.js"),
    include_str!("../../../assets/finews/timeline.js"),
    include_str!("../../../assets/finews/live.js"),
    include_str!("../../../assets/finews/times.js"),
    include_str!("../../../assets/finews/share.js"),
    include_str!("../../../assets/finews/images.js"),
    include_str!("../../../assets/finews/filter.js"),
    include_str!("../../../assets/finews/search.js"),
);

/// The style sheet of all pages.
pub(crate) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", CSS, include_str!("../../../assets/style.css")));

/// The additional style sheet of the search page.
pub(crate) static SEARCH_STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("search", "css", CSS, include_str!("../../../assets/search.css")));

/// The script that runs before a page is shown, so that the page does not visibly change.
pub(crate) static EARLY: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("early", "js", JAVASCRIPT, include_str!("../../../assets/early.js")));

/// The main script. Pages work without it.
pub(crate) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("finews", "js", JAVASCRIPT, SCRIPT_TEXT));

/// The script for suggestions. The main script loads it when a reader is about to search.
pub(crate) static SUGGEST: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("suggest", "js", JAVASCRIPT, include_str!("../../../assets/suggest.js")));

/// The style sheet of feeds that a reader opens in a browser.
pub(crate) static FEED_STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("feed", "css", CSS, include_str!("../../../assets/feed.css")));

/// The default icon, for sites without their own.
pub(crate) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../../../assets/icon.svg")));

/// The default icon in ICO format, for programs that request `/favicon.ico` without reading a page. `cdn` is true if a
/// content delivery network gets cache headers of its own.
pub(crate) fn favicon(cdn: bool) -> Response<Body> {
    const ICO: &[u8] = include_bytes!("../../../assets/favicon.ico");
    let mut response = Response::new(Body::from(ICO));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/x-icon"));
    CacheHeaders { policy: CachePolicy::SiteFile, cdn }.insert_into(headers);
    headers.insert(header::CONTENT_LENGTH, ICO.len().into());
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}

/// Serves an embedded file; `None` if no file has this name. The name identifies the version,
/// so the response needs no ETag. `cdn` is true if a content delivery network gets cache headers of its own.
pub fn get(name: &str, encoding: Encoding, cdn: bool) -> Option<Response<Body>> {
    let asset = [&*STYLE, &*SEARCH_STYLE, &*EARLY, &*SCRIPT, &*SUGGEST, &*FEED_STYLE, &*ICON]
        .into_iter()
        .find(|asset| asset.name == name)?;
    let bytes = match encoding {
        Encoding::Brotli | Encoding::QuickBrotli => &asset.brotli,
        Encoding::Gzip => &asset.gzip,
        Encoding::Identity => &asset.plain,
    };
    let mut response = Response::new(Body::from(bytes.clone()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    CacheHeaders { policy: CachePolicy::Immutable, cdn }.insert_into(headers);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding.header() {
        headers.insert(header::CONTENT_ENCODING, encoding);
    }
    if asset.content_type.starts_with("image/") {
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comment_lines_and_indentation_are_removed() {
        let text =
            "/* A note. */\n:root {\n  --a: url(//x);\n}\n\n  // A note.\n  const b = 'c // d'; // e\n";
        assert_eq!(without_notes(text), ":root {\n--a: url(//x);\n}\nconst b = 'c // d'; // e\n");
        for text in [
            SCRIPT_TEXT,
            include_str!("../../../assets/early.js"),
            include_str!("../../../assets/suggest.js"),
        ] {
            assert!(!text.contains("`\n"), "a text over several lines would lose its spaces");
        }
    }
}
