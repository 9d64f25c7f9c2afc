//! Two instances that serve copies of one folder answer alike.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use tempfile::TempDir;

use crate::support::{Server, Site, folder, post};

const FILES: [(&str, &str); 3] = [
    ("_config.yml", "title: T\nurl: https://news.example\nlang: zh-CN\ntimezone: Asia/Shanghai\n"),
    (
        "_posts/2024-01-01-a.md",
        "---\ntitle: 央行降准\ndate: 2024-01-01 08:00:00 +0800\ncategories: hetan\ntags: 河滩新闻\n---\n今日公告。\n",
    ),
    (
        "_posts/2024-01-02-b.md",
        "---\ntitle: 央行公告\ndate: 2024-01-02 08:00:00 +0800\ncategories: hongwang\ntags: 红网新闻\n---\n降准落地。\n",
    ),
];
/// `央行`
const QUERY: &str = "q=%E5%A4%AE%E8%A1%8C";

/// Writes a post to the folder of an instance.
fn write(site: &TempDir, name: &str) {
    let text = post(name, "2024-01-03 08:00", "hetan");
    std::fs::write(site.path().join(format!("_posts/2024-01-03-{name}.md")), text).expect("a file");
}

/// A client of `/live`.
struct LiveClient {
    lines: BufReader<TcpStream>,
    last_id: String,
}

impl LiveClient {
    fn new(server: &Server, last_id: &str) -> Self {
        let mut stream = server.socket(Duration::from_secs(20));
        let request = format!("GET /live HTTP/1.1\r\nHost: x\r\nLast-Event-ID: {last_id}\r\n\r\n");
        // Without an id, the request has no such header.
        let request = request.replace("Last-Event-ID: \r\n", "");
        stream.write_all(request.as_bytes()).expect("a request");
        Self { lines: BufReader::new(stream), last_id: last_id.to_owned() }
    }

    /// The name of the next event, with the URL of its post.
    fn next_event(&mut self) -> (String, String) {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).expect("a line in time"), 0, "the stream ended");
            let Some((field, value)) = line.trim_end().split_once(": ") else { continue };
            match field {
                "id" => self.last_id = value.to_owned(),
                "event" => name = value.to_owned(),
                "data" => {
                    let data: serde_json::Value = serde_json::from_str(value).expect("JSON");
                    return (name, data["url"].as_str().unwrap_or_default().to_owned());
                }
                _ => {}
            }
        }
    }

    /// Asserts that the next event is that of a post.
    fn expect_post(&mut self, name: &str) {
        assert_eq!(self.next_event(), ("post".to_owned(), format!("/hetan/2024/01/03/{name}.html")));
    }
}

#[test]
fn live_client_changes_instance_and_sees_each_later_post_once() {
    let sites = [folder(&FILES), folder(&FILES)];
    let [a, b] = sites.each_ref().map(|site| Server::new(site.path(), &[]));
    let write_both = |name: &str| {
        for (site, server) in sites.iter().zip([&a, &b]) {
            write(site, name);
            server.wait_until(name, |server| server.shows("/", &format!("/{name}.html")));
        }
    };
    let mut client = LiveClient::new(&a, "");
    assert_eq!(client.next_event().0, "hello");
    write_both("one");
    client.expect_post("one");
    // The client moves after its first event, misses two posts, and follows the next one.
    let last_id = client.last_id;
    write_both("two");
    write_both("three");
    let mut client = LiveClient::new(&b, &last_id);
    client.expect_post("two");
    client.expect_post("three");
    write_both("four");
    client.expect_post("four");
    // Back on the first instance, the client continues after the last event of the second one.
    let mut client = LiveClient::new(&a, &client.last_id);
    write_both("five");
    client.expect_post("five");
    // A client that has only seen the beginning moves as well.
    let mut early = LiveClient::new(&b, "");
    assert_eq!(early.next_event().0, "hello");
    write_both("six");
    let mut early = LiveClient::new(&a, &early.last_id);
    early.expect_post("six");
}

#[test]
fn copies_of_a_site_have_the_same_etags() {
    let sites = [FILES, FILES].map(|files| Site::with_index(&files));
    let paths = [
        "/".to_owned(),
        "/hetan/2024/01/01/a.html".into(),
        "/category/hetan.html".into(),
        "/2024/01/02/".into(),
        "/feed.xml".into(),
        "/feed.json".into(),
        "/sitemap.xml".into(),
        "/archive/".into(),
        "/archive/2024-01.ndjson".into(),
        "/search".into(),
        format!("/search?{QUERY}"),
        format!("/search?{QUERY}&order=newest"),
        format!("/search.xml?{QUERY}"),
        format!("/search.json?{QUERY}"),
        format!("/search/suggest?{QUERY}"),
    ];
    for path in &paths {
        let [one, other] = sites.each_ref().map(|site| site.get(path));
        assert_eq!((one.status, other.status), (StatusCode::OK, StatusCode::OK), "{path}");
        let etag = one.header("etag");
        assert!(etag.starts_with('"'), "{path}: {etag}");
        assert_eq!(etag, other.header("etag"), "{path}");
        assert_eq!(one.bytes, other.bytes, "{path}");
        let known = sites[1].request(Method::GET, path, &[("if-none-match", etag)]);
        assert_eq!(known.status, StatusCode::NOT_MODIFIED, "{path}");
    }
}

#[test]
fn restarted_server_keeps_the_etag_of_a_search() {
    let site = folder(&FILES);
    let path = format!("/search?{QUERY}&order=newest");
    let other = site.path().join("_posts/2024-01-04-other.md");
    let etag = || {
        let server = Server::new(site.path(), &[]);
        server.wait_until("indexed", |server| server.get("/readyz?verbose").text().contains("search: ok"));
        server.wait_until("found", |server| server.shows(&path, "/hongwang/2024/01/02/b.html"));
        let etag = server.etag(&path);
        // A post that the search does not find changes nothing.
        std::fs::write(&other, "---\ncategories: hetan\ntags: 河滩新闻\n---\nNothing.\n").expect("a file");
        server.wait_until("published", |server| server.shows("/", "/hetan/2024/01/04/other.html"));
        server.wait_until("the same results", |server| server.etag(&path) == etag);
        std::fs::remove_file(&other).expect("a file");
        etag
    };
    assert_eq!(etag(), etag());
}

/// Serves a site that looks for changes only every two seconds.
fn polling(site: &Path) -> Server {
    let server = Server::new(site, &["--watch", "poll"]);
    // The scan of the start has ended, so the next one is two seconds away.
    std::fs::write(site.join("_posts/2024-01-05-first.md"), "First.").expect("a file");
    server.wait_until("polled", |server| server.shows("/", "/2024/01/05/first.html"));
    server
}

#[test]
fn unknown_permalink_is_looked_up_before_404() {
    let site = folder(&FILES);
    let server = polling(site.path());
    let limit = Duration::from_secs(1);
    for (file, path) in [
        ("_posts/2024-01-06-found.md", "/2024/01/06/found.html"),
        ("_posts/2024-01-06-页.html", "/2024/01/06/%E9%A1%B5.html"),
    ] {
        std::fs::write(site.path().join(file), "---\ntitle: x\n---\nFound.\n").expect("a file");
        server.wait(limit, path, |server| server.get(path).status == StatusCode::OK);
    }
    assert_eq!(server.get("/2024/01/06/none.html").status, StatusCode::NOT_FOUND);
}
