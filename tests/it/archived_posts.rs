//! Folders outside `_posts` that hold dated posts, such as `old_post`: their files are posts with the URLs of posts.

use std::fs;
use std::io::{Read, Write};
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use crate::support::{Server, Site, finews, folder, json_lines, post, stdout_json};

const CONFIG: (&str, &str) = ("_config.yml", "title: T\ntimezone: Asia/Shanghai\n");
const URL: &str = "/hetan/2024/01/01/a.html";
const NOTICE: &str = "the folder holds dated posts and is served as an archive of posts";

/// A site with these files, whose texts are posts of 1 January 2024 in category `hetan`.
fn site(files: &[(&str, &str)]) -> Site {
    let posts: Vec<(&str, String)> =
        files.iter().map(|(path, title)| (*path, post(title, "2024-01-01 08:00", "hetan"))).collect();
    let posts = posts.iter().map(|(path, text)| (*path, text.as_str()));
    Site::from_files(&[CONFIG].into_iter().chain(posts).collect::<Vec<_>>())
}

#[test]
fn old_posts_have_post_urls_and_pages_redirect() {
    let table = [
        ("old_post", URL),
        ("old_posts", URL),
        ("old_post/2024/01", URL),
        ("market/old_post", "/market/hetan/2024/01/01/a.html"),
    ];
    for (folder, url) in table {
        let site = site(&[(&format!("{folder}/2024-01-01-a.md"), "Old"), ("_posts/2024-01-01-b.md", "New")]);
        assert!(site.page(url).contains("Text of Old."), "{folder}");
        assert!(site.page("/").contains(url) && site.page("/category/hetan.html").contains(url), "{folder}");
        for page in ["2024-01-01-a.html", "2024-01-01-a", "2024-01-01-a/", "2024-01-01-a/index.html"] {
            site.assert_moved(&format!("/{folder}/{page}"), url);
        }
        site.assert_status(&format!("/{folder}/2024-01-01-none.html"), 404);
    }
}

#[test]
fn folder_of_ten_dated_posts_is_an_archive() {
    let paths: Vec<String> = (0..10).map(|number| format!("content/news/2024-01-01-{number}.md")).collect();
    let mut files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "News")).collect();
    files.push(("content/news/about.md", "About"));
    let whole = site(&files);
    for number in 0..10 {
        let url = format!("/hetan/2024/01/01/{number}.html");
        assert!(whole.page(&url).contains("Text of News."));
        whole.assert_moved(&format!("/content/news/2024-01-01-{number}.html"), &url);
    }
    assert!(whole.page("/content/news/about.html").contains("Text of About."));
    // With fewer posts, the files are pages as in Jekyll.
    let part = site(&files[..9]);
    part.assert_status("/hetan/2024/01/01/0.html", 404);
    assert!(part.page("/content/news/2024-01-01-0.html").contains("Text of News."));
}

#[test]
fn category_above_archive_posts_stays_as_in_jekyll() {
    let site = site(&[("archive/_posts/2024-01-01-a.md", "Old")]);
    assert!(site.page("/archive/hetan/2024/01/01/a.html").contains("Text of Old."));
    site.assert_moved(URL, "/archive/hetan/2024/01/01/a.html");
}

#[test]
fn copy_in_two_folders_is_one_post() {
    for (copy, first) in [("old_post", "_posts"), ("old_post/2024", "_posts"), ("old_post", "posts")] {
        let (old, new) = (format!("{copy}/2024-01-01-a.md"), format!("{first}/2024-01-01-a.md"));
        // A correction has changed the title or the day.
        for (title, date) in [("Other", "2024-01-01 08:00"), ("Same", "2024-01-02 08:00")] {
            let files = folder(&[
                CONFIG,
                (&new, &post("Same", "2024-01-01 08:00", "hetan")),
                (&old, &post(title, date, "hetan").replace("Text", "Copy")),
            ]);
            let root = files.path().to_string_lossy();
            let problems = stdout_json(&["check", "--json", &root]);
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(
                (&problems[0]["path"], &problems[0]["code"]),
                (&json!(old), &json!("twin-superseded"))
            );
            assert!(problems[0]["message"].as_str().is_some_and(|message| message.contains(&new)));
            let listed = json_lines(&String::from_utf8(finews(&["list", &root]).stdout).expect("UTF-8"));
            let paths: Vec<_> = listed.iter().map(|post| post["path"].as_str().expect("a path")).collect();
            assert_eq!(paths, [&new], "the file in {first} wins");
            let site = Site::from_folder(files.path());
            assert!(site.page(URL).contains("Text of Same."));
            site.assert_moved(&format!("/{copy}/2024-01-01-a.html"), URL);
            if date.contains("-02 ") {
                site.assert_moved("/hetan/2024/01/02/a.html", URL);
            }
        }
    }
}

#[test]
fn copy_with_the_same_content_is_no_problem() {
    let text = post("Same", "2024-01-01 08:00", "hetan");
    let spaced = text.replace("title: ", "title:  ");
    for (path, copy) in [
        ("old_post/2024-01-01-a.md", &text),
        ("old_post/2024-01-01-a.md", &spaced),
        // The folder adds a category.
        ("archive/_posts/2024-01-01-a.md", &text),
    ] {
        let files = folder(&[CONFIG, ("_posts/2024-01-01-a.md", &text), (path, copy)]);
        let output = finews(&["check", "--strict", "--json", &files.path().to_string_lossy()]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{path}");
    }
}

#[test]
fn files_of_one_name_and_different_posts_are_two() {
    let site = Site::from_files(&[
        CONFIG,
        ("_posts/2024-01-01-a.md", &post("One", "2024-01-01 08:00", "x")),
        ("old_post/2024-01-01-a.md", &post("Other", "2024-01-01 08:00", "y")),
    ]);
    assert!(site.page("/x/2024/01/01/a.html").contains("Text of One."));
    assert!(site.page("/y/2024/01/01/a.html").contains("Text of Other."));
}

#[test]
fn copy_of_a_withdrawn_post_is_gone_too() {
    let text = post("A", "2024-01-01 08:00", "hetan");
    let site = Site::from_files(&[
        CONFIG,
        ("_posts/2024-01-01-a.md", &text.replace("title:", "published: false\ntitle:")),
        ("old_post/2024-01-01-a.md", &text),
    ]);
    site.assert_status(URL, 410);
}

#[test]
fn configured_folders_override_the_search() {
    let old = post("Old", "2024-01-01 08:00", "hetan");
    let with = |posts: &str| {
        let config = format!("{}finews:\n  posts: {posts}\n", CONFIG.1);
        Site::from_files(&[
            ("_config.yml", &config),
            ("old_post/2024-01-01-a.md", &old),
            ("_posts/2024-01-01-a.md", &old.replace("Text", "Newer text")),
        ])
    };
    let page = "/old_post/2024-01-01-a.html";
    assert!(with("[_posts]").page(page).contains("Text of Old."));
    let both = with("[_posts, old_post]");
    assert!(both.page(URL).contains("Newer text of Old."), "the folder named first wins");
    both.assert_moved(page, URL);
}

#[test]
fn undated_copy_has_its_date_from_the_digits() {
    let text = "---\ntitle: U\ncategories: hetan\n---\nText of U.\n";
    let site = Site::from_files(&[CONFIG, ("old_post/-202401010001.md", text)]);
    let url = "/hetan/2024/01/01/202401010001.html";
    assert!(site.page(url).contains("Text of U."));
    site.assert_moved("/old_post/-202401010001.html", url);
    // A twin with a date in its name wins, in whichever folder it is.
    let dated = text.replace("of U", "of its twin");
    for twin in ["_posts/2024-01-01-202401010001.md", "old_post/2024-01-01-202401010001.md"] {
        let site = Site::from_files(&[CONFIG, ("old_post/-202401010001.md", text), (twin, &dated)]);
        assert!(site.page(url).contains("Text of its twin."));
    }
}

#[test]
fn archives_are_named_by_check_and_in_the_log() {
    let files = folder(&[CONFIG, ("old_post/2024-01-01-a.md", &post("Old", "2024-01-01", "hetan"))]);
    let output = finews(&["check", &files.path().to_string_lossy()]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains(&format!("old_post: {NOTICE}")), "{text}");
    Server::new(files.path(), &[]).wait_for_log(&format!("old_post: {NOTICE}"));
}

#[test]
fn sighup_decides_on_new_archives() {
    let files = folder(&[CONFIG, ("_posts/2024-01-02-b.md", &post("New", "2024-01-02", "hetan"))]);
    let server = Server::new(files.path(), &["--watch", "off", "--rescan", "off"]);
    fs::create_dir(files.path().join("news")).expect("a folder");
    for name in 'a'..='j' {
        let file = files.path().join(format!("news/2024-01-01-{name}.md"));
        fs::write(file, post("Old", "2024-01-01", "hetan")).expect("a file");
    }
    server.signal("HUP");
    server.wait_until("a post", |server| server.shows(URL, "Text of Old."));
    assert_eq!(server.get("/news/2024-01-01-a.html").status, StatusCode::MOVED_PERMANENTLY);
}

#[test]
fn folder_becomes_an_archive_with_its_tenth_post() {
    let files = folder(&[CONFIG, ("_posts/2024-01-02-b.md", &post("New", "2024-01-02", "hetan"))]);
    let server = Server::new(files.path(), &[]);
    fs::create_dir(files.path().join("news")).expect("a folder");
    let file = |name: char| files.path().join(format!("news/2024-01-01-{name}.md"));
    let write = |name: char| fs::write(file(name), post("Old", "2024-01-01", "hetan")).expect("a file");
    ('a'..='i').for_each(write);
    let page = "/news/2024-01-01-a.html";
    server.wait_until("a page", |server| server.shows(page, "Text of Old."));
    write('j');
    server.wait_until("a post", |server| server.shows(URL, "Text of Old."));
    assert_eq!(server.get(page).status, StatusCode::MOVED_PERMANENTLY);
    fs::write(file('a'), post("Changed", "2024-01-01", "hetan")).expect("a file");
    server.wait_until("followed", |server| server.shows(URL, "Text of Changed."));
}

#[test]
fn first_move_to_old_posts_keeps_the_url_and_is_no_news() {
    let files = folder(&[
        CONFIG,
        ("_posts/2024-01-01-a.md", &post("Old", "2024-01-01 08:00", "hetan")),
        ("_posts/2024-01-02-b.md", &post("New", "2024-01-02 08:00", "hetan")),
    ]);
    let server = Server::new(files.path(), &[]);
    let mut live = server.socket(Duration::from_secs(20));
    live.write_all(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n").expect("a request");
    let mut events: Vec<u8> = Vec::new();
    let mut read_until = |text: &str| {
        let mut part = [0u8; 4096];
        while !String::from_utf8_lossy(&events).contains(text) {
            let length = live.read(&mut part).expect("an event in time");
            assert_ne!(length, 0, "the stream ends");
            events.extend_from_slice(&part[..length]);
        }
        String::from_utf8_lossy(&events).into_owned()
    };
    read_until("event: hello");
    let place = |path: &str| files.path().join(path);
    fs::create_dir(place("old_post")).expect("a folder");
    let moved = place("old_post/2024-01-01-a.md");
    fs::copy(place("_posts/2024-01-01-a.md"), &moved).expect("a copy");
    fs::remove_file(place("_posts/2024-01-01-a.md")).expect("a file");
    server.wait_until("an archive", |server| {
        assert!(server.shows(URL, "Text of Old."));
        server.get("/old_post/2024-01-01-a.html").status == StatusCode::MOVED_PERMANENTLY
    });
    assert!(server.log().contains(&format!("old_post: {NOTICE}")), "{}", server.log());
    fs::write(&moved, post("Changed", "2024-01-01 08:00", "hetan")).expect("a file");
    server.wait_until("followed", |server| server.shows(URL, "Text of Changed."));
    fs::write(place("_posts/2024-01-03-c.md"), post("Third", "2024-01-03 08:00", "hetan")).expect("a file");
    let events = read_until("/hetan/2024/01/03/c.html");
    assert!(!events.contains(URL), "{events}");
}
