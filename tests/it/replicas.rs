//! A replica serves the copy of a bucket, and `pull` writes the files of a bucket into a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use axum::http::StatusCode;
use finews::bucket::{Appended, Bucket, BucketOptions, BucketUrl, CommitDraft, StoredFile};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{Server, finews, folder, post, serve};

const CONFIG: &str = "title: First\nurl: https://news.example\nfinews:\n  announce: on\n";

/// A bucket in a folder, with the cache folder of its replica beside it.
struct Log {
    runtime: Runtime,
    folder: TempDir,
    bucket: Bucket,
    last: u64,
}

impl Log {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let url = url(&folder.path().join("bucket"));
        let bucket = runtime.block_on(Bucket::open_or_create(&parsed(&url), &BucketOptions::default()));
        Self { runtime, folder, bucket: bucket.expect("a bucket"), last: 0 }
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("bucket")
    }

    fn cache(&self) -> String {
        self.folder.path().join("cache").to_string_lossy().into_owned()
    }

    fn url(&self) -> String {
        url(&self.place())
    }

    /// The file of a commit.
    fn file(&self, seq: u64) -> PathBuf {
        self.place().join(format!("log/{seq:020}.tar.zst"))
    }

    /// Appends a commit with these files, some of them in a pack.
    fn commit(&mut self, packed: &[(&str, &str)], files: &[(&str, &str)], gone: &[&str]) {
        self.last += 1;
        let mut draft = CommitDraft::new("test");
        draft.gone = gone.iter().map(|path| (*path).to_owned()).collect();
        draft.files = stored(files);
        let appended = self.runtime.block_on(async {
            if !packed.is_empty() {
                draft.packs = vec![self.bucket.put_pack(self.last, &stored(packed)).await?];
            }
            self.bucket.append(self.last, &draft).await
        });
        assert!(matches!(appended.expect("a commit"), Appended::Written));
    }

    fn commit_files(&mut self, files: &[(&str, &str)]) {
        self.commit(&[], files, &[]);
    }

    /// Appends a commit with a post of 2024-01-02.
    fn commit_post(&mut self, name: &str) {
        self.commit_files(&[(&post_file(name), &post(name, "2024-01-02 08:00", "city"))]);
    }

    fn server(&self) -> Server {
        Server::from_command(&mut serve(Path::new(&self.url()), &["--cache-dir", &self.cache()]))
    }

    /// Runs finews with the URL as the last argument, asserts the exit code, and returns the text of stderr.
    fn stderr(&self, arguments: &[&str], code: i32) -> String {
        let output = finews(&[arguments, &[&*self.url()]].concat());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        text
    }

    /// Pulls into a new folder, and returns the folder and the text of stdout.
    fn pull(&self, flags: &[&str]) -> (TempDir, String) {
        let target = tempfile::tempdir().expect("a folder");
        let place = target.path().to_string_lossy().into_owned();
        let output = finews(&[&["pull", &self.url(), &place], flags].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (target, String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn url(folder: &Path) -> String {
    format!("file://{}", folder.display())
}

fn parsed(url: &str) -> BucketUrl {
    url.parse().expect("a URL")
}

fn post_file(name: &str) -> String {
    format!("_posts/2024-01-02-{name}.md")
}

fn address(name: &str) -> String {
    format!("/city/2024/01/02/{name}.html")
}

fn modified() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::new(1_704_182_400, 123_456_789)
}

fn stored(files: &[(&str, &str)]) -> Vec<StoredFile> {
    let file = |(path, text): &(&str, &str)| StoredFile {
        path: (*path).to_owned(),
        modified: modified(),
        bytes: (*text).to_owned().into(),
    };
    files.iter().map(file).collect()
}

/// The files of a folder with their contents, sorted.
fn contents(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).min_depth(1).sort_by_file_name() {
        let entry = entry.expect("an entry");
        let path = entry.path().strip_prefix(folder).expect("a path").to_string_lossy().into_owned();
        if entry.file_type().is_dir() {
            assert!(fs::read_dir(entry.path()).expect("a folder").next().is_some(), "{path} is empty");
            continue;
        }
        let time = entry.metadata().expect("metadata").modified().expect("a time");
        assert_eq!(time, modified(), "{path}");
        found.push((path, fs::read_to_string(entry.path()).expect("a text")));
    }
    found
}

#[test]
fn replica_shows_each_commit() {
    let mut log = Log::new();
    log.commit(
        &[(&post_file("packed"), &post("packed", "2024-01-02 08:00", "city")), ("images/a.txt", "image")],
        &[("_config.yml", CONFIG), (&post_file("own"), &post("own", "2024-01-02 08:00", "city"))],
        &[],
    );
    let server = log.server();
    assert!(server.page("/").contains("First"));
    assert_eq!(server.page("/images/a.txt"), "image");
    server.page(&address("packed"));
    log.commit(
        &[],
        &[
            (&post_file("own"), "---\ntitle: Changed\ncategories: city\n---\nNew text.\n"),
            ("images/b.txt", "b"),
        ],
        &[&post_file("packed"), "images/a.txt"],
    );
    server.wait_until("changed", |server| server.shows(&address("own"), "New text."));
    assert_eq!(server.get(&address("packed")).status, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/images/a.txt").status, StatusCode::NOT_FOUND);
    assert_eq!(server.page("/images/b.txt"), "b");
    // A folder of posts stays without posts after the last one is removed.
    log.commit(&[], &[], &[&post_file("own")]);
    server.wait_until("removed", |server| server.get(&address("own")).status == StatusCode::NOT_FOUND);
    // A replica that falls behind catches up.
    for number in 0..100 {
        log.commit_post(&format!("p{number}"));
    }
    server.wait_until("current", |server| server.shows(&address("p99"), "Text of p99."));
    server.page(&address("p0"));
    server.wait_until("reported", |server| {
        let ready = server.get("/readyz?verbose").text();
        ready.contains("\nreplica: position 103, last answer of the bucket ")
    });
    let metrics = server.get_admin("/metrics", &[]).text();
    assert!(metrics.contains("finews_replica_position 103\n"), "{metrics}");
    assert!(metrics.contains("\nfinews_replica_lag_seconds "), "{metrics}");
    server.stop();
}

#[test]
fn configuration_in_a_commit_applies_with_its_posts() {
    let mut log = Log::new();
    log.commit_files(&[("_config.yml", CONFIG), (&post_file("a"), &post("a", "2024-01-02 08:00", "city"))]);
    let server = log.server();
    server.page(&address("a"));
    let other = "title: Second\npermalink: /p/:title/\nfinews:\n  cache_dir: /elsewhere\n  page_cache: 1M\n";
    log.commit_files(&[("_config.yml", other), (&post_file("b"), &post("b", "2024-01-02 08:00", "city"))]);
    server.wait_until("changed", |server| server.shows("/p/b/", "Second"));
    server.page("/p/a/");
    server.wait_for_log("restart required to apply: page_cache");
    log.commit_files(&[
        ("_data/names.yml", "name: data\n"),
        ("about.md", "---\npermalink: /about.html\n---\nA {{ site.data.names.name }} text.\n"),
    ]);
    server.wait_until("data", |server| server.shows("/about.html", "A data text."));
    // An invalid configuration leaves the current one, and the log names it.
    log.commit_files(&[
        ("_config.yml", "future: maybe\n"),
        (&post_file("c"), &post("c", "2024-01-02 08:00", "city")),
    ]);
    server.wait_until("published", |server| server.shows("/p/c/", "Second"));
    server.wait_for_log("keeping the current configuration");
    log.commit_files(&[("_config.yml", "title: Third\npermalink: /p/:title/\n")]);
    server.wait_until("mended", |server| server.shows("/", "Third"));
}

#[test]
fn unknown_permalink_is_asked_of_the_bucket() {
    let mut log = Log::new();
    log.commit_post("first");
    let server = log.server();
    let mut found = 0;
    for name in ["a", "b", "c", "d", "e"] {
        log.commit_post(name);
        found += usize::from(server.get(&address(name)).status == StatusCode::OK);
        server.wait_until(name, |server| server.shows("/", &address(name)));
    }
    // Without the lookup, nearly every one is unknown for 300 ms.
    assert!(found >= 3, "{found} of 5");
}

#[test]
fn copy_is_served_while_the_bucket_is_away() {
    let mut log = Log::new();
    log.commit_files(&[("_config.yml", CONFIG), (&post_file("a"), &post("a", "2024-01-02 08:00", "city"))]);
    log.server().stop();
    let away = log.folder.path().join("away");
    fs::rename(log.place(), &away).expect("a folder");
    let server = log.server();
    server.wait_for_log("serving the local copy");
    assert!(server.page("/").contains("First"));
    assert_eq!(server.get("/readyz").status, StatusCode::OK);
    fs::rename(&away, log.place()).expect("a folder");
    log.commit_post("b");
    server.wait_until("current", |server| server.shows("/", &address("b")));
    server.wait_for_log("is available again; the position is 2");
}

#[test]
fn interrupted_change_is_completed_at_the_next_start() {
    let mut log = Log::new();
    log.commit_post("a");
    log.server().kill();
    fs::rename(log.place(), log.folder.path().join("away")).expect("a folder");
    // The process was killed before it had moved the second file and removed the others.
    let replica = Path::new(&log.cache()).join("replica");
    let write = |path: String, text: &str| {
        fs::create_dir_all(replica.join(&path).parent().expect("a parent")).expect("a folder");
        fs::write(replica.join(path), text).expect("a file");
    };
    write(format!("site/{}", post_file("b")), &post("b", "2024-01-02 08:00", "city"));
    write(format!("staged/{}", post_file("c")), &post("c", "2024-01-02 08:00", "city"));
    let staged =
        serde_json::json!({ "seq": 2, "paths": [post_file("b"), post_file("c")], "gone": [post_file("a")] });
    write("staged.json".into(), &staged.to_string());
    write(
        "state.json".into(),
        &format!(r#"{{"url":"{}","site":"{}","seq":1,"synced":1}}"#, log.url(), log.bucket.site()),
    );
    let server = log.server();
    server.page(&address("b"));
    server.page(&address("c"));
    assert_eq!(server.get(&address("a")).status, StatusCode::NOT_FOUND);
    assert!(!replica.join("staged").exists() && !replica.join("staged.json").exists());
}

#[test]
fn damaged_commit_stops_the_replica_before_it() {
    let mut log = Log::new();
    let damage = |file: PathBuf| {
        let intact = fs::read(&file).expect("a commit");
        fs::write(&file, &intact[..intact.len() - 9]).expect("a file");
        intact
    };
    log.commit_post("a");
    let intact = damage(log.file(1));
    let text = log.stderr(&["serve", "--cache-dir", &log.cache(), "--listen", "127.0.0.1:0"], 2);
    assert!(text.contains("log/00000000000000000001.tar.zst` is damaged"), "{text}");
    fs::write(log.file(1), intact).expect("a file");
    log.server().stop();
    log.commit_post("b");
    log.commit_post("c");
    let intact = damage(log.file(2));
    let server = log.server();
    server.page(&address("a"));
    assert_eq!(server.get(&address("b")).status, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/readyz").status, StatusCode::OK);
    fs::write(log.file(2), intact).expect("a file");
    server.wait_until("current", |server| server.shows("/", &address("c")));
    server.wait_for_log("is available again");
    let reports = server.log().matches("log/00000000000000000002.tar.zst` is damaged").count();
    assert_eq!(reports, 1, "{}", server.log());
}

#[test]
fn unusable_bucket_or_copy_is_one_sentence() {
    let (mut log, mut other) = (Log::new(), Log::new());
    let text = log.stderr(&["serve"], 2);
    assert!(text.contains("set --cache-dir"), "{text}");
    for command in ["check", "list"] {
        assert!(log.stderr(&[command], 2).contains("run `finews pull file://"), "{command}");
    }
    log.commit_post("a");
    other.commit_post("b");
    let mut server = log.server();
    let start = ["serve", "--cache-dir", &log.cache(), "--listen", "127.0.0.1:0"];
    let text = other.stderr(&start, 2);
    assert!(text.contains("another finews uses it"), "{text}");
    server.signal("TERM");
    assert_eq!(server.exit_code_within(Duration::from_secs(8)), Some(0));
    let text = other.stderr(&start, 2);
    assert!(
        text.contains("it is not of the site in file://") && text.contains("remove this folder"),
        "{text}"
    );
    fs::remove_dir_all(other.place()).expect("a folder");
    let cache = other.cache();
    let text = other.stderr(&["serve", "--cache-dir", &cache, "--listen", "127.0.0.1:0"], 2);
    assert!(text.contains("has no finews archive; run `finews push"), "{text}");
}

#[test]
fn pull_writes_the_files_of_a_position() {
    let mut log = Log::new();
    log.commit(&[("a/b/c.md", "packed"), ("d.md", "d")], &[("_config.yml", CONFIG), ("a/e.md", "e")], &[]);
    log.commit(&[], &[("d.md", "changed"), ("a/b", "a file now")], &["a/b/c.md", "a/e.md"]);
    log.commit(&[], &[("f/g.md", "")], &["a/b"]);
    let config = || ("_config.yml".to_owned(), CONFIG.to_owned());
    type Files<'a> = &'a [(&'a str, &'a str)];
    let table: [(&[&str], Files, &str); 4] = [
        (
            &["--at", "1"],
            &[("a/b/c.md", "packed"), ("a/e.md", "e"), ("d.md", "d")],
            "4 files, position 1 of ",
        ),
        (&["--at", "2"], &[("a/b", "a file now"), ("d.md", "changed")], "3 files, position 2 of "),
        (
            &["--at", "2999-01-01T00:00:00+08:00"],
            &[("d.md", "changed"), ("f/g.md", "")],
            "3 files, position 3 of ",
        ),
        (&[], &[("d.md", "changed"), ("f/g.md", "")], "3 files, position 3 of "),
    ];
    for (flags, expected, line) in table {
        let (target, stdout) = log.pull(flags);
        let own = expected.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        let expected: Vec<_> = [config()].into_iter().chain(own).collect();
        assert_eq!(contents(target.path()), expected, "{flags:?}");
        assert!(stdout.contains(line), "{flags:?}: {stdout}");
    }
}

#[test]
fn invalid_pull_writes_nothing() {
    let mut log = Log::new();
    log.commit_post("a");
    let full = folder(&[("a.md", "mine")]);
    let place = |folder: &TempDir| folder.path().to_string_lossy().into_owned();
    let table: [(&[&str], &str); 5] = [
        (&["--at", "2"], "has no position 2; the newest one is 1"),
        (&["--at", "0"], "has no position 0"),
        (
            &["--at", "1999-01-01T00:00:00Z"],
            "has no commit until 1999-01-01T00:00:00+00:00; name a later time",
        ),
        (&["--at", "yesterday"], "expected a position such as 12, or a time such as"),
        (&[], "is not empty; name another one"),
    ];
    for (flags, reason) in table {
        let empty = folder(&[]);
        let target = if flags.is_empty() { &full } else { &empty };
        let output = finews(&[&["pull", &log.url(), &place(target)], flags].concat());
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {text}");
        assert!(text.contains(reason), "{flags:?}: {text}");
        assert_eq!(fs::read_dir(empty.path()).expect("a folder").count(), 0, "{flags:?}");
    }
    assert_eq!(fs::read_to_string(full.path().join("a.md")).expect("a file"), "mine");
}
