//! Signals of the operator to a running finews: SIGHUP and SIGTERM.

use std::os::unix::fs::symlink;
use std::time::Duration;

use axum::http::StatusCode;

use super::{CONFIG, Files, SOON, serve_as_nobody};
use crate::support::{Running, folder, post, serve};

const RELOADED: &str = "configuration and archive reloaded";

#[test]
fn sighup_shows_the_new_title() {
    let files = Files::new();
    let server = files.serve(&[]);
    let before = server.etag("/");
    files.write("_config.yml", &CONFIG.replace("Daily", "Weekly"));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(server.etag("/"), before, "settings wait for SIGHUP");
    server.signal("HUP");
    server.wait(SOON, "weekly", |server| server.shows("/", "Weekly"));
    assert_ne!(server.etag("/"), before);
    assert!(!server.shows("/", "Daily"));
    // finews still follows its files.
    files.write("_posts/2024-01-02-b.md", &post("Second", "2024-01-02 08:00", "x"));
    server.wait(SOON, "following", |server| server.shows("/", "Second"));
}

#[test]
fn sighup_with_settings_that_cannot_be_used_changes_nothing_and_says_why() {
    let files = Files::new();
    let server = files.serve(&[]);
    let before = server.etag("/");
    let broken =
        ["title: [never closed\n", "title: x\ntimezone: Mars/Base\n", "title: x\npermalink: /:nonsense/\n"];
    for (round, config) in broken.into_iter().enumerate() {
        files.write("_config.yml", config);
        server.signal("HUP");
        let refusal = "reload failed, keeping the current configuration: ";
        server.wait(SOON, "refusing", |server| server.log().matches(refusal).count() == round + 1);
        let log = server.log();
        let reason = log.lines().rfind(|line| line.contains(refusal)).expect("a line");
        assert!(reason.contains("_config.yml"), "{reason}");
        assert_eq!(server.etag("/"), before);
    }
    assert!(!server.log().contains(RELOADED));
    files.write("_posts/2024-01-02-b.md", &post("Second", "2024-01-02 08:00", "x"));
    server.wait(SOON, "following", |server| server.shows("/", "Second"));
    files.write("_config.yml", &CONFIG.replace("Daily", "Weekly"));
    server.signal("HUP");
    server.wait(SOON, "weekly", |server| server.shows("/", "Weekly"));
}

#[test]
fn sighup_with_another_permalink_moves_the_urls() {
    let files = Files::new();
    let server = files.serve(&[]);
    files.write("_config.yml", &format!("{CONFIG}permalink: /p/:title.html\n"));
    server.signal("HUP");
    server.wait(SOON, "moved", |server| server.shows("/p/a.html", "Text of First."));
    assert!(server.shows("/", "/p/a.html"));
    assert!(!server.shows("/", "/x/2024/01/01/a.html"));
    assert_ne!(server.get("/x/2024/01/01/a.html").status, StatusCode::OK);
    files.write("_posts/2024-01-02-b.md", &post("Second", "2024-01-02 08:00", "x"));
    server.wait(SOON, "following", |server| server.shows("/p/b.html", "Second"));
}

#[test]
fn sighup_with_another_permalink_does_not_mind_folders_without_posts_that_are_closed() {
    let files = Files::new();
    symlink(".", files.path("loop")).expect("a link");
    std::fs::create_dir(files.path("lost+found")).expect("a folder");
    files.set_mode("lost+found", 0o000);
    let server = Running::of(&mut serve_as_nobody(files.root(), &[]));
    server.wait(SOON, "complaining", |server| {
        server.complains("loop", "unreadable") && server.complains("lost+found", "unreadable")
    });
    files.write("_config.yml", &format!("{CONFIG}permalink: /p/:title.html\n"));
    server.signal("HUP");
    server.wait(SOON, "moved", |server| server.shows("/p/a.html", "Text of First."));
    assert!(server.complains("loop", "unreadable"));
}

#[test]
fn sighup_finds_a_site_that_a_link_now_leads_to() {
    let (old, new, outside) = (Files::new(), Files::new(), folder(&[]));
    new.write("_posts/2024-01-02-b.md", &post("Released", "2024-01-02 08:00", "x"));
    let current = outside.path().join("current");
    symlink(old.root(), &current).expect("a link");
    let server = Running::serving(&current, &[]);
    symlink(new.root(), outside.path().join("next")).expect("a link");
    std::fs::rename(outside.path().join("next"), &current).expect("a link");
    server.signal("HUP");
    server.wait(SOON, "released", |server| server.shows("/", "Released"));
    new.write("_posts/2024-01-03-c.md", &post("Followed", "2024-01-03 08:00", "x"));
    server.wait(SOON, "following", |server| server.shows("/", "Followed"));
}

#[test]
fn sighup_while_the_site_is_away_changes_nothing() {
    let files = Files::new();
    let outside = folder(&[]);
    let server = files.serve(&[]);
    let before = server.etag("/");
    std::fs::rename(files.root(), outside.path().join("away")).expect("a folder");
    server.signal("HUP");
    server.wait_for_log("reload failed, keeping the current configuration: ");
    assert_eq!(server.etag("/"), before);
    std::fs::rename(outside.path().join("away"), files.root()).expect("a folder");
    files.write("_posts/2024-01-02-b.md", &post("Second", "2024-01-02 08:00", "x"));
    server.wait(SOON, "following", |server| server.shows("/", "Second"));
}

#[test]
fn sighup_may_turn_watching_on_and_off() {
    let files = Files::new();
    let server = files.serve(&[]);
    let reload = |config: &str, round: usize| {
        files.write("_config.yml", &format!("{CONFIG}{config}"));
        server.signal("HUP");
        server.wait(SOON, "read again", |server| server.log().matches(RELOADED).count() == round);
    };
    reload("finews:\n  watch: off\n", 1);
    std::thread::sleep(Duration::from_millis(500));
    files.write("_posts/2024-01-02-b.md", &post("Second", "2024-01-02 08:00", "x"));
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!server.shows("/", "Second"));
    reload("finews:\n  watch: events\n", 2);
    server.wait(SOON, "seen", |server| server.shows("/", "Second"));
    std::thread::sleep(Duration::from_millis(500));
    files.write("_posts/2024-01-03-c.md", &post("Third", "2024-01-03 08:00", "x"));
    server.wait(SOON, "following", |server| server.shows("/", "Third"));
}

#[test]
fn no_reader_sees_a_fault_while_everything_is_read_again() {
    let files = Files::many(200);
    let server = files.serve(&[]);
    let mut reader = server.connect();
    for round in 1..=10 {
        files.write("_config.yml", &format!("title: T{round}\npermalink: /r{}/:title.html\n", round % 2));
        server.signal("HUP");
        for _ in 0..20 {
            for path in ["/", "/category/x.html", "/2024/01/01/"] {
                let answer = reader.get(path);
                assert_eq!(answer.status, StatusCode::OK, "{path}");
                // The links and the title of a page come from one configuration.
                let text = answer.text();
                let title = |round: usize| text.contains(&format!("T{round}<"));
                let shown = (1..=round).find(|round| title(*round)).map(|round| round % 2);
                if let Some(parity) = shown {
                    assert!(!text.contains(&format!("href=\"/r{}/", 1 - parity)), "{path}");
                }
            }
        }
        server.wait(SOON, "read again", |server| server.shows("/", &format!("T{round}")));
    }
}

#[test]
fn sigterm_ends_it_well_while_everything_is_read_again() {
    let files = Files::many(500);
    for pause in [0, 5, 30, 100] {
        let server = files.serve(&[]);
        files.write("_config.yml", &format!("{CONFIG}permalink: /p{pause}/:title.html\n"));
        // One signal would be enough, but an operator may be impatient.
        (0..10).for_each(|_| server.signal("HUP"));
        std::thread::sleep(Duration::from_millis(pause));
        server.stop();
    }
}

#[test]
fn sigterm_ends_it_well_while_the_archive_is_loaded() {
    let files = Files::many(2_000);
    for pause in [0, 20, 100] {
        let server = Running::listening(&mut serve(files.root(), &[]));
        std::thread::sleep(Duration::from_millis(pause));
        assert!(pause > 0 || !server.log().contains("archive loaded"), "the load was over too soon");
        server.stop();
    }
}
