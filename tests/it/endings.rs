//! Shutdown: load balancers learn of it before connections are refused, and open requests are completed.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use crate::support::{Running, folder};

const SOON: Duration = Duration::from_secs(8);

fn site() -> tempfile::TempDir {
    folder(&[("_posts/2024-01-02-a.md", "A"), ("_config.yml", "title: Daily\n")])
}

/// Waits for a clean exit; returns the time it took.
fn end(server: &mut Running) -> Duration {
    let since = Instant::now();
    assert_eq!(server.ended_within(SOON), Some(0), "{}", server.log());
    since.elapsed()
}

#[test]
fn who_asks_whether_it_is_ready_hears_of_the_end_before_connections_are_refused() {
    let site = site();
    let mut server = Running::serving(site.path(), &[]);
    assert_eq!(server.get("/readyz").status, StatusCode::OK);
    server.signal("TERM");
    server.wait_for_log("stopping");
    // The load balancer has not noticed yet, so requests still arrive.
    for _ in 0..10 {
        assert_eq!(server.get("/2024/01/02/a.html").status, StatusCode::OK);
        std::thread::sleep(Duration::from_millis(50));
    }
    let asked = server.get("/readyz");
    assert_eq!((asked.status, &*asked.text()), (StatusCode::SERVICE_UNAVAILABLE, "draining\n"));
    let took = end(&mut server);
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn who_does_not_ask_again_is_not_waited_for_long() {
    let site = site();
    let mut server = Running::serving(site.path(), &[]);
    assert_eq!(server.get("/readyz").status, StatusCode::OK);
    server.signal("TERM");
    let took = end(&mut server);
    assert!((2..6).contains(&took.as_secs()), "{took:?}");
}

#[test]
fn where_nobody_asks_the_end_is_at_once() {
    let site = site();
    let mut server = Running::serving(site.path(), &[]);
    server.signal("TERM");
    let took = end(&mut server);
    assert!(took < Duration::from_millis(2500), "{took:?}");
}

#[test]
fn who_says_so_twice_does_not_wait() {
    let site = site();
    let mut server = Running::serving(site.path(), &[]);
    assert_eq!(server.get("/readyz").status, StatusCode::OK);
    server.signal("TERM");
    server.wait_for_log("stopping");
    server.signal("INT");
    let took = end(&mut server);
    assert!(took < Duration::from_millis(2500), "{took:?}");
}

#[test]
fn held_connections_do_not_hold_up_the_end() {
    let site = site();
    let mut server = Running::serving(site.path(), &[]);
    let connect = || server.socket(Duration::from_secs(10));
    let silent = connect();
    let (mut half, mut live) = (connect(), connect());
    half.write_all(b"GET / HTTP/1.1\r\nHo").expect("a part");
    live.write_all(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n").expect("a request");
    assert!(live.read(&mut [0; 1000]).expect("an answer") > 0);
    let mut idle = connect();
    idle.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").expect("a request");
    assert!(idle.read(&mut [0; 100]).expect("an answer") > 0);
    server.signal("TERM");
    assert_eq!(server.ended_within(SOON), Some(0), "{}", server.log());
    drop((silent, half, live, idle));
}

#[test]
fn who_begins_to_follow_at_the_end_does_not_hold_it_up() {
    let site = site();
    let mut server = Running::serving(site.path(), &[]);
    assert_eq!(server.get("/readyz").status, StatusCode::OK);
    server.signal("TERM");
    server.wait_for_log("stopping");
    let mut live = server.socket(Duration::from_secs(10));
    live.write_all(b"GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    live.read_to_string(&mut answer).expect("a whole answer");
    assert!(answer.contains("retry: 3000"), "{answer}");
    assert_eq!(server.get("/readyz").status, StatusCode::SERVICE_UNAVAILABLE);
    let took = end(&mut server);
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn readers_who_ask_by_way_of_a_proxy_are_not_those_who_are_to_hear() {
    let site = site();
    let mut server = Running::serving(site.path(), &[]);
    server.connect().ask("/readyz", &[("X-Forwarded-For", "192.0.2.7")]);
    server.signal("TERM");
    let took = end(&mut server);
    assert!(took < Duration::from_millis(2500), "{took:?}");
}
