//! `/live`: the server sends new posts as events, and a client that reconnects can ask for those it missed.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use finews::archive::Progress;
use finews::archive::updater::Updater;
use finews::web::{self, App, paths};
use http_body_util::BodyExt;
use tempfile::TempDir;
use tower::ServiceExt;

use crate::support::{Server, config, folder};

/// A site whose `/live` stream can be read.
struct LiveSite {
    folder: TempDir,
    updater: Updater,
    app: Arc<App>,
}

impl LiveSite {
    fn new() -> Self {
        let folder = folder(&[("_config.yml", "baseurl: /b\n"), ("_posts/2024-01-01-old.md", "old\n")]);
        let config = Arc::new(config(folder.path()));
        let app = App::new(&config);
        let updater = Updater::open(config, paths::RESERVED_PATHS, &Progress::default()).expect("a site");
        app.publish(updater.archive());
        Self { folder, updater, app }
    }

    /// Writes a post file and publishes it.
    fn write(&mut self, name: &str, text: &str) {
        let file = self.post(name);
        std::fs::write(&file, text).expect("a file");
        self.publish(&[file]);
    }

    /// The path of a file in `_posts`.
    fn post(&self, name: &str) -> PathBuf {
        self.folder.path().join("_posts").join(name)
    }

    /// Publishes the changes of some files.
    fn publish(&mut self, files: &[PathBuf]) {
        let update = self.updater.apply_events(files, &[]).0.expect("an update");
        self.app.publish_update(update);
    }

    /// Opens the event stream, optionally after the event ID `last`.
    async fn subscribe(&self, last: Option<&str>) -> Subscriber {
        let mut request = Request::get("/b/live");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let request = request.body(Body::empty()).expect("a request");
        let reply = web::router(Arc::clone(&self.app)).oneshot(request).await.expect("an answer");
        assert_eq!(reply.status(), StatusCode::OK);
        assert_eq!(reply.headers()["content-type"], "text/event-stream");
        assert_eq!(reply.headers()["cache-control"], "no-store");
        Subscriber { body: reply.into_body() }
    }
}

struct Subscriber {
    body: Body,
}

impl Subscriber {
    /// The next chunk of the stream; `None` at its end.
    async fn next(&mut self) -> Option<String> {
        let frame =
            tokio::time::timeout(Duration::from_secs(5), self.body.frame()).await.expect("in time")?;
        let bytes = frame.expect("a body that does not fail").into_data().expect("data");
        Some(String::from_utf8(bytes.to_vec()).expect("UTF-8"))
    }
}

/// The value of one field of an event.
fn field<'e>(event: &'e str, name: &str) -> &'e str {
    let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("{name} in {event:?}"))
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test);
}

const POST: &str = "---\ntitle: A new post\ndate: 2024-01-02 08:00:00 +0000\ncategories: wire\n---\n\
<p><span id=\"stock_1.600160\"><a href=\"http://quote.eastmoney.com/unify/r/1.600160\" \
class=\"keytip\" \
data-code=\"1,600160\">巨化股份</a></span></p>\n";

#[test]
fn new_post_event_contains_title_url_and_securities() {
    run(async {
        let mut site = LiveSite::new();
        let mut subscriber = site.subscribe(None).await;
        let hello = subscriber.next().await.expect("an event");
        assert!(hello.starts_with("retry: 3000\nid: ") && field(&hello, "event") == "hello", "{hello}");
        site.write("2024-01-02-new.md", POST);
        let event = subscriber.next().await.expect("an event");
        assert_eq!(field(&event, "event"), "post");
        let data: serde_json::Value = serde_json::from_str(field(&event, "data")).expect("JSON");
        let expected = serde_json::json!({
            "id": "/wire/2024/01/02/new",
            "title": "A new post",
            "url": "/b/wire/2024/01/02/new.html",
            "date": "2024-01-02T08:00:00+00:00",
            "source": "wire",
            "categories": ["wire"],
            "securities": [{ "code": "600160.SH", "name": "巨化股份" }],
        });
        assert_eq!(data, expected);
    });
}

#[test]
fn new_post_event_contains_all_sources() {
    run(async {
        let mut site = LiveSite::new();
        let mut subscriber = site.subscribe(None).await;
        subscriber.next().await;
        site.write(
            "2024-01-02-new.md",
            "---\ntitle: A\ncategories: [first, second]\ntags: [First, Second]\n---\n",
        );
        let event = subscriber.next().await.expect("an event");
        let data: serde_json::Value = serde_json::from_str(field(&event, "data")).expect("JSON");
        assert_eq!(data["categories"], serde_json::json!(["first", "second"]));
        assert_eq!(data["source"], "Second", "as readers call the most particular");
    });
}

#[test]
fn corrected_and_hidden_posts_send_no_event() {
    run(async {
        let mut site = LiveSite::new();
        site.write("2024-01-02-new.md", POST);
        let mut subscriber = site.subscribe(None).await;
        subscriber.next().await;
        site.write("2024-01-02-new.md", &POST.replace("A new", "A mended"));
        site.write("2024-01-03-hidden.md", "---\nhidden: true\n---\n");
        site.write("2024-01-04-seen.md", "---\ntitle: seen\n---\n");
        let event = subscriber.next().await.expect("an event");
        assert!(event.contains("\"title\":\"seen\""), "{event}");
    });
}

#[test]
fn renamed_post_sends_no_event() {
    run(async {
        let mut site = LiveSite::new();
        site.write("2024-01-02-new.md", POST);
        let mut subscriber = site.subscribe(None).await;
        subscriber.next().await;
        let [old, new] = ["2024-01-02-new.md", "2024-01-02-renamed.md"].map(|name| site.post(name));
        std::fs::rename(&old, &new).expect("a file");
        site.publish(&[old, new]);
        site.write("2024-01-04-seen.md", "---\ntitle: seen\n---\n");
        let event = subscriber.next().await.expect("an event");
        assert!(event.contains("\"title\":\"seen\""), "{event}");
    });
}

#[test]
fn post_written_to_a_temporary_file_sends_one_event() {
    run(async {
        let mut site = LiveSite::new();
        let mut subscriber = site.subscribe(None).await;
        subscriber.next().await;
        for ending in ["tmp", "part", "bak", "1234"] {
            let name = format!("2024-01-02-{ending}.md");
            let (temporary, whole) = (site.post(&format!("{name}.{ending}")), site.post(&name));
            std::fs::write(&temporary, POST.replace("A new", ending)).expect("a file");
            assert!(site.updater.apply_events(std::slice::from_ref(&temporary), &[]).0.is_none());
            std::fs::rename(&temporary, &whole).expect("a file");
            site.publish(&[temporary, whole]);
            let event = subscriber.next().await.expect("an event");
            assert!(event.contains(&format!("\"title\":\"{ending} post\"")), "{event}");
        }
        site.write("2024-01-09-seen.md", "---\ntitle: seen\n---\n");
        let event = subscriber.next().await.expect("an event");
        assert!(event.contains("\"title\":\"seen\""), "{event}");
    });
}

#[test]
fn reconnecting_client_receives_missed_events() {
    run(async {
        let mut site = LiveSite::new();
        let mut subscriber = site.subscribe(None).await;
        subscriber.next().await;
        site.write("2024-01-02-a.md", "---\ntitle: first\n---\n");
        let last = field(&subscriber.next().await.expect("an event"), "id").to_owned();
        drop(subscriber);
        site.write("2024-01-03-b.md", "---\ntitle: second\n---\n");
        site.write("2024-01-04-c.md", "---\ntitle: third\n---\n");
        let missed = site.subscribe(Some(&last)).await.next().await.expect("events");
        assert!(
            !missed.contains("first") && missed.contains("second") && missed.contains("third"),
            "{missed}"
        );
        assert!(!missed.contains("event: reset"), "{missed}");
        let again = web::router(Arc::clone(&site.app))
            .oneshot(Request::get(format!("/b/live?after={last}")).body(Body::empty()).expect("a request"))
            .await;
        let mut again = Subscriber { body: again.expect("an answer").into_body() };
        assert_eq!(again.next().await.as_ref(), Some(&missed), "a script asks in the query");
        for unknown in ["0-1", "nonsense", &format!("{last}99")] {
            let first = site.subscribe(Some(unknown)).await.next().await.expect("an event");
            assert!(first.contains("event: reset"), "{unknown}: {first}");
        }
    });
}

#[test]
fn client_continues_after_a_restart_without_a_reset() {
    run(async {
        let mut site = LiveSite::new();
        let mut subscriber = site.subscribe(None).await;
        subscriber.next().await;
        let now = chrono::Utc::now();
        let write = |site: &mut LiveSite, name: &str| {
            let date = now.format("%Y-%m-%d %H:%M:%S +0000");
            let text = format!("---\ntitle: {name}\ndate: {date}\n---\n");
            site.write(&format!("{}-{name}.md", now.format("%Y-%m-%d")), &text);
        };
        write(&mut site, "first");
        let last = field(&subscriber.next().await.expect("an event"), "id").to_owned();
        write(&mut site, "second");
        site.app = App::new(&config(site.folder.path()));
        site.app.publish(site.updater.archive());
        let missed = site.subscribe(Some(&last)).await.next().await.expect("events");
        assert_eq!(missed.matches("event: post").count(), 1, "{missed}");
        assert!(missed.contains("\"title\":\"second\"") && !missed.contains("event: reset"), "{missed}");
    });
}

#[test]
fn replay_covers_500_events_and_then_sends_a_reset() {
    run(async {
        let mut site = LiveSite::new();
        let mut subscriber = site.subscribe(None).await;
        subscriber.next().await;
        site.write("2024-01-01-first.md", "---\ntitle: first\n---\n");
        let last = field(&subscriber.next().await.expect("an event"), "id").to_owned();
        drop(subscriber);
        let burst = |site: &mut LiveSite, from: usize, count: usize| {
            let files = (from..from + count).map(|number| {
                let file = site.folder.path().join(format!("_posts/2024-02-01-{number}.md"));
                std::fs::write(&file, format!("---\ntitle: t{number}\n---\n")).expect("a file");
                file
            });
            let files: Vec<_> = files.collect();
            site.publish(&files);
        };
        burst(&mut site, 0, 500);
        let missed = site.subscribe(Some(&last)).await.next().await.expect("events");
        assert_eq!(missed.matches("event: post").count(), 500);
        burst(&mut site, 500, 1);
        let missed = site.subscribe(Some(&last)).await.next().await.expect("events");
        assert!(missed.contains("event: reset"), "501 were missed");
        // A batch beyond the replay limit is sent as a single reset, not as one event per post.
        let last = field(&missed, "id").to_owned();
        let mut subscriber = site.subscribe(Some(&last)).await;
        subscriber.next().await;
        burst(&mut site, 1000, 501);
        let reset = subscriber.next().await.expect("an event");
        assert!(reset.contains("event: reset") && !reset.contains("event: post"), "{reset}");
        assert!(site.subscribe(Some(&last)).await.next().await.expect("an event").contains("event: reset"));
        burst(&mut site, 2000, 1);
        let missed = site.subscribe(Some(field(&reset, "id"))).await.next().await.expect("events");
        assert!(missed.contains("t2000") && !missed.contains("event: reset"), "{missed}");
    });
}

#[test]
fn client_cut_off_after_hello_receives_the_first_event() {
    run(async {
        let mut site = LiveSite::new();
        let first = site.subscribe(None).await.next().await.expect("a beginning");
        site.write("2024-01-02-new.md", POST);
        let missed = site.subscribe(Some(field(&first, "id"))).await.next().await.expect("events");
        assert!(missed.contains("A new post") && !missed.contains("event: reset"), "{missed}");
    });
}

#[test]
fn client_too_far_behind_is_disconnected() {
    run(async {
        let mut site = LiveSite::new();
        let mut slow = site.subscribe(None).await;
        slow.next().await;
        for _ in 0..2000 {
            site.app.live().send_heartbeat();
        }
        assert_eq!(slow.next().await, None);
        let mut quick = site.subscribe(None).await;
        quick.next().await;
        site.app.live().send_heartbeat();
        let heartbeat = quick.next().await.expect("a heartbeat");
        // A block without data is no event, but browsers keep its id.
        assert!(heartbeat.starts_with(":\nid: ") && heartbeat.ends_with("\n\n"), "{heartbeat}");
        assert_eq!(heartbeat.lines().count(), 3, "{heartbeat}");
        site.write("2024-01-02-new.md", POST);
        assert!(quick.next().await.is_some_and(|event| event.contains("A new post")));
    });
}

#[test]
fn event_streams_end_when_the_server_drains() {
    run(async {
        let site = LiveSite::new();
        let mut subscriber = site.subscribe(None).await;
        subscriber.next().await;
        site.app.drain();
        assert_eq!(subscriber.next().await, None);
        // A browser reconnects at once; the short stream makes it retry until it reaches the next process.
        let mut again = site.subscribe(None).await;
        assert!(again.next().await.is_some_and(|first| first.contains("event: hello")));
        assert_eq!(again.next().await, None);
    });
}

#[test]
fn event_streams_use_at_most_half_of_the_connections() {
    let site = folder(&[("_posts/2024-01-02-a.md", "A")]);
    let server = Server::new(site.path(), &["--max-connections", "20"]);
    let follow = || {
        let mut stream = server.socket(Duration::from_secs(10));
        stream.write_all(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n").expect("a request");
        let mut response = [0; 12];
        stream.read_exact(&mut response).expect("an answer");
        (stream, String::from_utf8_lossy(&response).into_owned())
    };
    let followers: Vec<_> = (0..11).map(|_| follow()).collect();
    let responses: Vec<&str> = followers.iter().map(|(_, response)| &response[9..]).collect();
    assert_eq!(responses, [["200"; 10].as_slice(), &["503"]].concat());
    assert_eq!(server.get("/").status, StatusCode::OK);
}
