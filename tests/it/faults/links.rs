//! Symbolic links to files and folders elsewhere: a change of a target appears at once, without a rescan.

use std::fs;
use std::os::unix::fs::symlink;

use axum::http::StatusCode;

use super::{Files, TIMEOUT};
use crate::support::{folder, post};

const LINKED: &str = "_posts/2024-01-02-b.md";
const LINKED_URL: &str = "/x/2024/01/02/b.html";

/// Replaces a link in one step.
fn retarget(files: &Files, link: &str, target: &str) {
    symlink(target, files.path(".link")).expect("a link");
    files.rename(".link", link);
}

#[test]
fn swapped_config_map_updates_its_posts() {
    let files = Files::new();
    let write = |version: usize, title: &str| {
        files.write(&format!("_posts/..v{version}/b.md"), &post(title, "2024-01-02 08:00", "x"));
    };
    write(0, "Version 0");
    symlink("..v0", files.path("_posts/..data")).expect("a link");
    symlink("..data/b.md", files.path(LINKED)).expect("a link");
    let server = files.serve(&["--rescan", "off"]);
    assert!(server.shows(LINKED_URL, "Text of Version 0."));
    for version in 1..4 {
        // Kubernetes writes a new folder, swaps the link, adds links to new files, and removes the old folder.
        let (title, added) = (format!("Version {version}"), format!("2024-01-03-c{version}.md"));
        write(version, &title);
        files.write(&format!("_posts/..v{version}/c.md"), &post("Added", "2024-01-03 08:00", "x"));
        retarget(&files, "_posts/..data", &format!("..v{version}"));
        symlink("..data/c.md", files.path(&format!("_posts/{added}"))).expect("a link");
        fs::remove_dir_all(files.path(&format!("_posts/..v{}", version - 1))).expect("a folder");
        server.wait(TIMEOUT, &title, |server| {
            server.shows(LINKED_URL, &format!("Text of {title}."))
                && server.shows(&format!("/x/2024/01/03/c{version}.html"), "Text of Added.")
        });
    }
    assert_eq!(server.problems(), []);
}

#[test]
fn swapped_folder_link_updates_its_posts() {
    let files = Files::new();
    // Files of one size, written within one tick of the clock, would seem equal.
    files.write("..v1/market/_posts/2024-01-02-b.md", &post("Version 1", "2024-01-02 08:00", "x"));
    files.write("..v2/market/_posts/2024-01-02-b.md", &post("Version 2 is longer", "2024-01-02 08:00", "x"));
    symlink("..v1", files.path("..data")).expect("a link");
    symlink("..data/market", files.path("market")).expect("a link");
    let server = files.serve(&["--rescan", "off"]);
    for version in [2, 1, 2] {
        retarget(&files, "..data", &format!("..v{version}"));
        server.wait(TIMEOUT, "swapped", |server| {
            server.shows("/market/x/2024/01/02/b.html", &format!("Text of Version {version}"))
        });
    }
}

#[test]
fn linked_post_follows_its_target() {
    let outside = folder(&[("text", &post("First target", "2024-01-02 08:00", "x"))]);
    let target = outside.path().join("text");
    let files = Files::new();
    symlink(&target, files.path(LINKED)).expect("a link");
    symlink("..about", files.path("about.md")).expect("a link");
    let server = files.serve(&["--rescan", "off"]);
    for round in 0..2 {
        let write = |name: &str, title: &str| {
            fs::write(outside.path().join(name), post(title, "2024-01-02 08:00", "x")).expect("a file");
        };
        let wait = |title: &str| {
            server.wait(TIMEOUT, title, |server| server.shows(LINKED_URL, &format!("Text of {title}.")));
        };
        write("text", &format!("Written {round}"));
        wait(&format!("Written {round}"));
        write("new", &format!("Replaced {round}"));
        fs::rename(outside.path().join("new"), &target).expect("a file");
        wait(&format!("Replaced {round}"));
        fs::remove_file(&target).expect("a file");
        server.wait(TIMEOUT, "gone", |server| {
            server.get(LINKED_URL).status == StatusCode::NOT_FOUND && server.has_problem(LINKED, "unreadable")
        });
        write("text", &format!("Back {round}"));
        wait(&format!("Back {round}"));
        assert!(server.has_no_problems(LINKED));
        // The target of a page may appear later than the link.
        files.write("..about", &post(&format!("About {round}"), "2024-01-02 08:00", "x"));
        server
            .wait(TIMEOUT, "about", |server| server.shows("/about.html", &format!("Text of About {round}.")));
        // The link leads to another file, and becomes a file.
        write("other", &format!("Other {round}"));
        retarget(&files, LINKED, outside.path().join("other").to_str().expect("UTF-8"));
        wait(&format!("Other {round}"));
        write("other", &format!("Other again {round}"));
        wait(&format!("Other again {round}"));
        files.write_by_rename(LINKED, &post("A file", "2024-01-02 08:00", "x"));
        wait("A file");
        retarget(&files, LINKED, target.to_str().expect("UTF-8"));
        wait(&format!("Back {round}"));
    }
}
