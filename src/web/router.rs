//! Finds the handler of a request. [`Route`] names the generated pages; every other path is a post, a page, a
//! file or an old URL of the site.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::map_response_with_state;
use axum::routing::get;

use crate::archive::snapshot::GroupKind;
use crate::archive::{Post, Snapshot, Target};
use crate::web::admin::metrics::Rejection;
use crate::web::app::{App, CurrentSite};
use crate::web::documents::{descriptions, feeds, robots, sitemaps};
use crate::web::http::cache::CacheHeaders;
use crate::web::http::file_reply::SendError;
use crate::web::http::files::FileAddress;
use crate::web::http::reply::{PageError, ROBOTS_TAG, Reply, RoutedReply, plain, redirect, status, unlisted};
use crate::web::http::request::PageRequest;
use crate::web::http::route_pattern::RoutePattern;
use crate::web::http::{assets, headers};
use crate::web::pages::{
    article, dataset, date, error, group, groups, home, own, search, securities, source_text, suggest,
};
use crate::web::paths::damaged::repaired;
use crate::web::paths::dataset::DatasetFile;
use crate::web::paths::feed::FeedFormat;
use crate::web::paths::{self, Route, legacy};
use crate::web::server::panics::catch_panics;
use crate::web::server::searches::{SearchKind, SearchRejection};

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

/// The router. Only the two health checks have routes of their own, since `baseurl` precedes all other paths and
/// may change while the server runs.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .fallback(answer)
        .layer(map_response_with_state(Arc::clone(&app), complete))
        // Outermost, so that it also catches a panic in the layers above.
        .layer(catch_panics(app.observer()))
        .with_state(app)
}

/// Adds the headers that all responses have. A content delivery network keeps only responses that allow it.
async fn complete(State(app): State<Arc<App>>, reply: Reply) -> Reply {
    let mut reply = headers::secured(reply);
    if app.has_cdn() {
        CacheHeaders::keep_out_of_cdn(reply.headers_mut());
    }
    reply
}

/// `/healthz`: the process is running.
async fn alive() -> Reply {
    HEALTH.attach_to(plain(StatusCode::OK, "ok\n"))
}

/// `/readyz`: the archive is loaded and the process is not shutting down. `?verbose` adds the progress of the
/// search index and of a replica; readiness depends on neither.
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
    let mut text = format!("{text}\narchive: {posts} posts\nsearch: {}\n", app.search().state());
    if let Some((position, lag)) = app.replica().get() {
        text += &format!(
            "replica: position {position}, last answer of the bucket {:.1} s ago\n",
            lag.as_secs_f64()
        );
    }
    READY.attach_to(plain(code, text))
}

/// Handles every other path. This is the only place that renders the failure of a page.
async fn answer(State(app): State<Arc<App>>, request: Request) -> Reply {
    let (request, _) = request.into_parts();
    let mut reply = respond(&app, &request).await;
    // Another instance may have named a post that this one has not read yet.
    if reply.status() == StatusCode::NOT_FOUND && app.look_for_post(request.uri.path()).await {
        reply = respond(&app, &request).await;
    }
    if reply.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return reply;
    }
    let is_unlisted = reply.headers().contains_key(ROBOTS_TAG);
    let RoutedReply { pattern, .. } = reply.into();
    let page = error::failed(&app.current().settings.site);
    pattern.attach_to(if is_unlisted { unlisted(page) } else { page })
}

/// Checks that the archive is loaded and that the path belongs to the site, and resolves the path.
async fn respond(app: &Arc<App>, request: &Parts) -> Reply {
    if !matches!(request.method, Method::GET | Method::HEAD) {
        let mut reply = status(StatusCode::METHOD_NOT_ALLOWED);
        reply.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return reply;
    }
    let current = app.current();
    let Some(archive) = &current.archive else {
        let mut reply = plain(StatusCode::SERVICE_UNAVAILABLE, "The archive is loading.\n");
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        return reply;
    };
    let settings = &*current.settings;
    let page_request =
        PageRequest::new(&settings.site, archive, settings.source, app.page_cache(), &request.headers);
    let full = request.uri.path();
    let Some(path) = settings.own_path(full) else {
        // The host's root, and the site's root without its slash, redirect to the home page.
        let is_near = full == "/" || full == settings.site.baseurl();
        return if is_near {
            page_request.redirect_to(Route::Home)
        } else {
            let decoded = repaired(full).unwrap_or_else(|| paths::decode_lossy(full).into_owned());
            error::not_found(&page_request, &decoded)
        };
    };
    let decoded = paths::decode_lossy(path);
    if decoded.contains('\0') {
        return plain(StatusCode::BAD_REQUEST, "Invalid path.\n");
    }
    let route = Route::parse(path);
    // The page cache knows addresses without a query only.
    let in_memory = match request.uri.query() {
        Some(query) => page_request.with_query(query),
        None => page_request.remembered_at(full, current.generation),
    };
    if let Some(reply) = generated(&in_memory, route.as_ref()).or_else(|| archived(&in_memory, &decoded)) {
        return reply;
    }
    let repair = repaired(path);
    // The other responses depend on files. This request has no address, so the page cache does not record them.
    SlowRequest {
        app,
        current: &current,
        archive,
        request,
        page_request,
        path,
        is_damaged: repair.is_some(),
        decoded: repair.unwrap_or_else(|| decoded.into_owned()),
    }
    .reply(route)
    .await
}

/// The page that is generated for a route; `None` if the archive lacks its subject.
fn generated(page_request: &PageRequest<'_>, route: Option<&Route<'_>>) -> Option<Reply> {
    let route = route?;
    page_request.with_pattern(route.pattern(), |page_request| page_of(page_request, route))
}

/// The route table: the handler of each generated page.
fn page_of(page_request: &PageRequest<'_>, route: &Route<'_>) -> Option<Reply> {
    match route {
        Route::Home => home::get(page_request),
        Route::Groups(kind) => groups::get(page_request, *kind),
        Route::Group(GroupKind::Security, code, number) => securities::one(page_request, code, *number),
        Route::Group(kind, name, number) => group::get(page_request, *kind, name, *number),
        Route::Misplaced(code, number) => securities::resolve(page_request, code, *number),
        Route::Year(year) => date::year(page_request, *year),
        Route::Month(year, month) => date::month(page_request, *year, *month),
        Route::Day(day, number) => date::day(page_request, *day, *number),
        Route::OpenSearch => descriptions::opensearch(page_request),
        Route::Sitemaps => sitemaps::index(page_request),
        Route::Sitemap(file) => sitemaps::file(page_request, *file),
        Route::NewsSitemap => sitemaps::news(page_request),
        Route::Feed(of, format) => feeds::get(page_request, of, *format),
        Route::Asset(file) => assets::get(file, page_request.accepted().smallest(), page_request.site.cdn),
        // A search may take a while, so `SlowRequest` handles it.
        Route::Search | Route::Suggest => None,
        // The site's own files take precedence over these, so `SlowRequest` looks for the files first.
        Route::Robots | Route::Manifest | Route::Favicon | Route::Dataset(_) | Route::SearchFeed(_) => None,
        Route::Reserved => None,
    }
}

/// Posts and pages of the site, by decoded path.
fn archived(page_request: &PageRequest<'_>, path: &str) -> Option<Reply> {
    if let Some(target) = page_request.archive.at_path(path) {
        return match target {
            Target::Post(id) => {
                page_request.with_pattern(POST, |page_request| Some(article::get(page_request, id)))
            }
            Target::Page(index) => match page_request.archive.pages()[index].redirect_to() {
                Some(to) => Some(away(page_request, to)),
                None => page_request.with_pattern(PAGE, |page_request| own::get(page_request, index)),
            },
            Target::Gone => page_request.with_pattern(POST, |page_request| Some(error::gone(page_request))),
            Target::Moved(to) => Some(MOVED.attach_to(page_request.redirect_to(to))),
            Target::Away(to) => Some(away(page_request, &to)),
        };
    }
    let folder = path.strip_suffix("index.html").filter(|folder| folder.ends_with('/'))?;
    archived(page_request, folder)
}

/// The redirect to the target of `redirect_to`.
fn away(page_request: &PageRequest<'_>, to: &str) -> Reply {
    let is_own = to.starts_with('/');
    let reply = if is_own { page_request.redirect_to(to) } else { redirect(to, page_request.site.cdn) };
    MOVED.attach_to(reply)
}

/// A request whose response may wait for the disk, for the search index or for an event.
struct SlowRequest<'a> {
    app: &'a Arc<App>,
    current: &'a CurrentSite,
    archive: &'a Arc<Snapshot>,
    request: &'a Parts,
    page_request: PageRequest<'a>,
    path: &'a str,
    /// The path, percent-decoded and repaired.
    decoded: String,
    /// True if the path lost its end or is not UTF-8.
    is_damaged: bool,
}

impl SlowRequest<'_> {
    async fn reply(&self, route: Option<Route<'_>>) -> Reply {
        if self.path == paths::LIVE {
            return LIVE.attach_to(self.app.live().get(&self.request.headers, self.request.uri.query()));
        }
        let pattern = route.as_ref().map(Route::pattern).unwrap_or_default();
        match route {
            Some(Route::Search) => return pattern.attach_to(self.search(SearchTask::Results).await),
            Some(Route::Suggest) => return pattern.attach_to(self.search(SearchTask::Suggestions).await),
            _ => {}
        }
        if let Some(reply) = self.file().await {
            return reply;
        }
        if let Some(route) = route
            && let Some(reply) = self.fallback_of_file(route).await
        {
            return pattern.attach_to(reply);
        }
        self.nearby().await
    }

    /// The Markdown source of a post, or a file of the site.
    async fn file(&self) -> Option<Reply> {
        if let Some(post) = self.source() {
            let root = &self.current.settings.root;
            return Some(SOURCE.attach_to(source_text::get(&self.page_request, root, post).await));
        }
        let page_file = self.archive.page_file(&self.decoded);
        self.file_at(page_file.map_or(FileAddress::Path(&self.decoded), FileAddress::Page)).await
    }

    async fn file_at(&self, address: FileAddress<'_>) -> Option<Reply> {
        let (files, page_request) = (&self.current.settings.files, &self.page_request);
        match files.get(address, self.request, page_request, self.app.file_permits()).await {
            Ok(reply) => reply.map(|reply| FILE.attach_to(reply)),
            Err(SendError::Failed(error)) => Some(FILE.attach_to(PageError::from(error).into_reply())),
            Err(SendError::Busy) => {
                self.app.observer().record_rejection(Rejection::Files);
                let busy = error::busy(self.page_request.site, StatusCode::SERVICE_UNAVAILABLE, 1);
                Some(FILE.attach_to(busy))
            }
        }
    }

    /// The post whose Markdown source has this path.
    fn source(&self) -> Option<&Post> {
        let article = paths::article_of(&self.decoded).filter(|_| self.current.settings.source)?;
        match self.archive.at_path(&article)? {
            Target::Post(id) => Some(self.archive.post(id)),
            _ => None,
        }
    }

    /// A document that is generated because the site has no file at its path.
    async fn fallback_of_file(&self, route: Route<'_>) -> Option<Reply> {
        match route {
            Route::Robots => Some(robots::get(self.page_request.site)),
            Route::Manifest => descriptions::manifest(&self.page_request),
            Route::Favicon => Some(assets::favicon(self.page_request.site.cdn)),
            Route::SearchFeed(format) => Some(self.search(SearchTask::Feed(format)).await),
            Route::Dataset(DatasetFile::Month(first)) => {
                self.app.dataset().month(&self.page_request, self.archive, first)
            }
            Route::Dataset(file) => {
                let months = self.app.dataset().index(self.archive, self.current.generation).await;
                dataset::get(&self.page_request, file, &months)
            }
            _ => None,
        }
    }

    /// The page, post or file that a static host would serve at this path, a redirect from an old or damaged URL, or
    /// the 404 page.
    async fn nearby(&self) -> Reply {
        // GitHub Pages served the file `/x.html` for `/x`, and `/x/index.html` for `/x/`.
        let file = if self.path.ends_with('/') { "index.html" } else { ".html" };
        let (path, decoded) = (format!("{}{file}", self.path), format!("{}{file}", self.decoded));
        let found = if self.is_damaged {
            let spellings = [&self.decoded, &decoded];
            let to = spellings.into_iter().find_map(|path| legacy::located(&self.page_request, path));
            to.map(|to| MOVED.attach_to(self.page_request.redirect_to(to)))
        } else {
            generated(&self.page_request, Route::parse(&path).as_ref())
                .or_else(|| archived(&self.page_request, &decoded))
        };
        if let Some(reply) = found {
            return reply;
        }
        if let Some(file) = self.archive.page_file(&decoded)
            && let Some(reply) = self.file_at(FileAddress::Page(file)).await
        {
            return reply;
        }
        // Programs that save pages keep the escapes of a URL in the name of a file.
        if self.path.contains('%')
            && let Some(reply) = self.file_at(FileAddress::Path(self.path)).await
        {
            return reply;
        }
        let old = self.old_url().map(|reply| MOVED.attach_to(reply));
        old.unwrap_or_else(|| error::not_found(&self.page_request, &self.decoded))
    }

    /// The redirect from an old or damaged URL. The query is kept if the path was wrong by a slash only.
    fn old_url(&self) -> Option<Reply> {
        let path = &self.decoded;
        let to = legacy::find(&self.page_request, path, &self.current.settings.legacy)?;
        let decoded = paths::decode_lossy(&to);
        let is_near = decoded.trim_end_matches('/') == path.trim_end_matches('/');
        match self.request.uri.query() {
            Some(query) if is_near && decoded != *path => {
                Some(self.page_request.redirect_to(format!("{to}?{query}")))
            }
            _ => (decoded != *path).then(|| self.page_request.redirect_to(to)),
        }
    }

    /// Runs a search within the limits on searches.
    async fn search(&self, task: SearchTask) -> Reply {
        match self.admitted_search(task).await {
            Ok(reply) => reply,
            Err(rejection) => {
                self.app.observer().record_rejection(rejection.reason());
                rejection.reply(self.page_request.site)
            }
        }
    }

    /// Waits for a permit and runs a search on a blocking thread.
    async fn admitted_search(&self, task: SearchTask) -> Result<Reply, SearchRejection> {
        let kind = task.kind();
        if kind == SearchKind::Search {
            self.app.searches().check_rate(self.request)?;
        }
        let permit = self.app.searches().acquire(kind).await?;
        let (app, headers, uri) =
            (Arc::clone(self.app), self.request.headers.clone(), self.request.uri.clone());
        let search = tokio::task::spawn_blocking(move || {
            // Hold the permit until the work ends, even if the client disconnects.
            let _permit = permit;
            let since = Instant::now();
            let reply = task.run(&app, &headers, &uri);
            if kind == SearchKind::Search {
                app.metrics().record_search(since.elapsed());
            }
            reply
        });
        Ok(match search.await {
            Ok(Some(reply)) => unlisted(reply),
            Ok(None) => error::not_found(&self.page_request, &self.decoded),
            // The panic layer of the router makes the response.
            Err(failed) => match failed.try_into_panic() {
                Ok(cause) => std::panic::resume_unwind(cause),
                Err(_) => status(StatusCode::SERVICE_UNAVAILABLE),
            },
        })
    }
}

/// A use of the search index.
#[derive(Clone, Copy)]
enum SearchTask {
    Results,
    Suggestions,
    Feed(FeedFormat),
}

impl SearchTask {
    fn kind(self) -> SearchKind {
        match self {
            Self::Results | Self::Feed(_) => SearchKind::Search,
            Self::Suggestions => SearchKind::Suggestions,
        }
    }

    /// Makes the response from the site and archive of this moment; the search may have waited for a permit.
    fn run(self, app: &App, headers: &HeaderMap, uri: &Uri) -> Option<Reply> {
        let current = app.current();
        let (settings, archive) = (&*current.settings, current.archive.as_ref()?);
        let page_request =
            PageRequest::new(&settings.site, archive, settings.source, app.page_cache(), headers)
                .with_query(uri.query().unwrap_or_default());
        match self {
            Self::Results => {
                let indexes = search::Indexes {
                    posts: app.search(),
                    names: &current.name_index,
                    pages: &current.page_texts,
                };
                Some(search::get(&page_request, indexes, current.generation))
            }
            Self::Suggestions => Some(suggest::get(&page_request, &current.name_index)),
            Self::Feed(format) => feeds::search(&page_request, app.search(), current.generation, format),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use axum::body::Body;
    use chrono::Datelike as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::archive::snapshot::{ListPage, PageNumber};
    use crate::archive::{Progress, load};
    use crate::config::{Config, Overrides};
    use crate::web::paths::RESERVED_PATHS;
    use crate::web::paths::date::month_bounds;
    use crate::web::paths::feed::FeedOf;

    /// An app that serves the sample archive, without a search index.
    fn sample() -> Arc<App> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let config = Config::read(root, &Overrides::default(), &|_| None).expect("a configuration");
        let app = App::new(&config);
        app.publish(Arc::new(load(&config, RESERVED_PATHS, &Progress::default()).expect("an archive")));
        app
    }

    /// A route of every kind that the archive has a page or a document for.
    fn routes(archive: &Snapshot) -> Vec<Route<'_>> {
        use FeedFormat::{Atom, Json};
        use Route::{Group, Groups, Home, Manifest, NewsSitemap, OpenSearch, Robots, SearchFeed, Sitemaps};
        let mut routes = vec![Home, Manifest, NewsSitemap, OpenSearch, Robots, SearchFeed(Json), Sitemaps];
        routes.extend([Route::Favicon, Route::Search, Route::Suggest, SearchFeed(Atom)]);
        routes.extend([Atom, Json].map(|format| Route::Feed(FeedOf::All, format)));
        for kind in GroupKind::ALL {
            let group = archive.groups(kind).iter().max_by_key(|group| group.posts().len()).expect("a group");
            let name = archive.name(group.name());
            routes.push(Groups(kind));
            let mut pages = vec![PageNumber::Latest, PageNumber::Page(1)];
            pages.retain(|number| ListPage::new(group.posts(), *number).is_some());
            routes.extend(pages.into_iter().map(|number| Group(kind, name.into(), number)));
            routes.extend([Atom, Json].map(|format| Route::Feed(FeedOf::Group(kind, name.into()), format)));
        }
        let newest = archive.listed().last().expect("a post");
        let day = archive.post(newest).date.day(archive.zone());
        let (year, month) = (day.year(), day.month());
        routes.extend([Route::Year(year), Route::Month(year, month), Route::day(day)]);
        let (first, _) = month_bounds(year, month).expect("a month");
        routes.extend([Route::Dataset(DatasetFile::Index), Route::Dataset(DatasetFile::Month(first))]);
        routes.push(Route::Asset(assets::STYLE.name().into()));
        routes
    }

    #[test]
    fn each_route_reaches_the_handler_of_its_kind() {
        let app = sample();
        let archive = app.archive().expect("an archive");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        for route in routes(&archive) {
            let path = route.to_string();
            let request = Request::builder().uri(&path).body(Body::empty()).expect("a request");
            let reply = runtime.block_on(router(Arc::clone(&app)).oneshot(request)).expect("a response");
            // Only the handler of a route marks its response with the pattern of the route.
            assert_eq!(reply.extensions().get(), Some(&route.pattern()), "{path}");
        }
    }
}
