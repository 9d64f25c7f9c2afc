//! What only the owner sees, on a listener of its own: what is wrong with the site's files.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::routing::get;

use super::App;
use super::headers;
use super::reply::Reply;

/// Where the owner is served when nothing else is said.
pub const DEFAULT_ADDRESS: &str = "127.0.0.1:9464";

/// The route table of the owner's listener.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/problems", get(problems))
        .layer(axum::middleware::map_response(headers::secure))
        .with_state(app)
}

/// Every problem, one JSON object a line, as `finews check --json` prints them.
async fn problems(State(app): State<Arc<App>>) -> Reply {
    let mut lines = Vec::new();
    if let Some(archive) = app.archive() {
        for problem in archive.problems() {
            // A problem is text and numbers, which JSON always holds.
            if serde_json::to_writer(&mut lines, &problem).is_ok() {
                lines.push(b'\n');
            }
        }
    }
    let mut reply = Reply::new(lines.into());
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    reply
}
