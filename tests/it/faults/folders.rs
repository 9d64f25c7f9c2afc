//! Folders of posts that are removed, renamed, emptied or missing for a while: removed posts are gone, and
//! posts of a missing folder stay as they were.

use std::fs;
use std::time::Duration;

use axum::http::StatusCode;

use super::{CONFIG, Files, SOON};
use crate::support::{folder, post};

const B: &str = "market/_posts/2024-01-02-b.md";
const B_URL: &str = "/market/y/2024/01/02/b.html";
/// Flags for each way to notice changes.
const WATCHING: [&[&str]; 2] = [&[], &["--watch", "poll"]];

/// A site with two folders of posts.
fn two_folders() -> Files {
    Files::of(&[
        ("_posts/2024-01-01-a.md", &post("First", "2024-01-01 08:00", "x")),
        (B, &post("Second", "2024-01-02 08:00", "y")),
        ("about.md", "---\ntitle: About\n---\nUs.\n"),
    ])
}

#[test]
fn a_folder_of_posts_that_is_removed_beside_others_takes_its_posts_along() {
    for flags in WATCHING {
        let files = two_folders();
        let server = files.serve(flags);
        server.wait(SOON, "there", |server| server.shows(B_URL, "Second"));
        fs::remove_dir_all(files.path("market")).expect("a folder");
        server.wait(SOON, "gone", |server| server.get(B_URL).status == StatusCode::NOT_FOUND);
        assert!(!server.shows("/", "Second") && server.shows("/", "First"));
        server.wait(SOON, "content", |server| server.problems().is_empty());
    }
}

#[test]
fn a_folder_of_posts_that_is_renamed_moves_its_posts() {
    for flags in WATCHING {
        let files = Files::of(&[(B, &post("Second", "2024-01-02 08:00", "y"))]);
        let server = files.serve(flags);
        files.rename("market", "markets");
        server.wait(SOON, "moved", |server| {
            server.shows("/markets/y/2024/01/02/b.html", "Second")
                && server.get(B_URL).header("location") == "/markets/y/2024/01/02/b.html"
        });
        server.wait(SOON, "content", |server| server.problems().is_empty());
    }
}

#[test]
fn the_last_file_of_a_folder_can_be_removed() {
    for flags in WATCHING {
        let files = two_folders();
        let server = files.serve(flags);
        // The first full scan is over once a change is visible.
        files.write(B, &post("Third", "2024-01-02 08:00", "y"));
        server.wait(SOON, "changed", |server| server.shows(B_URL, "Third"));
        files.remove(B);
        server.wait(SOON, "gone", |server| server.get(B_URL).status == StatusCode::NOT_FOUND);
    }
}

#[test]
fn posts_stay_while_an_empty_folder_is_in_the_place_of_theirs() {
    for (away, in_place) in [("_posts", "_posts"), ("market", "market"), ("market/_posts", "market/_posts")] {
        for flags in WATCHING {
            let files = two_folders();
            let server = files.serve(flags);
            files.rename(away, ".away");
            fs::create_dir(files.path(in_place)).expect("a folder");
            let root = if away == "_posts" { "_posts" } else { "market/_posts" };
            server.wait(SOON, "complaining", |server| server.complains(root, "unreadable"));
            server.wait_for_log("its last known posts are still served");
            assert!(server.shows("/", "First") && server.shows("/", "Second"));
            fs::remove_dir(files.path(in_place)).expect("a folder");
            files.rename(".away", away);
            server.wait(SOON, "content", |server| server.problems().is_empty());
            files.write(&format!("{root}/2024-01-03-c.md"), &post("Third", "2024-01-03 08:00", "z"));
            server.wait(SOON, "following", |server| server.shows("/", "Third"));
        }
    }
}

#[test]
fn posts_of_a_main_folder_stay_while_it_is_missing_beside_others() {
    let files = two_folders();
    let server = files.serve(&[]);
    files.rename("_posts", ".away");
    server.wait(SOON, "complaining", |server| server.complains("_posts", "unreadable"));
    assert!(server.shows("/", "First") && server.shows("/", "Second"));
    files.rename(".away", "_posts");
    server.wait(SOON, "content", |server| server.problems().is_empty());
}

#[test]
fn pages_of_the_site_stay_while_it_is_away() {
    let (files, outside) = (two_folders(), folder(&[]));
    let server = files.serve(&["--rescan", "1s"]);
    fs::rename(files.root(), outside.path().join("away")).expect("a folder");
    server.wait(SOON, "complaining", |server| server.complains("_posts", "unreadable"));
    std::thread::sleep(Duration::from_millis(1500));
    assert!(server.shows("/about.html", "Us.") && server.shows("/", "First"));
    fs::rename(outside.path().join("away"), files.root()).expect("a folder");
    files.write("about.md", "---\ntitle: About\n---\nThem.\n");
    server.wait(SOON, "following", |server| server.shows("/about.html", "Them."));
}

#[test]
fn problems_go_with_the_files_that_had_them() {
    for flags in WATCHING {
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
            server.wait(SOON, "complaining", |server| server.complains(path, code));
        }
        files.remove("_posts/2024-01-03-bad.md");
        files.rename("market", ".away");
        files.remove("lists.html");
        server.wait(SOON, "content", |server| server.problems().is_empty());
    }
}

#[test]
fn problems_that_were_kept_go_with_what_had_them() {
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
    server.wait(SOON, "content", |server| server.problems().is_empty());
    assert!(server.shows("/", "Second"));
}

#[test]
fn sighup_with_other_settings_waits_for_posts_that_are_away() {
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
    server.wait(SOON, "moved", |server| server.shows("/p/a.html", "First"));
}
