//! The file `/robots.txt` of a site without its own.

use axum::http::StatusCode;

use crate::web::http::reply::{Reply, plain};
use crate::web::paths::Route;
use crate::web::paths::feed::FeedFormat;
use crate::web::view::site::Site;

/// `/robots.txt` of a site without its own: RFC 9309, with the sitemap's URL, which must be absolute. Search
/// URLs are disallowed, because the links that narrow a search lead a crawler on without end.
pub fn get(site: &Site) -> Reply {
    let searches = [Route::Search, Route::SearchFeed(FeedFormat::Atom), Route::SearchFeed(FeedFormat::Json)];
    let endless: String = searches.iter().map(|route| format!("Disallow: {}?\n", site.href(route))).collect();
    let sitemap = site.absolute(Route::Sitemaps);
    let sitemap = if sitemap.starts_with('/') { String::new() } else { format!("Sitemap: {sitemap}\n") };
    plain(StatusCode::OK, format!("User-agent: *\n{endless}Allow: /\n{sitemap}"))
}
