//! URL paths in the form in which they are compared: decoded request paths, former
//! paths, and targets of redirects. Posts are found by the hash of a path.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use xxhash_rust::xxh3::xxh3_64;

use crate::config::is_http_url;

/// Percent-decodes a URL path for the comparison with requests. Replaces bytes that are not UTF-8.
pub(super) fn decoded(url: &str) -> Cow<'_, str> {
    percent_decode_str(url).decode_utf8_lossy()
}

/// Hashes a path, or another key that posts are found by.
pub(super) fn hash(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// Decodes a path of `redirect_from`; its leading slash is optional.
pub(super) fn former(path: &str) -> Box<str> {
    decoded(&format!("/{}", path.trim_start_matches('/'))).into()
}

/// Returns whether a static host has the same page at two decoded paths: `/x`, `/x/`, `/x/index.html`, or `/x` and
/// `/x.html`.
pub(super) fn is_same_page(one: &str, other: &str) -> bool {
    fn folder(path: &str) -> &str {
        let index = path.strip_suffix("index.html").filter(|folder| folder.ends_with('/'));
        index.unwrap_or(path).trim_end_matches('/')
    }
    let is_file = |file: &str, bare: &str| file.strip_suffix(".html") == Some(bare);
    folder(one) == folder(other) || is_file(one, other) || is_file(other, one)
}

/// Validates the target of a redirect: a path of this site or an HTTP(S) URL.
pub(super) fn redirect_target(to: &str) -> Option<Box<str>> {
    let is_visible =
        !to.is_empty() && !to.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\');
    let has_scheme = to.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    match to {
        _ if !is_visible || to.starts_with("//") => None,
        _ if is_http_url(to) || to.starts_with('/') => Some(to.into()),
        _ if has_scheme => None,
        // jekyll-redirect-from resolves a relative target against the site's root.
        _ => Some(format!("/{to}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_page_are_the_same() {
        let table = [
            ("/x", "/x", true),
            ("/x", "/x/", true),
            ("/x/index.html", "/x", true),
            ("/x.html", "/x", true),
            ("/x", "/x.html", true),
            ("/", "/index.html", true),
            ("/x.html", "/x/", false),
            ("/x/", "/y/", false),
            ("/X/", "/x/", false),
            ("/xindex.html", "/x", false),
        ];
        for (one, other, expected) in table {
            assert_eq!(is_same_page(one, other), expected, "{one} {other}");
        }
    }
}
