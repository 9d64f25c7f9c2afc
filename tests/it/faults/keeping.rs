//! The archive cache on disk makes a start fast, and never wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use axum::http::StatusCode;

use super::{CONFIG, Files, SOON, numbered, serve_as_nobody};
use crate::support::{Running, folder, post, printed, serve};

const POSTS: usize = 300;
const KEPT: &str = "cached archive written to";
const COMPARED: &str = "cached archive verified against the files";
const NOT_USED: &str = " not used: ";

/// The flag that sets the cache folder.
fn keeping(cache: &Path) -> [&str; 2] {
    ["--cache-dir", cache.to_str().expect("UTF-8")]
}

/// The files of a cache folder, without the subfolder of the search index.
fn files_in(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.is_file()).collect()
}

/// The cached archive, which is the only file of its folder.
fn archive(cache: &Path) -> PathBuf {
    let files = files_in(cache);
    assert_eq!(files.len(), 1, "{files:?}");
    files.into_iter().next().expect("a file")
}

/// The temporary file that an archive is written to before it is renamed.
fn aside(archive: &Path) -> PathBuf {
    archive.with_extension("new")
}

/// Serves a site once, so that its archive is cached.
fn keep(files: &Files, cache: &Path) {
    let server = files.serve(&keeping(cache));
    server.wait_for_log(KEPT);
    server.stop();
}

/// Asserts that every post of a site of numbered posts is served.
fn assert_whole(server: &Running) {
    let mut reader = server.connect();
    for n in 0..POSTS {
        let answer = reader.get(&format!("/x/2024/01/01/n{n}.html"));
        assert_eq!(answer.status, StatusCode::OK, "{n}");
        assert!(answer.text().contains(&format!("Text of No {n}.")), "{n}");
    }
    assert!(server.shows("/category/", &POSTS.to_string()));
}

/// Counts how often a text is in the log.
fn logged(server: &Running, text: &str) -> usize {
    server.log().matches(text).count()
}

#[test]
fn a_second_start_serves_what_was_kept_and_then_what_has_changed() {
    let (files, cache) = (Files::many(POSTS), folder(&[]));
    keep(&files, cache.path());
    files.write("_posts/2024-01-02-new.md", &post("New", "2024-01-02 08:00", "x"));
    files.write(&numbered(1), &post("Changed", "2024-01-01", "x"));
    files.remove(&numbered(2));
    let server = files.serve(&keeping(cache.path()));
    server.wait_for_log(COMPARED);
    assert_eq!(logged(&server, NOT_USED), 0, "{}", server.log());
    server.wait(SOON, "as the files are", |server| {
        server.shows("/", "New")
            && server.shows("/x/2024/01/01/n1.html", "Text of Changed.")
            && server.get("/x/2024/01/01/n2.html").status == StatusCode::NOT_FOUND
            && server.shows("/x/2024/01/01/n3.html", "Text of No 3.")
            && server.shows("/category/", &POSTS.to_string())
    });
    files.write(&numbered(3), &post("Followed", "2024-01-01", "x"));
    server.wait(SOON, "following", |server| server.shows("/x/2024/01/01/n3.html", "Text of Followed."));
}

#[test]
fn a_list_is_of_the_files_and_not_of_what_was_kept() {
    let (files, cache) = (Files::many(POSTS), folder(&[]));
    keep(&files, cache.path());
    files.write(&numbered(1), &post("Changed", "2024-01-01", "x"));
    let site = files.path("").to_string_lossy().into_owned();
    let lines = printed(&[&["list", site.as_str()], &keeping(cache.path())[..]].concat());
    assert_eq!(lines.len(), POSTS);
    assert!(lines.iter().any(|line| line["title"] == "Changed"));
}

#[test]
fn what_has_changed_is_noticed_after_a_second_start_without_watching() {
    let (files, cache) = (Files::many(POSTS), folder(&[]));
    keep(&files, cache.path());
    files.write(&numbered(1), &post("Changed", "2024-01-01", "x"));
    let server = files.serve(&[&keeping(cache.path())[..], &["--watch", "off"]].concat());
    server.wait(SOON, "changed", |server| server.shows("/x/2024/01/01/n1.html", "Text of Changed."));
}

#[test]
fn a_second_start_while_the_posts_are_away_serves_what_was_kept() {
    let (files, cache) = (Files::many(POSTS), folder(&[]));
    keep(&files, cache.path());
    files.rename("_posts", ".away");
    let server = files.serve(&keeping(cache.path()));
    server.wait_for_log(COMPARED);
    assert!(server.complains("_posts", "unreadable"));
    assert_whole(&server);
    files.rename(".away", "_posts");
    server.wait(SOON, "content", |server| server.problems().is_empty());
    assert_whole(&server);
}

#[test]
fn a_start_from_what_was_kept_shows_what_a_start_from_files_shows() {
    let (files, cache) = (Files::many(POSTS), folder(&[]));
    files.write("about.md", "---\ntitle: About\n---\nAbout us.\n");
    files.write("_posts/2024-01-02-bad.md", "---\ntitle: *x\n---\nText.\n");
    keep(&files, cache.path());
    let (kept, fresh) = (files.serve(&keeping(cache.path())), files.serve(&[]));
    kept.wait_for_log(COMPARED);
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
        let (kept, fresh) = (kept.get(path), fresh.get(path));
        assert_eq!((kept.status, kept.header("etag")), (StatusCode::OK, fresh.header("etag")), "{path}");
        assert_eq!(kept.text(), fresh.text(), "{path}");
    }
    assert_eq!(kept.problems(), fresh.problems());
}

#[test]
fn a_damaged_archive_is_ignored_and_made_anew() {
    let (files, cache) = (Files::many(POSTS), folder(&[]));
    keep(&files, cache.path());
    let file = archive(cache.path());
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
        let server = files.serve(&keeping(cache.path()));
        server.wait_for_log(KEPT);
        assert_eq!(logged(&server, NOT_USED), 1, "{how}: {}", server.log());
        assert!(!server.log().contains("WARN") && !server.log().contains("ERROR"), "{how}: {}", server.log());
        assert_whole(&server);
        server.stop();
        assert_eq!(fs::metadata(archive(cache.path())).expect("an archive").len(), long as u64, "{how}");
    }
    let server = files.serve(&keeping(cache.path()));
    server.wait_for_log(COMPARED);
    assert_eq!(logged(&server, NOT_USED), 0);
    assert_whole(&server);
}

#[test]
fn an_archive_made_with_other_settings_is_ignored() {
    let (files, cache) = (Files::many(POSTS), folder(&[]));
    keep(&files, cache.path());
    files.write("_config.yml", "title: Daily\ntimezone: Asia/Shanghai\npermalink: /p/:title.html\n");
    let server = files.serve(&keeping(cache.path()));
    server.wait_for_log(KEPT);
    assert_eq!(logged(&server, NOT_USED), 1, "{}", server.log());
    assert!(server.shows("/p/n7.html", "Text of No 7."));
}

#[test]
fn archives_of_two_sites_lie_side_by_side() {
    let (one, other, cache) = (Files::many(20), Files::new(), folder(&[]));
    keep(&one, cache.path());
    keep(&other, cache.path());
    for (files, path) in [(&one, "/x/2024/01/01/n7.html"), (&other, "/x/2024/01/01/a.html")] {
        let server = files.serve(&keeping(cache.path()));
        server.wait_for_log(COMPARED);
        assert_eq!(server.get(path).status, StatusCode::OK);
    }
}

#[test]
fn files_that_were_touched_are_read_at_one_start_and_not_at_every() {
    let (files, cache) = (Files::many(POSTS), folder(&[]));
    keep(&files, cache.path());
    for n in 0..POSTS {
        let file = fs::File::options().write(true).open(files.path(&numbered(n))).expect("a file");
        file.set_modified(SystemTime::now()).expect("a time");
    }
    // The first start caches the new times, so the next has no changes to write.
    for kept in [1, 0] {
        let server = files.serve(&keeping(cache.path()));
        server.wait_for_log(COMPARED);
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!((logged(&server, KEPT), logged(&server, NOT_USED)), (kept, 0), "{}", server.log());
        server.stop();
    }
}

#[test]
fn being_told_to_end_while_the_archive_is_written_waits_for_it() {
    let (files, cache) = (Files::many(3000), folder(&[]));
    let server = files.serve(&keeping(cache.path()));
    server.wait(SOON, "writing", |_| fs::read_dir(cache.path()).expect("a folder").next().is_some());
    server.stop();
    assert_eq!(archive(cache.path()).extension().expect("an extension"), "archive");
    let server = files.serve(&keeping(cache.path()));
    assert_eq!(logged(&server, NOT_USED), 0, "{}", server.log());
}

#[test]
fn what_a_site_looks_like_is_no_reason_to_read_it_anew() {
    let (files, cache) = (Files::many(POSTS), folder(&[]));
    keep(&files, cache.path());
    files.write("_config.yml", &format!("{CONFIG}finews:\n  footer: Last words\n"));
    let server = files.serve(&keeping(cache.path()));
    assert_eq!(logged(&server, NOT_USED), 0, "{}", server.log());
    assert!(server.shows("/", "Last words"));
}

#[test]
fn being_killed_while_the_archive_is_written_harms_no_later_start() {
    let (files, cache) = (Files::many(POSTS), folder(&[]));
    keep(&files, cache.path());
    let file = archive(cache.path());
    let mut interrupted = 0;
    for round in 0..12 {
        // New settings cause finews to replace the cached archive.
        files.write("_config.yml", &format!("title: Daily\npermalink: /r{round}/:title.html\n"));
        files.write(&numbered(round), &post(&format!("Round {round}"), "2024-01-01", "x"));
        let server = Running::listening(&mut serve(files.root(), &keeping(cache.path())));
        let deadline = Instant::now() + SOON;
        if round % 3 == 0 {
            server.wait_for_log("archive loaded");
            std::thread::sleep(Duration::from_millis(round as u64 * 2));
        } else {
            while !aside(&file).exists() && !server.log().contains(KEPT) && Instant::now() < deadline {}
            std::thread::sleep(Duration::from_micros(round as u64 * 200));
        }
        server.kill();
        interrupted += usize::from(aside(&file).exists());

        let server = files.serve(&keeping(cache.path()));
        server.wait(SOON, "right", |server| {
            server.shows(&format!("/r{round}/n{round}.html"), &format!("Text of Round {round}."))
        });
        assert!(server.shows("/category/", &POSTS.to_string()));
        assert!(logged(&server, NOT_USED) <= 1, "{}", server.log());
        assert!(!server.log().contains("WARN") && !server.log().contains("ERROR"), "{}", server.log());
        server.kill();
    }
    assert!(interrupted > 0, "no write was interrupted");
    files.write("_config.yml", "title: Daily\npermalink: /end/:title.html\n");
    keep(&files, cache.path());
    assert!(!aside(&file).exists());
}

/// Asserts that a site is served from memory, and that the log has one warning about it.
fn assert_unkept(server: &Running, files: &Files) {
    server.wait_for_log("cannot write the cached archive");
    assert_whole(server);
    files.write("_posts/2024-01-02-new.md", &post("New", "2024-01-02 08:00", "x"));
    server.wait(SOON, "following", |server| server.shows("/", "New"));
    let log = server.log();
    let (of_search, others): (Vec<_>, Vec<_>) =
        log.lines().filter(|line| line.contains(" WARN ")).partition(|line| line.contains("search index"));
    assert!(others.len() == 1 && of_search.len() <= 2, "{log}");
}

#[test]
fn a_full_disk_costs_a_warning() {
    let (files, cache) = (Files::many(POSTS), folder(&[]));
    let program = serve(files.root(), &keeping(cache.path()));
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"]);
    limited.arg(program.get_program()).args(program.get_args());
    let server = Running::of(&mut limited);
    assert_unkept(&server, &files);
    assert!(files_in(cache.path()).is_empty());
    server.stop();
}

#[test]
fn a_folder_that_cannot_be_made_costs_a_warning() {
    let (files, place) = (Files::many(POSTS), folder(&[("file", "")]));
    let server = files.serve(&keeping(&place.path().join("file/cache")));
    assert_unkept(&server, &files);
    server.stop();
}

#[test]
fn a_folder_that_is_closed_to_us_costs_a_warning() {
    let (files, cache) = (Files::many(POSTS), folder(&[]));
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o555)).expect("permissions");
    let server = Running::of(&mut serve_as_nobody(files.root(), &keeping(cache.path())));
    assert_unkept(&server, &files);
    assert_eq!(fs::read_dir(cache.path()).expect("a folder").count(), 0);
    server.stop();
}
