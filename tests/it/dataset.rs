//! `/archive/`: the whole archive as files for programs, with a checksum of each.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use finews::web::{self, App};
use http_body_util::BodyExt;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use crate::support::{Response, Site, config, folder, json_lines, load, stdout_json};

const CONFIG: &str = "title: T\nurl: https://news.example\nbaseurl: /b\ntimezone: Asia/Shanghai\n";

/// An app with the archive of a folder.
fn app_with_archive(root: &Path) -> Arc<App> {
    let config = config(root);
    let app = App::new(&config);
    app.publish(Arc::new(load(&config)));
    app
}

/// The lines of a month with their response; asserts that gzip and identity give the same lines.
fn get_month(site: &Site, path: &str) -> (String, Response) {
    let plain = site.request(Method::GET, path, &[]);
    let packed = site.request(Method::GET, path, &[("accept-encoding", "gzip")]);
    assert_eq!((plain.status, packed.header("content-encoding")), (StatusCode::OK, "gzip"), "{path}");
    assert_eq!(plain.text(), packed.text(), "{path}");
    (plain.text(), plain)
}

/// Asserts that the index has the posts, bytes and checksum of each month; returns the paths of the months.
fn assert_checksums(site: &Site) -> Vec<String> {
    let index: Value = serde_json::from_str(&site.get("/b/archive/index.json").text()).expect("JSON");
    let page = site.page("/b/archive/");
    let months = index["months"].as_array().expect("months");
    let path = |month: &Value| {
        let url = month["url"].as_str().expect("a URL");
        let path = url.strip_prefix("https://news.example").expect("ours").to_owned();
        let text = month_text(site, &path);
        let sum = Sha256::digest(&text);
        let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(month["bytes"], text.len(), "{path}");
        assert_eq!(month["posts"], text.lines().count(), "{path}");
        assert_eq!(month["sha256"], sum.as_str(), "{path}");
        assert!(page.contains(&sum) && page.contains(&format!("href=\"{path}\"")), "{page}");
        path
    };
    months.iter().map(path).collect()
}

fn month_text(site: &Site, path: &str) -> String {
    get_month(site, path).0
}

#[test]
fn month_file_contains_list_output_and_text() {
    let folder = folder(&[
        ("_config.yml", CONFIG),
        (
            "_posts/2024-01-31-a.md",
            "---\ntitle: A\ndate: 2024-01-31 16:30:00\n---\n> 摘要。\n\n正文 &amp; 一\n\n- 二\n- 三\n",
        ),
        ("_posts/2024-02-02-b.md", "---\ntitle: 乙\ncategories: [x]\ntags: [t]\n---\nText.\n"),
        ("_posts/2024-02-03-hidden.md", "---\nhidden: true\n---\nText.\n"),
        ("_posts/2024-03-01-c.md", "C\n"),
    ]);
    let site = Site::from_folder(folder.path());
    // 16:30 UTC on 31 January is already February in Shanghai.
    assert_eq!(assert_checksums(&site), ["/b/archive/2024-03.ndjson", "/b/archive/2024-02.ndjson"]);
    let (text, response) = get_month(&site, "/b/archive/2024-02.ndjson");
    assert_eq!(response.header("content-type"), "application/x-ndjson; charset=utf-8");
    assert_eq!(response.header("access-control-allow-origin"), "*");
    assert_eq!(response.header("x-robots-tag"), "noindex");
    let mut lines = json_lines(&text);
    let texts: Vec<Value> = lines
        .iter_mut()
        .map(|line| line.as_object_mut().expect("fields").remove("text").expect("text"))
        .collect();
    assert_eq!(texts, ["摘要。\n正文 & 一\n二\n三", "Text."]);
    let mut listed = stdout_json(&["list", &folder.path().to_string_lossy()]);
    listed.retain(|line| lines.iter().any(|other| other["path"] == line["path"]));
    listed.reverse();
    assert_eq!(lines, listed);
    site.assert_conditional("/b/archive/");
    site.assert_conditional("/b/archive/2024-02.ndjson");
    for path in
        ["/b/archive/2024-01.ndjson", "/b/archive/2024-1.ndjson", "/b/archive/nothing", "/b/archive/2024-02"]
    {
        site.assert_status(path, 404);
    }
    site.assert_moved("/b/archive", "/b/archive/");
}

#[test]
fn checksums_follow_added_changed_and_removed_posts() {
    let text = |body: &str| format!("---\ntitle: A\n---\n{body}\n");
    let folder = folder(&[("_config.yml", CONFIG), ("_posts/2024-01-02-a.md", &text("one"))]);
    let app = app_with_archive(folder.path());
    let site = Site::from_app(Arc::clone(&app));
    let republish = || {
        app.publish(Arc::new(load(&config(folder.path()))));
        assert_checksums(&site);
        month_text(&site, "/b/archive/2024-01.ndjson")
    };
    let write = |name: &str, body: &str| {
        std::fs::write(folder.path().join("_posts").join(name), text(body)).expect("a file");
    };
    let first = republish();
    write("2024-01-05-b.md", "two");
    let second = republish();
    assert!(second.starts_with(&first) && second.len() > first.len());
    write("2024-01-03-between.md", "between");
    republish();
    write("2024-01-02-a.md", "other");
    republish();
    std::fs::remove_file(folder.path().join("_posts/2024-01-05-b.md")).expect("a file");
    assert_eq!(republish().lines().count(), 2);
}

#[test]
fn long_month_is_streamed_to_16_clients_at_most() {
    let posts: Vec<(String, String)> = (0..300)
        .map(|number| {
            (format!("_posts/2024-01-02-{number}.md"), format!("Text {number}. {}\n", "河".repeat(500)))
        })
        .collect();
    let files: Vec<(&str, &str)> = posts.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let folder = folder(&files);
    std::fs::write(folder.path().join("_config.yml"), CONFIG).expect("a file");
    let app = app_with_archive(folder.path());
    let site = Site::from_app(Arc::clone(&app));
    assert_checksums(&site);
    assert_eq!(month_text(&site, "/b/archive/2024-01.ndjson").lines().count(), 300);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let request_month = || {
        let request = Request::get("/b/archive/2024-01.ndjson").body(Body::empty()).expect("a request");
        runtime.block_on(web::router(Arc::clone(&app)).oneshot(request)).expect("an answer")
    };
    let mut held: Vec<_> = (0..16).map(|_| request_month()).collect();
    assert!(held.iter().all(|response| response.status() == StatusCode::OK));
    let refused = request_month();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "30");
    assert_eq!(refused.headers()["cache-control"], "no-store");
    // A client with the current version need not wait for a free place.
    let tag = held[0].headers()["etag"].to_str().expect("a tag");
    let again = site.request(Method::GET, "/b/archive/2024-01.ndjson", &[("if-none-match", tag)]);
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    let mut body = held.pop().expect("one").into_body();
    let mut parts = 0;
    while let Some(part) = runtime.block_on(body.frame()) {
        part.expect("a part");
        parts += 1;
    }
    assert!(parts > 1, "{parts}");
    assert_eq!(request_month().status(), StatusCode::OK);
}

#[test]
fn site_page_takes_precedence_over_the_dataset_index() {
    let own = "---\ntitle: Ours\npermalink: /archive/\n---\nOwn text.\n";
    let site = Site::from_files(&[("archive.md", own), ("_posts/2024-01-02-a.md", "A")]);
    assert!(site.page("/archive/").contains("Own text."));
    site.assert_status("/archive/index.json", 200);
    let empty = Site::from_files(&[]);
    empty.assert_status("/archive/", 404);
    empty.assert_status("/archive/index.json", 404);
}
