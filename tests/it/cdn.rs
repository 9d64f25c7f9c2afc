//! The headers for a content delivery network in front of the site, `finews.cdn`.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use finews::archive::updater::Update;
use finews::web::http::cache::CachePolicy;
use finews::web::{self, App};
use tower::ServiceExt as _;

use crate::support::{Response, Site, config, folder, load};

const CONFIG: &str = "title: T\nfinews:\n  source: true\n  cdn: true\n";
const FILES: [(&str, &str); 5] = [
    ("_config.yml", CONFIG),
    ("_posts/2024-01-02-a.md", "---\ntitle: A\ncategories: news\ntags: t\n---\nText of A.\n"),
    ("_posts/2024-01-03-gone.md", "---\ntitle: Gone\npublished: false\n---\nSecret.\n"),
    ("about.md", "---\ntitle: About\nredirect_from: /we.html\n---\nAbout us.\n"),
    ("images/x.png", "0123456789"),
];
const HEADERS: [&str; 2] = ["cdn-cache-control", "surrogate-control"];

/// Asserts the headers for a CDN, and that the browser's header stays.
fn assert_policy(response: &Response, policy: CachePolicy, request: &str) {
    for name in HEADERS {
        assert_eq!(response.header(name), policy.cdn_header(), "{request} {name}");
    }
    // Some responses have no header for browsers, such as 405.
    let browser = response.header("cache-control");
    assert!(browser.is_empty() || browser == policy.header(), "{request}: {browser}");
}

#[test]
fn each_kind_of_response_names_its_time_in_a_cdn() {
    let site = Site::from_files(&FILES);
    let page = site.page("/");
    let style = page.split('"').find(|part| part.starts_with("/_finews/style")).expect("a style");
    for (path, status, policy) in [
        ("/", 200, CachePolicy::Revalidate),
        ("/category/", 200, CachePolicy::Revalidate),
        ("/category/news.html", 200, CachePolicy::Revalidate),
        ("/2024/01/02/", 200, CachePolicy::Revalidate),
        ("/feed.xml", 200, CachePolicy::Revalidate),
        ("/feed/news.json", 200, CachePolicy::Revalidate),
        ("/sitemap.xml", 200, CachePolicy::Revalidate),
        ("/archive/", 200, CachePolicy::Revalidate),
        ("/archive/2024-01.ndjson", 200, CachePolicy::Revalidate),
        ("/search?q=text", 200, CachePolicy::Revalidate),
        ("/news/2024/01/02/a.html", 200, CachePolicy::Article),
        ("/news/2024/01/02/a.md", 200, CachePolicy::Article),
        ("/about.html", 200, CachePolicy::Article),
        ("/images/x.png", 200, CachePolicy::SiteFile),
        ("/favicon.ico", 200, CachePolicy::SiteFile),
        ("/opensearch.xml", 200, CachePolicy::SiteFile),
        (style, 200, CachePolicy::Immutable),
        ("/we.html", 301, CachePolicy::Redirect),
        ("/nowhere.html", 404, CachePolicy::NotFound),
        ("/2024/01/03/gone.html", 410, CachePolicy::NotFound),
        ("/%00", 400, CachePolicy::NoStore),
        ("/robots.txt", 200, CachePolicy::NoStore),
        ("/healthz", 200, CachePolicy::NoStore),
        ("/readyz", 200, CachePolicy::NoStore),
    ] {
        // The second response to the path of a page comes from the page cache.
        for _ in 0..2 {
            let response = site.get(path);
            assert_eq!(response.status.as_u16(), status, "{path}");
            assert_policy(&response, policy, path);
        }
    }
    for (method, headers, status, policy) in [
        (Method::GET, ("range", "bytes=1-2"), 206, CachePolicy::SiteFile),
        (Method::GET, ("range", "bytes=99-"), 416, CachePolicy::NoStore),
        (Method::GET, ("if-match", "\"other\""), 412, CachePolicy::NoStore),
        (Method::GET, ("if-none-match", "*"), 304, CachePolicy::SiteFile),
        (Method::POST, ("accept", "*/*"), 405, CachePolicy::NoStore),
    ] {
        let response = site.request(method, "/images/x.png", &[headers]);
        assert_eq!(response.status.as_u16(), status, "{headers:?}");
        assert_policy(&response, policy, headers.1);
    }
    let known = [("if-none-match", "*")];
    for (path, policy) in [("/", CachePolicy::Revalidate), ("/news/2024/01/02/a.html", CachePolicy::Article)]
    {
        let response = site.request(Method::GET, path, &known);
        assert_eq!(response.status, StatusCode::NOT_MODIFIED, "{path}");
        assert_policy(&response, policy, path);
    }
}

#[test]
fn response_that_a_cdn_must_not_keep_says_no_store() {
    let folder = folder(&FILES);
    let app = App::new(&config(folder.path()));
    let loading = Site::from_app(Arc::clone(&app)).get("/");
    assert_eq!(loading.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_policy(&loading, CachePolicy::NoStore, "while the archive loads");
    app.publish(Arc::new(load(&config(folder.path()))));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let request = Request::get("/live").body(Body::empty()).expect("a request");
    // The stream has no end, so only its head is read.
    let live = runtime.block_on(web::router(app).oneshot(request)).expect("a response");
    assert_eq!(live.status(), StatusCode::OK);
    for name in HEADERS {
        assert_eq!(live.headers()[name], "no-store");
    }
}

#[test]
fn reload_that_switches_the_setting_changes_cached_responses() {
    let text = "body { color: red }\n".repeat(100);
    let folder = folder(&[&FILES[..], &[("assets/a.css", text.as_str())]].concat());
    for file in ["assets/a.css", "images/x.png"] {
        // A file that has just changed is not compressed, and its ETag is weak.
        let file = File::options().write(true).open(folder.path().join(file)).expect("a file");
        file.set_modified(SystemTime::now() - Duration::from_secs(3600)).expect("a time");
    }
    let app = App::new(&config(folder.path()));
    app.publish(Arc::new(load(&config(folder.path()))));
    let site = Site::from_app(Arc::clone(&app));
    let paths = ["/", "/news/2024/01/02/a.html", "/assets/a.css", "/images/x.png", "/nowhere.html"];
    let responses = || {
        let gzip = [("accept-encoding", "gzip")];
        paths.map(|path| [(); 2].map(|()| site.request(Method::GET, path, &gzip)))
    };
    let before = responses();
    for is_on in [false, true] {
        let text = CONFIG.replace("cdn: true", &format!("cdn: {is_on}"));
        std::fs::write(folder.path().join("_config.yml"), text).expect("a file");
        let config = config(folder.path());
        let archive = Arc::new(load(&config));
        app.reload(&config, &Update { archive, new: Vec::new(), took: Duration::ZERO });
        for ((path, before), after) in paths.iter().zip(&before).zip(responses()) {
            for after in after {
                let has_header = HEADERS.map(|name| !after.header(name).is_empty());
                assert_eq!(has_header, [is_on; 2], "{path}");
                // A page of the page cache holds the headers, so it has another ETag.
                let is_cached = !matches!(*path, "/images/x.png" | "/nowhere.html");
                let is_same = after.header("etag") == before[0].header("etag");
                assert_eq!(is_same, is_on || !is_cached, "{path}");
                assert_eq!(after.header("cache-control"), before[0].header("cache-control"), "{path}");
            }
        }
    }
}

#[test]
fn site_without_a_cdn_has_no_header_for_one() {
    let site = Site::from_files(&[&[("_config.yml", "title: T\n")], &FILES[1..]].concat());
    for path in ["/", "/news/2024/01/02/a.html", "/images/x.png", "/nowhere.html", "/healthz", "/%00"] {
        for name in HEADERS {
            assert_eq!(site.get(path).header(name), "", "{path} {name}");
        }
    }
}
