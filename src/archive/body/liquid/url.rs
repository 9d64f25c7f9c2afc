//! Jekyll's URL filters (`filters/url_filters.rb`).

use crate::archive::body::context::SiteContext;

pub(crate) fn relative_url(url: &str, site: &SiteContext) -> String {
    if is_absolute(url) {
        return url.to_owned();
    }
    let base = site.baseurl.trim_end_matches('/');
    if url.is_empty() { base.to_owned() } else { format!("{base}/{}", url.trim_start_matches('/')) }
}

pub(crate) fn absolute_url(url: &str, site: &SiteContext) -> String {
    if is_absolute(url) {
        return url.to_owned();
    }
    format!("{}{}", site.url.trim_end_matches('/'), relative_url(url, site))
}

/// Returns whether a URL has a scheme or a host: `mailto:a@news.example`, `//news.example/a`.
fn is_absolute(url: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    };
    url.starts_with("//") || url.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme))
}
