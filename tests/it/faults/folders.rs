//! Folders of posts that are removed, renamed, emptied or missing for a while: removed posts are gone, and
//! posts of a missing folder stay as they were.

use std::fs;
use std::time::Duration;

use axum::http::StatusCode;

use super::{CONFIG, Files, TIMEOUT};
use crate::support::{folder, post};

const B: &str = "market/_posts/2024-01-02-b.md";
const B_URL: &str = "/market/y/2024/01/02/b.html";
/// Flags for each way to notice changes.
const WATCH_FLAGS: [&[&str]; 2] = [&[], &["--watch", "poll"]];

/// A site with two folders of posts.
fn two_folders() -> Files {
    Files::from_files(&[
        ("_posts/2024-01-01-a.md", &post("First", "2024-01-01 08:00", "x")),
        (B, &post("Second", "2024-01-02 08:00", "y")),
        ("about.md", "---\ntitle: About\n---\nUs.\n"),
    ])
}

#[test]
fn removed_folder_beside_others_removes_its_posts() {
    for flags in WATCH_FLAGS {
        let files = two_folders();
        let server = files.serve(flags);
        server.wait(TIMEOUT, "there", |server| server.shows(B_URL, "Second"));
        fs::remove_dir_all(files.path("market")).expect("a folder");
        server.wait(TIMEOUT, "gone", |server| server.get(B_URL).status == StatusCode::NOT_FOUND);
        assert!(!server.shows("/", "Second") && server.shows("/", "First"));
        server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
    }
}

#[test]
fn renamed_folder_moves_its_posts_and_redirects() {
    for flags in WATCH_FLAGS {
        let files = Files::from_files(&[(B, &post("Second", "2024-01-02 08:00", "y"))]);
        let server = files.serve(flags);
        files.rename("market", "markets");
        server.wait(TIMEOUT, "moved", |server| {
            server.shows("/markets/y/2024/01/02/b.html", "Second")
                && server.get(B_URL).header("location") == "/markets/y/2024/01/02/b.html"
        });
        server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
    }
}

#[test]
fn last_file_of_a_folder_can_be_removed() {
    for flags in WATCH_FLAGS {
        let files = two_folders();
        let server = files.serve(flags);
        // The first full scan is over once a change is visible.
        files.write(B, &post("Third", "2024-01-02 08:00", "y"));
        server.wait(TIMEOUT, "changed", |server| server.shows(B_URL, "Third"));
        files.remove(B);
        server.wait(TIMEOUT, "gone", |server| server.get(B_URL).status == StatusCode::NOT_FOUND);
    }
}

#[test]
fn posts_stay_while_an_empty_folder_replaces_theirs() {
    for (away, in_place) in [("_posts", "_posts"), ("market", "market"), ("market/_posts", "market/_posts")] {
        for flags in WATCH_FLAGS {
            let files = two_folders();
            let server = files.serve(flags);
            files.rename(away, ".away");
            fs::create_dir(files.path(in_place)).expect("a folder");
            let root = if away == "_posts" { "_posts" } else { "market/_posts" };
            server.wait(TIMEOUT, "complaining", |server| server.has_problem(root, "unreadable"));
            server.wait_for_log("its last known posts are still served");
            assert!(server.shows("/", "First") && server.shows("/", "Second"));
            fs::remove_dir(files.path(in_place)).expect("a folder");
            files.rename(".away", away);
            server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
            files.write(&format!("{root}/2024-01-03-c.md"), &post("Third", "2024-01-03 08:00", "z"));
            server.wait(TIMEOUT, "following", |server| server.shows("/", "Third"));
        }
    }
}

#[test]
fn posts_stay_while_the_main_folder_is_missing() {
    let files = two_folders();
    let server = files.serve(&[]);
    files.rename("_posts", ".away");
    server.wait(TIMEOUT, "complaining", |server| server.has_problem("_posts", "unreadable"));
    assert!(server.shows("/", "First") && server.shows("/", "Second"));
    files.rename(".away", "_posts");
    server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
}

#[test]
fn site_pages_stay_while_the_site_is_missing() {
    let (files, outside) = (two_folders(), folder(&[]));
    let server = files.serve(&["--rescan", "1s"]);
    fs::rename(files.root(), outside.path().join("away")).expect("a folder");
    server.wait(TIMEOUT, "complaining", |server| server.has_problem("_posts", "unreadable"));
    std::thread::sleep(Duration::from_millis(1500));
    assert!(server.shows("/about.html", "Us.") && server.shows("/", "First"));
    fs::rename(outside.path().join("away"), files.root()).expect("a folder");
    files.write("about.md", "---\ntitle: About\n---\nThem.\n");
    server.wait(TIMEOUT, "following", |server| server.shows("/about.html", "Them."));
    assert!(!server.log().contains("_config.yml has changed"), "the settings are as they were");
}

#[test]
fn problems_disappear_with_their_files() {
    for flags in WATCH_FLAGS {
        let files = two_folders();
        files.write("_posts/2024-01-03-bad.md", "");
        files.write("market/_posts/2024-01-03-bad.md", "");
        files.write("lists.html", "---\n---\n{% for post in site.posts %}{% endfor %}\n");
        let server = files.serve(flags);
        for (path, code) in [
            ("_posts/2024-01-03-bad.md", "half-written"),
            ("market/_posts/2024-01-03-bad.md", "half-written"),
            ("lists.html", "page-skipped"),
        ] {
            server.wait(TIMEOUT, "complaining", |server| server.has_problem(path, code));
        }
        files.remove("_posts/2024-01-03-bad.md");
        files.rename("market", ".away");
        files.remove("lists.html");
        server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
    }
}

#[test]
fn cached_problems_disappear_with_their_files() {
    let (files, cache) = (two_folders(), folder(&[]));
    files.write("_posts/2024-01-03-bad.md", "");
    files.write("lists.html", "---\n---\n{% for post in site.posts %}{% endfor %}\n");
    std::os::unix::fs::symlink(".", files.path("loop")).expect("a link");
    let cache = cache.path().to_str().expect("a path").to_owned();
    let server = files.serve(&["--cache-dir", &cache]);
    server.wait_for_log("cached archive written to");
    assert_eq!(server.problems().len(), 3, "{:?}", server.problems());
    drop(server);
    for path in ["_posts/2024-01-03-bad.md", "lists.html", "loop"] {
        files.remove(path);
    }
    let server = files.serve(&["--cache-dir", &cache]);
    server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
    assert!(server.shows("/", "Second"));
}

#[test]
fn sighup_fails_until_missing_posts_return() {
    let files = two_folders();
    let server = files.serve(&["--watch", "off"]);
    files.rename("_posts", ".away");
    fs::create_dir(files.path("_posts")).expect("a folder");
    files.write("_config.yml", &format!("{CONFIG}permalink: /p/:title.html\n"));
    server.signal("HUP");
    server.wait_for_log("reload failed, keeping the current configuration: ");
    assert!(server.shows("/x/2024/01/01/a.html", "First"));
    fs::remove_dir(files.path("_posts")).expect("a folder");
    files.rename(".away", "_posts");
    server.signal("HUP");
    server.wait(TIMEOUT, "moved", |server| server.shows("/p/a.html", "First"));
}
