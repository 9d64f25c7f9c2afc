//! What only the owner sees, on a listener of its own: what is wrong with the site's files, and numbers for
//! monitoring.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::routing::get;

use super::assets;
use super::cache::CachePolicy;
use super::encoding::Accepted;
use super::headers;
use super::metrics;
use super::paths::field;
use super::reply::{Reply, status};
use super::{App, answering_panics};
use crate::archive::Snapshot;
use crate::archive::problem::{self, Code, Problem, Severity};

/// Where the owner is served when nothing else is said.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:9464";

/// Problems on the page. Who has more has them as JSON.
const MOST_SHOWN: usize = 1000;

/// The route table of the owner's listener.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/problems", get(problems))
        .route("/problems.json", get(json))
        .route("/metrics", get(numbers))
        .route("/_finews/{file}", get(asset))
        .layer(axum::middleware::map_response(headers::secure))
        .layer(answering_panics(&app))
        .with_state(app)
}

/// `/problems`: a page for browsers, for all others as `/problems.json`.
async fn problems(app: State<Arc<App>>, request: HeaderMap, uri: Uri) -> Reply {
    let wants_page = request.get(header::ACCEPT).is_some_and(|accept| {
        accept.to_str().is_ok_and(|accept| accept.to_ascii_lowercase().contains("text/html"))
    });
    let mut reply = if wants_page { page(app, uri).await } else { json(app, uri).await };
    reply.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    reply
}

/// Every problem, one JSON object a line, as `finews check --json` prints them; with `?code=` those of a kind.
async fn json(State(app): State<Arc<App>>, uri: Uri) -> Reply {
    let archive = app.archive();
    let mut lines = Vec::new();
    let code = wanted_code(&uri);
    for problem in problems_of(archive.as_deref()).iter().filter(|problem| is_of(problem, code.as_deref())) {
        // A problem is text and numbers, which JSON always holds.
        if serde_json::to_writer(&mut lines, &problem).is_ok() {
            lines.push(b'\n');
        }
    }
    fresh("application/x-ndjson", lines)
}

/// Every problem of the archive, if it is loaded.
fn problems_of(archive: Option<&Snapshot>) -> Vec<Problem> {
    archive.map(Snapshot::problems).unwrap_or_default()
}

/// The kind of problem that a query asks for.
fn wanted_code(uri: &Uri) -> Option<String> {
    uri.query().and_then(|query| field(query, "code"))
}

/// Whether a problem is of a kind; each is if none is asked for.
fn is_of(problem: &Problem, code: Option<&str>) -> bool {
    code.is_none_or(|code| problem.code.to_string() == code)
}

#[derive(Template)]
#[template(path = "admin.html")]
struct Page {
    style: String,
    icon: String,
    title: String,
    posts: String,
    search: String,
    version: &'static str,
    /// Severity, code and number of each kind.
    kinds: Vec<(Severity, Code, usize)>,
    /// The kind that is shown alone.
    code: Option<String>,
    problems: Vec<Problem>,
    /// How many more there are than are shown.
    more: usize,
}

/// The owner's page: how the site is, and what is wrong with its files, errors first.
async fn page(State(app): State<Arc<App>>, uri: Uri) -> Reply {
    let served = app.served();
    let mut problems = problems_of(served.archive.as_deref());
    let kinds = problem::count(&problems);
    let code = wanted_code(&uri);
    problems.retain(|problem| is_of(problem, code.as_deref()));
    // Stable: within a severity they stay in the order of their files.
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    let more = problems.len().saturating_sub(MOST_SHOWN);
    problems.truncate(MOST_SHOWN);
    let path = |asset: &assets::Asset| format!("/_finews/{}", asset.name());
    let page = Page {
        style: path(&assets::STYLE),
        icon: path(&assets::ICON),
        title: served.settings.site.title.clone(),
        posts: match &served.archive {
            Some(archive) => format!("{} posts", archive.len()),
            None => "the archive is being loaded".into(),
        },
        search: app.search().state().to_string(),
        version: env!("CARGO_PKG_VERSION"),
        kinds: kinds.into_iter().rev().map(|((severity, code), count)| (severity, code, count)).collect(),
        code,
        problems,
        more,
    };
    match page.render() {
        Ok(html) => fresh("text/html; charset=utf-8", html.into_bytes()),
        Err(error) => failed(&error),
    }
}

/// `/metrics`
async fn numbers(State(app): State<Arc<App>>) -> Reply {
    match app.metrics().text(&app) {
        Ok(text) => fresh(metrics::CONTENT_TYPE, text.into_bytes()),
        Err(error) => failed(&error),
    }
}

async fn asset(Path(file): Path<String>, request: HeaderMap) -> Reply {
    let reply = assets::get(&file, Accepted::of(&request).smallest());
    reply.unwrap_or_else(|| status(StatusCode::NOT_FOUND))
}

/// What is of this moment only.
fn fresh(content_type: &'static str, bytes: Vec<u8>) -> Reply {
    let mut reply = Reply::new(bytes.into());
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, CachePolicy::NoStore.header());
    reply
}

fn failed(error: &dyn std::error::Error) -> Reply {
    tracing::error!(%error, "an owner's page could not be made");
    status(StatusCode::INTERNAL_SERVER_ERROR)
}
