//! HTTP semantics: conditional and partial requests, encodings, methods, cache policies, and security headers.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use finews::web::http::cache::CachePolicy;

use crate::support::{Server, Site, folder};

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
    assert_eq!(site.get("/nowhere").headers["cache-control"], CachePolicy::NotFound.header());
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

/// The names and the values of header fields.
type FieldList<'a> = &'a [(&'a str, &'a str)];

#[test]
fn files_are_sent_whole_or_in_part() {
    let folder = folder(&SITE);
    set_time(&folder.path().join("images/x.png"), SystemTime::now() - Duration::from_secs(3600));
    let site = Site::from_folder(folder.path());
    let get = |headers: &[(&str, &str)]| site.request(Method::GET, "/images/x.png", headers);
    let whole = get(&[]);
    assert_eq!((whole.header("content-type"), whole.text().as_str()), ("image/png", "0123456789"));
    assert_eq!(whole.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!((whole.header("accept-ranges"), whole.header("vary")), ("bytes", ""));
    let (etag, date) = (whole.header("etag"), whole.header("last-modified"));
    assert!(etag.starts_with('"'), "a strong tag: {etag}");
    let weak = format!("W/{etag}");
    let long_ago = "Thu, 01 Jan 2015 00:00:00 GMT";
    let table: [(FieldList<'_>, u16, &str); 24] = [
        (&[("range", "bytes=2-4")], 206, "bytes 2-4/10"),
        (&[("range", "bytes=9-")], 206, "bytes 9-9/10"),
        (&[("range", "bytes=-3")], 206, "bytes 7-9/10"),
        (&[("range", "bytes=-30")], 206, "bytes 0-9/10"),
        (&[("range", "bytes=0-99999999999999999999")], 206, "bytes 0-9/10"),
        (&[("range", "BYTES=0-0")], 206, "bytes 0-0/10"),
        (&[("range", "bytes=0-0"), ("accept-encoding", "gzip")], 206, "bytes 0-0/10"),
        (&[("range", "bytes=50-")], 416, "bytes */10"),
        (&[("range", "bytes=-0")], 416, "bytes */10"),
        (&[("range", "lines=0-1")], 200, ""),
        (&[("range", "bytes=0-0,5-6")], 200, ""),
        (&[("range", "bytes=0-0"), ("range", "bytes=5-6")], 200, ""),
        (&[("range", "bytes=4-2")], 200, ""),
        (&[("range", "bytes=x")], 200, ""),
        (&[("range", "bytes=2-4"), ("if-range", etag)], 206, "bytes 2-4/10"),
        (&[("range", "bytes=2-4"), ("if-range", date)], 206, "bytes 2-4/10"),
        (&[("range", "bytes=2-4"), ("if-range", "\"old\"")], 200, ""),
        (&[("range", "bytes=2-4"), ("if-range", &weak)], 200, ""),
        (&[("range", "bytes=2-4"), ("if-range", long_ago)], 200, ""),
        (&[("range", "bytes=2-4"), ("if-none-match", etag)], 304, ""),
        (&[("range", "bytes=2-4"), ("if-match", "\"old\"")], 412, ""),
        (&[("if-modified-since", date)], 304, ""),
        (&[("if-modified-since", long_ago)], 200, ""),
        (&[("if-modified-since", date), ("if-none-match", "\"old\"")], 200, ""),
    ];
    for (headers, status, range) in table {
        let response = get(headers);
        assert_eq!(
            (response.status.as_u16(), response.header("content-range")),
            (status, range),
            "{headers:?}"
        );
        let bytes = match status {
            206 => {
                let (first, last) = range[6..range.len() - 3].split_once('-').expect("a range");
                let position = |text: &str| text.parse::<usize>().expect("a number");
                &"0123456789"[position(first)..=position(last)]
            }
            200 => "0123456789",
            _ => "",
        };
        assert_eq!(response.text(), bytes, "{headers:?}");
        assert!(status == 412 || response.header("etag") == etag, "{headers:?}");
    }
    let head = site.request(Method::HEAD, "/images/x.png", &[("range", "bytes=2-4")]);
    assert_eq!((head.status, head.header("content-length")), (StatusCode::OK, "10"));
    assert_eq!(head.header("content-range"), "");
}

/// Sets the mtime of a file.
fn set_time(path: &Path, time: SystemTime) {
    File::options().write(true).open(path).expect("a file").set_modified(time).expect("a time");
}

#[test]
fn changed_file_has_another_etag() {
    let folder = folder(&[("images/x.png", "0123456789"), ("images/new.png", "9876543210")]);
    let site = Site::from_folder(folder.path());
    let path = folder.path().join("images/x.png");
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    set_time(&path, hour_ago);
    let etag = || site.get("/images/x.png").header("etag").to_owned();
    let mut etags = vec![etag()];
    assert_eq!(etag(), etags[0]);
    // The same bytes with another time.
    set_time(&path, hour_ago + Duration::from_secs(1));
    assert_eq!(etag(), etags[0]);
    set_time(&path, hour_ago);
    // Another file with the same size and time.
    let other = folder.path().join("images/new.png");
    set_time(&other, hour_ago);
    fs::rename(other, &path).expect("a file");
    etags.push(etag());
    // Other bytes in the same file.
    fs::write(&path, "0246813579").expect("a file");
    set_time(&path, hour_ago);
    etags.push(etag());
    fs::write(&path, "longer than before").expect("a file");
    set_time(&path, hour_ago);
    etags.push(etag());
    let count = etags.len();
    etags.sort();
    etags.dedup();
    assert_eq!(etags.len(), count, "{etags:?}");
    // A download of the old file is not continued with bytes of the new one.
    let status = |tag: &String| {
        let headers = [("range", "bytes=5-"), ("if-range", tag.as_str())];
        site.request(Method::GET, "/images/x.png", &headers).status.as_u16()
    };
    let mut statuses: Vec<_> = etags.iter().map(status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 206]);
}

#[test]
fn replaced_large_file_has_another_etag() {
    const SIZE: usize = (8 << 20) + 1;
    let folder = folder(&SITE);
    let site = Site::from_folder(folder.path());
    let path = folder.path().join("images/x.png");
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let get = |headers: &[(&str, &str)]| site.request(Method::GET, "/images/x.png", headers);
    let range = ("range", "bytes=0-9");
    let mut etags: Vec<String> = Vec::new();
    for byte in [b'a', b'b'] {
        let other = folder.path().join("images/new.png");
        fs::write(&other, vec![byte; SIZE]).expect("a file");
        set_time(&other, hour_ago);
        fs::rename(other, &path).expect("a file");
        etags.push(get(&[range]).header("etag").to_owned());
    }
    assert!(etags.iter().all(|etag| etag.starts_with('"')), "{etags:?}");
    let statuses = etags.iter().map(|etag| get(&[range, ("if-range", etag.as_str())]).status.as_u16());
    assert_eq!(statuses.collect::<Vec<_>>(), [200, 206]);
}

#[test]
fn file_that_has_just_changed_has_a_weak_etag() {
    let folder = folder(&SITE);
    let path = folder.path().join("images/x.png");
    let site = Site::from_folder(folder.path());
    let get = |headers: &[(&str, &str)]| site.request(Method::GET, "/images/x.png", headers);
    // A time in the near future counts as recent too, and leaves the test more time.
    set_time(&path, SystemTime::now() + Duration::from_secs(1));
    let recent = get(&[]);
    let etag = recent.header("etag");
    assert!(etag.starts_with("W/\"") && recent.header("last-modified").is_empty(), "{:?}", recent.headers);
    assert_eq!(get(&[("if-none-match", etag)]).status, StatusCode::NOT_MODIFIED);
    let part = get(&[("range", "bytes=2-4"), ("if-range", etag)]);
    assert_eq!((part.status, part.text().as_str()), (StatusCode::OK, "0123456789"));
    // A client that has bytes of this moment asks for them again.
    set_time(&path, SystemTime::now() - Duration::from_secs(10));
    assert_eq!(get(&[("if-none-match", etag)]).status, StatusCode::OK);
    assert!(get(&[]).header("etag").starts_with('"'));
}

#[test]
fn copies_of_a_site_have_the_same_validators() {
    let text = "p { color: red }\n".repeat(100);
    let files = [&SITE[..], &[("images/s.css", text.as_str())]].concat();
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let copies = [0, 1].map(|number| {
        let folder = folder(&files);
        set_time(&folder.path().join("images/x.png"), hour_ago);
        // The ETag of compressed text is that of its bytes.
        set_time(&folder.path().join("images/s.css"), hour_ago - Duration::from_secs(number));
        (Site::from_folder(folder.path()), folder)
    });
    let [first, second] = copies.each_ref().map(|(site, _)| site);
    for (path, has_date) in [
        ("/images/x.png", true),
        ("/images/s.css", false),
        // The date of a feed is that of its version in the process.
        ("/feed.xml", false),
        ("/", true),
        ("/news/2024/01/02/a.html", true),
    ] {
        let [one, other] =
            [first, second].map(|site| site.request(Method::GET, path, &[("accept-encoding", "gzip")]));
        assert_eq!(one.header("etag"), other.header("etag"), "{path}");
        assert!(one.header("etag").starts_with('"'), "{path}");
        if has_date {
            assert_eq!(one.header("last-modified"), other.header("last-modified"), "{path}");
        }
    }
}

#[test]
fn text_files_are_sent_compressed() {
    let text = "p { color: red }\n".repeat(100);
    let types = [
        ("css", "text/css; charset=utf-8"),
        ("js", "text/javascript; charset=utf-8"),
        ("json", "application/json"),
        ("svg", "image/svg+xml"),
        ("xml", "application/xml"),
        ("txt", "text/plain; charset=utf-8"),
    ];
    let folder = folder(&[("assets/x.png", &text), ("assets/small.txt", "A few words.")]);
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let write = |name: &str, text: &str, time| {
        let path = folder.path().join("assets").join(name);
        fs::write(&path, text).expect("a file");
        set_time(&path, time);
    };
    let site = Site::from_folder(folder.path());
    let get = |path: &str, headers: &[(&str, &str)]| site.request(Method::GET, path, headers);
    for (extension, content_type) in types {
        write(&format!("a.{extension}"), &text, hour_ago);
        let path = format!("/assets/a.{extension}");
        let plain = get(&path, &[]);
        assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "accept-encoding"));
        for encoding in ["gzip", "br"] {
            let accept = ("accept-encoding", encoding);
            // The second response comes from the cache.
            for _ in 0..2 {
                let packed = get(&path, &[accept]);
                assert_eq!(packed.header("content-encoding"), encoding, "{path}");
                assert_eq!(packed.header("content-length"), packed.bytes.len().to_string());
                assert!(packed.bytes.len() < text.len() / 4 && packed.text() == text, "{path}");
                assert_eq!(packed.header("content-type"), content_type);
                for header in
                    ["content-type", "vary", "last-modified", "cache-control", "cross-origin-resource-policy"]
                {
                    assert_eq!(packed.header(header), plain.header(header), "{path} {header}");
                }
                assert_ne!(packed.header("etag"), plain.header("etag"));
            }
            // A partial response has no encoding; the method HEAD has no partial response.
            let range = ("range", "bytes=0-0");
            let part = get(&path, &[accept, range]);
            assert_eq!((part.status, part.header("content-encoding")), (StatusCode::PARTIAL_CONTENT, ""));
            assert_eq!((part.text().as_str(), part.header("etag")), ("p", plain.header("etag")));
            let head = site.request(Method::HEAD, &path, &[accept, range]);
            assert_eq!((head.status, head.header("content-encoding")), (StatusCode::OK, encoding));
            let known = get(&path, &[accept, ("if-modified-since", plain.header("last-modified"))]);
            assert_eq!((known.status, known.header("vary")), (StatusCode::NOT_MODIFIED, "accept-encoding"));
        }
        assert_eq!(get(&path, &[("accept-encoding", "gzip;q=foo")]).header("content-encoding"), "");
        site.assert_conditional(&path);
    }
    for path in ["/assets/x.png", "/assets/small.txt"] {
        assert_eq!(get(path, &[("accept-encoding", "gzip")]).header("content-encoding"), "", "{path}");
    }
    let changed = text.replace("red", "sea");
    write("a.css", &changed, hour_ago + Duration::from_millis(1));
    assert_eq!(get("/assets/a.css", &[("accept-encoding", "gzip")]).text(), changed);
}

#[test]
fn feeds_are_revalidated_by_date() {
    let site = Site::from_files(&SITE);
    for path in ["/feed.xml", "/feed.json", "/feed/news.xml", "/feed/by_tag/t.json"] {
        let get = |headers: &[(&str, &str)]| site.request(Method::GET, path, headers);
        let first = get(&[]);
        let (etag, date) = (first.header("etag"), first.header("last-modified"));
        assert!(date.ends_with(" GMT"), "{path}: {date}");
        let long_ago = "Thu, 01 Jan 2015 00:00:00 GMT";
        let table: [(&[(&str, &str)], u16); 6] = [
            (&[("if-modified-since", date)], 304),
            (&[("if-modified-since", long_ago)], 200),
            (&[("if-modified-since", "yesterday")], 200),
            // `If-None-Match` takes precedence.
            (&[("if-modified-since", date), ("if-none-match", "\"other\"")], 200),
            (&[("if-modified-since", long_ago), ("if-none-match", etag)], 304),
            (&[], 200),
        ];
        for (headers, status) in table {
            let again = get(headers);
            assert_eq!(again.status.as_u16(), status, "{path} {headers:?}");
            assert_eq!(
                (again.header("etag"), again.header("last-modified")),
                (etag, date),
                "{path} {headers:?}"
            );
        }
        site.assert_conditional(path);
    }
}

#[test]
fn every_change_of_a_feed_gives_it_another_date() {
    let site = folder(&SITE);
    let server = Server::new(site.path(), &[]);
    let get = |date: &str| server.connect().get_with("/feed.xml", &[("if-modified-since", date)]);
    let date = || {
        // A version has no date until the previous one is a second old.
        server.wait_until("a date", |server| !server.get("/feed.xml").header("last-modified").is_empty());
        let date = server.get("/feed.xml").header("last-modified").to_owned();
        assert_eq!(get(&date).status, StatusCode::NOT_MODIFIED);
        date
    };
    let (known, late) =
        (site.path().join("_posts/2024-01-02-a.md"), site.path().join("_posts/2023-01-01-b.md"));
    let text = "---\ntitle: A\ncategories: news\ntags: t\n---\nAnother text.\n";
    // An edit that keeps the dates of the post, a post with an earlier date, and a removed post.
    let changes: [&dyn Fn(); 3] =
        [&|| fs::write(&known, text).expect("a file"), &|| fs::write(&late, text).expect("a file"), &|| {
            fs::remove_file(&late).expect("a file");
        }];
    for change in changes {
        let (old, etag) = (date(), server.etag("/feed.xml"));
        change();
        server.wait_until("changed", |server| server.etag("/feed.xml") != etag);
        assert_eq!(get(&old).status, StatusCode::OK);
    }
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
        ("/%ff", 404),
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
