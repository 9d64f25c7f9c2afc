//! HTTP semantics: conditional requests, encodings, methods, cache policies, and security headers.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use finews::web::cache::CachePolicy;

use crate::support::{Site, folder};

const SITE: [(&str, &str); 5] = [
    ("_config.yml", "title: T\nfinews:\n  source: true\n"),
    ("_posts/2024-01-02-a.md", "---\ntitle: A\ncategories: news\ntags: t\n---\nText of A.\n"),
    ("_posts/2024-01-03-gone.md", "---\ntitle: Gone\npublished: false\n---\nSecret.\n"),
    ("about.md", "---\ntitle: About\n---\nAbout us.\n"),
    ("images/x.png", "0123456789"),
];

/// A page of each kind, with its cache policy.
const KINDS: [(&str, CachePolicy); 13] = [
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
fn who_has_a_page_already_is_told_so() {
    let site = Site::of(&SITE);
    for (path, _) in KINDS {
        site.assert_conditional(path);
    }
}

#[test]
fn each_kind_of_page_has_its_cache_policy() {
    let site = Site::of(&SITE);
    for (path, policy) in KINDS {
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
fn a_page_is_the_same_in_every_encoding() {
    let site = Site::of(&SITE);
    for (path, _) in KINDS {
        let plain = site.get(path);
        assert_eq!(plain.header("content-encoding"), "");
        assert_eq!(plain.header("vary"), "accept-encoding");
        for (accept, encoding) in [("gzip", "gzip"), ("br", "br"), ("gzip, br", "gzip")] {
            let packed = site.ask(Method::GET, path, &[("accept-encoding", accept)]);
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
fn head_says_what_get_says() {
    let site = Site::of(&SITE);
    for path in KINDS.iter().map(|(path, _)| *path).chain(["/nowhere", "/images/x.png", "/healthz"]) {
        let (get, head) = (site.get(path), site.ask(Method::HEAD, path, &[]));
        assert_eq!(get.status, head.status, "{path}");
        for name in ["content-type", "etag", "cache-control", "vary", "content-length"] {
            assert_eq!(get.header(name), head.header(name), "{path} {name}");
        }
    }
}

#[test]
fn other_methods_are_refused_with_those_allowed() {
    let site = Site::of(&SITE);
    for path in ["/", "/news/2024/01/02/a.html", "/nowhere", "/healthz"] {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = site.ask(method, path, &[]);
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
            let allowed = answer.header("allow").replace(' ', "");
            assert!(allowed.contains("GET") && allowed.contains("HEAD"), "{path}: {allowed}");
        }
    }
}

#[test]
fn every_answer_is_safe_to_show() {
    let site = Site::of(&SITE);
    for path in
        KINDS.iter().map(|(path, _)| *path).chain(["/nowhere", "/images/x.png", "/healthz", "/robots.txt"])
    {
        let answer = site.get(path);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        for name in [
            "referrer-policy",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "permissions-policy",
        ] {
            assert_ne!(answer.header(name), "", "{path} {name}");
        }
        assert_eq!(answer.header("set-cookie"), "", "{path}");
    }
}

#[test]
fn pages_hold_nothing_that_the_policy_forbids() {
    let site = Site::of(&SITE);
    for (path, _) in KINDS {
        let html = site.get(path).text();
        for inline in ["<script>", "style=\"", "<style", "onclick=", "javascript:"] {
            assert!(!html.contains(inline), "{path}: {inline}");
        }
    }
}

#[test]
fn a_withdrawn_post_is_gone_and_tells_nothing() {
    let answer = Site::of(&SITE).get("/2024/01/03/gone.html");
    assert_eq!(answer.status, StatusCode::GONE);
    assert!(!answer.text().contains("Secret"));
}

#[test]
fn the_source_of_a_post_is_served_where_the_owner_says_so() {
    let site = Site::of(&SITE);
    let answer = site.get("/news/2024/01/02/a.md");
    assert_eq!(answer.text(), SITE[1].1);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("x-robots-tag"), "noindex");
    assert_eq!(answer.header("link"), "</news/2024/01/02/a.html>; rel=\"canonical\"");
    Site::of(&SITE[1..]).assert_status("/news/2024/01/02/a.md", 404);
}

#[test]
fn the_icon_is_the_sites_own_or_ours() {
    let own = Site::of(&[("favicon.ico", "own")]);
    assert_eq!(own.get("/favicon.ico").text(), "own");
    let ours = Site::of(&[]).get("/favicon.ico");
    assert_eq!((ours.status, ours.header("content-type")), (StatusCode::OK, "image/x-icon"));
    assert_eq!(ours.bytes[..4], [0, 0, 1, 0], "an icon");
}

#[test]
fn files_are_served_with_ranges_and_conditions() {
    let site = Site::of(&SITE);
    let whole = site.get("/images/x.png");
    assert_eq!((whole.header("content-type"), whole.text().as_str()), ("image/png", "0123456789"));
    assert_eq!(whole.header("cross-origin-resource-policy"), "cross-origin");
    let part = site.ask(Method::GET, "/images/x.png", &[("range", "bytes=2-4")]);
    assert_eq!((part.status, part.text().as_str()), (StatusCode::PARTIAL_CONTENT, "234"));
    let beyond = site.ask(Method::GET, "/images/x.png", &[("range", "bytes=50-")]);
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    let changed = whole.header("last-modified");
    let again = site.ask(Method::GET, "/images/x.png", &[("if-modified-since", changed)]);
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}

#[test]
fn nothing_but_the_named_files_is_served() {
    let outside = folder(&[("secret.txt", "no")]);
    let inside = folder(&[
        ("_config.yml", "title: secret\nexclude: [images/private]\nfinews:\n  static: [data, notes.txt]\n"),
        ("images/a.txt", "yes"),
        ("images/.hidden", "no"),
        ("images/_part.txt", "no"),
        ("images/private/a.txt", "no"),
        ("data/b.txt", "yes"),
        ("notes.txt", "yes"),
        ("other.txt", "no"),
        ("_posts/2024-01-02-a.md", "---\ntitle: A\n---\nText.\n"),
    ]);
    std::os::unix::fs::symlink(outside.path(), inside.path().join("images/out")).expect("a link");
    std::os::unix::fs::symlink("a.txt", inside.path().join("images/near.txt")).expect("a link");
    let site = Site::at(inside.path());
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
        ("/other.txt", 404),
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
fn readiness_comes_with_the_archive() {
    let loading = Site::loading();
    loading.assert_status("/healthz", 200);
    loading.assert_status("/readyz", 503);
    loading.assert_status("/", 503);
    assert_ne!(loading.get("/").header("retry-after"), "");
    Site::of(&SITE).assert_status("/readyz", 200);
}

#[test]
fn a_request_of_any_shape_gets_an_answer() {
    let site = Site::of(&SITE);
    for path in
        ["/?x=1", "/%E4%B8%AD", "/category/%2F.html", "/2024/1/2/", "//", "/a//b", "/99999/99/", "/%25"]
    {
        let answer = site.send(Request::builder().uri(path).body(Body::empty()).expect("a request"));
        assert!(answer.status.as_u16() < 500, "{path}: {}", answer.status);
    }
}

#[test]
fn the_owner_sees_what_is_wrong_and_readers_do_not() {
    let files = [("_posts/2024-01-02-a.md", "---\ntitle: *a\n---\nText.\n")];
    Site::of(&files).assert_status("/problems", 404);
    let owner = Site::of(&files).for_owner();
    let problems = crate::support::json_lines(&owner.get("/problems").text());
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0]["code"], "front-matter-invalid");
}
