//! Listeners other than a TCP address: a Unix socket, or sockets that a service manager opened.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use axum::http::StatusCode;

use crate::support::{Server, folder};

fn site() -> tempfile::TempDir {
    folder(&[("_posts/2024-01-02-a.md", "A"), ("_config.yml", "title: Daily\n")])
}

/// Sends a request to a Unix socket; returns the response.
fn get(socket: &Path, path: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("an answer");
    response
}

fn serve_on(site: &Path, socket: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_finews"));
    command.arg("serve").arg(site).args(["--admin-listen", "127.0.0.1:0", "--listen"]);
    command.arg(format!("unix:{}", socket.display()));
    command
}

#[test]
fn unix_socket_is_served_and_removed_at_exit() {
    let site = site();
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("finews.sock");
    // A socket left by a killed process.
    drop(UnixListener::bind(&socket).expect("a socket"));
    let server = Server::spawn(&mut serve_on(site.path(), &socket));
    server.wait_until("ready", |_| get(&socket, "/").starts_with("HTTP/1.1 200 "));
    assert!(get(&socket, "/2024/01/02/a.html").contains("<title>A"));
    let healthcheck = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_finews"));
        command.arg("healthcheck").env("FINEWS_LISTEN", format!("unix:{}", socket.display()));
        command.output().expect("the program runs").status.code()
    };
    assert_eq!(healthcheck(), Some(0));
    // The socket is in use, so a second process may not take it.
    let other = serve_on(site.path(), &socket).stderr(Stdio::piped()).output().expect("the program runs");
    assert_eq!(other.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&other.stderr).contains("cannot listen on unix:"), "{other:?}");
    assert!(get(&socket, "/").starts_with("HTTP/1.1 200 "));
    server.stop();
    assert!(!socket.exists());
    assert_eq!(healthcheck(), Some(1));
}

#[test]
fn file_at_the_socket_path_is_not_replaced() {
    let site = site();
    let folder = folder(&[("finews.sock", "text")]);
    let file = folder.path().join("finews.sock");
    let ended = serve_on(site.path(), &file).output().expect("the program runs");
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&file).expect("the file"), "text");
}

#[test]
fn socket_of_another_process_is_not_removed_at_exit() {
    let site = site();
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("finews.sock");
    let server = Server::spawn(&mut serve_on(site.path(), &socket));
    server.wait_until("ready", |_| get(&socket, "/").starts_with("HTTP/1.1 200 "));
    // A socket created beside the first has a different inode number.
    let aside = folder.path().join("other.sock");
    let _other = UnixListener::bind(&aside).expect("a socket");
    std::fs::rename(&aside, &socket).expect("a place");
    server.stop();
    assert!(socket.exists());
}

/// Starts finews as systemd does: with sockets as file descriptors 3 and up, for this process only.
fn serve_with_inherited_sockets(site: &Path, sockets: usize) -> Command {
    let mut command = Command::new("sh");
    let start = format!(
        "exec 3<&0 4<&1 5<&1 0</dev/null 1>&2; LISTEN_FDS={sockets} LISTEN_PID=$$ exec \"$0\" \"$@\""
    );
    command.args(["-c", &start]).arg(env!("CARGO_BIN_EXE_finews")).arg("serve").arg(site);
    command.args(["--listen", "127.0.0.1:1"]);
    command
}

#[test]
fn inherited_sockets_are_served() {
    let site = site();
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("owner.sock");
    let readers = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = readers.local_addr().expect("an address").to_string();
    let admin = UnixListener::bind(&socket).expect("a socket");
    // A client that connects before the start waits until the server responds.
    let mut early = TcpStream::connect(&address).expect("a connection");
    early.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("a request");
    let mut command = serve_with_inherited_sockets(site.path(), 2);
    command.stdin(Stdio::from(OwnedFd::from(readers))).stdout(Stdio::from(OwnedFd::from(admin)));
    let server = Server::from_command(&mut command);
    assert_eq!(server.address(), address);
    let mut response = String::new();
    early.read_to_string(&mut response).expect("an answer");
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert_eq!(server.get("/2024/01/02/a.html").status, StatusCode::OK);
    assert!(get(&socket, "/metrics").contains("finews_posts 1\n"));
    server.stop();
    // The service manager removes its socket itself.
    assert!(socket.exists());
}

#[test]
fn more_than_two_inherited_sockets_are_rejected() {
    let site = site();
    let [readers, others] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    let mut command = serve_with_inherited_sockets(site.path(), 3);
    command.stdin(Stdio::from(OwnedFd::from(readers))).stdout(Stdio::from(OwnedFd::from(others)));
    let ended = command.stderr(Stdio::piped()).output().expect("the program runs");
    assert_eq!(ended.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert!(stderr.contains("more than two inherited sockets"), "{stderr}");
}
