//! The archive cache on disk makes a start fast, and never wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use axum::http::StatusCode;

use super::{CONFIG, Files, TIMEOUT, post_path, serve_unprivileged};
use crate::support::{Server, folder, post, serve, stdout_json};

const POSTS: usize = 300;
const CACHE_WRITTEN: &str = "cached archive written to";
const CACHE_VERIFIED: &str = "cached archive verified against the files";
const CACHE_REJECTED: &str = " not used: ";

/// The flag that sets the cache folder.
fn cache_flags(cache: &Path) -> [&str; 2] {
    ["--cache-dir", cache.to_str().expect("UTF-8")]
}

/// The files of a cache folder, without the subfolder of the search index.
fn files_in(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.is_file()).collect()
}

/// The cached archive, which is the only file of its folder.
fn cached_archive(cache: &Path) -> PathBuf {
    let files = files_in(cache);
    assert_eq!(files.len(), 1, "{files:?}");
    files.into_iter().next().expect("a file")
}

/// The temporary file that an archive is written to before it is renamed.
fn temporary_file(archive: &Path) -> PathBuf {
    archive.with_extension("new")
}

/// Serves a site once, so that its archive is cached.
fn write_cache(files: &Files, cache: &Path) {
    let server = files.serve(&cache_flags(cache));
    server.wait_for_log(CACHE_WRITTEN);
    server.stop();
}

/// Asserts that every post of a site of numbered posts is served.
fn assert_all_posts_served(server: &Server) {
    let mut reader = server.connect();
    for n in 0..POSTS {
        let response = reader.get(&format!("/x/2024/01/01/n{n}.html"));
        assert_eq!(response.status, StatusCode::OK, "{n}");
        assert!(response.text().contains(&format!("Text of No {n}.")), "{n}");
    }
    assert!(server.shows("/category/", &POSTS.to_string()));
}

/// Counts how often a text is in the log.
fn log_count(server: &Server, text: &str) -> usize {
    server.log().matches(text).count()
}

#[test]
fn cached_start_applies_changes_since_the_last_run() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    write_cache(&files, cache.path());
    files.write("_posts/2024-01-02-new.md", &post("New", "2024-01-02 08:00", "x"));
    files.write(&post_path(1), &post("Changed", "2024-01-01", "x"));
    files.remove(&post_path(2));
    let server = files.serve(&cache_flags(cache.path()));
    server.wait_for_log(CACHE_VERIFIED);
    assert_eq!(log_count(&server, CACHE_REJECTED), 0, "{}", server.log());
    server.wait(TIMEOUT, "as the files are", |server| {
        server.shows("/", "New")
            && server.shows("/x/2024/01/01/n1.html", "Text of Changed.")
            && server.get("/x/2024/01/01/n2.html").status == StatusCode::NOT_FOUND
            && server.shows("/x/2024/01/01/n3.html", "Text of No 3.")
            && server.shows("/category/", &POSTS.to_string())
    });
    files.write(&post_path(3), &post("Followed", "2024-01-01", "x"));
    server.wait(TIMEOUT, "following", |server| server.shows("/x/2024/01/01/n3.html", "Text of Followed."));
}

#[test]
fn list_command_reads_the_files_not_the_cache() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    write_cache(&files, cache.path());
    files.write(&post_path(1), &post("Changed", "2024-01-01", "x"));
    let site = files.path("").to_string_lossy().into_owned();
    let lines = stdout_json(&[&["list", site.as_str()], &cache_flags(cache.path())[..]].concat());
    assert_eq!(lines.len(), POSTS);
    assert!(lines.iter().any(|line| line["title"] == "Changed"));
}

#[test]
fn cached_start_without_watching_applies_changes() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    write_cache(&files, cache.path());
    files.write(&post_path(1), &post("Changed", "2024-01-01", "x"));
    let server = files.serve(&[&cache_flags(cache.path())[..], &["--watch", "off"]].concat());
    server.wait(TIMEOUT, "changed", |server| server.shows("/x/2024/01/01/n1.html", "Text of Changed."));
}

#[test]
fn cached_start_without_posts_folder_serves_the_cache() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    write_cache(&files, cache.path());
    files.rename("_posts", ".away");
    let server = files.serve(&cache_flags(cache.path()));
    server.wait_for_log(CACHE_VERIFIED);
    assert!(server.has_problem("_posts", "unreadable"));
    assert_all_posts_served(&server);
    files.rename(".away", "_posts");
    server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
    assert_all_posts_served(&server);
}

#[test]
fn cached_start_keeps_an_archive_of_an_unmounted_volume() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    files.write("old_post/2023-01-01-old.md", &post("Old", "2023-01-01 08:00", "y"));
    write_cache(&files, cache.path());
    files.rename("old_post", ".away");
    fs::create_dir(files.path("old_post")).expect("a folder");
    let server = files.serve(&cache_flags(cache.path()));
    server.wait_for_log(CACHE_VERIFIED);
    server.wait(TIMEOUT, "complaining", |server| server.has_problem("old_post", "unreadable"));
    assert!(server.shows("/y/2023/01/01/old.html", "Text of Old."));
    files.rename(".away/2023-01-01-old.md", "old_post/2023-01-01-old.md");
    server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
    assert!(server.shows("/y/2023/01/01/old.html", "Text of Old."));
}

#[test]
fn cached_start_serves_the_same_as_a_fresh_start() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    files.write("about.md", "---\ntitle: About\n---\nAbout us.\n");
    files.write("_posts/2024-01-02-bad.md", "---\ntitle: *x\n---\nText.\n");
    write_cache(&files, cache.path());
    let (cached, fresh) = (files.serve(&cache_flags(cache.path())), files.serve(&[]));
    cached.wait_for_log(CACHE_VERIFIED);
    for path in [
        "/",
        "/category/",
        "/category/x.html",
        "/tag/",
        "/2024/",
        "/2024/01/01/",
        "/about.html",
        "/x/2024/01/01/n7.html",
    ] {
        let (cached, fresh) = (cached.get(path), fresh.get(path));
        assert_eq!((cached.status, cached.header("etag")), (StatusCode::OK, fresh.header("etag")), "{path}");
        assert_eq!(cached.text(), fresh.text(), "{path}");
    }
    assert_eq!(cached.problems(), fresh.problems());
}

#[test]
fn corrupt_cache_is_ignored_and_rewritten() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    write_cache(&files, cache.path());
    let file = cached_archive(cache.path());
    let good = fs::read(&file).expect("an archive");
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bytes
    };
    let long = good.len();
    let mut damaged: Vec<(String, Vec<u8>)> = vec![
        ("empty".into(), Vec::new()),
        ("garbage".into(), b"no archive at all\n".repeat(5_000)),
        ("random".into(), (0..long).map(|n| ((n * n * 31) >> 3) as u8).collect()),
    ];
    damaged.extend(
        [1, 20, 30, 100, long / 2, long - 1].map(|end| (format!("cut at {end}"), good[..end].to_vec())),
    );
    // Offsets in the magic, the key, the length, checksum and bytes of a section, and the last section.
    let places = [0, 15, 16, 23, 24, 26, 30, 32, 39, 40, 200, long / 3, long / 2, long - 100, long - 1];
    damaged.extend(places.map(|at| (format!("flipped at {at}"), flipped(at))));
    for (how, bytes) in damaged {
        fs::write(&file, bytes).expect("a file");
        let server = files.serve(&cache_flags(cache.path()));
        server.wait_for_log(CACHE_WRITTEN);
        assert_eq!(log_count(&server, CACHE_REJECTED), 1, "{how}: {}", server.log());
        assert!(!server.log().contains("WARN") && !server.log().contains("ERROR"), "{how}: {}", server.log());
        assert_all_posts_served(&server);
        server.stop();
        assert_eq!(
            fs::metadata(cached_archive(cache.path())).expect("an archive").len(),
            long as u64,
            "{how}"
        );
    }
    let server = files.serve(&cache_flags(cache.path()));
    server.wait_for_log(CACHE_VERIFIED);
    assert_eq!(log_count(&server, CACHE_REJECTED), 0);
    assert_all_posts_served(&server);
}

#[test]
fn cache_of_other_settings_is_ignored() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    write_cache(&files, cache.path());
    files.write("_config.yml", "title: Daily\ntimezone: Asia/Shanghai\npermalink: /p/:title.html\n");
    let server = files.serve(&cache_flags(cache.path()));
    server.wait_for_log(CACHE_WRITTEN);
    assert_eq!(log_count(&server, CACHE_REJECTED), 1, "{}", server.log());
    assert!(server.shows("/p/n7.html", "Text of No 7."));
}

#[test]
fn two_sites_share_one_cache_folder() {
    let (one, other, cache) = (Files::with_posts(20), Files::new(), folder(&[]));
    write_cache(&one, cache.path());
    write_cache(&other, cache.path());
    for (files, path) in [(&one, "/x/2024/01/01/n7.html"), (&other, "/x/2024/01/01/a.html")] {
        let server = files.serve(&cache_flags(cache.path()));
        server.wait_for_log(CACHE_VERIFIED);
        assert_eq!(server.get(path).status, StatusCode::OK);
    }
}

#[test]
fn touched_files_cause_one_cache_write() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    write_cache(&files, cache.path());
    for n in 0..POSTS {
        let file = fs::File::options().write(true).open(files.path(&post_path(n))).expect("a file");
        file.set_modified(SystemTime::now()).expect("a time");
    }
    // The first start caches the new times, so the next has no changes to write.
    for writes in [1, 0] {
        let server = files.serve(&cache_flags(cache.path()));
        server.wait_for_log(CACHE_VERIFIED);
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(
            (log_count(&server, CACHE_WRITTEN), log_count(&server, CACHE_REJECTED)),
            (writes, 0),
            "{}",
            server.log()
        );
        server.stop();
    }
}

#[test]
fn sigterm_during_the_cache_write_waits_for_it() {
    let (files, cache) = (Files::with_posts(3000), folder(&[]));
    let server = files.serve(&cache_flags(cache.path()));
    server.wait(TIMEOUT, "writing", |_| fs::read_dir(cache.path()).expect("a folder").next().is_some());
    server.stop();
    assert_eq!(cached_archive(cache.path()).extension().expect("an extension"), "archive");
    let server = files.serve(&cache_flags(cache.path()));
    assert_eq!(log_count(&server, CACHE_REJECTED), 0, "{}", server.log());
}

#[test]
fn footer_change_keeps_the_cache_valid() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    write_cache(&files, cache.path());
    files.write("_config.yml", &format!("{CONFIG}finews:\n  footer: Last words\n"));
    let server = files.serve(&cache_flags(cache.path()));
    assert_eq!(log_count(&server, CACHE_REJECTED), 0, "{}", server.log());
    assert!(server.shows("/", "Last words"));
}

#[test]
fn sigkill_during_the_cache_write_harms_no_later_start() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    write_cache(&files, cache.path());
    let file = cached_archive(cache.path());
    let mut interrupted = 0;
    for round in 0..12 {
        // New settings cause finews to replace the cached archive.
        files.write("_config.yml", &format!("title: Daily\npermalink: /r{round}/:title.html\n"));
        files.write(&post_path(round), &post(&format!("Round {round}"), "2024-01-01", "x"));
        let server = Server::spawn(&mut serve(files.root(), &cache_flags(cache.path())));
        let deadline = Instant::now() + TIMEOUT;
        if round % 3 == 0 {
            server.wait_for_log("archive loaded");
            std::thread::sleep(Duration::from_millis(round as u64 * 2));
        } else {
            while !temporary_file(&file).exists()
                && !server.log().contains(CACHE_WRITTEN)
                && Instant::now() < deadline
            {}
            std::thread::sleep(Duration::from_micros(round as u64 * 200));
        }
        server.kill();
        interrupted += usize::from(temporary_file(&file).exists());

        let server = files.serve(&cache_flags(cache.path()));
        server.wait(TIMEOUT, "right", |server| {
            server.shows(&format!("/r{round}/n{round}.html"), &format!("Text of Round {round}."))
        });
        assert!(server.shows("/category/", &POSTS.to_string()));
        assert!(log_count(&server, CACHE_REJECTED) <= 1, "{}", server.log());
        assert!(!server.log().contains("WARN") && !server.log().contains("ERROR"), "{}", server.log());
        server.kill();
    }
    assert!(interrupted > 0, "no write was interrupted");
    files.write("_config.yml", "title: Daily\npermalink: /end/:title.html\n");
    write_cache(&files, cache.path());
    assert!(!temporary_file(&file).exists());
}

/// Asserts that a site is served from memory, and that the log has one warning about it.
fn assert_served_without_cache(server: &Server, files: &Files) {
    server.wait_for_log("cannot write the cached archive");
    assert_all_posts_served(server);
    files.write("_posts/2024-01-02-new.md", &post("New", "2024-01-02 08:00", "x"));
    server.wait(TIMEOUT, "following", |server| server.shows("/", "New"));
    let log = server.log();
    let (search_warnings, others): (Vec<_>, Vec<_>) =
        log.lines().filter(|line| line.contains(" WARN ")).partition(|line| line.contains("search index"));
    assert!(others.len() == 1 && search_warnings.len() <= 2, "{log}");
}

#[test]
fn full_disk_logs_one_warning() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    let program = serve(files.root(), &cache_flags(cache.path()));
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"]);
    limited.arg(program.get_program()).args(program.get_args());
    let server = Server::from_command(&mut limited);
    assert_served_without_cache(&server, &files);
    assert!(files_in(cache.path()).is_empty());
    server.stop();
}

#[test]
fn cache_folder_that_cannot_be_created_logs_one_warning() {
    let (files, place) = (Files::with_posts(POSTS), folder(&[("file", "")]));
    let server = files.serve(&cache_flags(&place.path().join("file/cache")));
    assert_served_without_cache(&server, &files);
    server.stop();
}

#[test]
fn unwritable_cache_folder_logs_one_warning() {
    let (files, cache) = (Files::with_posts(POSTS), folder(&[]));
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o555)).expect("permissions");
    let server = Server::from_command(&mut serve_unprivileged(files.root(), &cache_flags(cache.path())));
    assert_served_without_cache(&server, &files);
    assert_eq!(fs::read_dir(cache.path()).expect("a folder").count(), 0);
    server.stop();
}
