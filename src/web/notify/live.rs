//! `/live`: sends each new post as a server-sent event when it is published
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::broadcast::{Receiver, Sender, channel};

use crate::archive::snapshot::{Group, GroupKind};
use crate::archive::{PostId, Snapshot};
use crate::web::http::cache::CachePolicy;
use crate::web::http::reply::{Reply, status};
use crate::web::notify::recent_events::{BEFORE_START, EventId, KEPT, NAMED, RecentEvents};
use crate::web::paths::field;
use crate::web::view::site::Site;

/// A client that is this many messages behind is disconnected. It can reconnect
/// and request the missed events.
const BEHIND: usize = 256;
/// Interval of heartbeats. Proxies close connections that are silent for longer.
pub const HEARTBEAT: Duration = Duration::from_secs(20);
/// Maximum number of clients. Each takes a few kilobytes.
const MOST: usize = 20_000;

/// Age of the oldest posts that are news at the start. Moves and corrections change files of older posts too.
const NEWS_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The event for a client that missed more events than are kept. A page with a list should reload it.
const RESET: &str = "reset";

/// A message to all clients.
#[derive(Debug, Clone)]
enum Message {
    Text(Bytes),
    /// The process is about to end.
    End,
}

/// The data of a `post` event.
#[derive(Serialize)]
struct PostEvent<'a> {
    id: &'a str,
    title: &'a str,
    url: String,
    date: String,
    source: Option<&'a str>,
    /// The URL names of all its sources.
    categories: Vec<&'a str>,
    securities: Vec<EventSecurity<'a>>,
}

#[derive(Serialize)]
struct EventSecurity<'a> {
    code: &'a str,
    name: &'a str,
}

/// The recent events, and the clients that wait for the next one.
pub struct Live {
    sender: Sender<Message>,
    state: Mutex<LiveState>,
    /// Maximum number of clients.
    most: AtomicUsize,
}

#[derive(Default)]
struct LiveState {
    /// The process is about to end.
    has_ended: bool,
    recent: RecentEvents,
}

impl Default for Live {
    fn default() -> Self {
        Self { sender: channel(BEHIND).0, state: Mutex::default(), most: AtomicUsize::new(MOST) }
    }
}

impl Live {
    /// Starts the record of events with the archive that was loaded.
    pub(crate) fn start(&self, site: &Site, archive: &Snapshot) {
        let now = SystemTime::now();
        let appeared = |id: PostId| archive.post(id).due_since();
        let newest = archive.listed().iter().rev();
        let newest = newest.take_while(|id| archive.post(*id).date.system_time() > now - NEWS_AGE);
        let recent = newest.filter(|id| appeared(*id) > now - BEFORE_START).take(NAMED + 1);
        let event = |id: PostId| {
            let data = serde_json::to_string(&data(site, archive, id)).ok()?;
            Some((appeared(id), archive.post(id).key(), data))
        };
        let mut events: Vec<_> = recent.filter_map(event).collect();
        events.sort();
        self.state().recent.start(&events);
    }

    /// Sends new posts to all clients, oldest first.
    pub(crate) fn publish(&self, site: &Site, archive: &Snapshot, new: &[PostId]) {
        let mut state = self.state();
        let mut message = Vec::new();
        if new.len() > KEPT {
            // More events than a reader can use.
            state.recent.forget();
            message = state.recent.bare_event(RESET);
        } else {
            for id in new {
                let Ok(data) = serde_json::to_string(&data(site, archive, *id)) else { continue };
                message.extend_from_slice(&state.recent.add(archive.post(*id).key(), &data));
            }
        }
        if !message.is_empty() {
            // All posts of an update are one message, so that a burst leaves no client behind. Sending
            // fails if there are no clients.
            let _ = self.sender.send(Message::Text(message.into()));
        }
    }

    /// Sends a heartbeat, which keeps the connections alive for clients and proxies. Its id causes no event, but
    /// keeps the position of a client recent: an instance that started a minute ago can continue from it.
    pub fn send_heartbeat(&self) {
        let mut state = self.state();
        let heartbeat = format!(":\nid: {}\n\n", state.recent.current_id());
        let _ = self.sender.send(Message::Text(heartbeat.into()));
    }

    /// Number of connected clients.
    pub(crate) fn clients(&self) -> usize {
        self.sender.receiver_count()
    }

    /// Limits the clients to half of the maximum number of connections, to leave room for other requests.
    pub fn limit_clients(&self, connections: usize) {
        self.most.store(MOST.min(connections / 2), Ordering::Relaxed);
    }

    /// Ends the streams of all clients, and those of later clients after their first message.
    pub(crate) fn end(&self) {
        self.state().has_ended = true;
        let _ = self.sender.send(Message::End);
    }

    /// Serves the event stream `/live`.
    pub(crate) fn get(&self, request: &HeaderMap, query: Option<&str>) -> Reply {
        if self.sender.receiver_count() >= self.most.load(Ordering::Relaxed) {
            let mut reply = status(StatusCode::SERVICE_UNAVAILABLE);
            reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
            return reply;
        }
        // A browser that reconnects names the last event in a header; a script names it in the query.
        let last = request.get("last-event-id").map(|last| last.to_str().unwrap_or_default().to_owned());
        let last = last.or_else(|| field(query?, "after"));
        let mut reply = Reply::new(self.subscribe(last.as_deref()));
        let headers = reply.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, CachePolicy::NoStore.header());
        // Without this header, nginx buffers the events.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        reply
    }

    fn subscribe(&self, last: Option<&str>) -> Body {
        // The lock covers both steps, so that no event is missed or sent twice.
        let mut state = self.state();
        let receiver = self.sender.subscribe();
        let mut first = b"retry: 3000\n".to_vec();
        match last.map(|last| state.recent.since(&EventId::from_text(last)?)) {
            // A client that loses its connection before the first post resumes from this event.
            None => first.extend(state.recent.bare_event("hello")),
            Some(Some(missed)) => {
                first.push(b'\n');
                first.extend(missed);
            }
            Some(None) => first.extend(state.recent.bare_event(RESET)),
        }
        if state.has_ended {
            // Browsers reconnect a moment later, to the next process. After an error response they would not.
            return Body::from(first);
        }
        drop(state);
        Body::from_stream(stream::unfold((Some(Bytes::from(first)), receiver), next))
    }

    fn state(&self) -> MutexGuard<'_, LiveState> {
        // Each event is complete, so the state is valid even after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type EventClient = (Option<Bytes>, Receiver<Message>);

/// Returns the next chunk of a client's stream. The stream ends if the client is too far behind.
async fn next((first, mut receiver): EventClient) -> Option<(Result<Bytes, Infallible>, EventClient)> {
    if let Some(first) = first {
        return Some((Ok(first), (None, receiver)));
    }
    match receiver.recv().await {
        Ok(Message::Text(text)) => Some((Ok(text), (None, receiver))),
        Ok(Message::End) | Err(_) => None,
    }
}

fn data<'a>(site: &Site, archive: &'a Snapshot, id: PostId) -> PostEvent<'a> {
    let (post, story) = (archive.post(id), archive.story(id));
    let mentions = archive.mentions(&story);
    let securities = mentions
        .iter()
        .map(|mention| EventSecurity { code: archive.name(mention.code), name: archive.name(mention.name) });
    PostEvent {
        id: post.id(),
        title: post.title(),
        url: site.href(post.url()),
        date: post.date.to_rfc3339(archive.zone()),
        source: archive.source(post).map(Group::label),
        categories: archive
            .group_names(&story, GroupKind::Source)
            .into_iter()
            .map(|name| archive.name(name))
            .collect(),
        securities: securities.collect(),
    }
}
