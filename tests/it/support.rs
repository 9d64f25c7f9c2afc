//! The vocabulary of the tests: a [`Site`] built from a fixture or a few files, which takes requests without
//! sockets; a [`Server`] process; and the [`Response`]s of both.

mod server;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use finews::archive::{self, Progress, Snapshot};
use finews::config::{Config, Overrides};
use finews::search::IndexState;
use finews::web::{self, App, paths};
use tempfile::TempDir;
use tower::ServiceExt;

pub use server::{Connection, Server, serve};

/// Path of a fixture in `tests/fixtures`.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Creates a temporary folder with these files, each a path and its content. It is deleted on drop.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

/// The text of a post file. Its only tag is the category followed by `新闻`.
pub fn post(title: &str, date: &str, category: &str) -> String {
    format!(
        "---\ntitle: {title}\ndate: {date}\ncategories: {category}\ntags: {category}新闻\n---\nText of {title}.\n"
    )
}

/// Reads the configuration of a site folder, without environment variables and flags.
pub fn config(root: &Path) -> Config {
    Config::read(root, &Overrides::default(), &|_| None).expect("a valid configuration")
}

/// Loads the archive of a site.
pub fn load(config: &Config) -> Snapshot {
    archive::load(config, paths::RESERVED_PATHS, &Progress::default()).expect("an archive")
}

/// A site that takes requests without sockets, directly at its router.
pub struct Site {
    router: Router,
    admin: Router,
    _folder: Option<TempDir>,
}

impl Site {
    /// The sample archive in the root of the repository.
    pub fn sample() -> Self {
        Self::from_folder(Path::new(env!("CARGO_MANIFEST_DIR")))
    }

    /// The site of a fixture, loaded in place.
    pub fn fixture(name: &str) -> Self {
        Self::from_folder(&fixture(name))
    }

    /// Creates a site from these files.
    pub fn from_files(files: &[(&str, &str)]) -> Self {
        let folder = folder(files);
        Self::from_folder(folder.path()).with_folder(folder)
    }

    /// Loads the site in a folder.
    pub fn from_folder(root: &Path) -> Self {
        let config = config(root);
        let app = App::new(&config);
        app.publish(Arc::new(load(&config)));
        Self::from_app(app)
    }

    /// Creates a site from these files, and waits until the search index contains all posts.
    pub fn with_index(files: &[(&str, &str)]) -> Self {
        let folder = folder(&[&[("index/.keep", "")], files].concat());
        let config = config(folder.path());
        let app = App::new(&config);
        app.search().start(Some(folder.path().join("index")));
        app.publish(Arc::new(load(&config)));
        let start = Instant::now();
        while *app.search().state() != IndexState::Current {
            assert!(start.elapsed() < Duration::from_secs(20), "{}", app.search().state());
            std::thread::sleep(Duration::from_millis(10));
        }
        Self::from_app(app).with_folder(folder)
    }

    /// A site that sends its requests to this app.
    pub fn from_app(app: Arc<App>) -> Self {
        Self { admin: web::admin::router(Arc::clone(&app)), router: web::router(app), _folder: None }
    }

    /// The same site, but with requests to the admin listener.
    pub fn into_admin(self) -> Self {
        Self { router: self.admin.clone(), ..self }
    }

    /// An empty site whose archive is still loading.
    pub fn loading() -> Self {
        let folder = folder(&[]);
        let app: Arc<App> = App::new(&config(folder.path()));
        Self::from_app(app).with_folder(folder)
    }

    fn with_folder(self, folder: TempDir) -> Self {
        Self { _folder: Some(folder), ..self }
    }

    /// Sends a request and reads the whole response.
    pub fn send(&self, request: Request<Body>) -> Response {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let reply = self.router.clone().oneshot(request).await.expect("routers do not fail");
            let (parts, body) = reply.into_parts();
            let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
            Response { status: parts.status, headers: parts.headers, bytes: bytes.to_vec() }
        })
    }

    /// Sends a request with these headers and without a body.
    pub fn request(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).expect("a request"))
    }

    /// Sends a GET request.
    pub fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path, &[])
    }

    /// The HTML of a page; asserts that the status is 200.
    pub fn page(&self, path: &str) -> String {
        let response = self.get(path);
        assert_eq!(response.status, StatusCode::OK, "{path}");
        assert_eq!(response.header("content-type"), "text/html; charset=utf-8", "{path}");
        response.text()
    }

    /// Asserts that a path redirects permanently (301) to `to`.
    pub fn assert_moved(&self, path: &str, to: &str) {
        let response = self.get(path);
        assert_eq!(
            (response.status, response.header("location")),
            (StatusCode::MOVED_PERMANENTLY, to),
            "{path}"
        );
    }

    /// Asserts the status of a GET request.
    pub fn assert_status(&self, path: &str, status: u16) {
        assert_eq!(self.get(path).status.as_u16(), status, "{path}");
    }

    /// Asserts that a request with the current ETag gets a 304 in each encoding, and that the 304 has the
    /// headers that caches need.
    pub fn assert_conditional(&self, path: &str) {
        for encoding in ["br", "gzip", "identity"] {
            let accept = ("accept-encoding", encoding);
            let first = self.request(Method::GET, path, &[accept]);
            assert_eq!(first.status, StatusCode::OK, "{path}");
            let tag = first.header("etag").to_owned();
            for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
                let again = self.request(Method::GET, path, &[accept, ("if-none-match", &known)]);
                assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path} {known}");
                assert!(again.bytes.is_empty(), "{path}");
                for header in ["etag", "vary", "cache-control", "content-security-policy"] {
                    assert_eq!(again.header(header), first.header(header), "{path} {header}");
                }
            }
            let other = self.request(Method::GET, path, &[accept, ("if-none-match", "\"other\"")]);
            assert_eq!(other.status, StatusCode::OK, "{path}");
        }
    }
}

/// A response, read to its end.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Response {
    /// Returns the value of a header, or an empty string if it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("visible ASCII"))
    }

    /// Returns the body as text, decompressed.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match self.header("content-encoding") {
            "br" => {
                brotli::Decompressor::new(&*self.bytes, 4096).read_to_string(&mut text).expect("brotli");
            }
            "gzip" => {
                let mut bytes = vec![0; 16 << 20];
                let mut decompressor = libdeflater::Decompressor::new();
                let length = decompressor.gzip_decompress(&self.bytes, &mut bytes).expect("gzip");
                text = std::str::from_utf8(&bytes[..length]).expect("UTF-8").into();
            }
            _ => text = std::str::from_utf8(&self.bytes).expect("UTF-8").into(),
        }
        text
    }
}

/// Runs finews to its end.
pub fn finews(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_finews")).args(arguments).output().expect("the program runs")
}

/// Parses each line of a text as JSON.
pub fn json_lines(text: &str) -> Vec<serde_json::Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Runs finews, asserts that it succeeds, and parses each line of its stdout as JSON.
pub fn stdout_json(arguments: &[&str]) -> Vec<serde_json::Value> {
    let output = finews(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    json_lines(&String::from_utf8(output.stdout).expect("UTF-8"))
}

/// The text of each XML element with this name.
pub fn element_texts(xml: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    let elements = document.descendants().filter(|node| node.tag_name().name() == name);
    elements.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}
