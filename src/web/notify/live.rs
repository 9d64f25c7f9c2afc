//! `/live`: sends each new post as a server-sent event when it is published
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::collections::VecDeque;
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
use crate::web::paths::field;
use crate::web::view::site::Site;

/// Number of events that a client can request again with `Last-Event-ID`.
const KEPT: usize = 500;
/// A client that is this many messages behind is disconnected. It can reconnect
/// and request the missed events.
const BEHIND: usize = 256;
/// Interval of heartbeats. Proxies close connections that are silent for longer.
pub const HEARTBEAT: Duration = Duration::from_secs(20);
/// Maximum number of clients. Each takes a few kilobytes.
const MOST: usize = 20_000;

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
    /// Distinguishes the event ids of this process from those of earlier ones.
    run: u64,
    recent: Mutex<RecentEvents>,
    /// Maximum number of clients.
    most: AtomicUsize,
}

#[derive(Default)]
struct RecentEvents {
    /// The process is about to end.
    has_ended: bool,
    /// Number of events since the start.
    count: u64,
    /// The most recent events, oldest first.
    events: VecDeque<Bytes>,
}

impl Default for Live {
    fn default() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self {
            sender: channel(BEHIND).0,
            run: since.as_millis() as u64,
            recent: Mutex::default(),
            most: AtomicUsize::new(MOST),
        }
    }
}

impl Live {
    /// Sends new posts to all clients, oldest first.
    pub(crate) fn publish(&self, site: &Site, archive: &Snapshot, new: &[PostId]) {
        let mut recent = self.recent();
        let mut message = Vec::new();
        if new.len() > KEPT {
            // More events than a reader can use.
            recent.count += new.len() as u64;
            recent.events.clear();
            message = self.bare_event(&recent, RESET);
        } else {
            for id in new {
                let Ok(data) = serde_json::to_string(&data(site, archive, *id)) else { continue };
                recent.count += 1;
                let text = format!("{}event: post\ndata: {data}\n\n", self.id(&recent));
                if recent.events.len() == KEPT {
                    recent.events.pop_front();
                }
                message.extend_from_slice(text.as_bytes());
                recent.events.push_back(text.into());
            }
        }
        if !message.is_empty() {
            // All posts of an update are one message, so that a burst leaves no client behind. Sending
            // fails if there are no clients.
            let _ = self.sender.send(Message::Text(message.into()));
        }
    }

    /// Sends a heartbeat, which keeps the connections alive for clients and proxies.
    pub fn send_heartbeat(&self) {
        let _ = self.sender.send(Message::Text(Bytes::from_static(b":\n\n")));
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
        self.recent().has_ended = true;
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
        let recent = self.recent();
        let receiver = self.sender.subscribe();
        let mut first = b"retry: 3000\n".to_vec();
        match last.map(|last| self.missed(&recent, last)) {
            // A client that loses its connection before the first post resumes from this event.
            None => first.extend(self.bare_event(&recent, "hello")),
            Some(Some(missed)) => {
                first.push(b'\n');
                missed.for_each(|event| first.extend_from_slice(event));
            }
            Some(None) => first.extend(self.bare_event(&recent, RESET)),
        }
        if recent.has_ended {
            // Browsers reconnect a moment later, to the next process. After an error response they would not.
            return Body::from(first);
        }
        drop(recent);
        Body::from_stream(stream::unfold((Some(Bytes::from(first)), receiver), next))
    }

    /// Returns the events after an id; `None` if the id is unknown or too old.
    fn missed<'r>(&self, recent: &'r RecentEvents, last: &str) -> Option<impl Iterator<Item = &'r Bytes>> {
        let (run, number) = last.split_once('-')?;
        let number: u64 = number.parse().ok()?;
        let is_ours = u64::from_str_radix(run, 16) == Ok(self.run);
        let missed = usize::try_from(recent.count.checked_sub(number)?).ok()?;
        let known = recent.events.len().checked_sub(missed)?;
        is_ours.then(|| recent.events.range(known..))
    }

    /// The `id` line of the most recent event.
    fn id(&self, recent: &RecentEvents) -> String {
        format!("id: {:x}-{}\n", self.run, recent.count)
    }

    /// Formats an event without a post. Browsers ignore events without data, so it has an empty object.
    fn bare_event(&self, recent: &RecentEvents, event: &str) -> Vec<u8> {
        format!("{}event: {event}\ndata: {{}}\n\n", self.id(recent)).into_bytes()
    }

    fn recent(&self) -> MutexGuard<'_, RecentEvents> {
        // Each event is complete, so the state is valid even after a panic.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
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
