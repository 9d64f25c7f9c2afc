//! Requests that any client may send over the wire, each with the expected response.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use crate::support::{Server, folder};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Sends bytes; returns the status of the first response, if any, and whether the connection ends after it.
fn exchange(server: &Server, bytes: &[u8]) -> (Option<u16>, bool) {
    let mut stream = server.socket(TIMEOUT);
    // The server may close the connection before it has read all bytes.
    let _ = stream.write_all(bytes);
    let mut response = Vec::new();
    let mut part = [0; 4096];
    while !response.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(count) => response.extend(&part[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}: {:?}", String::from_utf8_lossy(bytes)),
        }
    }
    let head = String::from_utf8_lossy(&response).to_lowercase();
    let status = head.strip_prefix("http/1.").and_then(|head| head.get(2..5)?.parse().ok());
    (status, status.is_none() || head.contains("connection: close\r\n"))
}

/// A request with this request line, these headers and a `Host`.
fn request(line: &str, headers: &str) -> Vec<u8> {
    format!("{line}\r\nHost: x\r\n{headers}\r\n").into_bytes()
}

fn site() -> (tempfile::TempDir, Server) {
    let site = folder(&[("_posts/2024-01-02-a.md", "A"), ("_config.yml", "title: Daily\n")]);
    let server = Server::new(site.path(), &[]);
    (site, server)
}

#[test]
fn each_request_gets_the_expected_status() {
    let (_site, server) = site();
    let long = |length: usize| "a".repeat(length);
    let table: Vec<(Vec<u8>, u16)> = vec![
        // Valid requests.
        (request("GET / HTTP/1.1", ""), 200),
        (request("HEAD / HTTP/1.1", ""), 200),
        (request("GET /none HTTP/1.1", ""), 404),
        (request("GET http://x/ HTTP/1.1", ""), 200),
        (request("GET http://other/ HTTP/1.1", ""), 200),
        (request("GET http://x HTTP/1.1", ""), 200),
        (b"GET / HTTP/1.0\r\n\r\n".to_vec(), 200),
        (b"GET / HTTP/1.0\r\nHost: x\r\n\r\n".to_vec(), 200),
        (b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 200),
        (b"GET / HTTP/1.1\nHost: x\n\n".to_vec(), 200),
        (b"GET / HTTP/1.1\r\nhOST:x\r\n\r\n".to_vec(), 200),
        (b"GET / HTTP/1.1\r\nHost: \t x \t\r\n\r\n".to_vec(), 200),
        (request("GET / HTTP/1.1", "Content-Length: 0\r\n"), 200),
        (request("GET / HTTP/1.1", "Connection: close\r\n"), 200),
        (request("GET / HTTP/1.1", "Connection: Upgrade\r\nUpgrade: websocket\r\n"), 200),
        (
            request(
                "GET / HTTP/1.1",
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
            ),
            200,
        ),
        (request("GET / HTTP/1.1", "Expect: 100-continue\r\n"), 200),
        (request("GET / HTTP/1.1", "Range: bytes=9-1\r\n"), 200),
        (request("GET / HTTP/1.1", "Accept-Encoding: \u{1}\r\n"), 400),
        (request("GET / HTTP/1.1", "Accept-Encoding: x;q=nonsense, *;q=\r\n"), 200),
        (request("GET / HTTP/1.1", "If-None-Match: \"\r\n"), 200),
        (request("GET / HTTP/1.1", "If-Modified-Since: yesterday\r\n"), 200),
        (request("GET /?%zz=%00 HTTP/1.1", ""), 200),
        (request("GET /%2F HTTP/1.1", ""), 301),
        (request("GET //// HTTP/1.1", ""), 404),
        // Hosts.
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost:\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost: x, y\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost: a@x\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost: x:port\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost: x:70000\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\n Host: x\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n".to_vec(), 200),
        // Targets.
        (request("GET /%00 HTTP/1.1", ""), 400),
        (request("GET /a%00.html HTTP/1.1", ""), 400),
        (request("GET /%zz HTTP/1.1", ""), 404),
        (request("GET /% HTTP/1.1", ""), 404),
        (request("GET /q%2 HTTP/1.1", ""), 404),
        (request("GET /%ff HTTP/1.1", ""), 404),
        (request("GET /a b HTTP/1.1", ""), 400),
        (request("GET nonsense HTTP/1.1", ""), 400),
        (request("GET * HTTP/1.1", ""), 400),
        (request("GET  / HTTP/1.1", ""), 400),
        (request("GET /\u{7f} HTTP/1.1", ""), 400),
        (request(&format!("GET /{} HTTP/1.1", long(8000)), ""), 404),
        (request(&format!("GET /{} HTTP/1.1", long(9000)), ""), 414),
        (request(&format!("GET /?{} HTTP/1.1", long(20_000)), ""), 414),
        (request("GET /../../etc/passwd HTTP/1.1", ""), 404),
        (request("GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1", ""), 404),
        (request("GET /..%2f..%2fetc/passwd HTTP/1.1", ""), 404),
        (request("GET /..%5c..%5cetc/passwd HTTP/1.1", ""), 404),
        (request("GET /_config.yml HTTP/1.1", ""), 404),
        (request("GET /%5fconfig.yml HTTP/1.1", ""), 404),
        // Methods.
        (request("OPTIONS * HTTP/1.1", ""), 204),
        (request("OPTIONS / HTTP/1.1", ""), 204),
        (request("POST / HTTP/1.1", "Content-Length: 0\r\n"), 405),
        (request("POST / HTTP/1.1", "Content-Length: 3\r\n\r\nabc"), 405),
        (request("PUT / HTTP/1.1", ""), 405),
        (request("DELETE / HTTP/1.1", ""), 405),
        (request("PATCH / HTTP/1.1", ""), 405),
        (request("TRACE / HTTP/1.1", ""), 405),
        (request("CONNECT x:443 HTTP/1.1", ""), 405),
        (request("BREW / HTTP/1.1", ""), 501),
        (request("get / HTTP/1.1", ""), 501),
        (request("G\u{1}T / HTTP/1.1", ""), 400),
        // Versions.
        (request("GET / HTTP/1.2", ""), 400),
        (request("GET / HTTP/3.0", ""), 400),
        (request("GET / HTTP/11", ""), 400),
        (request("GET / http/1.1", ""), 400),
        // Bodies.
        (request("GET / HTTP/1.1", "Content-Length: 3\r\n\r\nabc"), 413),
        (request("GET / HTTP/1.1", "Transfer-Encoding: chunked\r\n\r\n0\r\n"), 400),
        (request("GET / HTTP/1.1", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"), 400),
        (request("GET / HTTP/1.1", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n"), 400),
        (request("POST / HTTP/1.1", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"), 400),
        (request("GET / HTTP/1.1", "Transfer-Encoding: identity\r\n"), 400),
        (request("GET / HTTP/1.1", "Transfer-Encoding: xchunked\r\n"), 400),
        (request("GET / HTTP/1.1", "Content-Length: 3\r\nContent-Length: 4\r\n"), 400),
        (request("GET / HTTP/1.1", "Content-Length: -1\r\n"), 400),
        (request("GET / HTTP/1.1", "Content-Length: +3\r\n"), 400),
        (request("GET / HTTP/1.1", "Content-Length: 99999999999999999999\r\n"), 400),
        (request("GET / HTTP/1.1", "Content-Length: 3, 3\r\n"), 400),
        // Headers.
        (request("GET / HTTP/1.1", "no colon\r\n"), 400),
        (request("GET / HTTP/1.1", ": no name\r\n"), 400),
        (request("GET / HTTP/1.1", "a: b\r\n folded\r\n"), 400),
        (request("GET / HTTP/1.1", "a: b\0c\r\n"), 400),
        (request("GET / HTTP/1.1", "na me: b\r\n"), 400),
        (request("GET / HTTP/1.1", &format!("a: {}\r\n", long(30_000))), 200),
        (request("GET / HTTP/1.1", &format!("a: {}\r\n", long(40_000))), 431),
        (request("GET / HTTP/1.1", &format!("a: {}\r\n", long(200_000))), 431),
        (request("GET / HTTP/1.1", &"a: b\r\n".repeat(99)), 200),
        (request("GET / HTTP/1.1", &"a: b\r\n".repeat(100)), 431),
        // Other protocols.
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(10).to_vec(), 400),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec(), 400),
        (b"GET /\r\n\r\n".to_vec(), 400),
    ];
    assert!(table.len() > 70);
    let mut wrong = Vec::new();
    for (bytes, expected) in &table {
        let (status, ends) = exchange(&server, bytes);
        // If the server does not read a body, it cannot find the next request, so the connection must end.
        let text = String::from_utf8_lossy(bytes);
        let has_body = ["Transfer-Encoding", "Length: 3"].iter().any(|header| text.contains(header));
        let must_end = has_body || matches!(expected, 413 | 414 | 431);
        if status != Some(*expected) || must_end && !ends {
            let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(120)]).into_owned();
            wrong.push(format!("{shown:?}: {status:?}, not {expected}; ends: {ends}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(server.get("/").status, axum::http::StatusCode::OK);
}

#[test]
fn bytes_after_a_rejected_body_are_not_a_request() {
    let (_site, server) = site();
    for head in ["Content-Length: 40\r\n", "Transfer-Encoding: chunked\r\n"] {
        let smuggled = b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n";
        let mut stream = server.socket(TIMEOUT);
        stream.write_all(&[request("GET / HTTP/1.1", head), smuggled.repeat(3)].concat()).expect("requests");
        let mut responses = String::new();
        stream.read_to_string(&mut responses).expect("an answer, and the end");
        assert_eq!(responses.matches("HTTP/1.1 ").count(), 1, "{responses}");
    }
}

#[test]
fn options_and_rejected_methods_get_an_allow_header() {
    let (_site, server) = site();
    for line in ["OPTIONS * HTTP/1.1", "OPTIONS / HTTP/1.1", "POST / HTTP/1.1"] {
        let mut stream = server.socket(TIMEOUT);
        stream.write_all(&request(line, "Connection: close\r\n")).expect("a request");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("an answer");
        assert!(response.to_lowercase().contains("allow: get, head, options\r\n"), "{line}: {response}");
    }
}
