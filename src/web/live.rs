//! `/live`: each new post as a server-sent event, the moment it is published
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

use super::cache::CachePolicy;
use super::paths::field;
use super::reply::{Reply, status};
use super::site::Site;
use crate::archive::snapshot::Group;
use crate::archive::{PostId, Snapshot};

/// Events that can be asked for again with `Last-Event-ID`.
const KEPT: usize = 500;
/// A client that is so many editions of the archive behind is dropped. It can come back and ask for those it missed.
const BEHIND: usize = 256;
/// Proxies cut connections that are silent for longer.
pub const HEARTBEAT: Duration = Duration::from_secs(20);
/// Clients at once. Each takes some kilobytes.
const MOST: usize = 20_000;

/// The event that says that more was missed than can be told: whoever shows a list should fetch it anew.
const RESET: &str = "reset";

/// What is sent to every client.
#[derive(Debug, Clone)]
enum Message {
    Text(Bytes),
    /// The process is about to end.
    End,
}

/// An event's data.
#[derive(Serialize)]
struct Data<'a> {
    id: &'a str,
    title: &'a str,
    url: String,
    date: String,
    source: Option<&'a str>,
    /// The names in addresses of all its sources.
    categories: Vec<&'a str>,
    securities: Vec<Security<'a>>,
}

#[derive(Serialize)]
struct Security<'a> {
    code: &'a str,
    name: &'a str,
}

/// The events of the last while, and whoever waits for the next.
pub struct Live {
    sender: Sender<Message>,
    /// Tells the events of one run of the program from those of another.
    run: u64,
    recent: Mutex<Recent>,
    /// Clients at once.
    most: AtomicUsize,
}

#[derive(Default)]
struct Recent {
    /// The process is about to end.
    has_ended: bool,
    /// How many events there have been.
    count: u64,
    /// The last of them, oldest first.
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
    /// Tells every client of posts that have appeared, oldest first.
    pub(super) fn publish(&self, site: &Site, archive: &Snapshot, new: &[PostId]) {
        let mut recent = self.recent();
        let mut message = Vec::new();
        if new.len() > KEPT {
            // Nobody would read so many.
            recent.count += new.len() as u64;
            recent.events.clear();
            message = self.word(&recent, RESET);
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
            // All of an edition at once, so that a burst leaves nobody behind. Nobody may be there to
            // hear it.
            let _ = self.sender.send(Message::Text(message.into()));
        }
    }

    /// Says to every client, and to proxies on the way, that the connection is alive.
    pub fn beat(&self) {
        let _ = self.sender.send(Message::Text(Bytes::from_static(b":\n\n")));
    }

    /// How many follow.
    pub(super) fn clients(&self) -> usize {
        self.sender.receiver_count()
    }

    /// Leaves room for other connections, of which there may be so many.
    pub fn share(&self, connections: usize) {
        self.most.store(MOST.min(connections / 2), Ordering::Relaxed);
    }

    /// Ends every client's answer, and those of clients that come from now on.
    pub(super) fn end(&self) {
        self.recent().has_ended = true;
        let _ = self.sender.send(Message::End);
    }

    /// Answers `/live`.
    pub(super) fn get(&self, request: &HeaderMap, query: Option<&str>) -> Reply {
        if self.sender.receiver_count() >= self.most.load(Ordering::Relaxed) {
            let mut reply = status(StatusCode::SERVICE_UNAVAILABLE);
            reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
            return reply;
        }
        // A browser that comes back names the last event in a header, a script that does in the query.
        let last = request.get("last-event-id").map(|last| last.to_str().unwrap_or_default().to_owned());
        let last = last.or_else(|| field(query?, "after"));
        let mut reply = Reply::new(self.follow(last.as_deref()));
        let headers = reply.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, CachePolicy::NoStore.header());
        // nginx would otherwise wait for more before it sends anything on.
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        reply
    }

    fn follow(&self, last: Option<&str>) -> Body {
        // The lock is held over both, so that no event is missed or sent twice.
        let recent = self.recent();
        let receiver = self.sender.subscribe();
        let mut first = b"retry: 3000\n".to_vec();
        match last.map(|last| self.missed(&recent, last)) {
            // Who is cut off before the first post asks for those after this.
            None => first.extend(self.word(&recent, "hello")),
            Some(Some(missed)) => {
                first.push(b'\n');
                missed.for_each(|event| first.extend_from_slice(event));
            }
            Some(None) => first.extend(self.word(&recent, RESET)),
        }
        if recent.has_ended {
            // Browsers come back a moment later, to whoever is there then. From any other answer they would not.
            return Body::from(first);
        }
        drop(recent);
        Body::from_stream(stream::unfold((Some(Bytes::from(first)), receiver), next))
    }

    /// The events after one; nothing if that is not known any more.
    fn missed<'r>(&self, recent: &'r Recent, last: &str) -> Option<impl Iterator<Item = &'r Bytes>> {
        let (run, number) = last.split_once('-')?;
        let number: u64 = number.parse().ok()?;
        let is_ours = u64::from_str_radix(run, 16) == Ok(self.run);
        let missed = usize::try_from(recent.count.checked_sub(number)?).ok()?;
        let known = recent.events.len().checked_sub(missed)?;
        is_ours.then(|| recent.events.range(known..))
    }

    /// The line that names the last event.
    fn id(&self, recent: &Recent) -> String {
        format!("id: {:x}-{}\n", self.run, recent.count)
    }

    /// An event without a post. Browsers drop those without data.
    fn word(&self, recent: &Recent, event: &str) -> Vec<u8> {
        format!("{}event: {event}\ndata: {{}}\n\n", self.id(recent)).into_bytes()
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        // The events are whole whoever has panicked.
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Client = (Option<Bytes>, Receiver<Message>);

/// The next piece of a client's answer. One that is too far behind has had its last.
async fn next((first, mut receiver): Client) -> Option<(Result<Bytes, Infallible>, Client)> {
    if let Some(first) = first {
        return Some((Ok(first), (None, receiver)));
    }
    match receiver.recv().await {
        Ok(Message::Text(text)) => Some((Ok(text), (None, receiver))),
        Ok(Message::End) | Err(_) => None,
    }
}

fn data<'a>(site: &Site, archive: &'a Snapshot, id: PostId) -> Data<'a> {
    let post = archive.post(id);
    let securities = post
        .securities
        .iter()
        .map(|mention| Security { code: archive.name(mention.code), name: archive.name(mention.name) });
    Data {
        id: post.id(),
        title: post.title(),
        url: site.href(post.url()),
        date: post.date.to_rfc3339(archive.zone()),
        source: archive.source(post).map(Group::label),
        categories: post.categories().iter().map(|name| archive.name(*name)).collect(),
        securities: securities.collect(),
    }
}
