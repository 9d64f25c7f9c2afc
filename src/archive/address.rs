//! Addresses as they are compared: percent-decoded paths, former ones, and those that a redirect
//! may lead to.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A URL path as requests are matched on it. Bytes that are not UTF-8 are replaced.
pub(super) fn decoded(url: &str) -> Cow<'_, str> {
    percent_decode_str(url).decode_utf8_lossy()
}

/// A path of `redirect_from`, decoded; it may be written without its slash.
pub(super) fn former(path: &str) -> Box<str> {
    decoded(&format!("/{}", path.trim_start_matches('/'))).into()
}

/// An address that a redirect may lead to: a path of this site, or a page of the web.
pub(super) fn of_redirect(to: &str) -> Option<Box<str>> {
    let is_visible =
        !to.is_empty() && !to.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\');
    let has_scheme = to.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('/'));
    match to {
        _ if !is_visible || to.starts_with("//") => None,
        _ if to.starts_with("https://") || to.starts_with("http://") || to.starts_with('/') => {
            Some(to.into())
        }
        _ if has_scheme => None,
        // jekyll-redirect-from takes it from the site's root.
        _ => Some(format!("/{to}").into()),
    }
}
