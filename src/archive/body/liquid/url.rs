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

fn is_absolute(url: &str) -> bool {
    url.contains("://") || url.starts_with("//")
}
