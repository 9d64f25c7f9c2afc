//! The WebSub hub and the operator's webhook receive new posts, and readers never wait for either.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;

use crate::support::{Server, Site, folder, post};

/// Starts a hub that responds with 500 to its first `failures` requests; returns its URL and later bodies.
fn hub(failures: usize) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("an option");
    let address = format!("http://{}/hub", listener.local_addr().expect("an address"));
    let (sender, receiver) = mpsc::channel();
    let count = Arc::new(AtomicUsize::new(0));
    let router = Router::new().fallback(move |body: String| async move {
        if count.fetch_add(1, Ordering::Relaxed) < failures {
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
        // The test may be over.
        let _ = sender.send(body);
        StatusCode::NO_CONTENT
    });
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            axum::serve(listener, router).await
        })
    });
    (address, receiver)
}

fn next_body(receiver: &Receiver<String>) -> String {
    receiver.recv_timeout(Duration::from_secs(20)).expect("a notification in time")
}

fn config(hub: &str, webhook: &str) -> String {
    format!(
        "title: T\nurl: https://news.example\nbaseurl: /b\nfinews:\n  websub: {{hub: \"{hub}\"}}\n  on_publish: \"{webhook}\"\n"
    )
}

#[test]
fn hub_and_webhook_receive_new_posts_after_failures() {
    let (hub, hub_bodies) = hub(2);
    let (webhook, webhook_bodies) = self::hub(0);
    let site = folder(&[
        ("_config.yml", &config(&hub, &webhook)),
        ("_posts/2024-01-01-old.md", &post("Old", "2024-01-01 08:00", "hetan")),
    ]);
    let server = Server::new(site.path(), &[]);
    let new = post("New", "2024-01-02 08:00", "hetan");
    std::fs::write(site.path().join("_posts/2024-01-02-new.md"), new).expect("a file");
    assert_eq!(
        next_body(&webhook_bodies),
        r#"{"urls":["https://news.example/b/hetan/2024/01/02/new.html"]}"#
    );
    let ping = next_body(&hub_bodies);
    let fields: Vec<(String, String)> = form(&ping);
    assert_eq!(fields[0], ("hub.mode".into(), "publish".into()));
    let mut topics: Vec<&str> = fields[1..].iter().map(|(_, topic)| topic.as_str()).collect();
    topics.sort_unstable();
    let feeds = ["feed", "feed/by_tag/hetan%E6%96%B0%E9%97%BB", "feed/hetan"];
    let mut expected: Vec<String> = feeds
        .iter()
        .flat_map(|feed| ["json", "xml"].map(|format| format!("https://news.example/b/{feed}.{format}")))
        .collect();
    expected.sort_unstable();
    assert_eq!(topics, expected);
    assert!(fields[1..].iter().all(|(name, _)| name == "hub.url"));
    server.wait_for_log("finews.websub.hub: notifications succeed again");
    assert_eq!(
        server.log().matches("finews.websub.hub: notification failed: response status 500").count(),
        1
    );
    assert!(!server.log().contains(&hub), "an address may hold a secret");
}

/// The fields of a form whose values contain neither `+` nor `&`.
fn form(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = percent_encoding::percent_decode_str(text).decode_utf8().expect("UTF-8");
        text.into_owned()
    };
    text.split('&').filter_map(|field| field.split_once('=')).map(|(a, b)| (decode(a), decode(b))).collect()
}

#[test]
fn new_webhook_receives_posts_found_by_the_same_reload() {
    let (first, _receiver) = hub(0);
    let (second, webhook_bodies) = hub(0);
    let site = folder(&[("_config.yml", &config("", &first)), ("_posts/2024-01-01-old.md", "Old")]);
    let server = Server::new(site.path(), &["--watch", "off"]);
    for (number, more) in [(2, ""), (3, "permalink: pretty\n")] {
        let new = post("New", &format!("2024-01-0{number} 08:00"), "hetan");
        std::fs::write(site.path().join(format!("_posts/2024-01-0{number}-new.md")), new).expect("a file");
        let text = config("", &second) + more;
        std::fs::write(site.path().join("_config.yml"), text).expect("a file");
        server.signal("HUP");
        let end = if more.is_empty() { "new.html" } else { "new/" };
        let address = format!("https://news.example/b/hetan/2024/01/0{number}/{end}");
        assert_eq!(next_body(&webhook_bodies), format!(r#"{{"urls":["{address}"]}}"#));
    }
}

#[test]
fn reload_announces_no_second_file_of_a_known_story() {
    let (other, own) =
        ("_posts/2024-01-04-202401040000000001.md", "_posts/2024-01-04-NW202401040000000001.md");
    // Another style of URLs makes the reload read all files as a start does.
    let pretty = "permalink: pretty\n";
    for (known, second, more) in [(other, own, ""), (other, own, pretty), (own, other, pretty)] {
        let (webhook, webhook_bodies) = hub(0);
        let site = folder(&[
            ("_config.yml", &config("", &webhook)),
            (known, &post("One", "2024-01-04 08:00", "hetan")),
        ]);
        let server = Server::new(site.path(), &["--watch", "off"]);
        let write = |path: &str, text: String| {
            std::fs::write(site.path().join(path), text).expect("a file");
        };
        write(second, post("One", "2024-01-04 08:00", "yunxiu"));
        write("_posts/2024-01-05-new.md", post("New", "2024-01-05 08:00", "hetan"));
        write("_config.yml", config("", &webhook) + more);
        server.signal("HUP");
        let end = if more.is_empty() { "new.html" } else { "new/" };
        let address = format!("https://news.example/b/hetan/2024/01/05/{end}");
        assert_eq!(next_body(&webhook_bodies), format!(r#"{{"urls":["{address}"]}}"#), "{second}");
    }
}

#[test]
fn webhook_receives_nothing_while_announcements_are_off() {
    let (webhook, bodies) = hub(0);
    let site = folder(&[
        ("_config.yml", &(config("", &webhook) + "  announce: off\n")),
        ("_posts/2024-01-01-old.md", "Old"),
    ]);
    let server = Server::new(site.path(), &[]);
    let publish = |number: u32| {
        let new = post("New", &format!("2024-01-0{number} 08:00"), "hetan");
        std::fs::write(site.path().join(format!("_posts/2024-01-0{number}-new.md")), new).expect("a file");
        let path = format!("/b/hetan/2024/01/0{number}/new.html");
        server.wait_until(&path, |server| server.shows("/b/", &path));
    };
    publish(2);
    std::fs::write(site.path().join("_config.yml"), config("", &webhook)).expect("a file");
    server.signal("HUP");
    server.wait_for_log("configuration and archive reloaded");
    publish(3);
    assert_eq!(next_body(&bodies), r#"{"urls":["https://news.example/b/hetan/2024/01/03/new.html"]}"#);
}

#[test]
fn failing_endpoints_do_not_delay_pages_or_shutdown() {
    // One endpoint accepts connections but never responds, the other does not exist.
    let hanging = TcpListener::bind("127.0.0.1:0").expect("a port");
    let hub = format!("http://{}/", hanging.local_addr().expect("an address"));
    let site =
        folder(&[("_config.yml", &config(&hub, "http://127.0.0.1:1/")), ("_posts/2024-01-01-old.md", "Old")]);
    let server = Server::new(site.path(), &[]);
    for number in 1..=3 {
        let name = format!("n{number}");
        let text = post(&name, "2024-01-02 08:00", "hetan");
        std::fs::write(site.path().join(format!("_posts/2024-01-02-{name}.md")), text).expect("a file");
        server.wait_until(&name, |server| server.shows("/b/", &format!("/b/hetan/2024/01/02/{name}.html")));
    }
    server.wait_for_log("finews.on_publish: notification failed");
    server.stop();
}

#[test]
fn feeds_link_to_the_hub() {
    let site = Site::from_files(&[
        ("_config.yml", &config("https://hub.example/", "")),
        ("_posts/2024-01-01-a.md", "A"),
    ]);
    assert!(site.get("/b/feed.xml").text().contains("<link rel=\"hub\" href=\"https://hub.example/\"/>"));
    let json: serde_json::Value = serde_json::from_str(&site.get("/b/feed.json").text()).expect("JSON");
    assert_eq!(json["hubs"], serde_json::json!([{ "type": "WebSub", "url": "https://hub.example/" }]));
}
