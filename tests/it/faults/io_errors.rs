//! Folders that vanish, files without read permission, and invalid names: the site stays up.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use super::{Files, TIMEOUT, serve_unprivileged};
use crate::support::{Server, folder, post, serve};

const POST_URL: &str = "/x/2024/01/01/a.html";

#[test]
fn posts_stay_while_their_folder_is_missing() {
    for (posts, flags) in [("_posts", &[][..]), ("news/all", &["--posts", "news/all"])] {
        let files = Files::new();
        if posts != "_posts" {
            fs::create_dir(files.path("news")).expect("a folder");
            files.rename("_posts", posts);
        }
        let server = files.serve(flags);
        for round in 0..2 {
            files.rename(posts, ".away");
            server.wait(TIMEOUT, "complaining", |server| server.has_problem(posts, "unreadable"));
            assert!(server.shows("/", "First") && server.shows(POST_URL, "Text of First."));
            files.rename(".away", posts);
            server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
            let title = format!("New {round}");
            files.write(&format!("{posts}/2024-01-02-b{round}.md"), &post(&title, "2024-01-02 08:00", "x"));
            server.wait(TIMEOUT, "following", |server| server.shows("/", &title));
        }
        assert_eq!(server.problems(), []);
    }
}

#[test]
fn retargeted_posts_symlink_is_followed() {
    let files = Files::from_files(&[
        (".one/2024-01-01-a.md", &post("First", "2024-01-01 08:00", "x")),
        (".two/2024-01-02-b.md", &post("Second", "2024-01-02 08:00", "x")),
    ]);
    symlink(".one", files.path("_posts")).expect("a link");
    let server = files.serve(&[]);
    assert!(server.shows("/", "First"));
    for (to, shown, gone) in [(".two", "Second", "First"), (".one", "First", "Second")] {
        symlink(to, files.path(".link")).expect("a link");
        files.rename(".link", "_posts");
        server.wait(TIMEOUT, "elsewhere", |server| server.shows("/", shown) && !server.shows("/", gone));
        files.write(&format!("{to}/2024-01-03-c.md"), &post("Followed", "2024-01-03 08:00", "x"));
        server.wait(TIMEOUT, "following", |server| server.shows("/", "Followed"));
        files.remove(&format!("{to}/2024-01-03-c.md"));
        server.wait(TIMEOUT, "following", |server| !server.shows("/", "Followed"));
    }
    assert_eq!(server.problems(), []);
}

#[test]
fn folder_with_a_symlink_to_it_is_still_followed() {
    let files = Files::from_files(&[
        ("_posts/2024-01-01-a.md", &post("First", "2024-01-01 08:00", "x")),
        ("_posts/deep/2024-01-02-b.md", &post("Second", "2024-01-02 08:00", "x")),
    ]);
    fs::create_dir(files.path("twin")).expect("a folder");
    symlink("../_posts", files.path("twin/_posts")).expect("a link");
    let server = files.serve(&[]);
    // Once this post appears, finews watches every folder.
    files.write("_posts/2024-01-03-c.md", &post("Third", "2024-01-03 08:00", "x"));
    server.wait(TIMEOUT, "following", |server| server.shows("/", "Third"));
    for (path, url) in [("2024-01-01-a.md", POST_URL), ("deep/2024-01-02-b.md", "/x/2024/01/02/b.html")] {
        for round in 0..3 {
            let title = format!("{path} {round}");
            files.write(&format!("_posts/{path}"), &post(&title, &path[path.len() - 15..][..10], "x"));
            server.wait(TIMEOUT, "following", |server| server.shows(url, &title));
        }
        files.remove(&format!("_posts/{path}"));
        server.wait(TIMEOUT, "gone", |server| server.get(url).status == StatusCode::NOT_FOUND);
    }
}

#[test]
fn site_without_free_file_descriptors_recovers() {
    let files = Files::new();
    let program = serve(files.root(), &[]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 64; exec \"$@\"", "sh"]);
    limited.arg(program.get_program()).args(program.get_args());
    let server = Server::from_command(&mut limited);
    // More connections than the open-file limit allows, so that some wait.
    let connections: Vec<_> = (0..80).map(|_| server.connect()).collect();
    std::thread::sleep(Duration::from_millis(500));
    files.write("_posts/2024-01-01-a.md", &post("Changed", "2024-01-01 08:00", "x"));
    files.write("_posts/2024-01-02-b.md", &post("New", "2024-01-02 08:00", "x"));
    std::thread::sleep(Duration::from_millis(500));
    drop(connections);
    server.wait_until("recovered", |server| {
        server.shows("/", "Changed") && server.shows("/", "New") && server.problems().is_empty()
    });
}

#[test]
fn posts_stay_while_the_whole_site_is_missing() {
    let outside = folder(&[]);
    let site = outside.path().join("site");
    let files = Files::new();
    fs::rename(files.root(), &site).expect("a folder");
    let write = |name: &str, title: &str| {
        let file = site.join("_posts").join(name);
        fs::write(file, post(title, "2024-01-02 08:00", "x")).expect("a file");
    };
    let server = Server::new(&site, &[]);
    for round in 0..2 {
        fs::rename(&site, outside.path().join("away")).expect("a folder");
        server.wait(TIMEOUT, "complaining", |server| server.has_problem("_posts", "unreadable"));
        assert!(server.shows("/", "First") && server.shows(POST_URL, "Text of First."));
        fs::rename(outside.path().join("away"), &site).expect("a folder");
        server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
        let title = format!("New {round}");
        write(&format!("2024-01-02-b{round}.md"), &title);
        server.wait(TIMEOUT, "following", |server| server.shows("/", &title));
    }
    assert_eq!(server.problems(), []);
}

#[test]
fn replaced_site_folder_is_followed() {
    let outside = folder(&[]);
    let site = outside.path().join("site");
    let (old, new) = (Files::new(), Files::new());
    new.write("_posts/2024-01-02-b.md", &post("Replaced", "2024-01-02 08:00", "x"));
    fs::rename(old.root(), &site).expect("a folder");
    let server = Server::new(&site, &[]);
    fs::rename(&site, outside.path().join("away")).expect("a folder");
    fs::rename(new.root(), &site).expect("a folder");
    server.wait(TIMEOUT, "replaced", |server| server.shows("/", "Replaced"));
    let file = site.join("_posts/2024-01-02-c.md");
    fs::write(file, post("Followed", "2024-01-02 09:00", "x")).expect("a file");
    server.wait(TIMEOUT, "following", |server| server.shows("/", "Followed"));
    server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
}

#[test]
fn unreadable_post_keeps_its_last_version() {
    let files = Files::new();
    let server = Server::from_command(&mut serve_unprivileged(files.root(), &[]));
    let path = "_posts/2024-01-01-a.md";
    // The file loses its permissions before the rename, so finews has no moment to read it.
    files.write("_posts/new.tmp", &post("Second", "2024-01-01 08:00", "x"));
    files.set_mode("_posts/new.tmp", 0o000);
    files.rename("_posts/new.tmp", path);
    server.wait(TIMEOUT, "complaining", |server| server.has_problem(path, "unreadable"));
    assert!(server.shows("/", "First") && server.shows(POST_URL, "Text of First."));
    files.set_mode(path, 0o644);
    server.wait(TIMEOUT, "open again", |server| server.shows(POST_URL, "Text of Second."));
    server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
    // The next start would not serve the post, so the operator must see the problem.
    files.set_mode(path, 0o000);
    server.wait(TIMEOUT, "complaining", |server| server.has_problem(path, "unreadable"));
    assert!(server.shows(POST_URL, "Text of Second."));
    files.set_mode(path, 0o644);
    server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
}

#[test]
fn unreadable_folder_keeps_its_posts() {
    let files = Files::new();
    files.write("_posts/sub/2024-01-01-b.md", &post("Below", "2024-01-01 09:00", "x"));
    let server = Server::from_command(&mut serve_unprivileged(files.root(), &["--rescan", "1s"]));
    // The folder is closed entirely, or its files can be listed but not read.
    for (closed, mode) in [("_posts/sub", 0o000), ("_posts", 0o000), ("_posts/sub", 0o644), ("_posts", 0o644)]
    {
        files.set_mode(closed, mode);
        server.wait(TIMEOUT, "complaining", |server| server.has_problem(closed, "unreadable"));
        // A full scan does not remove the posts either.
        std::thread::sleep(Duration::from_millis(1500));
        assert!(server.shows("/", "First") && server.shows("/", "Below"), "{closed}");
        assert!(
            server.shows(POST_URL, "Text of First.")
                && server.shows("/x/2024/01/01/b.html", "Text of Below.")
        );
        assert!(server.has_problem(closed, "unreadable"), "{closed}: {:?}", server.problems());
        files.set_mode(closed, 0o755);
        server.wait(TIMEOUT, "content", |server| server.problems().is_empty());
        let title = format!("In {closed} after {mode:o}");
        let path = format!("{closed}/2024-01-02-{}.md", title.replace([' ', '/'], "-"));
        files.write_by_rename(&path, &post(&title, "2024-01-02 08:00", "x"));
        server.wait(TIMEOUT, "following", |server| server.shows("/", &title));
    }
}

/// Adds entries to a folder of posts that do not belong there.
fn add_invalid_entries(files: &Files) {
    symlink("..", files.path("_posts/loop")).expect("a link");
    symlink("2024-01-03-self.md", files.path("_posts/2024-01-03-self.md")).expect("a link");
    symlink("nowhere", files.path("_posts/2024-01-03-dangling.md")).expect("a link");
    symlink(".", files.path("loop")).expect("a link");
    symlink("someone@somewhere", files.path("_posts/.#2024-01-01-a.md")).expect("a link");
    let odd = |name: &[u8]| files.path("_posts").join(OsStr::from_bytes(name));
    fs::write(odd(b"2024-01-02-\xff\xfe.md"), post("Odd", "2024-01-02 08:00", "x")).expect("a file");
    fs::create_dir(odd(b"\xff")).expect("a folder");
    fs::write(odd(b"\xff/2024-01-02-in-odd.md"), post("In odd", "2024-01-02 08:00", "x")).expect("a file");
    let made = Command::new("mkfifo").arg(files.path("_posts/2024-01-02-pipe.md")).status();
    assert!(made.expect("mkfifo").success());
    let huge = fs::File::create(files.path("_posts/2024-01-02-huge.md")).expect("a file");
    huge.set_len(1 << 30).expect("a size");
    fs::create_dir(files.path("_posts/2024-01-02-folder.md")).expect("a folder");
    let inner = post("Inner", "2024-01-02 08:00", "x");
    files.write("_posts/2024-01-02-folder.md/2024-01-02-inner.md", &inner);
}

/// Asserts that the site shows every readable post of [`add_invalid_entries`], and reports the rest.
fn assert_valid_posts_served(server: &Server) {
    server.wait(TIMEOUT, "unspoilt", |server| {
        ["First", "Odd", "In odd", "Inner"].iter().all(|title| server.shows("/category/x.html", title))
            && server.has_problem("_posts/2024-01-02-huge.md", "too-large")
            && server.has_problem("_posts/2024-01-03-self.md", "unreadable")
            && server.has_problem("_posts/2024-01-03-dangling.md", "unreadable")
            && server.has_problem("loop", "unreadable")
    });
    // finews does not follow links to folders below `_posts`, and ignores hidden files.
    assert_eq!(server.problems().len(), 4, "{:?}", server.problems());
    assert!(server.shows("/x/2024/01/02/inner.html", "Text of Inner."));
    assert!(server.shows(POST_URL, "Text of First."));
}

#[test]
fn site_starts_with_invalid_entries_among_the_posts() {
    let files = Files::new();
    add_invalid_entries(&files);
    let start = Instant::now();
    let server = files.serve(&[]);
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_valid_posts_served(&server);
    files.write("_posts/2024-01-04-b.md", &post("After", "2024-01-04 08:00", "x"));
    server.wait(TIMEOUT, "following", |server| server.shows("/", "After"));
}

#[test]
fn site_stays_up_when_invalid_entries_appear() {
    let files = Files::new();
    let server = files.serve(&[]);
    add_invalid_entries(&files);
    assert_valid_posts_served(&server);
    // A folder may replace a post, and a post the folder.
    files.remove("_posts/2024-01-01-a.md");
    files.write("_posts/2024-01-01-a.md/2024-01-04-c.md", &post("In its place", "2024-01-04 08:00", "x"));
    server.wait(TIMEOUT, "following", |server| server.shows("/", "In its place"));
    fs::remove_dir_all(files.path("_posts/2024-01-01-a.md")).expect("a folder");
    files.write("_posts/2024-01-01-a.md", &post("Back", "2024-01-01 08:00", "x"));
    server
        .wait(TIMEOUT, "back", |server| server.shows(POST_URL, "Back") && !server.shows("/", "In its place"));
}

#[test]
fn file_without_closing_fence_is_shown_after_a_delay() {
    let files = Files::new();
    let server = files.serve(&[]);
    let path = "_posts/2024-01-02-b.md";
    let start = Instant::now();
    files.write(path, "---\ntitle: Half\n\nNo fence.\n");
    server.wait(TIMEOUT, "complaining", |server| server.has_problem(path, "half-written"));
    server.wait(TIMEOUT, "shown", |server| server.shows("/2024/01/02/b.html", "No fence."));
    assert!(start.elapsed() > Duration::from_millis(1500), "it had no time to rest: {:?}", start.elapsed());
    assert!(!server.has_problem(path, "half-written"));
    assert!(server.has_problem(path, "front-matter-invalid"));
    // A file that is completed in time is never shown incomplete.
    let path = "_posts/2024-01-02-c.md";
    files.write(path, "---\ntitle: Torn\n");
    server.wait(TIMEOUT, "complaining", |server| server.has_problem(path, "half-written"));
    assert!(!server.shows("/", "Torn"));
    files.write(path, &post("Whole", "2024-01-02 09:00", "y"));
    server.wait(Duration::from_millis(1500), "shown", |server| {
        server.shows("/y/2024/01/02/c.html", "Whole") && server.has_no_problems(path)
    });
}

#[test]
fn emptied_file_keeps_its_last_version() {
    let files = Files::new();
    let server = files.serve(&["--rescan", "1s"]);
    let path = "_posts/2024-01-01-a.md";
    for round in 0..2 {
        files.write(path, "");
        server.wait(TIMEOUT, "complaining", |server| server.has_problem(path, "half-written"));
        std::thread::sleep(Duration::from_millis(2500));
        assert!(server.has_problem(path, "half-written"));
        assert!(server.shows("/", if round == 0 { "First" } else { "Full 0" }));
        let title = format!("Full {round}");
        files.write(path, &post(&title, "2024-01-01 08:00", "x"));
        server.wait(TIMEOUT, "full", |server| server.shows(POST_URL, &title) && server.has_no_problems(path));
    }
}
