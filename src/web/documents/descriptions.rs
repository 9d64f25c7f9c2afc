//! Descriptions of the site for browsers: how to search it (OpenSearch 1.1,
//! <https://github.com/dewitt/opensearch>) and how to install it as an app
//! (<https://www.w3.org/TR/appmanifest/>).

use askama::Template;
use serde_json::json;

use crate::web::http::cache::{CachePolicy, ContentType};
use crate::web::http::reply::Reply;
use crate::web::http::request::PageRequest;
use crate::web::paths::Route;
use crate::web::paths::feed::FeedFormat;

/// Maximum lengths in the OpenSearch specification, in characters.
const LONGEST_NAME: usize = 16;
const LONGEST_DESCRIPTION: usize = 1024;

#[derive(Template)]
#[template(path = "opensearch.xml")]
struct OpenSearch<'a> {
    name: String,
    description: String,
    language: &'a str,
    icon: String,
    search: String,
    suggest: String,
    feed: String,
    this: String,
}

/// Serves the OpenSearch description, `/opensearch.xml`.
pub(crate) fn opensearch(request: &PageRequest<'_>) -> Option<Reply> {
    let site = request.site;
    let fingerprint = request.fingerprint("opensearch");
    Some(request.document(ContentType::OPENSEARCH, CachePolicy::SiteFile, fingerprint.finish(), || {
        let described = if site.description.is_empty() { &site.title } else { &site.description };
        Ok(OpenSearch {
            name: site.title.chars().take(LONGEST_NAME).collect(),
            description: described.chars().take(LONGEST_DESCRIPTION).collect(),
            language: &site.lang,
            icon: site.absolute_href(&site.icon()),
            search: site.absolute(Route::Search),
            suggest: site.absolute(Route::Suggest),
            feed: site.absolute(Route::SearchFeed(FeedFormat::Atom)),
            this: site.absolute(Route::OpenSearch),
        })
    }))
}

/// Serves the web app manifest, `/manifest.webmanifest`.
pub(crate) fn manifest(request: &PageRequest<'_>) -> Option<Reply> {
    let site = request.site;
    let fingerprint = request.fingerprint("manifest");
    Some(request.conditional(ContentType::MANIFEST, CachePolicy::SiteFile, fingerprint.finish(), || {
        let manifest = json!({
            "name": site.title,
            "description": site.description,
            "lang": site.lang,
            "start_url": site.href(Route::Home),
            "scope": site.href(Route::Home),
            "display": "minimal-ui",
            "background_color": "#fdfcf9",
            "theme_color": "#fdfcf9",
            "icons": [{ "src": site.icon(), "sizes": "any" }],
        });
        Ok(manifest.to_string().into_bytes())
    }))
}
