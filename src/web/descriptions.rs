//! Descriptions of the site for browsers: how to search it (OpenSearch 1.1,
//! <https://github.com/dewitt/opensearch>) and how to install it as an app
//! (<https://www.w3.org/TR/appmanifest/>).

use askama::Template;
use serde_json::json;

use super::cache::{CachePolicy, ContentType};
use super::feeds::Format;
use super::paths::Route;
use super::reply::{Reply, Visit};

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
pub fn opensearch(visit: &Visit<'_>) -> Option<Reply> {
    let site = visit.site;
    let fingerprint = visit.fingerprint("opensearch");
    Some(visit.document(ContentType::OPENSEARCH, CachePolicy::SiteFile, fingerprint.finish(), || {
        let described = if site.description.is_empty() { &site.title } else { &site.description };
        Ok(OpenSearch {
            name: site.title.chars().take(LONGEST_NAME).collect(),
            description: described.chars().take(LONGEST_DESCRIPTION).collect(),
            language: &site.lang,
            icon: site.whole(&site.icon()),
            search: site.absolute(Route::Search),
            suggest: site.absolute(Route::Suggest),
            feed: site.absolute(Route::SearchFeed(Format::Atom)),
            this: site.absolute(Route::OpenSearch),
        })
    }))
}

/// Serves the web app manifest, `/manifest.webmanifest`.
pub fn manifest(visit: &Visit<'_>) -> Option<Reply> {
    let site = visit.site;
    let fingerprint = visit.fingerprint("manifest");
    Some(visit.conditional(ContentType::MANIFEST, CachePolicy::SiteFile, fingerprint.finish(), || {
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
