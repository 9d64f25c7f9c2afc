//! The operator's view of a running server: metrics, problems, and log lines.

use axum::http::StatusCode;
use serde_json::Value;

use crate::support::{Server, folder, json_lines};

fn site() -> tempfile::TempDir {
    folder(&[
        ("_config.yml", "title: Daily\n"),
        ("_posts/2024-01-02-a.md", "---\ntitle: A rise\ncategories: [one]\n---\nTEXT"),
        ("_posts/2024-01-03-b.md", "---\ntitle: B\ndate: nonsense\n---\nTEXT"),
        ("_posts/2024-01-04-c.md", "---\ntitle: [\n---\nTEXT"),
    ])
}

pub(crate) fn metrics(server: &Server) -> String {
    let response = server.get_admin("/metrics", &[]);
    assert_eq!(response.status, StatusCode::OK);
    assert_eq!(response.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.text()
}

/// Parses the value of a metric.
pub(crate) fn metric(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in:\n{text}"))
}

#[test]
fn metrics_report_requests_archive_and_process() {
    let site = site();
    let server = Server::new(site.path(), &[]);
    for path in
        ["/", "/", "/one/2024/01/02/a.html", "/category/one.html", "/nowhere", "/search?q=rise", "/%00"]
    {
        server.get(path);
    }
    let text = metrics(&server);
    assert!(text.ends_with("# EOF\n"), "{text}");
    let request_count = |route: &str, status: u16| {
        let labels = format!("{{method=\"GET\",route=\"{route}\",status=\"{status}\"}}");
        metric(&text, &format!("finews_http_request_duration_seconds_count{labels}"))
    };
    // The readiness check of the test also requested `/`.
    assert!(request_count("/", 200) >= 2.0);
    assert_eq!(request_count("{post}", 200), 1.0);
    assert_eq!(request_count("/category/{name}.html", 200), 1.0);
    assert_eq!(request_count("/search", 200), 1.0);
    assert_eq!(request_count("none", 404), 1.0);
    assert_eq!(request_count("none", 400), 1.0);
    assert_eq!(metric(&text, "finews_posts"), 3.0);
    assert!(metric(&text, "finews_archive_revision") >= 1.0);
    assert!(metric(&text, "finews_archive_age_seconds") < 60.0);
    let problem =
        |code: &str| metric(&text, &format!("finews_problems{{code=\"{code}\",severity=\"warning\"}}"));
    assert_eq!((problem("date-invalid"), problem("front-matter-invalid")), (1.0, 1.0));
    assert!(metric(&text, "finews_page_cache_hits_total") >= 1.0);
    assert!(metric(&text, "finews_page_cache_misses_total") >= 3.0);
    assert!(metric(&text, "finews_page_cache_bytes") > 3000.0);
    assert_eq!(metric(&text, "finews_search_duration_seconds_count"), 1.0);
    assert_eq!(metric(&text, "finews_http_shed_total{reason=\"requests\"}"), 0.0);
    assert_eq!(metric(&text, "finews_live_clients"), 0.0);
    assert!(metric(&text, "process_anonymous_memory_bytes") > 1e6);
    assert!(metric(&text, "process_open_fds") > 3.0);
    assert!(metric(&text, "process_cpu_seconds_total") > 0.0);
    assert!(text.contains(&format!("finews_build_info{{version=\"{}\"}} 1\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn metrics_report_the_publish_delay() {
    let site = site();
    let server = Server::new(site.path(), &[]);
    assert_eq!(metric(&metrics(&server), "finews_publish_delay_seconds_count"), 0.0);
    std::fs::write(site.path().join("_posts/2024-01-05-new.md"), "NEW").expect("a file");
    server.wait_until("shown", |server| server.get("/2024/01/05/new.html").status == StatusCode::OK);
    server.wait_until("counted", |server| {
        metric(&metrics(server), "finews_publish_delay_seconds_count") == 1.0
    });
    assert!(metric(&metrics(&server), "finews_publish_delay_seconds_sum") < 20.0);
}

#[test]
fn problems_are_html_for_browsers_and_json_lines_otherwise() {
    let site = site();
    let server = Server::new(site.path(), &[]);
    let page = server.get_admin("/problems", &[("Accept", "text/html,*/*;q=0.8")]);
    assert!(page.header("content-type").starts_with("text/html"));
    let html = page.text();
    for text in [
        "Daily",
        "3 posts",
        "_posts/2024-01-03-b.md:3",
        "warning: date-invalid",
        "/problems?code=date-invalid",
    ] {
        assert!(html.contains(text), "{text} in {html}");
    }
    let one = server.get_admin("/problems?code=date-invalid", &[("Accept", "text/html")]).text();
    assert!(one.contains("2024-01-03-b.md") && !one.contains("2024-01-04-c.md"), "{one}");
    let lines = |path: &str| json_lines(&server.get_admin(path, &[]).text());
    let checked = std::process::Command::new(env!("CARGO_BIN_EXE_finews"))
        .args(["check", "--json"])
        .arg(site.path())
        .output()
        .expect("the program runs");
    assert_eq!(lines("/problems"), json_lines(&String::from_utf8_lossy(&checked.stdout)));
    assert_eq!(lines("/problems.json"), lines("/problems"));
    assert_eq!(lines("/problems.json?code=date-invalid").len(), 1);
    // The problem goes away once the file is repaired.
    std::fs::write(site.path().join("_posts/2024-01-03-b.md"), "---\ntitle: B\n---\nTEXT").expect("a file");
    server.wait_until("mended", |server| server.has_no_problems("_posts/2024-01-03-b.md"));
    let style =
        html.split("href=\"/_finews/style-").nth(1).and_then(|rest| rest.split('"').next()).expect("a style");
    assert_eq!(server.get_admin(&format!("/_finews/style-{style}"), &[]).status, StatusCode::OK);
}

/// The log lines of requests.
fn request_lines(server: &Server) -> Vec<Value> {
    let log = server.log();
    log.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["message"] == "request")
        .collect()
}

#[test]
fn access_log_all_writes_a_line_per_request() {
    let site = site();
    let flags = ["--access-log", "all", "--log-format", "json", "--trusted-proxy", "127.0.0.1"];
    let server = Server::new(site.path(), &flags);
    let headers = [
        ("X-Forwarded-For", "192.0.2.7"),
        ("X-Request-Id", "abc-1"),
        ("User-Agent", "a \"reader\""),
        ("Accept-Encoding", "gzip"),
    ];
    let response = server.connect().get_with("/one/2024/01/02/a.html?x=1", &headers);
    server.wait_until("logged", |server| request_lines(server).iter().any(|line| line["id"] == "abc-1"));
    let lines = request_lines(&server);
    let line = lines.iter().find(|line| line["id"] == "abc-1").expect("a line");
    assert_eq!(line["client"], "192.0.2.7");
    assert_eq!(line["method"], "GET");
    assert_eq!(line["target"], "/one/2024/01/02/a.html?x=1");
    assert_eq!(line["status"], 200);
    assert_eq!(line["bytes"], response.bytes.len());
    assert_eq!(line["level"], "INFO");
    assert!(line["took_us"].as_u64() <= line["all_us"].as_u64(), "{line}");
    assert!(line["agent"].as_str().is_some_and(|agent| agent.contains("reader")), "{line}");
    // IDs generated by finews are all different.
    let mut ids: Vec<&str> = lines.iter().filter_map(|line| line["id"].as_str()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn untrusted_proxy_headers_are_ignored() {
    let site = site();
    let flags = ["--access-log", "all", "--log-format", "json", "--trusted-proxy", "192.0.2.1"];
    let server = Server::new(site.path(), &flags);
    server.connect().get_with("/nowhere", &[("X-Forwarded-For", "192.0.2.7"), ("X-Request-Id", "abc-1")]);
    let request_line =
        |server: &Server| request_lines(server).into_iter().find(|line| line["target"] == "/nowhere");
    server.wait_until("logged", |server| request_line(server).is_some());
    let line = request_line(&server).expect("a line");
    assert_eq!(line["client"], "-");
    assert_ne!(line["id"], "abc-1");
    assert!(server.log().contains("--trusted-proxy 127.0.0.1"), "{}", server.log());
}

/// Sends searches that a proxy forwards for `client`; returns their statuses.
fn search_statuses(server: &Server, client: &str, count: usize) -> Vec<u16> {
    let search =
        || server.connect().get_with("/search?q=rise", &[("X-Forwarded-For", client)]).status.as_u16();
    (0..count).map(|_| search()).collect()
}

#[test]
fn search_rate_limits_only_searches_of_one_address() {
    let site = site();
    let server = Server::new(site.path(), &["--search-rate", "6", "--trusted-proxy", "127.0.0.0/8"]);
    assert_eq!(search_statuses(&server, "192.0.2.7", 3), [200, 200, 429]);
    assert_eq!(search_statuses(&server, "6.6.6.6, 192.0.2.7", 1), [429]);
    assert_eq!(search_statuses(&server, "192.0.2.8", 2), [200, 200]);
    // All addresses of an IPv6 /64, the network of one home, count as one client.
    let home: Vec<u16> =
        (1..=3).flat_map(|n| search_statuses(&server, &format!("2001:db8::{n}"), 1)).collect();
    assert_eq!(home, [200, 200, 429]);
    let headers = [("X-Forwarded-For", "192.0.2.7")];
    let refused = server.connect().get_with("/search?q=rise", &headers);
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=11).contains(&wait), "{wait}");
    assert_eq!(refused.header("cache-control"), "no-store");
    assert!(refused.text().contains("too many requests"));
    assert_eq!(server.connect().get_with("/search.xml?q=rise", &headers).status.as_u16(), 429);
    for path in ["/", "/one/2024/01/02/a.html", "/search/suggest?q=ri"] {
        assert_eq!(server.connect().get_with(path, &headers).status, StatusCode::OK, "{path}");
    }
    assert!(metric(&metrics(&server), "finews_http_shed_total{reason=\"search-rate\"}") >= 3.0);
    server.wait_for_log("rejecting clients: a client address exceeded the search rate");
}

#[test]
fn search_rate_ignores_clients_behind_an_untrusted_proxy() {
    let site = site();
    let server = Server::new(site.path(), &["--search-rate", "3"]);
    assert_eq!(search_statuses(&server, "192.0.2.7", 5), [200; 5]);
    // The limit still applies to a client without a proxy.
    let direct: Vec<u16> = (0..3).map(|_| server.get("/search?q=rise").status.as_u16()).collect();
    assert_eq!(direct, [200, 429, 429]);
}

#[test]
fn default_access_log_omits_client_errors() {
    let site = site();
    let server = Server::new(site.path(), &["--log-format", "json"]);
    assert_eq!(server.get("/nowhere").status, StatusCode::NOT_FOUND);
    assert_eq!(request_lines(&server).len(), 0, "{}", server.log());
}

#[test]
fn reload_names_changed_settings_that_need_a_restart() {
    let site = site();
    let server = Server::new(site.path(), &["--max-requests", "9"]);
    let text = "title: Daily\nfinews: {trusted_proxy: 127.0.0.1, access_log: all, max_requests: 7}\n";
    std::fs::write(site.path().join("_config.yml"), text).expect("a file");
    server.signal("HUP");
    server.wait_for_log("restart required to apply: trusted_proxy, access_log\n");
}
