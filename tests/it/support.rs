//! The vocabulary of the tests: a [`Site`] made of a fixture or of a few files, asked without
//! sockets, or [`Running`] as a process of its own, and the [`Answer`]s that it gives.

mod running;

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
use finews::search::State;
use finews::web::{self, App, paths};
use tempfile::TempDir;
use tower::ServiceExt;

pub use running::{Connection, Running, serve};

/// The folder of a fixture.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A folder with these files, gone when dropped.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

/// The file of a post.
pub fn post(title: &str, date: &str, category: &str) -> String {
    format!(
        "---\ntitle: {title}\ndate: {date}\ncategories: {category}\ntags: {category}新闻\n---\nText of {title}.\n"
    )
}

/// The configuration of a site's folder, without environment and flags.
pub fn config(root: &Path) -> Config {
    Config::read(root, &Overrides::default(), &|_| None).expect("a valid configuration")
}

/// The archive of a site's folder.
pub fn load(config: &Config) -> Snapshot {
    archive::load(config, paths::CLAIMS, &Progress::default()).expect("an archive")
}

/// A site that can be asked.
pub struct Site {
    router: Router,
    admin: Router,
    _folder: Option<TempDir>,
}

impl Site {
    /// The sample archive of the repository.
    pub fn sample() -> Self {
        Self::at(Path::new(env!("CARGO_MANIFEST_DIR")))
    }

    /// A fixture.
    pub fn fixture(name: &str) -> Self {
        Self::at(&fixture(name))
    }

    /// A site of these files.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let folder = folder(files);
        Self::at(folder.path()).keeping(folder)
    }

    /// The site of a folder.
    pub fn at(root: &Path) -> Self {
        let config = config(root);
        let app = App::new(&config);
        app.publish(Arc::new(load(&config)));
        Self::asking(app)
    }

    /// A site of these files, all of which can be searched.
    pub fn searched(files: &[(&str, &str)]) -> Self {
        let folder = folder(&[&[("index/.keep", "")], files].concat());
        let config = config(folder.path());
        let app = App::new(&config);
        app.search().start(Some(folder.path().join("index")));
        app.publish(Arc::new(load(&config)));
        let start = Instant::now();
        while *app.search().state() != State::Current {
            assert!(start.elapsed() < Duration::from_secs(20), "{}", app.search().state());
            std::thread::sleep(Duration::from_millis(10));
        }
        Self::asking(app).keeping(folder)
    }

    /// The site of an app.
    pub fn asking(app: Arc<App>) -> Self {
        Self { admin: web::admin::router(Arc::clone(&app)), router: web::router(app), _folder: None }
    }

    /// The site as its owner's listener shows it.
    pub fn for_owner(self) -> Self {
        Self { router: self.admin.clone(), ..self }
    }

    /// A site whose archive is still being loaded.
    pub fn loading() -> Self {
        let folder = folder(&[]);
        let app: Arc<App> = App::new(&config(folder.path()));
        Self::asking(app).keeping(folder)
    }

    fn keeping(self, folder: TempDir) -> Self {
        Self { _folder: Some(folder), ..self }
    }

    /// Sends any request.
    pub fn send(&self, request: Request<Body>) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let reply = self.router.clone().oneshot(request).await.expect("routers do not fail");
            let (parts, body) = reply.into_parts();
            let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body");
            Answer { status: parts.status, headers: parts.headers, bytes: bytes.to_vec() }
        })
    }

    /// Sends a request with these headers.
    pub fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).expect("a request"))
    }

    /// GETs a path.
    pub fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[])
    }

    /// The HTML of a page, which must be there.
    pub fn page(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
        answer.text()
    }

    /// Asserts that a path redirects for good, and where to.
    pub fn assert_moved(&self, path: &str, to: &str) {
        let answer = self.get(path);
        assert_eq!((answer.status, answer.header("location")), (StatusCode::MOVED_PERMANENTLY, to), "{path}");
    }

    /// Asserts the status of a path.
    pub fn assert_status(&self, path: &str, status: u16) {
        assert_eq!(self.get(path).status.as_u16(), status, "{path}");
    }

    /// Asserts that who has the page already is told so, in each encoding, and that the answer
    /// still says what caches need to know.
    pub fn assert_conditional(&self, path: &str) {
        for encoding in ["br", "gzip", "identity"] {
            let accept = ("accept-encoding", encoding);
            let first = self.ask(Method::GET, path, &[accept]);
            assert_eq!(first.status, StatusCode::OK, "{path}");
            let tag = first.header("etag").to_owned();
            for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".into()] {
                let again = self.ask(Method::GET, path, &[accept, ("if-none-match", &known)]);
                assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path} {known}");
                assert!(again.bytes.is_empty(), "{path}");
                for header in ["etag", "vary", "cache-control", "content-security-policy"] {
                    assert_eq!(again.header(header), first.header(header), "{path} {header}");
                }
            }
            let other = self.ask(Method::GET, path, &[accept, ("if-none-match", "\"other\"")]);
            assert_eq!(other.status, StatusCode::OK, "{path}");
        }
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// A header's value; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("visible ASCII"))
    }

    /// The text, decoded.
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

/// Runs the program.
pub fn finews(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_finews")).args(arguments).output().expect("the program runs")
}

/// Each line of a text as JSON.
pub fn json_lines(text: &str) -> Vec<serde_json::Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// The lines that a command prints, as JSON; it must end well.
pub fn printed(arguments: &[&str]) -> Vec<serde_json::Value> {
    let output = finews(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    json_lines(&String::from_utf8(output.stdout).expect("UTF-8"))
}

/// The text of each element of a name in an XML document.
pub fn texts_of(xml: &str, name: &str) -> Vec<String> {
    let document = roxmltree::Document::parse(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    let elements = document.descendants().filter(|node| node.tag_name().name() == name);
    elements.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}
