//! The HTTP side of the archive: routing, pages, responses.
//!
//! In reading order:
//! - [`paths`]: the only module that spells URLs
//! - [`site`], [`words`], [`html`], [`images`], [`timeline`], [`calendar`], [`pictures`], [`asked`],
//!   [`directory`]: parts of pages
//! - [`pages`]: one file per page
//! - [`feeds`], [`sitemaps`], [`metadata`], [`descriptions`], [`dataset`]: documents for feed readers, search
//!   engines and other programs
//! - [`cache`], [`encoding`], [`reply`]: cache policies, fingerprints, encoded responses
//! - [`live`], [`announce`]: notifications of new posts, to readers and to other servers
//! - [`legacy`], [`files`], [`assets`]: old URLs, the site's files, the built-in files
//! - [`App`]: the current site and archive
//! - [`headers`], [`client`], [`server`], [`Front`]: headers of every response, the client's address, the
//!   listener, and the fast path from the listener to a page
//! - [`searches`], [`readiness`]: the limits on searches, and the notice of a shutdown to load balancers
//! - [`admin`], [`metrics`]: views for the operator only

mod absolute;
pub mod admin;
pub mod announce;
mod app;
pub mod asked;
pub mod assets;
pub mod cache;
pub mod calendar;
pub mod client;
pub mod dataset;
pub mod descriptions;
pub mod directory;
pub mod encoding;
pub mod feeds;
pub mod files;
mod front;
pub mod headers;
pub mod html;
pub mod images;
pub mod legacy;
pub mod live;
pub mod metadata;
pub mod metrics;
pub mod pages;
pub mod paths;
pub mod pictures;
pub mod readiness;
pub mod reply;
pub mod searches;
pub mod server;
pub mod site;
pub mod sitemaps;
pub mod timeline;
pub mod words;
mod xml;

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
pub use app::App;
use app::Settings;
use files::Unsent;
pub use front::Front;
use metrics::Shed;
use pages::{article, date, error, group, groups, home, own, search, securities, source_text, suggest};
use paths::Route;
use reply::{Failure, Marked, Pattern, Reply, Visit, status};
use searches::{Kind, Refusal};

const HEALTH: Pattern = Pattern("/healthz");
const READY: Pattern = Pattern("/readyz");
const LIVE: Pattern = Pattern("/live");
const POST: Pattern = Pattern("{post}");
/// A page that the operator wrote, such as `about.md`.
const PAGE: Pattern = Pattern("{page}");
/// The Markdown source of a post.
const SOURCE: Pattern = Pattern("{source}");
const FILE: Pattern = Pattern("{file}");
/// A redirect: the post moved, or the URL is old or damaged.
const MOVED: Pattern = Pattern("{moved}");

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
    HEALTH.mark(plain(StatusCode::OK, "ok\n"))
}

/// `/readyz`: the archive is loaded and the process is not shutting down. `?verbose` adds the progress of the
/// search index; readiness does not depend on it.
async fn ready(State(app): State<Arc<App>>, request: HeaderMap, uri: Uri) -> Reply {
    let is_verbose = uri.query().is_some_and(|query| query.split('&').any(|field| field == "verbose"));
    if !is_verbose {
        // Record the probe before the state is read, so that the probe that ends `Readiness::heard` reads
        // "draining".
        app.readiness().asked(&request);
    }
    let (code, text) = if app.is_draining() {
        (StatusCode::SERVICE_UNAVAILABLE, "draining")
    } else if app.archive().is_none() {
        (StatusCode::SERVICE_UNAVAILABLE, "loading")
    } else {
        (StatusCode::OK, "ok")
    };
    if !is_verbose {
        return READY.mark(plain(code, format!("{text}\n")));
    }
    let posts = app.archive().map_or(0, |archive| archive.len());
    let text = format!("{text}\narchive: {posts} posts\nsearch: {}\n", app.search().state());
    READY.mark(plain(code, text))
}

/// Handles every other path.
async fn answer(State(app): State<Arc<App>>, request: Request) -> Reply {
    let (request, _) = request.into_parts();
    match quick_answer(&app, &request) {
        Some(marked) => marked.into_reply(),
        None => slow_answer(&app, &request).await,
    }
}

/// Runs a search or a suggestion request on a blocking thread.
async fn searched(app: &Arc<App>, request: &Parts, kind: Kind) -> Reply {
    match searched_in_turn(app, request, kind).await {
        Ok(reply) => reply,
        Err(refusal) => {
            app.observer().shed(refusal.reason());
            refusal.reply(&app.served().settings.site)
        }
    }
}

async fn searched_in_turn(app: &Arc<App>, request: &Parts, kind: Kind) -> Result<Reply, Refusal> {
    if kind == Kind::Search {
        app.searches().check(request)?;
    }
    let turn = app.searches().turn(kind).await?;
    let (app, headers, uri) = (Arc::clone(app), request.headers.clone(), request.uri.clone());
    let answer = tokio::task::spawn_blocking(move || {
        // Hold the permit until the work ends, even if the client disconnects.
        let _turn = turn;
        let since = Instant::now();
        let served = app.served();
        let settings = &*served.settings;
        let archive = served.archive.as_ref()?;
        let visit = Visit::new(&settings.site, archive, settings.source, app.pages(), &headers);
        let visit = visit.asking(uri.query().unwrap_or_default());
        let reply = match Route::parse(own_path(settings, uri.path())?)? {
            Route::Search => Some(search::get(&visit, app.search(), &served.directory, served.generation)),
            Route::Suggest => Some(suggest::get(&visit, &served.directory)),
            Route::SearchFeed(format) => feeds::search(&visit, app.search(), served.generation, format),
            _ => None,
        };
        if kind == Kind::Search {
            app.metrics().searched(since.elapsed());
        }
        reply.map(unlisted).or_else(|| Some(error::not_found(&visit, &paths::decode(uri.path())?)))
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
fn quick_answer(app: &App, request: &Parts) -> Option<Marked> {
    if !matches!(request.method, Method::GET | Method::HEAD) {
        let mut reply = status(StatusCode::METHOD_NOT_ALLOWED);
        reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Some(reply.into());
    }
    let served = app.served();
    let Some(archive) = &served.archive else {
        let mut reply = plain(StatusCode::SERVICE_UNAVAILABLE, "The archive is loading.\n");
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        return Some(reply.into());
    };
    let settings = &*served.settings;
    let visit = Visit::new(&settings.site, archive, settings.source, app.pages(), &request.headers);
    let full = request.uri.path();
    let Some(path) = own_path(settings, full) else {
        // The host's root, and the site's root without its slash, redirect to the home page.
        let near = full == "/" || full == settings.site.baseurl();
        let decoded = paths::decode(full).unwrap_or_default();
        let reply = if near { visit.moved(Route::Home) } else { error::not_found(&visit, &decoded) };
        return Some(reply.into());
    };
    // The page cache knows addresses without a query only. A request with one is resolved each time.
    let visit = match request.uri.query() {
        Some(query) => visit.asking(query),
        None => {
            if let Some(marked) = visit.again(full, served.generation) {
                return Some(marked);
            }
            visit.at(full, served.generation)
        }
    };
    let Some(decoded) = paths::decode(path) else {
        return Some(plain(StatusCode::BAD_REQUEST, "Invalid path.\n").into());
    };
    own_page(&visit, path).or_else(|| of_archive(&visit, &decoded)).map(Marked::from)
}

/// Responses that read the disk or wait, and those for a path that the archive does not have.
async fn slow_answer(app: &Arc<App>, request: &Parts) -> Reply {
    let served = app.served();
    let (settings, Some(archive)) = (&*served.settings, &served.archive) else {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "The archive is loading.\n");
    };
    let visit = Visit::new(&settings.site, archive, settings.source, app.pages(), &request.headers);
    let path = own_path(settings, request.uri.path()).unwrap_or("/");
    if path == paths::LIVE {
        return LIVE.mark(app.live().get(&request.headers, request.uri.query()));
    }
    let route = Route::parse(path);
    let pattern = route.as_ref().map(Route::pattern).unwrap_or_default();
    match route {
        Some(Route::Search) => return pattern.mark(searched(app, request, Kind::Search).await),
        Some(Route::Suggest) => return pattern.mark(searched(app, request, Kind::Suggestions).await),
        _ => {}
    }
    let decoded = paths::decode(path).unwrap_or_default();
    if let Some(post) = source_at(settings, archive, &decoded) {
        return SOURCE.mark(source_text::get(&visit, &settings.root, post).await);
    }
    match settings.files.get(&decoded, request, app.places()).await {
        Ok(Some(reply)) => return FILE.mark(reply),
        Ok(None) => {}
        Err(Unsent::Failed(error)) => return FILE.mark(Failure::from(error).reply(visit.site)),
        Err(Unsent::Crowded) => {
            app.observer().shed(Shed::Files);
            return FILE.mark(error::busy(visit.site, StatusCode::SERVICE_UNAVAILABLE, 1));
        }
    }
    let own = match route {
        Some(Route::Robots) => Some(robots(&settings.site)),
        Some(Route::Favicon) => Some(assets::favicon()),
        Some(Route::SearchFeed(_)) => Some(searched(app, request, Kind::Search).await),
        Some(Route::Dataset(dataset::File::Month(first))) => app.dataset().month(&visit, archive, first),
        Some(Route::Dataset(file)) => {
            let months = app.dataset().index(archive, served.generation).await;
            pages::dataset::get(&visit, file, &months)
        }
        _ => None,
    };
    if let Some(reply) = own {
        return pattern.mark(reply);
    }
    // GitHub Pages served the file `/x.html` for `/x`, and `/x/index.html` for `/x/`.
    let file = if path.ends_with('/') { "index.html" } else { ".html" };
    let with_extension = format!("{path}{file}");
    let decoded_with_extension = format!("{decoded}{file}");
    own_page(&visit, &with_extension)
        .or_else(|| of_archive(&visit, &decoded_with_extension))
        .or_else(|| old_page(&visit, &decoded, request, &settings.old).map(|reply| MOVED.mark(reply)))
        .unwrap_or_else(|| error::not_found(&visit, &decoded))
}

/// The part of a request's path below `baseurl`.
fn own_path<'p>(settings: &Settings, full: &'p str) -> Option<&'p str> {
    full.strip_prefix(settings.site.baseurl()).filter(|path| path.starts_with('/'))
}

/// The redirect from an old or damaged URL. The query is kept if the path was wrong by a slash only.
fn old_page(visit: &Visit<'_>, path: &str, request: &Parts, old: &legacy::Old) -> Option<Reply> {
    let to = legacy::find(visit, path, old)?;
    let decoded = paths::decode(&to)?;
    let is_near = decoded.trim_end_matches('/') == path.trim_end_matches('/');
    match request.uri.query() {
        Some(query) if is_near && decoded != path => Some(visit.moved(format!("{to}?{query}"))),
        _ => (decoded != path).then(|| visit.moved(to)),
    }
}

/// Pages that are generated from the archive.
fn own_page(visit: &Visit<'_>, path: &str) -> Option<Reply> {
    let route = Route::parse(path)?;
    visit.to(route.pattern(), |visit| page_of(visit, &route))
}

fn page_of(visit: &Visit<'_>, route: &Route<'_>) -> Option<Reply> {
    match route {
        Route::Home => home::get(visit),
        Route::Sources => groups::sources(visit),
        Route::Source(name, number) => group::source(visit, name, *number),
        Route::Tags => groups::tags(visit),
        Route::Tag(name, number) => group::tag(visit, name, *number),
        Route::Securities => securities::all(visit),
        Route::Stock(code, number) | Route::Board(code, number) => {
            securities::one(visit, route, code, *number)
        }
        Route::Year(year) => date::year(visit, *year),
        Route::Month(year, month) => date::month(visit, *year, *month),
        Route::Day(day, number) => date::day(visit, *day, *number),
        Route::OpenSearch => descriptions::opensearch(visit),
        Route::Manifest => descriptions::manifest(visit),
        Route::Sitemaps => sitemaps::index(visit),
        Route::Sitemap(file) => sitemaps::file(visit, *file),
        Route::NewsSitemap => sitemaps::news(visit),
        Route::Feed(of, format) => feeds::get(visit, of, *format),
        Route::Asset(file) => assets::get(file, visit.accepted().smallest()),
        // The search index may take a while, so `slow_answer` handles these.
        Route::Search | Route::Suggest => None,
        // The site's own files take precedence over these, and `slow_answer` looks for the files first.
        Route::Robots | Route::Favicon | Route::Dataset(_) | Route::SearchFeed(_) | Route::Kept => None,
    }
}

/// Posts and pages of the site, by decoded path.
fn of_archive(visit: &Visit<'_>, path: &str) -> Option<Reply> {
    if let Some(target) = visit.archive.at_path(path) {
        return match target {
            Target::Post(id) => visit.to(POST, |visit| Some(article::get(visit, id))),
            Target::Page(index) => visit.to(PAGE, |visit| own::get(visit, index)),
            Target::Gone => visit.to(POST, |visit| Some(error::gone(visit))),
            Target::Moved(to) => Some(MOVED.mark(visit.moved(to))),
            Target::Away(to) if to.starts_with('/') => Some(MOVED.mark(visit.moved(to))),
            Target::Away(to) => Some(MOVED.mark(reply::redirect(&to))),
        };
    }
    let folder = path.strip_suffix("index.html").filter(|folder| folder.ends_with('/'))?;
    of_archive(visit, folder)
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
    let searches =
        [Route::Search, Route::SearchFeed(feeds::Format::Atom), Route::SearchFeed(feeds::Format::Json)];
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
        let quick = front::caught(&app, || panic!("a reason")).expect("an answer").reply;
        for reply in [slow, quick] {
            assert_eq!(reply.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert!(reply.headers().contains_key(header::CONTENT_SECURITY_POLICY));
        }
        assert_eq!(app.metrics().panics.get(), 2);
    }
}
