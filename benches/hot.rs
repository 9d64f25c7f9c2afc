//! Micro-benchmarks of the hot paths: `cargo bench --bench hot`. They parse post files, and request pages
//! from the router without sockets, on a generated archive.

#[path = "make-archive/generate/mod.rs"]
mod make_archive;

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use chrono::NaiveDate;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use finews::archive::body::{self, Context, MarkupFormat};
use finews::archive::jekyll::front_matter;
use finews::archive::read::site_context;
use finews::archive::{self, Progress};
use finews::config::{ByteSize, Config, Overrides};
use finews::web::{self, App, paths};
use make_archive::Options;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt;

const POSTS: usize = 2000;

/// A predicate that selects the bodies of one shape.
type Shape = fn(&str) -> bool;

/// An archive without defects, and the text of each post file.
struct Site {
    config: Config,
    posts: Vec<String>,
    _folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let start = NaiveDate::from_ymd_opt(2021, 12, 8).expect("a day");
        let options = Options { posts: POSTS, bad: 0.0, seed: 7, sources: 200, per_day: 500, start };
        make_archive::write(folder.path(), &options).expect("an archive");
        let mut config =
            Config::read(folder.path(), &Overrides::default(), &|_| None).expect("a configuration");
        // Turn the page cache off, so that every request renders its page.
        config.server.page_cache = ByteSize(0);
        Self { config, posts: texts(&folder.path().join("posts")), _folder: folder }
    }

    /// The body of median length among the posts of this shape.
    fn body(&self, has_shape: Shape) -> &str {
        let mut bodies: Vec<_> = self.posts.iter().map(|text| front_matter::split(text).body).collect();
        bodies.retain(|body| has_shape(body));
        bodies.sort_by_key(|body| body.len());
        bodies[bodies.len() / 2]
    }

    fn router(&self) -> Router {
        let app: Arc<App> = App::new(&self.config);
        let archive =
            archive::load(&self.config, paths::RESERVED_PATHS, &Progress::default()).expect("an archive");
        app.publish(Arc::new(archive));
        web::router(app)
    }
}

fn texts(folder: &Path) -> Vec<String> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).expect("a post")).collect()
}

fn reading(criterion: &mut Criterion) {
    let site = Site::new();
    let mut group = criterion.benchmark_group("read");
    let whole = site.posts[0].as_str();
    group.bench_function("front matter", |bencher| {
        bencher.iter(|| front_matter::parse(front_matter::split(black_box(whole)).yaml.unwrap_or_default()));
    });
    let context = site_context(&site.config);
    let context = Context {
        site: &context,
        title: "题",
        url: "/a.html",
        page: &|_| None,
        posts: &|_| None,
        files: &|_| None,
        line: 1,
        is_listed: true,
        is_page: false,
    };
    let shapes: [(&str, Shape); 3] = [
        ("body, a digest alone", |body| !body.starts_with(['<', '>'])),
        ("body, a digest over HTML", |body| body.starts_with('>')),
        ("body, HTML", |body| body.starts_with('<')),
    ];
    for (name, has_shape) in shapes {
        let source = site.body(has_shape);
        group.throughput(Throughput::Bytes(source.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| body::read(black_box(source), MarkupFormat::Markdown, &context));
        });
    }
    group.finish();
}

fn answering(criterion: &mut Criterion) {
    let site = Site::new();
    let (router, runtime) = (site.router(), runtime());
    let ask = |path: &str, etag: &str| ask(&runtime, &router, path, etag);
    // Cycle through the articles, so that no cached page is requested again soon.
    let articles: Vec<_> = site.posts.iter().filter_map(|text| article(text)).collect();
    let articles: Vec<_> = articles.iter().filter(|path| ask(path, "").0 == StatusCode::OK).collect();
    let mut next = articles.iter().cycle();
    criterion.bench_function("answer: articles in turn, gzip", |bencher| {
        bencher.iter(|| ask(next.next().expect("an article"), ""));
    });
    let (status, etag, _) = ask("/", "");
    assert_eq!(status, StatusCode::OK);
    criterion.bench_function("answer: home, 304", |bencher| {
        bencher.iter(|| {
            let (status, ..) = ask("/", &etag);
            assert_eq!(status, StatusCode::NOT_MODIFIED);
        });
    });
}

/// Derives the URL path of a post from the text of its file.
fn article(text: &str) -> Option<String> {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
    let (_, slug) = text.split_once("infoCode=NW")?;
    let day = value("date")?.get(..10)?.replace('-', "/");
    Some(format!("/{}/{day}/{}.html", value("categories")?.to_lowercase(), slug.split_once('>')?.0))
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Requests a page in gzip; returns its status, ETag and body.
fn ask(runtime: &Runtime, router: &Router, path: &str, etag: &str) -> (StatusCode, String, Bytes) {
    let request = Request::get(path).header("accept-encoding", "gzip").header("if-none-match", etag);
    let request = request.body(Body::empty()).expect("a request");
    runtime.block_on(async {
        let reply = router.clone().oneshot(request).await.expect("routers do not fail");
        let (status, etag) = (reply.status(), reply.headers().get("etag").cloned());
        let bytes = axum::body::to_bytes(reply.into_body(), usize::MAX).await.expect("a body");
        (status, etag.and_then(|etag| etag.to_str().ok().map(str::to_owned)).unwrap_or_default(), bytes)
    })
}

criterion_group!(benches, reading, answering);
criterion_main!(benches);
