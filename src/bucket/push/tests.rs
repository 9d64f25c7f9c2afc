//! Pushes to buckets in temporary folders.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::time::SystemTime;

use tempfile::TempDir;

use super::*;
use crate::archive::Severity;
use crate::bucket::commit::{Commit, decode_pack};
use crate::config::Overrides;

const POST: &str = "---\ntitle: T\n---\nText.\n";

/// A site and its bucket. Their folders are removed afterwards.
struct Trial {
    folder: TempDir,
    options: PushOptions,
    has_cache: bool,
}

impl Trial {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = PushOptions { only_writer: true, ..PushOptions::default() };
        let trial = Self { folder, options, has_cache: true };
        files.iter().for_each(|(path, text)| trial.write(path, text));
        trial
    }

    fn place(&self, path: &str) -> PathBuf {
        self.folder.path().join("site").join(path)
    }

    /// Writes a file that is old enough to be complete.
    fn write(&self, path: &str, text: &str) {
        self.write_new(path, text);
        let file = File::options().write(true).open(self.place(path)).expect("a file");
        file.set_modified(SystemTime::now() - Duration::from_secs(60)).expect("a time");
    }

    fn write_new(&self, path: &str, text: &str) {
        let place = self.place(path);
        fs::create_dir_all(place.parent().expect("a parent")).expect("a folder");
        fs::write(place, text).expect("a file");
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.place(path)).expect("a file");
    }

    fn config(&self) -> Result<Config, ConfigError> {
        let cache = self.folder.path().join("cache").display().to_string();
        let flags = if self.has_cache { vec![("cache-dir", cache)] } else { Vec::new() };
        Config::read(&self.place(""), &Overrides(flags), &|_| None)
    }

    fn url(&self) -> BucketUrl {
        format!("file://{}/bucket", self.folder.path().display()).parse().expect("a URL")
    }

    async fn pusher(&self, stop: watch::Receiver<bool>) -> Result<Pusher, PushError> {
        let bucket = (&self.url(), &BucketOptions::default());
        Pusher::open(&self.place(""), self.config()?, bucket, self.options.clone(), stop).await
    }

    async fn push(&self) -> Result<PushReport, PushError> {
        self.pusher(watch::channel(false).1).await?.push().await
    }

    /// Pushes, and returns the pushed files and the number of removed ones.
    async fn pushed(&self) -> (Vec<String>, usize) {
        let report = self.push().await.expect("a push");
        (report.pushed, report.removed.len())
    }

    async fn bucket(&self) -> Bucket {
        Bucket::open(&self.url(), &BucketOptions::default()).await.expect("a bucket")
    }

    async fn commit(&self, seq: u64) -> Option<Commit> {
        self.bucket().await.commit(seq).await.expect("a log")
    }

    /// The files that a replica has after all commits.
    async fn replica(&self) -> BTreeMap<String, (SystemTime, String)> {
        let (bucket, mut files) = (self.bucket().await, BTreeMap::new());
        let mut seq = 1;
        while let Some(commit) = bucket.commit(seq).await.expect("a log") {
            let mut insert = |file: StoredFile| {
                let text = String::from_utf8_lossy(&file.bytes).into_owned();
                files.insert(file.path, (file.modified, text));
                Ok(())
            };
            for pack in &commit.header.packs {
                let bytes = bucket.pack(pack).await.expect("a pack");
                decode_pack(&bytes, &mut insert).expect("a pack");
            }
            commit.files.into_iter().for_each(|file| insert(file).expect("a file"));
            commit.header.gone.iter().for_each(|path| {
                files.remove(path);
            });
            seq += 1;
        }
        files
    }

    async fn text(&self, path: &str) -> Option<String> {
        self.replica().await.remove(path).map(|(_, text)| text)
    }
}

#[tokio::test]
async fn only_changed_files_are_pushed_again() {
    for has_cache in [true, false] {
        let mut trial = Trial::new(&[
            ("_config.yml", "title: x\n"),
            ("_posts/2024-01-02-a.md", POST),
            ("img/b.svg", "<svg/>"),
        ]);
        trial.has_cache = has_cache;
        assert_eq!(trial.pushed().await.0, ["_config.yml", "_posts/2024-01-02-a.md", "img/b.svg"]);
        assert_eq!(trial.pushed().await, (vec![], 0));
        let modified = trial.place("img/b.svg").metadata().and_then(|meta| meta.modified()).expect("a time");
        assert_eq!(trial.replica().await["img/b.svg"], (modified, "<svg/>".to_owned()));
        // The same bytes at another time are no change.
        trial.write_new("img/b.svg", "<svg/>");
        assert_eq!(trial.pushed().await, (vec![], 0));
        trial.write("_posts/2024-01-02-a.md", &POST.replace("Text", "Next"));
        assert_eq!(trial.pushed().await.0, ["_posts/2024-01-02-a.md"]);
        assert!(trial.text("_posts/2024-01-02-a.md").await.is_some_and(|text| text.contains("Next")));
        assert!(trial.commit(3).await.is_none());
    }
}

#[tokio::test]
async fn rejected_post_keeps_its_last_version() {
    let trial = Trial::new(&[("_posts/2024-01-02-a.md", POST), ("_posts/-x.md", POST), ("empty.txt", "")]);
    let report = trial.push().await.expect("a push");
    assert_eq!(report.pushed, ["_posts/2024-01-02-a.md", "empty.txt"]);
    assert!(report.problems[0].to_string().starts_with("_posts/-x.md: error[date-missing]:"));
    trial.write("_posts/2024-01-02-a.md", "");
    let report = trial.push().await.expect("a push");
    assert_eq!((report.pushed.len(), report.kept), (0, 0));
    let empty = report.problems.iter().find(|problem| problem.code == Code::HalfWritten).expect("a problem");
    assert_eq!((&*empty.path, empty.severity), ("_posts/2024-01-02-a.md", Severity::Warning));
    assert_eq!(trial.text("_posts/2024-01-02-a.md").await.as_deref(), Some(POST));
}

#[tokio::test]
async fn file_that_may_be_incomplete_is_pushed_once_it_rests() {
    let trial = Trial::new(&[("_posts/2024-01-02-a.md", POST)]);
    trial.write_new("new.txt", "");
    trial.write_new("_posts/2024-01-03-b.md", "---\ntitle: T\n\nText.\n");
    assert_eq!(trial.pushed().await.0, ["_posts/2024-01-02-a.md", "_posts/2024-01-03-b.md", "new.txt"]);
    assert_eq!(trial.commit(1).await.expect("a commit").files.len(), 3);
}

#[tokio::test]
async fn removed_files_stay_without_delete_and_below_the_limit_go() {
    let mut trial =
        Trial::new(&[("_config.yml", "title: x\n"), ("a/b.txt", "b"), ("a/c.txt", "c"), ("d.txt", "d")]);
    trial.push().await.expect("a push");
    trial.remove("a/b.txt");
    let report = trial.push().await.expect("a push");
    assert_eq!((report.kept, report.removed.len(), report.seq), (1, 0, 1));
    trial.options.delete = true;
    trial.options.dry_run = true;
    assert_eq!(trial.pushed().await, (vec![], 1));
    assert!(trial.commit(2).await.is_none());
    trial.options.dry_run = false;
    assert_eq!(trial.pushed().await, (vec![], 1));
    assert_eq!(trial.replica().await.into_keys().collect::<Vec<_>>(), ["_config.yml", "a/c.txt", "d.txt"]);
    // A file in the place of a folder is no removal of its own.
    fs::remove_dir_all(trial.place("a")).expect("a folder");
    trial.write("a", "file");
    assert_eq!(trial.pushed().await, (vec!["a".to_owned()], 0));
    assert_eq!(trial.commit(3).await.expect("a commit").header.gone, ["a/c.txt"]);
    assert_eq!(trial.replica().await.into_keys().collect::<Vec<_>>(), ["_config.yml", "a", "d.txt"]);
}

#[tokio::test]
async fn incomplete_site_removes_nothing() {
    let names: Vec<String> = (0..30).map(|number| format!("p/{number:02}.txt")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
    let mut trial = Trial::new(&files);
    trial.write("_config.yml", "title: x\n");
    trial.options.delete = true;
    trial.push().await.expect("a push");
    let error = |result: Result<PushReport, PushError>| result.expect_err("an error").to_string();
    // Moved files are not lost.
    fs::rename(trial.place("p"), trial.place("q")).expect("a folder");
    assert_eq!(trial.pushed().await.1, 30);
    for name in &names[..11] {
        trial.remove(&name.replace('p', "q"));
    }
    let text = error(trial.push().await);
    assert!(text.contains("11 of the 31 files") && text.contains("--max-delete allows 10"), "{text}");
    trial.options.max_delete = MaxDelete::Files(11);
    fs::rename(trial.place("_config.yml"), trial.place("config.yml")).expect("a file");
    assert!(error(trial.push().await).contains("has no _config.yml"));
    fs::remove_dir_all(trial.place("")).expect("a folder");
    fs::create_dir(trial.place("")).expect("a folder");
    assert!(error(trial.push().await).contains("has no files"));
    assert!(trial.commit(3).await.is_none());
}

#[tokio::test]
async fn incomplete_site_writes_no_pack() {
    let mut trial = Trial::new(&[("a.txt", "a"), ("b.txt", "b"), ("c.txt", "c")]);
    trial.options.delete = true;
    trial.options.max_delete = MaxDelete::Files(0);
    trial.push().await.expect("a push");
    trial.remove("a.txt");
    fs::rename(trial.place("b.txt"), trial.place("d.txt")).expect("a file");
    for (path, megabytes) in [("large.bin", 40), ("larger.bin", 41)] {
        let file = File::create(trial.place(path)).expect("a file");
        file.set_len(megabytes << 20).expect("a size");
    }
    let error = trial.push().await.expect_err("an error").to_string();
    assert!(error.starts_with("nothing was pushed: the site lacks 1 of the 3 files"), "{error}");
    let has_pack = || trial.folder.path().join("bucket/pack").exists();
    assert!(!has_pack());
    // The other file has moved.
    trial.write("a.txt", "a");
    let report = trial.push().await.expect("a push");
    assert_eq!((report.pushed.len(), report.removed), (3, vec!["b.txt".to_owned()]));
    assert!(has_pack());
}

#[tokio::test]
async fn large_pushes_use_packs_and_other_writers_are_followed() {
    let trial = Trial::new(&[("_posts/2024-01-02-a.md", POST)]);
    let large = "0123456789abcdef".repeat(600_000);
    trial.write("b.bin", &large);
    trial.push().await.expect("a push");
    let commit = trial.commit(1).await.expect("a commit");
    assert_eq!((commit.header.packs.len(), commit.files.len()), (1, 0));
    assert_eq!(trial.text("b.bin").await, Some(large));
    // Another machine writes the next commit.
    let mut draft = CommitDraft::new("other");
    let modified = SystemTime::now();
    draft.files.push(StoredFile { path: "other.txt".into(), modified, bytes: "x".into() });
    trial.bucket().await.append(2, &draft).await.expect("a commit");
    trial.write("c.txt", "c");
    let report = trial.push().await.expect("a push");
    assert_eq!((report.pushed, report.kept, report.seq), (vec!["c.txt".to_owned()], 1, 3));
    // A log that was restored from a backup is shorter than the state.
    fs::remove_file(trial.folder.path().join("bucket/log/00000000000000000003.tar.zst")).expect("a commit");
    assert_eq!(trial.pushed().await.0, ["c.txt"]);
    assert_eq!(trial.replica().await.len(), 4);
}

#[tokio::test]
async fn file_of_another_writer_is_not_removed() {
    for follow in [false, true] {
        let mut trial = Trial::new(&[("a.txt", "a"), ("b.txt", "b"), ("c.txt", "c")]);
        trial.options.delete = true;
        trial.options.follow = follow;
        let mut pusher = trial.pusher(watch::channel(false).1).await.expect("a bucket");
        pusher.push_site().await.expect("a push");
        let other = |seq: u64, path: &'static str| {
            let mut draft = CommitDraft::new("other");
            let modified = SystemTime::now();
            draft.files.push(StoredFile { path: path.into(), modified, bytes: "other".into() });
            let bucket = trial.bucket();
            async move { bucket.await.append(seq, &draft).await.expect("a commit") }
        };
        let long_ago = Instant::now() - REMOVED_AFTER;
        let remove = |pusher: &mut Pusher, path: &str| {
            trial.remove(path);
            pusher.absent.insert(path.to_owned(), long_ago);
        };
        other(2, "b.txt").await;
        remove(&mut pusher, "b.txt");
        remove(&mut pusher, "c.txt");
        let report = pusher.push_site().await.expect("a push");
        assert_eq!((report.removed, report.seq), (vec!["c.txt".to_owned()], 3));
        assert_eq!((report.kept, report.unsettled.len()), if follow { (0, 1) } else { (1, 0) });
        assert_eq!(trial.commit(3).await.expect("a commit").header.gone, ["c.txt"]);
        assert_eq!(trial.text("b.txt").await.as_deref(), Some("other"));
        // A commit that would remove and write nothing is not written.
        other(4, "b.txt").await;
        pusher.absent.insert("b.txt".to_owned(), long_ago);
        let report = pusher.push_site().await.expect("a push");
        assert_eq!((report.removed.len(), report.seq), (0, 4));
        assert!(trial.commit(5).await.is_none());
    }
}

#[tokio::test]
async fn store_is_checked_before_the_first_commit_of_a_process() {
    for has_cache in [true, false] {
        let mut trial = Trial::new(&[("a.txt", "a")]);
        trial.has_cache = has_cache;
        trial.push().await.expect("a push");
        trial.options.only_writer = false;
        let mut pusher = trial.pusher(watch::channel(false).1).await.expect("a bucket");
        pusher.push().await.expect("a push");
        assert!(!pusher.state.is_fit, "the push writes nothing");
        trial.write("b.txt", "b");
        pusher.push().await.expect("a push");
        assert!(pusher.state.is_fit);
        let pusher = trial.pusher(watch::channel(false).1).await.expect("a bucket");
        assert_eq!((pusher.state.is_fit, pusher.state.seq), (has_cache, 2));
    }
}

#[tokio::test]
async fn settings_that_push_has_not_read_are_not_pushed() {
    let (yml, yaml) = ("_config.yml", "_config.yaml");
    let table: [(&[&str], &str, bool); 5] = [
        (&[yml], yml, false),
        (&[yaml], yaml, false),
        (&[yaml], yml, false),
        (&[], yml, false),
        // `_config.yml` has precedence.
        (&[yml], yaml, true),
    ];
    for (before, changed, is_pushed) in table {
        let trial = Trial::new(&[("a.txt", "a")]);
        before.iter().for_each(|path| trial.write(path, "title: x\n"));
        let mut pusher = trial.pusher(watch::channel(false).1).await.expect("a bucket");
        trial.write(changed, "title: later\n");
        let report = pusher.push().await.expect("a push");
        assert_eq!(report.pushed.iter().any(|path| path == changed), is_pushed, "{before:?}, {changed}");
        let warned: Vec<(&str, Code)> =
            report.problems.iter().map(|problem| (&*problem.path, problem.code)).collect();
        assert_eq!(warned == [(changed, Code::HalfWritten)], !is_pushed, "{before:?}, {changed}: {warned:?}");
        assert_eq!(trial.pushed().await.0.is_empty(), is_pushed);
        assert_eq!(trial.text(changed).await.as_deref(), Some("title: later\n"));
    }
}

#[tokio::test]
async fn dry_run_creates_no_bucket() {
    let mut trial = Trial::new(&[("_posts/2024-01-02-a.md", POST)]);
    trial.options.dry_run = true;
    assert_eq!(trial.pushed().await.0, ["_posts/2024-01-02-a.md"]);
    assert!(!trial.folder.path().join("bucket").exists() && !trial.folder.path().join("cache").exists());
}

#[tokio::test]
async fn follow_pushes_each_change_until_it_is_stopped() {
    let mut trial = Trial::new(&[("_config.yml", "title: x\n"), ("_posts/2024-01-02-a.md", POST)]);
    trial.options.follow = true;
    trial.options.delete = true;
    std::os::unix::fs::symlink("_posts", trial.place("linked")).expect("a link");
    let (stop, stopping) = watch::channel(false);
    let mut pusher = trial.pusher(stopping).await.expect("a bucket");
    let wait_for = async |path: &str, expected: Option<&str>| {
        for _ in 0..200 {
            if trial.bucket().await.newest(0).await.expect("a log") > 0
                && trial.text(path).await.as_deref() == expected
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} is not {expected:?}");
    };
    let read_config = || trial.config();
    let changes = async {
        wait_for("linked/2024-01-02-a.md", Some(POST)).await;
        trial.write_new("_posts/2024-01-03-b.md", POST);
        wait_for("linked/2024-01-03-b.md", Some(POST)).await;
        trial.write_new("new/folder/c.txt", "c");
        wait_for("new/folder/c.txt", Some("c")).await;
        trial.write_new("_config.yml", "title: [\n");
        trial.write_new("d.txt", "d");
        wait_for("d.txt", Some("d")).await;
        assert_eq!(trial.text("_config.yml").await.as_deref(), Some("title: x\n"));
        trial.write_new("_config.yml", "title: y\n");
        wait_for("_config.yml", Some("title: y\n")).await;
        fs::remove_dir_all(trial.place("new")).expect("a folder");
        wait_for("new/folder/c.txt", None).await;
        stop.send_replace(true);
    };
    let (result, ()) = tokio::join!(pusher.follow(&read_config), changes);
    result.expect("a push");
}

#[tokio::test]
async fn followed_site_loses_a_file_after_a_second_look() {
    let mut trial = Trial::new(&[("a.txt", "a"), ("b.txt", "b"), ("c.txt", "c"), ("d.txt", "d")]);
    trial.options.follow = true;
    trial.options.delete = true;
    trial.options.max_delete = MaxDelete::Files(1);
    let mut pusher = trial.pusher(watch::channel(false).1).await.expect("a bucket");
    pusher.push_site().await.expect("a push");
    let long_ago = |pusher: &mut Pusher| {
        pusher.absent.values_mut().for_each(|since| *since -= REMOVED_AFTER);
    };
    // A program replaces a file, and moves another.
    trial.remove("a.txt");
    fs::rename(trial.place("b.txt"), trial.place("e.txt")).expect("a file");
    let places = ["a.txt", "b.txt", "e.txt"].map(|path| trial.place(path));
    let report = pusher.push_places(&places).await.expect("a push");
    assert_eq!((report.pushed, report.removed), (vec!["e.txt".to_owned()], vec!["b.txt".to_owned()]));
    assert_eq!(report.unsettled.iter().map(|(place, _)| place.clone()).collect::<Vec<_>>(), places[..1]);
    trial.write("a.txt", "new");
    let report = pusher.push_places(&places[..1]).await.expect("a push");
    assert_eq!((report.pushed, report.unsettled.len()), (vec!["a.txt".to_owned()], 0));
    trial.remove("a.txt");
    pusher.push_places(&places[..1]).await.expect("a push");
    long_ago(&mut pusher);
    let report = pusher.push_places(&places[..1]).await.expect("a push");
    assert_eq!((report.removed, report.unsettled.len()), (vec!["a.txt".to_owned()], 0));
    // Two files are more than allowed, so they stay in the bucket, and the push goes on.
    trial.remove("c.txt");
    trial.remove("d.txt");
    trial.write("f.txt", "f");
    let report = pusher.push_site().await.expect("a push");
    assert_eq!((report.pushed, report.unsettled.len()), (vec!["f.txt".to_owned()], 2));
    assert!(report.many_missing.is_none());
    long_ago(&mut pusher);
    let report = pusher.push_site().await.expect("a push");
    assert_eq!((report.removed.len(), report.kept, report.unsettled.len()), (0, 2, 0));
    let reason = report.many_missing.expect("a reason").to_string();
    assert!(reason.starts_with("the site lacks 2 of the 4 files"), "{reason}");
    trial.write("c.txt", "c");
    assert_eq!(pusher.push_site().await.expect("a push").removed, ["d.txt"]);
}

#[tokio::test]
async fn growing_file_is_read_after_growing_waits() {
    let mut trial = Trial::new(&[("a.txt", "a"), ("b.log", "b")]);
    trial.options.follow = true;
    let mut pusher = trial.pusher(watch::channel(false).1).await.expect("a bucket");
    let growing = GrowingFile { wait: LONGEST_WAIT, read_at: Instant::now() + LONGEST_WAIT };
    pusher.growing.insert("b.log".into(), growing);
    pusher.growing.insert("gone.log".into(), GrowingFile::after(None));
    assert_eq!(pusher.push_site().await.expect("a push").pushed, ["a.txt"]);
    assert_eq!(pusher.growing.keys().collect::<Vec<_>>(), ["b.log"]);
    // The file rests when the wait is over.
    pusher.growing.insert("b.log".into(), GrowingFile { wait: LONGEST_WAIT, read_at: Instant::now() });
    assert_eq!(pusher.push_places(&[trial.place("b.log")]).await.expect("a push").pushed, ["b.log"]);
    assert!(pusher.growing.is_empty());
    let mut file = GrowingFile::after(None);
    let waits: Vec<u128> = (0..13)
        .map(|_| {
            let wait = file.wait.as_millis();
            file = GrowingFile::after(Some(&file));
            wait
        })
        .collect();
    assert_eq!((&waits[..3], waits[11], waits[12]), (&[30, 60, 120][..], 60_000, 60_000));
}

#[test]
fn limit_of_removed_files_is_a_share_or_a_number() {
    let table = [("1%", 1000, 10), ("1%", 5000, 50), ("0.5%", 5000, 25), ("3", 5000, 3), ("0", 5000, 0)];
    for (text, files, limit) in table {
        assert_eq!(text.parse::<MaxDelete>().expect(text).limit(files), limit, "{text}");
    }
    for text in ["", "%", "-1", "101%", "1 %", "NaN%", "one"] {
        assert!(text.parse::<MaxDelete>().is_err(), "{text}");
    }
}
