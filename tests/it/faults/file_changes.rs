//! A change of a file soon appears on every page, however finews notices it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant, SystemTime};

use axum::http::StatusCode;

use super::{Files, TIMEOUT, post_path};
use crate::support::{Server, post, serve};

/// Pages that list a post of 2 January 2024 in category `y`.
const LISTS: [&str; 4] = ["/", "/category/y.html", "/tag/y新闻.html", "/2024/01/02/"];

/// Waits until an article and every list show a title.
fn wait_until_listed(server: &Server, article: &str, title: &str) {
    server.wait(TIMEOUT, title, |server| {
        server.shows(article, title) && LISTS.iter().all(|list| server.shows(&escaped(list), title))
    });
}

/// Waits until an article is gone and no list shows its title.
fn wait_until_gone(server: &Server, article: &str, title: &str) {
    server.wait(TIMEOUT, &format!("rid of {title}"), |server| {
        server.get(article).status == StatusCode::NOT_FOUND && is_unlisted(server, title)
    });
}

fn is_unlisted(server: &Server, title: &str) -> bool {
    LISTS.iter().all(|list| !server.shows(&escaped(list), title))
}

fn escaped(path: &str) -> String {
    path.replace("新闻", "%E6%96%B0%E9%97%BB")
}

#[test]
fn written_post_is_on_every_page_until_deleted() {
    let files = Files::new();
    let server = files.serve(&[]);
    let path = "_posts/2024-01-02-b.md";
    for round in ["Written", "Written again"] {
        files.write(path, &post(round, "2024-01-02 08:00", "y"));
        wait_until_listed(&server, "/y/2024/01/02/b.html", round);
        files.remove(path);
        wait_until_gone(&server, "/y/2024/01/02/b.html", round);
    }
    assert!(server.shows("/", "First"));
}

#[test]
fn new_errors_write_few_log_lines() {
    let files = Files::new();
    let server = files.serve(&[]);
    let start = Instant::now();
    files.write("_posts/-broken.md", "---\ntitle: t\ndate: never\n---\nText.\n");
    server
        .wait_for_log("1 file has an error and is not served: _posts/-broken.md:3: `date: never` is invalid");
    assert!(server.log().contains("; run finews check"), "{}", server.log());
    // A file that stays broken has no new error.
    files.write("_posts/-broken.md", "---\ntitle: u\ndate: never\n---\nText.\n");
    for number in 0..20 {
        let path = format!("_posts/-broken{number}.md");
        files.write(&path, "---\ntitle: t\n---\nText.\n");
        server.wait(TIMEOUT, "reporting", |server| server.has_problem(&path, "date-missing"));
    }
    let lines = server.log().lines().filter(|line| line.contains("not served")).count() as u64;
    assert!(lines <= 1 + start.elapsed().as_secs() / 10, "{}", server.log());
}

#[test]
fn post_that_loses_its_url_writes_a_log_line() {
    let files = Files::new();
    let server = files.serve(&[]);
    files.write("_posts/2024-01-02-b.md", "---\ntitle: t\npermalink: /x/2024/01/01/a.html\n---\nText.\n");
    server.wait_for_log(
        "1 file has an error and is not served: _posts/2024-01-01-a.md: `/x/2024/01/01/a.html` is already the URL of",
    );
}

#[test]
fn change_with_same_mtime_and_length_is_noticed() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for flags in [&[][..], &["--watch", "poll"]] {
        let files = Files::new();
        let server = files.serve(flags);
        for title in ["Other", "Third"] {
            files.write("other.tmp", &post(title, "2024-01-01 08:00", "x"));
            let file = fs::File::options().write(true).open(files.path("other.tmp")).expect("a file");
            file.set_modified(time).expect("a time");
            files.rename("other.tmp", "_posts/2024-01-01-a.md");
            server.wait(TIMEOUT, title, |server| server.shows("/", title));
        }
    }
}

#[test]
fn renamed_post_is_on_every_page_until_moved_away() {
    let files = Files::new();
    let server = files.serve(&[]);
    let path = "_posts/2024-01-02-b.md";
    files.write_by_rename(path, &post("Renamed", "2024-01-02 08:00", "y"));
    wait_until_listed(&server, "/y/2024/01/02/b.html", "Renamed");
    files.write_by_rename(path, &post("Replaced", "2024-01-02 08:00", "y"));
    wait_until_listed(&server, "/y/2024/01/02/b.html", "Replaced");
    files.rename(path, "_posts/2024-01-02-c.md");
    wait_until_listed(&server, "/y/2024/01/02/c.html", "Replaced");
    files.rename("_posts/2024-01-02-c.md", ".away");
    wait_until_gone(&server, "/y/2024/01/02/c.html", "Replaced");
}

#[test]
fn changed_post_updates_every_page() {
    let files = Files::from_files(&[("_posts/2024-01-02-b.md", &post("Before", "2024-01-02 08:00", "y"))]);
    let server = files.serve(&[]);
    wait_until_listed(&server, "/y/2024/01/02/b.html", "Before");
    files.write("_posts/2024-01-02-b.md", &post("After", "2024-01-02 08:00", "y"));
    wait_until_listed(&server, "/y/2024/01/02/b.html", "After");
    // A post that moves leaves only a redirect behind.
    files.write("_posts/2024-01-02-b.md", &post("Elsewhere", "2024-01-03 08:00", "z"));
    server.wait(TIMEOUT, "moved", |server| {
        server.get("/y/2024/01/02/b.html").header("location") == "/z/2024/01/03/b.html"
            && is_unlisted(server, "After")
    });
    server.wait(TIMEOUT, "there", |server| {
        ["/z/2024/01/03/b.html", "/category/z.html", "/2024/01/03/"]
            .iter()
            .all(|path| server.shows(path, "Elsewhere"))
    });
}

#[test]
fn moved_in_folder_is_on_every_page_until_moved_out() {
    let files = Files::new();
    let server = files.serve(&[]);
    let text = post("Moved", "2024-01-02 08:00", "y");
    files.write(".away/deep/down/2024-01-02-b.md", &text);
    for _ in 0..2 {
        files.rename(".away", "_posts/sub");
        wait_until_listed(&server, "/y/2024/01/02/b.html", "Moved");
        // finews also watches the files that the folder arrived with.
        files.write("_posts/sub/deep/down/2024-01-02-b.md", &text.replace("Moved", "Changed"));
        wait_until_listed(&server, "/y/2024/01/02/b.html", "Changed");
        files.rename("_posts/sub", ".away");
        wait_until_gone(&server, "/y/2024/01/02/b.html", "Changed");
        files.write(".away/deep/down/2024-01-02-b.md", &text);
    }
}

#[test]
fn nested_folders_created_and_removed_at_once_are_followed() {
    let files = Files::new();
    let server = files.serve(&[]);
    let text = post("Built", "2024-01-02 08:00", "y");
    for _ in 0..3 {
        files.write("_posts/one/two/three/2024-01-02-b.md", &text);
        wait_until_listed(&server, "/y/2024/01/02/b.html", "Built");
        fs::remove_dir_all(files.path("_posts/one")).expect("a folder");
        wait_until_gone(&server, "/y/2024/01/02/b.html", "Built");
    }
}

#[test]
fn replaced_folder_is_followed_and_the_old_one_is_not() {
    let files = Files::new();
    files.write("_posts/sub/2024-01-02-old.md", &post("Former", "2024-01-02 08:00", "y"));
    let server = files.serve(&[]);
    wait_until_listed(&server, "/y/2024/01/02/old.html", "Former");
    files.write(".new/2024-01-02-new.md", &post("New", "2024-01-02 08:00", "y"));
    // Two renames in a row, as a deployment does it.
    files.rename("_posts/sub", ".old");
    files.rename(".new", "_posts/sub");
    wait_until_listed(&server, "/y/2024/01/02/new.html", "New");
    wait_until_gone(&server, "/y/2024/01/02/old.html", "Former");
    files.write("_posts/sub/2024-01-02-more.md", &post("More", "2024-01-02 08:00", "y"));
    wait_until_listed(&server, "/y/2024/01/02/more.html", "More");
    // Changes in the old folder no longer have an effect.
    files.write(".old/2024-01-02-old.md", &post("Former again", "2024-01-02 08:00", "y"));
    files.remove("_posts/sub/2024-01-02-more.md");
    wait_until_gone(&server, "/y/2024/01/02/more.html", "More");
    assert!(!server.shows("/", "Former"));
}

#[test]
fn folder_and_file_at_the_same_path_replace_each_other() {
    let files = Files::new();
    let server = files.serve(&[]);
    let path = "_posts/2024-01-02-b.md";
    for round in 0..10 {
        let title = format!("File {round}");
        files.write(path, &post(&title, "2024-01-02 08:00", "y"));
        wait_until_listed(&server, "/y/2024/01/02/b.html", &title);
        files.remove(path);
        files.write(&format!("{path}/2024-01-02-c.md"), &post("Below", "2024-01-02 08:00", "y"));
        wait_until_listed(&server, "/y/2024/01/02/c.html", "Below");
        wait_until_gone(&server, "/y/2024/01/02/b.html", &title);
        fs::remove_dir_all(files.path(path)).expect("a folder");
    }
    files.write(path, &post("File", "2024-01-02 08:00", "y"));
    wait_until_listed(&server, "/y/2024/01/02/b.html", "File");
    wait_until_gone(&server, "/y/2024/01/02/c.html", "Below");
}

#[test]
fn icon_of_the_site_is_followed() {
    const LINK: &str = "<link rel=\"icon\" href=\"/favicon.ico\">";
    for flags in [&[][..], &["--watch", "poll"]] {
        let files = Files::new();
        let server = files.serve(flags);
        for _ in 0..2 {
            assert!(!server.shows("/", LINK));
            files.write("favicon.ico", "icon");
            server.wait(TIMEOUT, "own icon", |server| server.shows("/", LINK));
            assert_eq!(server.get("/favicon.ico").bytes, b"icon");
            files.remove("favicon.ico");
            server.wait(TIMEOUT, "built-in icon", |server| !server.shows("/", LINK));
        }
    }
}

#[test]
fn site_at_a_relative_path_is_followed() {
    let files = Files::new();
    for (from, name) in [(files.root(), "."), (files.root().parent().expect("a parent"), "")] {
        let name = if name.is_empty() { files.root().file_name().expect("a name") } else { name.as_ref() };
        let server = Server::from_command(serve(name.as_ref(), &[]).current_dir(from));
        files.write("_posts/2024-01-02-b.md", &post("Near", "2024-01-02 08:00", "y"));
        wait_until_listed(&server, "/y/2024/01/02/b.html", "Near");
        files.remove("_posts/2024-01-02-b.md");
        wait_until_gone(&server, "/y/2024/01/02/b.html", "Near");
    }
}

#[test]
fn polling_notices_new_changed_and_deleted_files() {
    let files = Files::new();
    let server = files.serve(&["--watch", "poll"]);
    files.write("_posts/2024-01-02-b.md", &post("Polled", "2024-01-02 08:00", "y"));
    wait_until_listed(&server, "/y/2024/01/02/b.html", "Polled");
    files.write_by_rename("_posts/2024-01-02-b.md", &post("Polled again", "2024-01-02 08:00", "y"));
    wait_until_listed(&server, "/y/2024/01/02/b.html", "Polled again");
    files.remove("_posts/2024-01-02-b.md");
    wait_until_gone(&server, "/y/2024/01/02/b.html", "Polled");
}

#[test]
fn changes_without_watching_wait_for_sighup() {
    let files = Files::new();
    let server = files.serve(&["--watch", "off"]);
    files.write("_posts/2024-01-02-b.md", &post("Later", "2024-01-02 08:00", "y"));
    std::thread::sleep(Duration::from_secs(3));
    assert!(!server.shows("/", "Later"));
    server.signal("HUP");
    wait_until_listed(&server, "/y/2024/01/02/b.html", "Later");
    files.remove("_posts/2024-01-02-b.md");
    std::thread::sleep(Duration::from_millis(500));
    assert!(server.shows("/", "Later"));
    server.signal("HUP");
    wait_until_gone(&server, "/y/2024/01/02/b.html", "Later");
}

#[test]
fn rescan_without_watching_notices_changes() {
    let files = Files::new();
    let server = files.serve(&["--watch", "off", "--rescan", "1s"]);
    files.write("_posts/2024-01-02-b.md", &post("Scanned", "2024-01-02 08:00", "y"));
    wait_until_listed(&server, "/y/2024/01/02/b.html", "Scanned");
    files.remove("_posts/2024-01-02-b.md");
    wait_until_gone(&server, "/y/2024/01/02/b.html", "Scanned");
}

#[test]
fn unchanged_rewrites_keep_every_etag() {
    let files = Files::new();
    let text = post("First", "2024-01-01 08:00", "x");
    let server = files.serve(&[]);
    let pages = ["/", "/category/x.html", "/x/2024/01/01/a.html"];
    let tags = pages.map(|page| server.etag(page));
    let start = Instant::now();
    for round in 0.. {
        match round % 3 {
            0 => files.write("_posts/2024-01-01-a.md", &text),
            1 => files.write_by_rename("_posts/2024-01-01-a.md", &text),
            _ => {
                let file = fs::File::options().append(true).open(files.path("_posts/2024-01-01-a.md"));
                file.expect("a file").set_modified(SystemTime::now()).expect("a time");
            }
        }
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(pages.map(|page| server.etag(page)), tags);
        if start.elapsed() > Duration::from_secs(2) {
            break;
        }
    }
    // finews still follows the file.
    files.write("_posts/2024-01-01-a.md", &text.replace("First", "Second"));
    server.wait(TIMEOUT, "changed", |server| server.shows("/", "Second"));
    assert!(pages.iter().zip(tags).all(|(page, tag)| server.etag(page) != tag));
    assert_eq!(server.problems(), []);
}

#[test]
fn burst_of_2000_files_appears_in_at_most_30_editions() {
    const BURST: usize = 2_000;
    let files = Files::new();
    let server = files.serve(&[]);
    let start = Instant::now();
    let editions = RefCell::new(BTreeSet::new());
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 0..BURST {
                files.write(&post_path(n), &post(&format!("No {n}."), "2024-01-01 09:00", "x"));
                if n % 20 == 0 {
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        });
        let count = format!("{}", BURST + 1);
        server.wait_until("complete", |server| {
            let sources = server.get("/category/");
            editions.borrow_mut().insert(sources.header("etag").to_owned());
            sources.text().replace(',', "").contains(&count)
        });
        writer.join().expect("all are written");
    });
    let took = start.elapsed();
    let mut reader = server.connect();
    for n in 0..BURST {
        assert_eq!(reader.get(&format!("/x/2024/01/01/n{n}.html")).status, StatusCode::OK, "{n}");
    }
    assert_eq!(server.problems(), []);
    let editions = editions.into_inner();
    assert!(editions.len() <= 30, "{} editions in {took:?}", editions.len());
}
