//! Clients that are too many, too slow or gone: they lose their connection, and all other clients are served.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::admin::{metric, metrics};
use crate::http2::{HEADERS, PREFACE, SETTINGS, frame, get_request};
use crate::support::{Server, folder, serve};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const TIMEOUT: Duration = Duration::from_secs(2);

/// Starts a server whose open-file limit is `files`.
fn serve_with_open_file_limit(site: &tempfile::TempDir, files: usize) -> Server {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")]);
    let inner = serve(site.path(), &[]);
    command.arg(inner.get_program()).args(inner.get_args());
    Server::from_command(&mut command)
}

fn site() -> tempfile::TempDir {
    folder(&[("_posts/2024-01-02-a.md", "A")])
}

fn connect(server: &Server) -> TcpStream {
    server.socket(Duration::from_secs(20))
}

/// Sends a request; returns the status code of the response, if one arrives.
fn status(mut stream: &TcpStream) -> Option<String> {
    stream.write_all(REQUEST).ok()?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).ok()?;
    Some(String::from_utf8_lossy(&head[9..]).into_owned())
}

/// Returns whether a new client is served within two seconds.
fn serves_new_client(server: &Server) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < TIMEOUT {
        if status(&connect(server)).as_deref() == Some("200") {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn clients_beyond_the_file_limit_get_503_until_others_leave() {
    let site = site();
    let server = serve_with_open_file_limit(&site, 160);
    let held: Vec<TcpStream> = (0..400).map(|_| connect(&server)).collect();
    let responses: Vec<Option<String>> = held.iter().map(status).collect();
    let count = |code: &str| responses.iter().filter(|response| response.as_deref() == Some(code)).count();
    assert!(count("200") >= 64, "{responses:?}");
    assert!(count("503") >= 100, "{responses:?}");
    drop(held);
    assert!(serves_new_client(&server), "{}", server.log());
}

#[test]
fn unread_file_responses_leave_files_for_other_clients() {
    let site = site();
    let folder = site.path().join("assets");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("large.bin"), vec![0; 8 << 20]).expect("a large file");
    std::fs::write(folder.join("small.txt"), "small").expect("a small file");
    let server = serve_with_open_file_limit(&site, 160);
    let mut stream = connect(&server);
    stream.write_all(PREFACE).expect("a preface");
    // An initial window of 0 bytes leaves no room for a response body.
    stream.write_all(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0])).expect("settings");
    let large = get_request(b"/assets/large.bin");
    let requests: Vec<u8> = (0..100).flat_map(|stream| frame(HEADERS, 5, 2 * stream + 1, &large)).collect();
    stream.write_all(&requests).expect("requests");
    // The server fills all its places for open files before it rejects a request.
    server.wait(Duration::from_secs(20), "a refusal", |server| {
        metric(&metrics(server), "finews_http_shed_total{reason=\"files\"}") > 0.0
    });
    let refused = server.get("/assets/large.bin");
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, "1"), "{}", server.log());
    assert_eq!(server.get("/assets/small.txt").text(), "small");
    let clients: Vec<TcpStream> = (0..60).map(|_| connect(&server)).collect();
    let served = clients.iter().filter(|client| status(client).as_deref() == Some("200")).count();
    assert_eq!(served, clients.len());
    assert_eq!(metric(&metrics(&server), "finews_http_accept_errors_total"), 0.0, "{}", server.log());
    drop(stream);
    server.wait_until("its files", |server| server.get("/assets/large.bin").status == 200);
}

#[test]
fn idle_connections_are_closed_for_new_clients() {
    let site = site();
    let server = serve_with_open_file_limit(&site, 160);
    // Connections of the readiness check may still be open.
    let served =
        || (0..100).map(|_| connect(&server)).find(|stream| status(stream).as_deref() == Some("200"));
    let held: Vec<TcpStream> = (0..96).map(|_| served().expect("a place")).collect();
    server.wait(Duration::from_secs(5), "room", |server| status(&connect(server)).as_deref() == Some("200"));
    drop(held);
}

#[test]
fn slow_clients_are_disconnected_after_10s() {
    let site = site();
    let server = Server::new(site.path(), &[]);
    let begun = Instant::now();
    let (silent, mut half, mut byte_by_byte) = (connect(&server), connect(&server), connect(&server));
    half.write_all(b"GET / HTTP/1.1\r\nHo").expect("a part");
    // A client that begins like HTTP/2 gets no extra time.
    let (mut partial_preface, mut like_http2) = (connect(&server), connect(&server));
    partial_preface.write_all(&PREFACE[..20]).expect("a part");
    like_http2.write_all(b"PRI / HTTP/1.1\r\nHo").expect("a part");
    let slow = std::thread::spawn(move || {
        while byte_by_byte.write_all(b"G").is_ok() && begun.elapsed() < Duration::from_secs(15) {
            std::thread::sleep(Duration::from_millis(200));
        }
        begun.elapsed()
    });
    for mut stream in [silent, half, partial_preface, like_http2] {
        let ended = stream.read(&mut [0; 100]);
        assert!(
            matches!(ended, Ok(0)) || ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
        );
        let took = begun.elapsed();
        assert!((9..14).contains(&took.as_secs()), "{took:?}");
    }
    let took = slow.join().expect("an end");
    assert!((9..14).contains(&took.as_secs()), "{took:?}");
    assert!(serves_new_client(&server));
}
