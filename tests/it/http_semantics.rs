//! HTTP semantics: conditional requests, encodings, methods, cache policies, and security headers.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use finews::web::http::cache::CachePolicy;

use crate::support::{Site, folder};

const SITE: [(&str, &str); 5] = [
    ("_config.yml", "title: T\nfinews:\n  source: true\n"),
    ("_posts/2024-01-02-a.md", "---\ntitle: A\ncategories: news\ntags: t\n---\nText of A.\n"),
    ("_posts/2024-01-03-gone.md", "---\ntitle: Gone\npublished: false\n---\nSecret.\n"),
    ("about.md", "---\ntitle: About\n---\nAbout us.\n"),
    ("images/x.png", "0123456789"),
];

/// A page of each kind, with its cache policy.
const PAGES: [(&str, CachePolicy); 13] = [
    ("/", CachePolicy::Revalidate),
    ("/category/", CachePolicy::Revalidate),
    ("/category/news.html", CachePolicy::Revalidate),
    // Newer posts still change this page; full pages have a test of their own.
    ("/category/news/1.html", CachePolicy::Revalidate),
    ("/tag/", CachePolicy::Revalidate),
    ("/tag/t.html", CachePolicy::Revalidate),
    ("/2024/", CachePolicy::Revalidate),
    ("/2024/01/", CachePolicy::Revalidate),
    ("/2024/01/02/", CachePolicy::Revalidate),
    ("/2024/01/02/1/", CachePolicy::Revalidate),
    ("/news/2024/01/02/a.html", CachePolicy::Article),
    ("/news/2024/01/02/a.md", CachePolicy::Article),
    ("/about.html", CachePolicy::Article),
];

#[test]
fn matching_etag_gets_304() {
    let site = Site::from_files(&SITE);
    for (path, _) in PAGES {
        site.assert_conditional(path);
    }
}

#[test]
fn page_kinds_have_their_cache_policies() {
    let site = Site::from_files(&SITE);
    for (path, policy) in PAGES {
        assert_eq!(site.get(path).headers["cache-control"], policy.header(), "{path}");
    }
    let style = site
        .page("/")
        .split("href=\"")
        .find(|part| part.starts_with("/_finews/style"))
        .expect("a style")
        .split('"')
        .next()
        .expect("a quote")
        .to_owned();
    assert_eq!(site.get(&style).headers["cache-control"], CachePolicy::Immutable.header());
    assert_eq!(site.get("/nowhere").headers["cache-control"], CachePolicy::Revalidate.header());
    assert_eq!(site.get("/images/x.png").headers["cache-control"], CachePolicy::SiteFile.header());
}

#[test]
fn page_is_the_same_in_every_encoding() {
    let site = Site::from_files(&SITE);
    for (path, _) in PAGES {
        let plain = site.get(path);
        assert_eq!(plain.header("content-encoding"), "");
        assert_eq!(plain.header("vary"), "accept-encoding");
        for (accept, encoding) in [("gzip", "gzip"), ("br", "br"), ("gzip, br", "gzip")] {
            let packed = site.request(Method::GET, path, &[("accept-encoding", accept)]);
            assert_eq!(packed.header("content-encoding"), encoding);
            assert_eq!(packed.header("vary"), "accept-encoding");
            assert_eq!(packed.header("content-length"), packed.bytes.len().to_string());
            // A body of a few words does not shrink.
            let is_page = plain.bytes.len() > 1000;
            assert!(!is_page || packed.bytes.len() < plain.bytes.len() * 3 / 4, "{path} {encoding}");
            assert_ne!(packed.header("etag"), plain.header("etag"), "one strong tag for two encodings");
            assert_eq!(packed.text(), plain.text());
        }
    }
}

#[test]
fn head_has_the_status_and_headers_of_get() {
    let site = Site::from_files(&SITE);
    for path in PAGES.iter().map(|(path, _)| *path).chain(["/nowhere", "/images/x.png", "/healthz"]) {
        let (get, head) = (site.get(path), site.request(Method::HEAD, path, &[]));
        assert_eq!(get.status, head.status, "{path}");
        for name in ["content-type", "etag", "cache-control", "vary", "content-length"] {
            assert_eq!(get.header(name), head.header(name), "{path} {name}");
        }
    }
}

#[test]
fn other_methods_get_405_with_allow_header() {
    let site = Site::from_files(&SITE);
    for path in ["/", "/news/2024/01/02/a.html", "/nowhere", "/healthz"] {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let response = site.request(method, path, &[]);
            assert_eq!(response.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
            let allowed = response.header("allow").replace(' ', "");
            assert!(allowed.contains("GET") && allowed.contains("HEAD"), "{path}: {allowed}");
        }
    }
}

#[test]
fn responses_have_security_headers() {
    let site = Site::from_files(&SITE);
    for path in
        PAGES.iter().map(|(path, _)| *path).chain(["/nowhere", "/images/x.png", "/healthz", "/robots.txt"])
    {
        let response = site.get(path);
        let policy = response.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(response.header("x-content-type-options"), "nosniff", "{path}");
        for name in [
            "referrer-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "permissions-policy",
        ] {
            assert_ne!(response.header(name), "", "{path} {name}");
        }
        assert_eq!(response.header("set-cookie"), "", "{path}");
    }
}

#[test]
fn pages_contain_no_inline_script_or_style() {
    let site = Site::from_files(&SITE);
    for (path, _) in PAGES {
        let html = site.get(path).text();
        for inline in ["<script>", "style=\"", "<style", "onclick=", "javascript:"] {
            assert!(!html.contains(inline), "{path}: {inline}");
        }
    }
}

#[test]
fn withdrawn_post_gets_410_without_its_text() {
    let response = Site::from_files(&SITE).get("/2024/01/03/gone.html");
    assert_eq!(response.status, StatusCode::GONE);
    assert!(!response.text().contains("Secret"));
}

#[test]
fn post_source_is_served_only_if_configured() {
    let site = Site::from_files(&SITE);
    let response = site.get("/news/2024/01/02/a.md");
    assert_eq!(response.text(), SITE[1].1);
    assert_eq!(response.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(response.header("x-robots-tag"), "noindex");
    assert_eq!(response.header("link"), "</news/2024/01/02/a.html>; rel=\"canonical\"");
    Site::from_files(&SITE[1..]).assert_status("/news/2024/01/02/a.md", 404);
}

#[test]
fn favicon_is_from_the_site_or_built_in() {
    let own = Site::from_files(&[("favicon.ico", "own")]);
    assert_eq!(own.get("/favicon.ico").text(), "own");
    let ours = Site::from_files(&[]).get("/favicon.ico");
    assert_eq!((ours.status, ours.header("content-type")), (StatusCode::OK, "image/x-icon"));
    assert_eq!(ours.bytes[..4], [0, 0, 1, 0], "an icon");
}

#[test]
fn files_support_ranges_and_conditional_requests() {
    let site = Site::from_files(&SITE);
    let whole = site.get("/images/x.png");
    assert_eq!((whole.header("content-type"), whole.text().as_str()), ("image/png", "0123456789"));
    assert_eq!(whole.header("cross-origin-resource-policy"), "cross-origin");
    let part = site.request(Method::GET, "/images/x.png", &[("range", "bytes=2-4")]);
    assert_eq!((part.status, part.text().as_str()), (StatusCode::PARTIAL_CONTENT, "234"));
    let beyond = site.request(Method::GET, "/images/x.png", &[("range", "bytes=50-")]);
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    let changed = whole.header("last-modified");
    let again = site.request(Method::GET, "/images/x.png", &[("if-modified-since", changed)]);
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

#[test]
fn excluded_hidden_and_linked_files_are_not_served() {
    let outside = folder(&[("secret.txt", "no")]);
    let inside = folder(&[
        ("_config.yml", "title: secret\nexclude: [images/private]\nfinews:\n  static: [data, notes.txt]\n"),
        ("images/a.txt", "yes"),
        ("images/.hidden", "no"),
        ("images/_part.txt", "no"),
        ("images/private/a.txt", "no"),
        ("data/b.txt", "yes"),
        ("notes.txt", "yes"),
        ("other.txt", "yes"),
        ("_posts/2024-01-02-a.md", "---\ntitle: A\n---\nText.\n"),
    ]);
    std::os::unix::fs::symlink(outside.path(), inside.path().join("images/out")).expect("a link");
    std::os::unix::fs::symlink("a.txt", inside.path().join("images/near.txt")).expect("a link");
    let site = Site::from_folder(inside.path());
    let table = [
        ("/images/a.txt", 200),
        ("/images/near.txt", 200),
        ("/data/b.txt", 200),
        ("/notes.txt", 200),
        ("/images/.hidden", 404),
        ("/images/_part.txt", 404),
        ("/images/private/a.txt", 404),
        ("/images/out/secret.txt", 404),
        ("/images/../other.txt", 404),
        ("/images/%2e%2e/other.txt", 404),
        ("/images/..%2fother.txt", 404),
        ("/images//a.txt", 404),
        ("/images/", 404),
        ("/other.txt", 200),
        ("/_config.yml", 404),
        ("/_posts/2024-01-02-a.md", 404),
        ("/images/a.txt%00", 400),
        ("/%ff", 400),
    ];
    for (path, status) in table {
        site.assert_status(path, status);
    }
}

#[test]
fn readyz_is_503_until_the_archive_is_loaded() {
    let loading = Site::loading();
    loading.assert_status("/healthz", 200);
    loading.assert_status("/readyz", 503);
    loading.assert_status("/", 503);
    assert_ne!(loading.get("/").header("retry-after"), "");
    Site::from_files(&SITE).assert_status("/readyz", 200);
}

#[test]
fn unusual_paths_get_no_server_error() {
    let site = Site::from_files(&SITE);
    for path in
        ["/?x=1", "/%E4%B8%AD", "/category/%2F.html", "/2024/1/2/", "//", "/a//b", "/99999/99/", "/%25"]
    {
        let response = site.send(Request::builder().uri(path).body(Body::empty()).expect("a request"));
        assert!(response.status.as_u16() < 500, "{path}: {}", response.status);
    }
}

#[test]
fn problems_are_on_the_admin_listener_only() {
    let files = [("_posts/2024-01-02-a.md", "---\ntitle: *a\n---\nText.\n")];
    Site::from_files(&files).assert_status("/problems", 404);
    let admin = Site::from_files(&files).into_admin();
    let problems = crate::support::json_lines(&admin.get("/problems").text());
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0]["code"], "front-matter-invalid");
}
