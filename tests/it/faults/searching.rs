//! The search index of a finews that is killed, has no disk space, or loses the index folder: the site works
//! as usual, and a search still finds the indexed posts.

use std::fs;
use std::process::Command;
use std::time::Duration;

use axum::http::StatusCode;
use tempfile::TempDir;

use super::{Files, SOON, numbered};
use crate::support::{Running, folder, post, serve};

/// A search for a word of every post that [`Files::many`] writes.
const EVERY: &str = "/search?q=Text";

fn is_current(server: &Running) -> bool {
    server.get("/readyz?verbose").text().contains("search: ok")
}

fn flags(cache: &TempDir) -> Vec<&str> {
    vec!["--cache-dir", cache.path().to_str().expect("a path")]
}

/// The command that serves a site with a file size limit of `blocks` times 512 bytes. The limit stands in for
/// a full disk, which reports a different error.
fn serve_with_room(files: &Files, cache: &TempDir, blocks: usize) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$0\" \"$@\"")]);
    let inner = serve(files.root(), &flags(cache));
    command.arg(inner.get_program()).args(inner.get_args());
    command
}

#[test]
fn a_post_is_found_when_it_comes_and_not_when_it_is_gone() {
    let files = Files::new();
    let server = files.serve(&[]);
    server.wait_until("searchable", is_current);
    assert_eq!(server.get("/readyz").text(), "ok\n");
    let file = "_posts/2024-01-02-b.md";
    files.write(file, &post("降准落地", "2024-01-02 08:00", "x"));
    server.wait(SOON, "found", |server| server.shows("/search?q=%E9%99%8D%E5%87%86", "</mark>落地"));
    files.write(file, &post("加息落地", "2024-01-02 08:00", "x"));
    server.wait(SOON, "found", |server| server.shows("/search?q=%E5%8A%A0%E6%81%AF", "</mark>落地"));
    assert!(server.shows("/search?q=%E9%99%8D%E5%87%86", "No results."));
    files.remove(file);
    server.wait(SOON, "gone", |server| server.shows("/search?q=%E5%8A%A0%E6%81%AF", "No results."));
}

#[test]
fn an_index_whose_process_was_killed_is_whole_again() {
    let (files, cache) = (Files::many(2000), folder(&[]));
    for wait in [0, 100, 300, 700, 1500] {
        let server = files.serve(&flags(&cache));
        std::thread::sleep(Duration::from_millis(wait));
        server.kill();
    }
    let server = files.serve(&flags(&cache));
    server.wait_until("searchable", is_current);
    assert!(server.shows(EVERY, "2,000 posts"), "{}", server.page(EVERY));
    assert!(!server.log().contains("cannot be opened; rebuilding"), "{}", server.log());
}

#[test]
fn where_nothing_can_be_written_the_search_says_so_and_the_rest_works() {
    let (files, cache) = (Files::many(20), folder(&[]));
    let server = Running::of(&mut serve_with_room(&files, &cache, 0));
    server.wait(SOON, "failing", |server| server.shows(EVERY, "no place to store its index"));
    assert!(server.shows("/", "No 1."));
    assert!(server.get("/readyz?verbose").text().contains("search: cannot be written"));
    assert_eq!(server.get("/readyz").status, StatusCode::OK);
    server.stop();
}

#[test]
fn an_index_without_room_goes_on_when_there_is_some() {
    let (files, cache) = (Files::many(300), folder(&[]));
    let server = Running::of(&mut serve_with_room(&files, &cache, 8));
    server.wait(SOON, "failing", |server| server.shows(EVERY, "cannot be written at the moment"));
    files.write(&numbered(300), &post("No 300.", "2024-01-01", "x"));
    let has_come = |server: &Running| server.get("/readyz?verbose").text().contains("archive: 301 posts");
    server.wait(SOON, "following", has_come);
    assert_eq!(
        server.log().matches("cannot write the search index; retrying").count(),
        1,
        "{}",
        server.log()
    );
    let raised =
        Command::new("prlimit").args(["--pid", &server.id().to_string(), "--fsize=unlimited"]).status();
    assert!(raised.expect("prlimit of util-linux runs").success());
    files.write(&numbered(301), &post("No 301.", "2024-01-01", "x"));
    server.wait_until("found", |server| is_current(server) && server.shows(EVERY, "302 posts"));
}

#[test]
fn an_index_whose_folder_was_removed_is_made_anew() {
    let (files, cache) = (Files::many(50), folder(&[]));
    let server = files.serve(&flags(&cache));
    server.wait_until("searchable", is_current);
    for entry in fs::read_dir(cache.path()).expect("a folder").flatten() {
        if entry.path().is_dir() {
            fs::remove_dir_all(entry.path()).expect("a folder");
        }
    }
    assert!(server.shows(EVERY, "50 posts"), "what was found before is found");
    files.write(&numbered(50), &post("No 50.", "2024-01-01", "x"));
    server.wait_until("found", |server| server.shows(EVERY, "51 posts"));
}

/// Damages the middle of the index files with this extension; the footer at their end stays intact.
fn spoil(cache: &TempDir, ending: &str) {
    let mut spoilt = 0;
    for entry in walkdir::WalkDir::new(cache.path()).into_iter().flatten() {
        if entry.path().extension().is_some_and(|end| end == ending) {
            let mut bytes = fs::read(entry.path()).expect("a file");
            let middle = bytes.len() / 10..bytes.len() * 6 / 10;
            bytes[middle].iter_mut().step_by(53).for_each(|byte| *byte ^= 0xff);
            fs::write(entry.path(), bytes).expect("a file");
            spoilt += 1;
        }
    }
    assert!(spoilt > 0, "{ending}");
}

#[test]
fn an_index_that_was_damaged_meanwhile_is_made_anew() {
    let (files, cache) = (Files::many(300), folder(&[]));
    for ending in ["term", "idx", "pos", "fast", "fieldnorm"] {
        let server = files.serve(&flags(&cache));
        server.wait_until("searchable", is_current);
        server.stop();
        spoil(&cache, ending);
        let server = files.serve(&flags(&cache));
        let says_so = |server: &Running| {
            ["is corrupt", "cannot be opened; rebuilding"].iter().any(|text| server.log().contains(text))
        };
        server.wait_until("damage found", says_so);
        server.wait_until("searchable", |server| is_current(server) && server.shows(EVERY, "300 posts"));
        server.stop();
    }
}

#[test]
fn an_index_without_one_of_its_files_is_made_anew() {
    let (files, cache) = (Files::many(300), folder(&[]));
    for ending in ["pos", "term"] {
        let server = files.serve(&flags(&cache));
        server.wait_until("searchable", is_current);
        server.stop();
        for entry in walkdir::WalkDir::new(cache.path()).into_iter().flatten() {
            if entry.path().extension().is_some_and(|end| end == ending) {
                fs::remove_file(entry.path()).expect("a file");
            }
        }
        let server = files.serve(&flags(&cache));
        let finds = |server: &Running| {
            server.get("/search?q=%22No+7.%22").status == StatusCode::OK && server.shows(EVERY, "300 posts")
        };
        server.wait_until("found", |server| is_current(server) && finds(server));
        server.stop();
    }
}

#[test]
fn two_that_share_a_cache_both_search() {
    let (files, cache) = (Files::many(20), folder(&[]));
    let servers = [files.serve(&flags(&cache)), files.serve(&flags(&cache))];
    files.write(&numbered(20), &post("No 20.", "2024-01-01", "x"));
    for server in &servers {
        server.wait_until("found", |server| server.shows(EVERY, "21 posts"));
    }
}

#[test]
fn a_temporary_index_goes_with_its_process() {
    let (files, temporary) = (Files::new(), folder(&[]));
    let left = || fs::read_dir(temporary.path()).expect("a folder").count();
    let start = || {
        let server = Running::of(serve(files.root(), &[]).env("TMPDIR", temporary.path()));
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
