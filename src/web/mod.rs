//! The HTTP side of the archive: routing, pages, responses.
//!
//! In reading order:
//! - [`paths`]: the only module that spells URLs
//! - [`http`]: requests, responses, cache policies, encodings, headers, files
//! - [`view`]: parts of pages
//! - [`pages`]: one file per page
//! - [`documents`]: feeds, sitemaps and data files
//! - [`notify`]: notifications of new posts
//! - [`App`]: the current site and archive
//! - [`server`]: connections, limits, timeouts, the access log, and the fast path to cached pages
//! - [`admin`]: views for the operator only

pub mod admin;
mod app;
pub mod documents;
pub mod http;
pub mod notify;
pub mod pages;
pub mod paths;
pub mod server;
pub mod view;

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;

use crate::archive::{Post, Snapshot, Target};
use crate::panics;
use crate::web::admin::metrics::Rejection;
use crate::web::app::Settings;
use crate::web::documents::{descriptions, feeds, sitemaps};
use crate::web::http::files::SendError;
use crate::web::http::reply::{self, PageError, PageRequest, Reply, RoutedReply, status};
use crate::web::http::route_pattern::RoutePattern;
use crate::web::http::{assets, cache, headers};
use crate::web::pages::{
    article, date, error, group, groups, home, own, search, securities, source_text, suggest,
};
use crate::web::paths::dataset::DatasetFile;
use crate::web::paths::feed::FeedFormat;
use crate::web::paths::{Route, legacy};
use crate::web::server::searches::{SearchKind, SearchRejection};
use crate::web::view::site;

pub use app::App;
pub use server::fast_path::FastPath;

const HEALTH: RoutePattern = RoutePattern("/healthz");
const READY: RoutePattern = RoutePattern("/readyz");
const LIVE: RoutePattern = RoutePattern("/live");
const POST: RoutePattern = RoutePattern("{post}");
/// A page that the operator wrote, such as `about.md`.
const PAGE: RoutePattern = RoutePattern("{page}");
/// The Markdown source of a post.
const SOURCE: RoutePattern = RoutePattern("{source}");
const FILE: RoutePattern = RoutePattern("{file}");
/// A redirect: the post moved, or the URL is old or damaged.
const MOVED: RoutePattern = RoutePattern("{moved}");

/// The router. Only the two health checks have routes; the fallback resolves every other path in the archive.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .fallback(answer)
        .layer(axum::middleware::map_response(headers::secure))
        // Outermost, so that it also catches a panic in the layers above.
        .layer(answering_panics(&app))
        .with_state(app)
}

/// Returns whether the router has a route of its own for a path.
fn is_routed(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz")
}

/// `/healthz`: the process is running.
async fn alive() -> Reply {
    HEALTH.attach_to(plain(StatusCode::OK, "ok\n"))
}

/// `/readyz`: the archive is loaded and the process is not shutting down. `?verbose` adds the progress of the
/// search index; readiness does not depend on it.
async fn ready(State(app): State<Arc<App>>, request: HeaderMap, uri: Uri) -> Reply {
    let is_verbose = uri.query().is_some_and(|query| query.split('&').any(|field| field == "verbose"));
    if !is_verbose {
        // Record the probe before the state is read, so that the probe that ends
        // `Readiness::wait_for_probe` reads "draining".
        app.readiness().record_probe(&request);
    }
    let (code, text) = if app.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else if app.archive().is_none() {
        (StatusCode::SERVICE_UNAVAILABLE, "loading")
    } else {
        (StatusCode::OK, "ok")
    };
    if !is_verbose {
        return READY.attach_to(plain(code, format!("{text}\n")));
    }
    let posts = app.archive().map_or(0, |archive| archive.len());
    let text = format!("{text}\narchive: {posts} posts\nsearch: {}\n", app.search().state());
    READY.attach_to(plain(code, text))
}

/// Handles every other path.
async fn answer(State(app): State<Arc<App>>, request: Request) -> Reply {
    let (request, _) = request.into_parts();
    match quick_answer(&app, &request) {
        Some(routed) => routed.into_reply(),
        None => slow_answer(&app, &request).await,
    }
}

/// Runs a search or a suggestion request on a blocking thread.
async fn searched(app: &Arc<App>, request: &Parts, kind: SearchKind) -> Reply {
    match searched_in_turn(app, request, kind).await {
        Ok(reply) => reply,
        Err(rejection) => {
            app.observer().record_rejection(rejection.reason());
            rejection.reply(&app.current().settings.site)
        }
    }
}

async fn searched_in_turn(
    app: &Arc<App>,
    request: &Parts,
    kind: SearchKind,
) -> Result<Reply, SearchRejection> {
    if kind == SearchKind::Search {
        app.searches().check_rate(request)?;
    }
    let permit = app.searches().acquire(kind).await?;
    let (app, headers, uri) = (Arc::clone(app), request.headers.clone(), request.uri.clone());
    let answer = tokio::task::spawn_blocking(move || {
        // Hold the permit until the work ends, even if the client disconnects.
        let _permit = permit;
        let since = Instant::now();
        let current = app.current();
        let settings = &*current.settings;
        let archive = current.archive.as_ref()?;
        let page_request =
            PageRequest::new(&settings.site, archive, settings.source, app.page_cache(), &headers);
        let page_request = page_request.with_query(uri.query().unwrap_or_default());
        let reply = match Route::parse(own_path(settings, uri.path())?)? {
            Route::Search => {
                Some(search::get(&page_request, app.search(), &current.name_index, current.generation))
            }
            Route::Suggest => Some(suggest::get(&page_request, &current.name_index)),
            Route::SearchFeed(format) => {
                feeds::search(&page_request, app.search(), current.generation, format)
            }
            _ => None,
        };
        if kind == SearchKind::Search {
            app.metrics().record_search(since.elapsed());
        }
        reply.map(unlisted).or_else(|| Some(error::not_found(&page_request, &paths::decode(uri.path())?)))
    });
    Ok(match answer.await {
        Ok(Some(reply)) => reply,
        Ok(None) => status(StatusCode::NOT_FOUND),
        // The panic layer of the router makes the response.
        Err(failed) => match failed.try_into_panic() {
            Ok(cause) => std::panic::resume_unwind(cause),
            Err(_) => status(StatusCode::SERVICE_UNAVAILABLE),
        },
    })
}

/// Marks a response as not to be listed by search engines.
fn unlisted(mut reply: Reply) -> Reply {
    reply.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    reply
}

/// Responses that need only memory: pages, articles, rejections.
fn quick_answer(app: &App, request: &Parts) -> Option<RoutedReply> {
    if !matches!(request.method, Method::GET | Method::HEAD) {
        let mut reply = status(StatusCode::METHOD_NOT_ALLOWED);
        reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Some(reply.into());
    }
    let current = app.current();
    let Some(archive) = &current.archive else {
        let mut reply = plain(StatusCode::SERVICE_UNAVAILABLE, "The archive is loading.\n");
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        return Some(reply.into());
    };
    let settings = &*current.settings;
    let page_request =
        PageRequest::new(&settings.site, archive, settings.source, app.page_cache(), &request.headers);
    let full = request.uri.path();
    let Some(path) = own_path(settings, full) else {
        // The host's root, and the site's root without its slash, redirect to the home page.
        let near = full == "/" || full == settings.site.baseurl();
        let decoded = paths::decode(full).unwrap_or_default();
        let reply = if near {
            page_request.redirect_to(Route::Home)
        } else {
            error::not_found(&page_request, &decoded)
        };
        return Some(reply.into());
    };
    // The page cache knows addresses without a query only. A request with one is resolved each time.
    let page_request = match request.uri.query() {
        Some(query) => page_request.with_query(query),
        None => {
            if let Some(routed) = page_request.cached_reply(full, current.generation) {
                return Some(routed);
            }
            page_request.remembered_at(full, current.generation)
        }
    };
    let Some(decoded) = paths::decode(path) else {
        return Some(plain(StatusCode::BAD_REQUEST, "Invalid path.\n").into());
    };
    own_page(&page_request, path).or_else(|| of_archive(&page_request, &decoded)).map(RoutedReply::from)
}

/// Responses that read the disk or wait, and those for a path that the archive does not have.
async fn slow_answer(app: &Arc<App>, request: &Parts) -> Reply {
    let current = app.current();
    let (settings, Some(archive)) = (&*current.settings, &current.archive) else {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "The archive is loading.\n");
    };
    let page_request =
        PageRequest::new(&settings.site, archive, settings.source, app.page_cache(), &request.headers);
    let path = own_path(settings, request.uri.path()).unwrap_or("/");
    if path == paths::LIVE {
        return LIVE.attach_to(app.live().get(&request.headers, request.uri.query()));
    }
    let route = Route::parse(path);
    let pattern = route.as_ref().map(Route::pattern).unwrap_or_default();
    match route {
        Some(Route::Search) => return pattern.attach_to(searched(app, request, SearchKind::Search).await),
        Some(Route::Suggest) => {
            return pattern.attach_to(searched(app, request, SearchKind::Suggestions).await);
        }
        _ => {}
    }
    let decoded = paths::decode(path).unwrap_or_default();
    if let Some(post) = source_at(settings, archive, &decoded) {
        return SOURCE.attach_to(source_text::get(&page_request, &settings.root, post).await);
    }
    match settings.files.get(&decoded, request, app.file_permits()).await {
        Ok(Some(reply)) => return FILE.attach_to(reply),
        Ok(None) => {}
        Err(SendError::Failed(error)) => {
            return FILE.attach_to(PageError::from(error).reply(page_request.site));
        }
        Err(SendError::Busy) => {
            app.observer().record_rejection(Rejection::Files);
            return FILE.attach_to(error::busy(page_request.site, StatusCode::SERVICE_UNAVAILABLE, 1));
        }
    }
    let own = match route {
        Some(Route::Robots) => Some(robots(&settings.site)),
        Some(Route::Favicon) => Some(assets::favicon()),
        Some(Route::SearchFeed(_)) => Some(searched(app, request, SearchKind::Search).await),
        Some(Route::Dataset(DatasetFile::Month(first))) => app.dataset().month(&page_request, archive, first),
        Some(Route::Dataset(file)) => {
            let months = app.dataset().index(archive, current.generation).await;
            pages::dataset::get(&page_request, file, &months)
        }
        _ => None,
    };
    if let Some(reply) = own {
        return pattern.attach_to(reply);
    }
    // GitHub Pages served the file `/x.html` for `/x`, and `/x/index.html` for `/x/`.
    let file = if path.ends_with('/') { "index.html" } else { ".html" };
    let with_extension = format!("{path}{file}");
    let decoded_with_extension = format!("{decoded}{file}");
    own_page(&page_request, &with_extension)
        .or_else(|| of_archive(&page_request, &decoded_with_extension))
        .or_else(|| {
            old_page(&page_request, &decoded, request, &settings.legacy).map(|reply| MOVED.attach_to(reply))
        })
        .unwrap_or_else(|| error::not_found(&page_request, &decoded))
}

/// The part of a request's path below `baseurl`.
fn own_path<'p>(settings: &Settings, full: &'p str) -> Option<&'p str> {
    full.strip_prefix(settings.site.baseurl()).filter(|path| path.starts_with('/'))
}

/// The redirect from an old or damaged URL. The query is kept if the path was wrong by a slash only.
fn old_page(
    page_request: &PageRequest<'_>,
    path: &str,
    request: &Parts,
    old: &legacy::LegacySettings,
) -> Option<Reply> {
    let to = legacy::find(page_request, path, old)?;
    let decoded = paths::decode(&to)?;
    let is_near = decoded.trim_end_matches('/') == path.trim_end_matches('/');
    match request.uri.query() {
        Some(query) if is_near && decoded != path => Some(page_request.redirect_to(format!("{to}?{query}"))),
        _ => (decoded != path).then(|| page_request.redirect_to(to)),
    }
}

/// Pages that are generated from the archive.
fn own_page(page_request: &PageRequest<'_>, path: &str) -> Option<Reply> {
    let route = Route::parse(path)?;
    page_request.with_pattern(route.pattern(), |page_request| page_of(page_request, &route))
}

fn page_of(page_request: &PageRequest<'_>, route: &Route<'_>) -> Option<Reply> {
    match route {
        Route::Home => home::get(page_request),
        Route::Sources => groups::sources(page_request),
        Route::Source(name, number) => group::source(page_request, name, *number),
        Route::Tags => groups::tags(page_request),
        Route::Tag(name, number) => group::tag(page_request, name, *number),
        Route::Securities => securities::all(page_request),
        Route::Stock(code, number) | Route::Board(code, number) => {
            securities::one(page_request, route, code, *number)
        }
        Route::Year(year) => date::year(page_request, *year),
        Route::Month(year, month) => date::month(page_request, *year, *month),
        Route::Day(day, number) => date::day(page_request, *day, *number),
        Route::OpenSearch => descriptions::opensearch(page_request),
        Route::Manifest => descriptions::manifest(page_request),
        Route::Sitemaps => sitemaps::index(page_request),
        Route::Sitemap(file) => sitemaps::file(page_request, *file),
        Route::NewsSitemap => sitemaps::news(page_request),
        Route::Feed(of, format) => feeds::get(page_request, of, *format),
        Route::Asset(file) => assets::get(file, page_request.accepted().smallest()),
        // The search index may take a while, so `slow_answer` handles these.
        Route::Search | Route::Suggest => None,
        // The site's own files take precedence over these, and `slow_answer` looks for the files first.
        Route::Robots | Route::Favicon | Route::Dataset(_) | Route::SearchFeed(_) | Route::Reserved => None,
    }
}

/// Posts and pages of the site, by decoded path.
fn of_archive(page_request: &PageRequest<'_>, path: &str) -> Option<Reply> {
    if let Some(target) = page_request.archive.at_path(path) {
        return match target {
            Target::Post(id) => {
                page_request.with_pattern(POST, |page_request| Some(article::get(page_request, id)))
            }
            Target::Page(index) => {
                page_request.with_pattern(PAGE, |page_request| own::get(page_request, index))
            }
            Target::Gone => page_request.with_pattern(POST, |page_request| Some(error::gone(page_request))),
            Target::Moved(to) => Some(MOVED.attach_to(page_request.redirect_to(to))),
            Target::Away(to) if to.starts_with('/') => Some(MOVED.attach_to(page_request.redirect_to(to))),
            Target::Away(to) => Some(MOVED.attach_to(reply::redirect(&to))),
        };
    }
    let folder = path.strip_suffix("index.html").filter(|folder| folder.ends_with('/'))?;
    of_archive(page_request, folder)
}

/// The post whose Markdown source has this decoded path.
fn source_at<'a>(settings: &Settings, archive: &'a Snapshot, path: &str) -> Option<&'a Post> {
    let article = paths::article_of(path).filter(|_| settings.source)?;
    match archive.at_path(&article)? {
        Target::Post(id) => Some(archive.post(id)),
        _ => None,
    }
}

/// `/robots.txt` of a site without its own: RFC 9309, with the sitemap's URL, which must be absolute. Search
/// URLs are disallowed, because the links that narrow a search lead a crawler on without end.
fn robots(site: &site::Site) -> Reply {
    let searches = [Route::Search, Route::SearchFeed(FeedFormat::Atom), Route::SearchFeed(FeedFormat::Json)];
    let endless: String = searches.iter().map(|route| format!("Disallow: {}?\n", site.href(route))).collect();
    let sitemap = site.absolute(Route::Sitemaps);
    let sitemap = if sitemap.starts_with('/') { String::new() } else { format!("Sitemap: {sitemap}\n") };
    plain(StatusCode::OK, format!("User-agent: *\n{endless}Allow: /\n{sitemap}"))
}

fn plain(code: StatusCode, text: impl Into<Body>) -> Reply {
    let mut reply = Reply::new(text.into());
    *reply.status_mut() = code;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, cache::CachePolicy::NoStore.header());
    reply
}

/// A layer that turns a panic into a 500 response.
fn answering_panics(
    app: &Arc<App>,
) -> CatchPanicLayer<impl Fn(Box<dyn Any + Send>) -> Reply + Clone + Send + Sync + 'static> {
    let app = Arc::clone(app);
    CatchPanicLayer::custom(move |cause: Box<dyn Any + Send>| panicked(&app, &*cause))
}

fn panicked(app: &App, cause: &(dyn Any + Send)) -> Reply {
    app.metrics().panics.inc();
    tracing::error!(cause = panics::text(cause).unwrap_or_default(), "request handler panicked");
    headers::secured(plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error.\n"))
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt as _;

    use super::*;
    use crate::config::{Config, Overrides};

    #[test]
    fn panics_in_router_and_fast_path_return_500_and_are_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config::read(folder.path(), &Overrides::default(), &|_| None).expect("a configuration");
        let app = App::new(&config);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        async fn panics() -> Reply {
            panic!("a reason")
        }
        let router = Router::new().route("/", get(panics)).layer(answering_panics(&app));
        let request = Request::builder().body(Body::empty()).expect("a request");
        let slow = runtime.block_on(router.oneshot(request)).expect("an answer");
        let quick = fast_path::catch_panic(&app, || panic!("a reason")).expect("an answer").reply;
        for reply in [slow, quick] {
            assert_eq!(reply.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert!(reply.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        }
        assert_eq!(app.metrics().panics.get(), 2);
    }
}
