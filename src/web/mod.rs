//! The archive on the web: which path is which page, and how the answer travels.
//!
//! In reading order:
//! - [`paths`]: the only place where URLs are spelled
//! - [`site`], [`words`], [`html`], [`timeline`], [`calendar`]: what pages show
//! - [`pages`]: one file a page
//! - [`cache`], [`encoding`], [`reply`]: policies, fingerprints, bytes
//! - [`legacy`], [`files`], [`assets`]: old addresses, the site's files, our own
//! - [`App`]: the site and archive of the moment
//! - [`headers`], [`server`]: what is said of every answer, and the listener
//! - [`admin`]: what only the owner sees

pub mod admin;
mod app;
pub mod assets;
pub mod cache;
pub mod calendar;
pub mod encoding;
pub mod files;
pub mod headers;
pub mod html;
pub mod legacy;
pub mod pages;
pub mod paths;
pub mod reply;
pub mod server;
pub mod site;
pub mod timeline;
pub mod words;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;

use crate::archive::Target;
pub use app::App;
use app::Settings;
use pages::{article, date, error, group, groups, home, own, source_text};
use paths::Route;
use reply::{Reply, Visit, status};

/// The route table. All but the two health checks go by what the archive holds.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .fallback(answer)
        .layer(axum::middleware::map_response(headers::secure))
        // Outermost, so that a panic of anything above is answered.
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(app)
}

/// `/healthz`: the process is up.
async fn alive() -> Reply {
    plain(StatusCode::OK, "ok\n")
}

/// `/readyz`: the archive is loaded and the process is not about to end.
async fn ready(State(app): State<Arc<App>>) -> Reply {
    if app.is_draining() {
        plain(StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else if app.archive().is_none() {
        plain(StatusCode::SERVICE_UNAVAILABLE, "loading\n")
    } else {
        plain(StatusCode::OK, "ok\n")
    }
}

/// Every other path.
async fn answer(State(app): State<Arc<App>>, request: Request) -> Reply {
    let (request, _) = request.into_parts();
    if !matches!(request.method, Method::GET | Method::HEAD) {
        let mut reply = status(StatusCode::METHOD_NOT_ALLOWED);
        reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return reply;
    }
    let served = app.served();
    let Some(archive) = &served.archive else {
        let mut reply = plain(StatusCode::SERVICE_UNAVAILABLE, "The archive is being loaded.\n");
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        return reply;
    };
    let app = &*served.settings;
    let visit = Visit::new(&app.site, archive, app.source, &request.headers);
    let full = request.uri.path();
    let Some(path) = full.strip_prefix(app.site.baseurl()).filter(|path| path.starts_with('/')) else {
        // The host's root, or the site's own without its slash, leads to the site.
        let near = full == "/" || full == app.site.baseurl();
        return if near { visit.moved(Route::Home) } else { error::not_found(&visit, full) };
    };
    let Some(decoded) = paths::decode(path) else { return plain(StatusCode::BAD_REQUEST, "Bad path.\n") };
    if let Some(reply) = own_page(&visit, path).or_else(|| of_archive(app, &visit, &decoded)) {
        return reply;
    }
    if let Some(reply) = app.files.get(&decoded, &request).await {
        return reply;
    }
    if Route::parse(path) == Some(Route::Robots) {
        return plain(StatusCode::OK, "User-agent: *\nAllow: /\n");
    }
    // What GitHub Pages answered for `/x` was the file `/x.html`,
    // and for `/x/` the file `/x/index.html`.
    let file = if path.ends_with('/') { "index.html" } else { ".html" };
    let with_extension = format!("{path}{file}");
    let decoded_with_extension = format!("{decoded}{file}");
    own_page(&visit, &with_extension)
        .or_else(|| of_archive(app, &visit, &decoded_with_extension))
        .or_else(|| legacy::find(&visit, &decoded, app.paginate).map(|path| visit.moved(path)))
        .unwrap_or_else(|| error::not_found(&visit, &decoded))
}

/// The pages that we make of the archive.
fn own_page(visit: &Visit<'_>, path: &str) -> Option<Reply> {
    match Route::parse(path)? {
        Route::Home => home::get(visit),
        Route::Sources => groups::sources(visit),
        Route::Source(name, number) => group::source(visit, &name, number),
        Route::Tags => groups::tags(visit),
        Route::Tag(name, number) => group::tag(visit, &name, number),
        Route::Year(year) => date::year(visit, year),
        Route::Month(year, month) => date::month(visit, year, month),
        Route::Day(day, number) => date::day(visit, day, number),
        Route::Asset(file) => assets::get(&file, visit.encoding()),
        Route::Robots | Route::Kept => None,
    }
}

/// Posts and pages of the site, at a decoded path.
fn of_archive(app: &Settings, visit: &Visit<'_>, path: &str) -> Option<Reply> {
    if let Some(target) = visit.archive.at_path(path) {
        return match target {
            Target::Post(id) => Some(article::get(visit, id)),
            Target::Page(index) => own::get(visit, index),
            Target::Gone => Some(error::gone(visit)),
            Target::Moved(to) => Some(visit.moved(to)),
            Target::Away(to) if to.starts_with('/') => Some(visit.moved(to)),
            Target::Away(to) => Some(reply::redirect(&to)),
        };
    }
    if let Some(folder) = path.strip_suffix("index.html").filter(|folder| folder.ends_with('/')) {
        return of_archive(app, visit, folder);
    }
    if !app.source {
        return None;
    }
    match visit.archive.at_path(&paths::article_of(path)?) {
        Some(Target::Post(id)) => Some(source_text::get(visit, &app.root, visit.archive.post(id))),
        _ => None,
    }
}

fn plain(code: StatusCode, text: &'static str) -> Reply {
    let mut reply = Reply::new(text.into());
    *reply.status_mut() = code;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, cache::CachePolicy::NoStore.header());
    reply
}

fn panicked(cause: Box<dyn std::any::Any + Send>) -> Reply {
    let text = cause.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| cause.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(cause = text, "a handler panicked");
    headers::secured(plain(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong.\n"))
}
