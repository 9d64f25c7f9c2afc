//! Shutdown: load balancers learn of it before connections are refused, and open requests are completed.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use crate::support::{Server, folder};

const TIMEOUT: Duration = Duration::from_secs(8);

fn site() -> tempfile::TempDir {
    folder(&[("_posts/2024-01-02-a.md", "A"), ("_config.yml", "title: Daily\n")])
}

/// Waits for a clean exit; returns the time it took.
fn wait_for_exit(server: &mut Server) -> Duration {
    let since = Instant::now();
    assert_eq!(server.exit_code_within(TIMEOUT), Some(0), "{}", server.log());
    since.elapsed()
}

#[test]
fn readyz_reports_draining_before_connections_are_refused() {
    let site = site();
    let mut server = Server::new(site.path(), &[]);
    assert_eq!(server.get("/readyz").status, StatusCode::OK);
    server.signal("TERM");
    server.wait_for_log("stopping");
    // The load balancer has not noticed yet, so requests still arrive.
    for _ in 0..10 {
        assert_eq!(server.get("/2024/01/02/a.html").status, StatusCode::OK);
        std::thread::sleep(Duration::from_millis(50));
    }
    let probe = server.get("/readyz");
    assert_eq!((probe.status, &*probe.text()), (StatusCode::SERVICE_UNAVAILABLE, "draining\n"));
    let took = wait_for_exit(&mut server);
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn shutdown_waits_3s_at_most_for_a_probe() {
    let site = site();
    let mut server = Server::new(site.path(), &[]);
    assert_eq!(server.get("/readyz").status, StatusCode::OK);
    server.signal("TERM");
    let took = wait_for_exit(&mut server);
    assert!((2..6).contains(&took.as_secs()), "{took:?}");
}

#[test]
fn shutdown_without_probes_is_immediate() {
    let site = site();
    let mut server = Server::new(site.path(), &[]);
    server.signal("TERM");
    let took = wait_for_exit(&mut server);
    assert!(took < Duration::from_millis(2500), "{took:?}");
}

#[test]
fn second_signal_skips_the_wait_for_probes() {
    let site = site();
    let mut server = Server::new(site.path(), &[]);
    assert_eq!(server.get("/readyz").status, StatusCode::OK);
    server.signal("TERM");
    server.wait_for_log("stopping");
    server.signal("INT");
    let took = wait_for_exit(&mut server);
    assert!(took < Duration::from_millis(2500), "{took:?}");
}

#[test]
fn open_connections_do_not_delay_shutdown() {
    let site = site();
    let mut server = Server::new(site.path(), &[]);
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
    assert_eq!(server.exit_code_within(TIMEOUT), Some(0), "{}", server.log());
    drop((silent, half, live, idle));
}

#[test]
fn live_stream_opened_while_draining_ends_at_once() {
    let site = site();
    let mut server = Server::new(site.path(), &[]);
    assert_eq!(server.get("/readyz").status, StatusCode::OK);
    server.signal("TERM");
    server.wait_for_log("stopping");
    let mut live = server.socket(Duration::from_secs(10));
    live.write_all(b"GET /live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("a request");
    let mut response = String::new();
    live.read_to_string(&mut response).expect("a whole answer");
    assert!(response.contains("retry: 3000"), "{response}");
    assert_eq!(server.get("/readyz").status, StatusCode::SERVICE_UNAVAILABLE);
    let took = wait_for_exit(&mut server);
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn proxied_readyz_requests_do_not_delay_shutdown() {
    let site = site();
    let mut server = Server::new(site.path(), &[]);
    server.connect().get_with("/readyz", &[("X-Forwarded-For", "192.0.2.7")]);
    server.signal("TERM");
    let took = wait_for_exit(&mut server);
    assert!(took < Duration::from_millis(2500), "{took:?}");
}
