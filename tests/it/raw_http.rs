//! Behaviour that only raw sockets show: responses arrive without delay, at the pace of the client.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use axum::http::StatusCode;

use crate::support::{Server, folder};

const TIMEOUT: Duration = Duration::from_secs(5);
const MEBIBYTE: u64 = 1 << 20;

/// Sends bytes; returns the first bytes of the response.
fn send(server: &Server, bytes: &[u8]) -> String {
    let mut stream = connect(server, bytes);
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer).expect("an answer in time");
    String::from_utf8_lossy(&buffer[..count]).into_owned()
}

fn connect(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut stream = server.socket(TIMEOUT);
    stream.write_all(bytes).expect("a request");
    stream
}

#[test]
fn response_does_not_wait_for_bytes_behind_the_request() {
    let site = folder(&[("_posts/2024-01-02-a.md", "A")]);
    let server = Server::new(site.path(), &[]);
    for behind in ["", "\r\n", "G", "GET /cate"] {
        for head in ["", "Connection: close\r\n"] {
            let response =
                send(&server, format!("GET / HTTP/1.1\r\nHost: x\r\n{head}\r\n{behind}").as_bytes());
            assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{behind:?} {head:?}: {response}");
        }
    }
    let refused = send(&server, b"GET /\x7f HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
    // Pipelined requests get their responses in order.
    let mut stream = connect(
        &server,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nHEAD /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    let mut both = String::new();
    stream.read_to_string(&mut both).expect("both answers");
    assert_eq!(both.matches("HTTP/1.1 ").count(), 2, "{both}");
    assert!(both.find("200 OK") < both.find("404 Not Found"), "{both}");
}

#[test]
fn clients_that_do_not_read_cost_little_memory() {
    let site = folder(&[("_posts/2024-01-02-a.md", "A"), ("assets/big.mp4", "")]);
    // A sparse file, without any blocks on the disk.
    let file = fs::File::options().write(true).open(site.path().join("assets/big.mp4")).expect("a file");
    file.set_len(200 * MEBIBYTE).expect("a length");
    let server = Server::new(site.path(), &[]);
    let before = server.memory();
    let request = b"GET /assets/big.mp4 HTTP/1.1\r\nHost: x\r\n\r\n";
    // Each client sends the request four times, and does not read the response.
    let held: Vec<TcpStream> = (0..8).map(|_| connect(&server, &request.repeat(4))).collect();
    server.wait_until("sending", |server| server.get("/").status == StatusCode::OK);
    std::thread::sleep(Duration::from_secs(1));
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 32 * MEBIBYTE, "{} MiB more", grown / MEBIBYTE);
    drop(held);
}

#[test]
fn file_that_shrinks_while_it_is_sent_aborts_the_response() {
    let site = folder(&[("_posts/2024-01-02-a.md", "A"), ("assets/big.mp4", "")]);
    let file = fs::File::options().write(true).open(site.path().join("assets/big.mp4")).expect("a file");
    file.set_len(200 * MEBIBYTE).expect("a length");
    let server = Server::new(site.path(), &[]);
    let mut stream = connect(&server, b"GET /assets/big.mp4 HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut beginning = [0; 1024];
    stream.read_exact(&mut beginning).expect("a beginning");
    assert!(beginning.starts_with(b"HTTP/1.1 200 OK\r\n"));
    file.set_len(MEBIBYTE).expect("a length");
    // The connection ends before the announced length, so that the client does not take the part for the whole.
    let mut rest = Vec::new();
    if let Err(error) = stream.read_to_end(&mut rest) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    assert!((rest.len() as u64) < 200 * MEBIBYTE, "{} bytes", rest.len());
    fs::remove_file(site.path().join("assets/big.mp4")).expect("a file");
    assert_eq!(server.get("/assets/big.mp4").status, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/").status, StatusCode::OK);
    assert!(!server.log().contains("panic"), "{}", server.log());
}
