//! Signals of the operator to a running finews: SIGHUP and SIGTERM.

use std::os::unix::fs::symlink;
use std::time::Duration;

use axum::http::StatusCode;

use super::{CONFIG, Files, TIMEOUT, serve_unprivileged};
use crate::support::{Server, folder, post, serve};

const RELOADED: &str = "configuration and archive reloaded";

#[test]
fn sighup_applies_a_new_title() {
    let files = Files::new();
    let server = files.serve(&[]);
    let before = server.etag("/");
    files.write("_config.yml", &CONFIG.replace("Daily", "Weekly"));
    std::thread::sleep(Duration::from_millis(500));
    server.wait_for_log("_config.yml has changed; send SIGHUP to reload it");
    assert_eq!(server.etag("/"), before, "settings wait for SIGHUP");
    server.signal("HUP");
    server.wait(TIMEOUT, "weekly", |server| server.shows("/", "Weekly"));
    assert_ne!(server.etag("/"), before);
    assert!(!server.shows("/", "Daily"));
    // finews still follows its files.
    files.write("_posts/2024-01-02-b.md", &post("Second", "2024-01-02 08:00", "x"));
    server.wait(TIMEOUT, "following", |server| server.shows("/", "Second"));
}

#[test]
fn sighup_with_invalid_config_logs_why_and_changes_nothing() {
    let files = Files::new();
    let server = files.serve(&[]);
    let before = server.etag("/");
    let broken =
        ["title: [never closed\n", "title: x\nfuture: maybe\n", "title: x\npermalink: /:nonsense/\n"];
    for (round, config) in broken.into_iter().enumerate() {
        files.write("_config.yml", config);
        server.signal("HUP");
        let refusal = "reload failed, keeping the current configuration: ";
        server.wait(TIMEOUT, "refusing", |server| server.log().matches(refusal).count() == round + 1);
        let log = server.log();
        let reason = log.lines().rfind(|line| line.contains(refusal)).expect("a line");
        assert!(reason.contains("_config.yml"), "{reason}");
        assert_eq!(server.etag("/"), before);
    }
    assert!(!server.log().contains(RELOADED));
    files.write("_posts/2024-01-02-b.md", &post("Second", "2024-01-02 08:00", "x"));
    server.wait(TIMEOUT, "following", |server| server.shows("/", "Second"));
    files.write("_config.yml", &CONFIG.replace("Daily", "Weekly"));
    server.signal("HUP");
    server.wait(TIMEOUT, "weekly", |server| server.shows("/", "Weekly"));
}

#[test]
fn sighup_with_new_permalink_changes_the_urls() {
    let files = Files::new();
    let server = files.serve(&[]);
    files.write("_config.yml", &format!("{CONFIG}permalink: /p/:title.html\n"));
    server.signal("HUP");
    server.wait(TIMEOUT, "moved", |server| server.shows("/p/a.html", "Text of First."));
    assert!(server.shows("/", "/p/a.html"));
    assert!(!server.shows("/", "/x/2024/01/01/a.html"));
    assert_ne!(server.get("/x/2024/01/01/a.html").status, StatusCode::OK);
    files.write("_posts/2024-01-02-b.md", &post("Second", "2024-01-02 08:00", "x"));
    server.wait(TIMEOUT, "following", |server| server.shows("/p/b.html", "Second"));
}

#[test]
fn sighup_applies_new_data_files_and_variables() {
    let files = Files::new();
    files.write(
        "_posts/2024-01-02-b.md",
        "---\ntitle: B\npermalink: /b.html\n---\n{{ site.data.desk.name }} {{ site.motto }}\n",
    );
    files.write("_data/desk.yml", "name: [broken\n");
    let server = files.serve(&["--rescan", "1s"]);
    server.wait(TIMEOUT, "complaining", |server| server.has_problem("_data/desk.yml", "data-invalid"));
    assert!(server.has_problem("_posts/2024-01-02-b.md", "liquid-unresolved"));
    files.write("_data/desk.yml", "name: Desk\n");
    files.write("_config.yml", &format!("{CONFIG}motto: Daily news\n"));
    std::thread::sleep(Duration::from_millis(1500));
    assert!(server.has_problem("_data/desk.yml", "data-invalid"), "data files wait for SIGHUP");
    server.signal("HUP");
    server.wait(TIMEOUT, "resolved", |server| server.shows("/b.html", "Desk Daily news"));
    assert_eq!(server.problems(), []);
}

#[test]
fn sighup_ignores_unreadable_folders_without_posts() {
    let files = Files::new();
    symlink(".", files.path("loop")).expect("a link");
    std::fs::create_dir(files.path("lost+found")).expect("a folder");
    files.set_mode("lost+found", 0o000);
    let server = Server::from_command(&mut serve_unprivileged(files.root(), &[]));
    server.wait(TIMEOUT, "complaining", |server| {
        server.has_problem("loop", "unreadable") && server.has_problem("lost+found", "unreadable")
    });
    files.write("_config.yml", &format!("{CONFIG}permalink: /p/:title.html\n"));
    server.signal("HUP");
    server.wait(TIMEOUT, "moved", |server| server.shows("/p/a.html", "Text of First."));
    assert!(server.has_problem("loop", "unreadable"));
}

#[test]
fn sighup_follows_a_changed_symlink_to_the_site() {
    let (old, new, outside) = (Files::new(), Files::new(), folder(&[]));
    new.write("_posts/2024-01-02-b.md", &post("Released", "2024-01-02 08:00", "x"));
    let current = outside.path().join("current");
    symlink(old.root(), &current).expect("a link");
    let server = Server::new(&current, &[]);
    symlink(new.root(), outside.path().join("next")).expect("a link");
    std::fs::rename(outside.path().join("next"), &current).expect("a link");
    server.signal("HUP");
    server.wait(TIMEOUT, "released", |server| server.shows("/", "Released"));
    new.write("_posts/2024-01-03-c.md", &post("Followed", "2024-01-03 08:00", "x"));
    server.wait(TIMEOUT, "following", |server| server.shows("/", "Followed"));
}

#[test]
fn sighup_while_the_site_is_missing_changes_nothing() {
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
    server.wait(TIMEOUT, "following", |server| server.shows("/", "Second"));
}

#[test]
fn sighup_turns_watching_off_and_on() {
    let files = Files::new();
    let server = files.serve(&[]);
    let reload = |config: &str, round: usize| {
        files.write("_config.yml", &format!("{CONFIG}{config}"));
        server.signal("HUP");
        server.wait(TIMEOUT, "read again", |server| server.log().matches(RELOADED).count() == round);
    };
    reload("finews:\n  watch: off\n", 1);
    std::thread::sleep(Duration::from_millis(500));
    files.write("_posts/2024-01-02-b.md", &post("Second", "2024-01-02 08:00", "x"));
    std::thread::sleep(Duration::from_millis(1500));
    assert!(!server.shows("/", "Second"));
    reload("finews:\n  watch: events\n", 2);
    server.wait(TIMEOUT, "seen", |server| server.shows("/", "Second"));
    std::thread::sleep(Duration::from_millis(500));
    files.write("_posts/2024-01-03-c.md", &post("Third", "2024-01-03 08:00", "x"));
    server.wait(TIMEOUT, "following", |server| server.shows("/", "Third"));
}

#[test]
fn responses_stay_200_and_consistent_during_reloads() {
    let files = Files::with_posts(200);
    let server = files.serve(&[]);
    let mut reader = server.connect();
    for round in 1..=10 {
        files.write("_config.yml", &format!("title: T{round}\npermalink: /r{}/:title.html\n", round % 2));
        server.signal("HUP");
        for _ in 0..20 {
            for path in ["/", "/category/x.html", "/2024/01/01/"] {
                let response = reader.get(path);
                assert_eq!(response.status, StatusCode::OK, "{path}");
                // The links and the title of a page come from one configuration.
                let text = response.text();
                let title = |round: usize| text.contains(&format!("T{round}<"));
                let shown = (1..=round).find(|round| title(*round)).map(|round| round % 2);
                if let Some(parity) = shown {
                    assert!(!text.contains(&format!("href=\"/r{}/", 1 - parity)), "{path}");
                }
            }
        }
        server.wait(TIMEOUT, "read again", |server| server.shows("/", &format!("T{round}")));
    }
}

#[test]
fn sigterm_during_a_reload_exits_cleanly() {
    let files = Files::with_posts(500);
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
fn sigterm_during_the_initial_load_exits_cleanly() {
    let files = Files::with_posts(2_000);
    for pause in [0, 20, 100] {
        let server = Server::spawn(&mut serve(files.root(), &[]));
        std::thread::sleep(Duration::from_millis(pause));
        assert!(pause > 0 || !server.log().contains("archive loaded"), "the load was over too soon");
        server.stop();
    }
}
