//! The search index of a finews that is killed, has no disk space, or loses the index folder: the site works
//! as usual, and a search still finds the indexed posts.

use std::fs;
use std::process::Command;
use std::time::Duration;

use axum::http::StatusCode;
use tempfile::TempDir;

use super::{Files, TIMEOUT, post_path};
use crate::support::{Server, folder, post, serve};

/// A search for a word of every post that [`Files::with_posts`] writes.
const MATCH_ALL_URL: &str = "/search?q=Text";

fn is_current(server: &Server) -> bool {
    server.get("/readyz?verbose").text().contains("search: ok")
}

fn flags(cache: &TempDir) -> Vec<&str> {
    vec!["--cache-dir", cache.path().to_str().expect("a path")]
}

/// The command that serves a site with a file size limit of `blocks` times 512 bytes. The limit stands in for
/// a full disk, which reports a different error.
fn serve_with_file_size_limit(files: &Files, cache: &TempDir, blocks: usize) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$0\" \"$@\"")]);
    let inner = serve(files.root(), &flags(cache));
    command.arg(inner.get_program()).args(inner.get_args());
    command
}

#[test]
fn search_follows_new_changed_and_deleted_posts() {
    let files = Files::new();
    let server = files.serve(&[]);
    server.wait_until("searchable", is_current);
    assert_eq!(server.get("/readyz").text(), "ok\n");
    let file = "_posts/2024-01-02-b.md";
    files.write(file, &post("降准落地", "2024-01-02 08:00", "x"));
    server.wait(TIMEOUT, "found", |server| server.shows("/search?q=%E9%99%8D%E5%87%86", "</mark>落地"));
    files.write(file, &post("加息落地", "2024-01-02 08:00", "x"));
    server.wait(TIMEOUT, "found", |server| server.shows("/search?q=%E5%8A%A0%E6%81%AF", "</mark>落地"));
    assert!(server.shows("/search?q=%E9%99%8D%E5%87%86", "No results."));
    files.remove(file);
    server.wait(TIMEOUT, "gone", |server| server.shows("/search?q=%E5%8A%A0%E6%81%AF", "No results."));
}

#[test]
fn index_of_a_killed_process_is_completed() {
    let (files, cache) = (Files::with_posts(2000), folder(&[]));
    for wait in [0, 100, 300, 700, 1500] {
        let server = files.serve(&flags(&cache));
        std::thread::sleep(Duration::from_millis(wait));
        server.kill();
    }
    let server = files.serve(&flags(&cache));
    server.wait_until("searchable", is_current);
    assert!(server.shows(MATCH_ALL_URL, "2,000 posts"), "{}", server.page(MATCH_ALL_URL));
    assert!(!server.log().contains("cannot be opened; rebuilding"), "{}", server.log());
}

#[test]
fn unwritable_index_disables_only_the_search() {
    let (files, cache) = (Files::with_posts(20), folder(&[]));
    let server = Server::from_command(&mut serve_with_file_size_limit(&files, &cache, 0));
    server.wait(TIMEOUT, "failing", |server| server.shows(MATCH_ALL_URL, "no place to store its index"));
    assert!(server.shows("/", "No 1."));
    assert!(server.get("/readyz?verbose").text().contains("search: cannot be written"));
    assert_eq!(server.get("/readyz").status, StatusCode::OK);
    server.stop();
}

#[test]
fn full_disk_pauses_indexing_until_space_is_free() {
    let (files, cache) = (Files::with_posts(300), folder(&[]));
    let server = Server::from_command(&mut serve_with_file_size_limit(&files, &cache, 8));
    server.wait(TIMEOUT, "failing", |server| server.shows(MATCH_ALL_URL, "cannot be updated at the moment"));
    files.write(&post_path(300), &post("No 300.", "2024-01-01", "x"));
    let has_new_post = |server: &Server| server.get("/readyz?verbose").text().contains("archive: 301 posts");
    server.wait(TIMEOUT, "following", has_new_post);
    assert_eq!(
        server.log().matches("cannot write the search index; retrying").count(),
        1,
        "{}",
        server.log()
    );
    let raised =
        Command::new("prlimit").args(["--pid", &server.id().to_string(), "--fsize=unlimited"]).status();
    assert!(raised.expect("prlimit of util-linux runs").success());
    files.write(&post_path(301), &post("No 301.", "2024-01-01", "x"));
    server.wait_until("found", |server| is_current(server) && server.shows(MATCH_ALL_URL, "302 posts"));
}

#[test]
fn removed_index_folder_is_rebuilt() {
    let (files, cache) = (Files::with_posts(50), folder(&[]));
    let server = files.serve(&flags(&cache));
    server.wait_until("searchable", is_current);
    for entry in fs::read_dir(cache.path()).expect("a folder").flatten() {
        if entry.path().is_dir() {
            fs::remove_dir_all(entry.path()).expect("a folder");
        }
    }
    assert!(server.shows(MATCH_ALL_URL, "50 posts"), "what was found before is found");
    files.write(&post_path(50), &post("No 50.", "2024-01-01", "x"));
    server.wait_until("found", |server| server.shows(MATCH_ALL_URL, "51 posts"));
}

/// Damages the middle of the index files with this extension; the footer at their end stays intact.
fn damage_files(cache: &TempDir, suffix: &str) {
    let mut damaged = 0;
    for entry in walkdir::WalkDir::new(cache.path()).into_iter().flatten() {
        if entry.path().extension().is_some_and(|end| end == suffix) {
            let mut bytes = fs::read(entry.path()).expect("a file");
            let middle = bytes.len() / 10..bytes.len() * 6 / 10;
            bytes[middle].iter_mut().step_by(53).for_each(|byte| *byte ^= 0xff);
            fs::write(entry.path(), bytes).expect("a file");
            damaged += 1;
        }
    }
    assert!(damaged > 0, "{suffix}");
}

#[test]
fn corrupt_index_is_rebuilt_after_a_restart() {
    let (files, cache) = (Files::with_posts(300), folder(&[]));
    for suffix in ["term", "idx", "pos", "fast", "fieldnorm"] {
        let server = files.serve(&flags(&cache));
        server.wait_until("searchable", is_current);
        server.stop();
        damage_files(&cache, suffix);
        let server = files.serve(&flags(&cache));
        let reports_damage = |server: &Server| {
            ["is corrupt", "cannot be opened; rebuilding"].iter().any(|text| server.log().contains(text))
        };
        server.wait_until("damage found", reports_damage);
        server.wait_until("searchable", |server| {
            is_current(server) && server.shows(MATCH_ALL_URL, "300 posts")
        });
        server.stop();
    }
}

#[test]
fn index_with_a_missing_file_is_rebuilt() {
    let (files, cache) = (Files::with_posts(300), folder(&[]));
    for suffix in ["pos", "term"] {
        let server = files.serve(&flags(&cache));
        server.wait_until("searchable", is_current);
        server.stop();
        for entry in walkdir::WalkDir::new(cache.path()).into_iter().flatten() {
            if entry.path().extension().is_some_and(|end| end == suffix) {
                fs::remove_file(entry.path()).expect("a file");
            }
        }
        let server = files.serve(&flags(&cache));
        let finds = |server: &Server| {
            server.get("/search?q=%22No+7.%22").status == StatusCode::OK
                && server.shows(MATCH_ALL_URL, "300 posts")
        };
        server.wait_until("found", |server| is_current(server) && finds(server));
        server.stop();
    }
}

#[test]
fn two_processes_with_one_cache_folder_both_search() {
    let (files, cache) = (Files::with_posts(20), folder(&[]));
    let servers = [files.serve(&flags(&cache)), files.serve(&flags(&cache))];
    files.write(&post_path(20), &post("No 20.", "2024-01-01", "x"));
    for server in &servers {
        server.wait_until("found", |server| server.shows(MATCH_ALL_URL, "21 posts"));
    }
}

#[test]
fn temporary_index_is_removed_with_its_process() {
    let (files, temporary) = (Files::new(), folder(&[]));
    let left = || fs::read_dir(temporary.path()).expect("a folder").count();
    let start = || {
        let server = Server::from_command(serve(files.root(), &[]).env("TMPDIR", temporary.path()));
        server.wait_until("searchable", is_current);
        server
    };
    start().stop();
    assert_eq!(left(), 0);
    start().kill();
    assert_eq!(left(), 1);
    start().stop();
    assert_eq!(left(), 0, "what a killed process left is removed by the next");
}
