//! One receiver of notifications: a queue of URLs, and a thread that sends them and retries after failures.

use std::cmp::min;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use ureq::Agent;

use crate::web::notify::websub::receiver::ReceiverKind;

/// Maximum number of URLs that wait; beyond it, the oldest are dropped.
const MOST: usize = 50_000;

/// The timeout of a request, and the pauses after failures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryPolicy {
    answer: Duration,
    /// The pause after the first failure; each further pause is twice as long.
    pause: Duration,
    longest_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(10),
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(600),
        }
    }
}

/// The sending half of a queue of URLs. Once it is dropped, the thread ends when the
/// queue is empty or a request fails.
pub(crate) struct Notifier {
    kind: ReceiverKind,
    address: String,
    queue: Sender<Vec<String>>,
}

impl Notifier {
    /// Opens a queue to a URL and starts the thread that empties it.
    pub(crate) fn start(kind: ReceiverKind, address: String, retry: RetryPolicy) -> Self {
        let (queue, said) = mpsc::channel();
        let delivery = Delivery::new(kind, address.clone(), retry);
        let thread = thread::Builder::new().name("announcer".into());
        if let Err(error) = thread.spawn(move || delivery.run(&said)) {
            tracing::error!(
                "{}: cannot start the notification thread, new posts are not announced: {error}",
                kind.setting()
            );
        }
        Self { kind, address, queue }
    }

    pub(crate) fn kind(&self) -> ReceiverKind {
        self.kind
    }

    /// Returns whether the queue belongs to this receiver.
    pub(crate) fn is_for(&self, kind: ReceiverKind, address: &str) -> bool {
        (self.kind, &*self.address) == (kind, address)
    }

    /// Queues URLs; the thread sends them soon.
    pub(crate) fn enqueue(&self, addresses: Vec<String>) {
        if !addresses.is_empty() && self.queue.send(addresses).is_err() {
            tracing::error!(
                "{}: notification thread has ended, new posts are not announced; restart finews",
                self.kind.setting()
            );
        }
    }
}

/// The reason why a notification failed.
#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error("response status {0}")]
    Status(ureq::http::StatusCode),
    #[error("{0}")]
    Failed(#[from] ureq::Error),
}

impl DeliveryError {
    /// Returns whether a retry would fail too, because the receiver rejects the content. The retry
    /// would block the URLs behind it.
    fn is_permanent(&self) -> bool {
        matches!(self, Self::Status(status) if matches!(status.as_u16(), 400 | 413 | 422))
    }
}

/// Empties the queue, on its own thread.
struct Delivery {
    kind: ReceiverKind,
    address: String,
    retry: RetryPolicy,
    agent: Agent,
    /// The URLs to send, oldest first. A feed is in it only once.
    waiting: Vec<String>,
    /// Number of URLs per request; it shrinks while the receiver rejects some.
    most: usize,
}

impl Delivery {
    fn new(kind: ReceiverKind, address: String, retry: RetryPolicy) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(retry.answer))
            // A redirected POST becomes a GET, which notifies no receiver. The operator must correct the URL.
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("finews/", env!("CARGO_PKG_VERSION")))
            // Posts are minutes apart. An idle connection that the receiver has
            // closed would look like a failure.
            .max_idle_connections(0)
            .build()
            .new_agent();
        Self { kind, address, retry, agent, waiting: Vec::new(), most: kind.max_batch() }
    }

    /// Sends the queued URLs until the [`Notifier`] is dropped.
    fn run(mut self, said: &Receiver<Vec<String>>) {
        let mut pause = None;
        loop {
            if self.waiting.is_empty() {
                let Ok(addresses) = said.recv() else { return };
                self.add(addresses);
            }
            said.try_iter().for_each(|addresses| self.add(addresses));
            let part = self.waiting.len().min(self.most);
            match self.post(&self.waiting[..part]) {
                Ok(()) => {
                    self.waiting.drain(..part);
                    self.most = self.kind.max_batch().min(self.most * 2);
                    if pause.take().is_some() {
                        tracing::info!("{}: notifications succeed again", self.kind.setting());
                    }
                }
                Err(error) => {
                    if pause.is_none() {
                        tracing::warn!(
                            "{}: notification failed: {error}; retrying with increasing pauses",
                            self.kind.setting()
                        );
                    }
                    if error.is_permanent() {
                        self.halve_batch(part);
                    }
                    let next = pause.map_or(self.retry.pause, |pause: Duration| pause * 2);
                    let next = min(next, self.retry.longest_pause);
                    pause = Some(next);
                    if !self.wait(next, said) {
                        return;
                    }
                }
            }
        }
    }

    /// Halves the number of URLs per request after a rejection. A URL that is rejected on its own is dropped.
    fn halve_batch(&mut self, part: usize) {
        self.most = part.div_ceil(2);
        if part == 1 {
            self.drop_oldest(1);
        }
    }

    /// Drops the oldest waiting URLs.
    fn drop_oldest(&mut self, count: usize) {
        tracing::warn!("{}: dropped {count} URLs", self.kind.setting());
        self.waiting.drain(..count);
    }

    /// Pauses, but keeps receiving URLs. Returns false once the [`Notifier`] is dropped.
    fn wait(&mut self, pause: Duration, said: &Receiver<Vec<String>>) -> bool {
        let end = Instant::now() + pause;
        loop {
            match said.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(addresses) => self.add(addresses),
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// Adds URLs to those that wait. A feed that waits already is not added again,
    /// even if it has more new posts.
    fn add(&mut self, addresses: Vec<String>) {
        for address in addresses {
            if self.kind == ReceiverKind::Owner || !self.waiting.contains(&address) {
                self.waiting.push(address);
            }
        }
        let over = self.waiting.len().saturating_sub(MOST);
        if over > 0 {
            self.drop_oldest(over);
        }
    }

    fn post(&self, addresses: &[String]) -> Result<(), DeliveryError> {
        let request = self.agent.post(&self.address);
        let answer = match self.kind {
            ReceiverKind::Hub => {
                let topics = addresses.iter().map(|address| ("hub.url", address.as_str()));
                request.send_form([("hub.mode", "publish")].into_iter().chain(topics))?
            }
            ReceiverKind::Owner => {
                let body = json!({ "urls": addresses }).to_string();
                request.content_type("application/json").send(&body)?
            }
        };
        if answer.status().is_success() { Ok(()) } else { Err(DeliveryError::Status(answer.status())) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    const RETRY: RetryPolicy = RetryPolicy {
        answer: Duration::from_millis(300),
        pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(50),
    };

    /// The listener's reaction to a request.
    enum Reaction {
        Answer(u16),
        Hang,
        Cut,
    }

    /// Starts a listener that performs the deeds in order and then responds with 204. The channel yields the
    /// bodies of the accepted requests.
    fn listener(reactions: Vec<Reaction>) -> (String, Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}/take?key=secret", listener.local_addr().expect("an address"));
        let (sender, received) = mpsc::channel();
        thread::spawn(move || {
            let mut reactions = reactions.into_iter();
            let mut hanging = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                match reactions.next().unwrap_or(Reaction::Answer(204)) {
                    Reaction::Cut => {}
                    Reaction::Hang => hanging.push(stream),
                    Reaction::Answer(status) => {
                        let body = body(&mut stream);
                        let _ = write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
                        if status < 300 && sender.send(body).is_err() {
                            return;
                        }
                    }
                }
            }
        });
        (address, received)
    }

    /// Reads the body of a request with a `content-length`.
    fn body(stream: &mut TcpStream) -> String {
        let (mut text, mut buffer) = (String::new(), [0; 4096]);
        loop {
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let head = head.to_ascii_lowercase();
                let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
                if length.and_then(|length| length.parse().ok()) == Some(body.len()) {
                    return body.into();
                }
            }
            let count = stream.read(&mut buffer).expect("a request");
            assert!(count > 0, "a whole request: {text}");
            text.push_str(std::str::from_utf8(&buffer[..count]).expect("UTF-8"));
        }
    }

    fn next(received: &Receiver<String>) -> String {
        received.recv_timeout(Duration::from_secs(10)).expect("a notification in time")
    }

    #[test]
    fn hub_receives_a_form_and_on_publish_url_receives_json() {
        for (kind, expected) in [
            (ReceiverKind::Hub, "hub.mode=publish&hub.url=https%3A%2F%2Fn.example%2Fa&hub.url=b"),
            (ReceiverKind::Owner, r#"{"urls":["https://n.example/a","b"]}"#),
        ] {
            let (address, received) = listener(Vec::new());
            let notifier = Notifier::start(kind, address, RETRY);
            notifier.enqueue(Vec::new());
            notifier.enqueue(vec!["https://n.example/a".into(), "b".into()]);
            assert_eq!(next(&received), expected);
        }
    }

    #[test]
    fn failed_notification_is_retried_with_all_queued_urls() {
        let reactions = vec![
            Reaction::Answer(500),
            Reaction::Hang,
            Reaction::Cut,
            Reaction::Answer(301),
            Reaction::Answer(404),
        ];
        let (address, received) = listener(reactions);
        let notifier = Notifier::start(ReceiverKind::Owner, address, RETRY);
        notifier.enqueue(vec!["a".into()]);
        notifier.enqueue(vec!["b".into()]);
        let said = next(&received);
        assert_eq!(said, r#"{"urls":["a","b"]}"#);
        notifier.enqueue(vec!["c".into()]);
        assert_eq!(next(&received), r#"{"urls":["c"]}"#);
    }

    #[test]
    fn rejected_url_is_dropped_and_the_rest_is_delivered() {
        // The rejected requests hold all four URLs, the first two, and the first alone.
        let (address, received) =
            listener(vec![Reaction::Answer(422), Reaction::Answer(413), Reaction::Answer(400)]);
        let notifier = Notifier::start(ReceiverKind::Owner, address, RETRY);
        notifier.enqueue(["a", "b", "c", "d"].map(str::to_owned).to_vec());
        assert_eq!(next(&received), r#"{"urls":["b"]}"#);
        assert_eq!(next(&received), r#"{"urls":["c","d"]}"#);
    }

    #[test]
    fn oldest_urls_are_dropped_when_the_queue_is_full() {
        let mut delivery = Delivery::new(ReceiverKind::Owner, "http://127.0.0.1:1/".into(), RETRY);
        delivery.add((0..MOST + 5).map(|number| number.to_string()).collect());
        assert_eq!((delivery.waiting.len(), delivery.waiting[0].as_str()), (MOST, "5"));
        assert!(delivery.post(&delivery.waiting[..1]).is_err());
    }

    #[test]
    fn feed_url_is_queued_only_once() {
        let mut delivery = Delivery::new(ReceiverKind::Hub, "http://127.0.0.1:1/".into(), RETRY);
        delivery.add(vec!["a".into(), "b".into()]);
        delivery.add(vec!["b".into(), "c".into()]);
        assert_eq!(delivery.waiting, ["a", "b", "c"]);
    }
}
