//! The operator's pages, on a separate listener: problems in the site's files, and metrics for monitoring.

pub mod metrics;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::routing::get;

use crate::archive::Snapshot;
use crate::archive::problem::{self, Code, Problem, Severity};
use crate::web::app::App;
use crate::web::http::cache::ContentType;
use crate::web::http::encoding::AcceptedEncodings;
use crate::web::http::reply::{Reply, fresh, status};
use crate::web::http::{assets, headers};
use crate::web::paths::field;
use crate::web::server::panics::catch_panics;

/// Default address of the operator's listener, as `host:port`.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:9464";

/// Maximum number of problems on the page; `/problems.json` lists all of them.
const MOST_SHOWN: usize = 1000;

/// Returns the router of the operator's listener.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/problems", get(problems))
        .route("/problems.json", get(json))
        .route("/metrics", get(numbers))
        .route("/_finews/{file}", get(asset))
        .layer(axum::middleware::map_response(headers::secure))
        .layer(catch_panics(app.observer()))
        .with_state(app)
}

/// `/problems`: an HTML page for browsers, and the content of `/problems.json` for other clients.
async fn problems(app: State<Arc<App>>, request: HeaderMap, uri: Uri) -> Reply {
    let wants_page = request.get(header::ACCEPT).is_some_and(|accept| {
        accept.to_str().is_ok_and(|accept| accept.to_ascii_lowercase().contains("text/html"))
    });
    let mut reply = if wants_page { page(app, uri).await } else { json(app, uri).await };
    reply.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    reply
}

/// All problems, one JSON object per line, as `finews check --json` prints them. The
/// query `?code=` selects one kind.
async fn json(State(app): State<Arc<App>>, uri: Uri) -> Reply {
    let archive = app.archive();
    let mut lines = Vec::new();
    let code = wanted_code(&uri);
    for problem in problems_of(archive.as_deref()).iter().filter(|problem| is_of(problem, code.as_deref())) {
        // Serializing text and numbers to JSON does not fail.
        if serde_json::to_writer(&mut lines, &problem).is_ok() {
            lines.push(b'\n');
        }
    }
    fresh(StatusCode::OK, "application/x-ndjson", lines)
}

/// Returns the problems of the archive; empty until the archive is loaded.
fn problems_of(archive: Option<&Snapshot>) -> Vec<Problem> {
    archive.map(Snapshot::problems).unwrap_or_default()
}

/// Returns the problem code that the query selects.
fn wanted_code(uri: &Uri) -> Option<String> {
    uri.query().and_then(|query| field(query, "code"))
}

/// Returns whether a problem has this code. Without a code, every problem matches.
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
    /// Severity, code and count of each kind of problem.
    kinds: Vec<(Severity, Code, usize)>,
    /// The selected code, if the page shows only one kind.
    code: Option<String>,
    problems: Vec<Problem>,
    /// Number of problems that the page leaves out.
    more: usize,
}

/// The operator's page: the state of the site and the problems of its files, errors first.
async fn page(State(app): State<Arc<App>>, uri: Uri) -> Reply {
    let current = app.current();
    let mut problems = problems_of(current.archive.as_deref());
    let kinds = problem::count(&problems);
    let code = wanted_code(&uri);
    problems.retain(|problem| is_of(problem, code.as_deref()));
    // The sort is stable: within a severity, problems keep the order of their files.
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    let more = problems.len().saturating_sub(MOST_SHOWN);
    problems.truncate(MOST_SHOWN);
    let path = |asset: &assets::Asset| format!("/_finews/{}", asset.name());
    let page = Page {
        style: path(&assets::STYLE),
        icon: path(&assets::ICON),
        title: current.settings.site.title.clone(),
        posts: match &current.archive {
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
        Ok(html) => fresh(StatusCode::OK, ContentType::HTML.name, html),
        Err(error) => failed(&error),
    }
}

/// Serves `/metrics`.
async fn numbers(State(app): State<Arc<App>>) -> Reply {
    match app.metrics().text(&app) {
        Ok(text) => fresh(StatusCode::OK, metrics::CONTENT_TYPE, text),
        Err(error) => failed(&error),
    }
}

async fn asset(Path(file): Path<String>, request: HeaderMap) -> Reply {
    let reply = assets::get(&file, AcceptedEncodings::from_headers(&request).smallest(), false);
    reply.unwrap_or_else(|| status(StatusCode::NOT_FOUND))
}

fn failed(error: &dyn std::error::Error) -> Reply {
    tracing::error!(%error, "cannot render a page of the admin listener");
    status(StatusCode::INTERNAL_SERVER_ERROR)
}
