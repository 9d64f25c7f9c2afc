//! HTTP/2 without TLS (RFC 9113), as proxies use it and as attackers abuse it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::{Server, folder};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// `GET /` with the host `x`, encoded by the static table of RFC 7541.
pub(crate) const GET: &[u8] = &[0x82, 0x86, 0x84, 0x41, 0x01, b'x'];
pub(crate) const END_STREAM: u8 = 0x1;
pub(crate) const END_HEADERS: u8 = 0x4;

/// Frame types (RFC 9113, section 6).
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes()[..], payload].concat()
}

/// A header field with a name of the static table and a literal value.
fn literal(value: &[u8], index: u8) -> Vec<u8> {
    [&[index, value.len() as u8][..], value].concat()
}

/// `GET` of another path with the host `x`.
pub(crate) fn get_request(path: &[u8]) -> Vec<u8> {
    [&[0x82, 0x86][..], &literal(path, 0x04), &[0x41, 1, b'x']].concat()
}

/// Reads frames until one has the type `last` or the connection ends: type, flags, stream, payload.
pub(crate) fn frames_until(stream: &mut TcpStream, last: u8) -> Vec<(u8, u8, u32, Vec<u8>)> {
    let mut frames = Vec::new();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; length as usize];
        if stream.read_exact(&mut payload).is_err() {
            break;
        }
        frames.push((head[3], head[4], id, payload));
        if head[3] == last {
            break;
        }
    }
    frames
}

fn connect(server: &Server) -> TcpStream {
    let mut stream = server.socket(Duration::from_secs(5));
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).expect("a preface");
    stream
}

fn server() -> (tempfile::TempDir, Server) {
    let site = folder(&[("_posts/2024-01-02-a.md", "A")]);
    let server = Server::new(site.path(), &[]);
    (site, server)
}

/// Returns whether the connection serves a page: `:status: 200` is encoded as 0x88.
fn serves(stream: &mut TcpStream, id: u32) -> bool {
    stream.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, id, GET)).expect("a request");
    let frames = frames_until(stream, HEADERS);
    frames
        .last()
        .is_some_and(|(kind, _, of, payload)| (*kind, *of) == (HEADERS, id) && payload.contains(&0x88))
}

/// Returns whether the connection ends, after any remaining data.
fn ends(stream: &mut TcpStream) -> bool {
    match std::io::copy(stream, &mut std::io::sink()) {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}

#[test]
fn pages_are_served_over_http2() {
    let (_site, server) = server();
    let mut stream = connect(&server);
    assert!(serves(&mut stream, 1));
    let frames = frames_until(&mut stream, DATA);
    let (_, _, _, page) = frames.last().expect("a body");
    assert!(page.starts_with(b"<!doctype html>"));
    assert!(serves(&mut connect(&server), 1));
}

#[test]
fn invalid_frames_end_only_their_own_connection() {
    let (_site, server) = server();
    let window = |by: u32| by.to_be_bytes();
    let table: Vec<(&str, Vec<u8>)> = vec![
        ("data on no stream", frame(DATA, 0, 0, b"x")),
        ("data before headers", frame(DATA, 0, 1, b"x")),
        ("headers on no stream", frame(HEADERS, END_HEADERS, 0, GET)),
        ("headers on a stream of ours", frame(HEADERS, END_HEADERS, 2, GET)),
        ("a stream below one before", [frame(HEADERS, 5, 5, GET), frame(HEADERS, 5, 3, GET)].concat()),
        ("a continuation of nothing", frame(CONTINUATION, END_HEADERS, 1, GET)),
        (
            "something else than the continuation",
            [frame(HEADERS, END_STREAM, 1, GET), frame(PING, 0, 0, &[0; 8])].concat(),
        ),
        ("headers that are no HPACK", frame(HEADERS, 5, 1, &[0xff; 8])),
        ("padding beyond the frame", frame(HEADERS, 5 | 0x8, 1, &[200, 0x82])),
        ("a reset of no stream", frame(RST_STREAM, 0, 0, &[0; 4])),
        ("a reset of an idle stream", frame(RST_STREAM, 0, 7, &[0; 4])),
        ("a reset that is too short", frame(RST_STREAM, 0, 1, &[0; 3])),
        ("settings on a stream", frame(SETTINGS, 0, 1, &[])),
        ("settings of an odd length", frame(SETTINGS, 0, 0, &[0; 5])),
        ("settings acknowledged with a text", frame(SETTINGS, 1, 0, &[0; 6])),
        ("a promise of a client", frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2])),
        ("a ping on a stream", frame(PING, 0, 1, &[0; 8])),
        ("a ping that is too short", frame(PING, 0, 0, &[0; 7])),
        ("a goodbye on a stream", frame(GOAWAY, 0, 1, &[0; 8])),
        ("no more room", frame(WINDOW_UPDATE, 0, 0, &window(0))),
        (
            "too much room",
            [
                frame(WINDOW_UPDATE, 0, 0, &window(0x7fff_ffff)),
                frame(WINDOW_UPDATE, 0, 0, &window(0x7fff_ffff)),
            ]
            .concat(),
        ),
        ("a frame that is too large", frame(DATA, 0, 1, &[0; 17_000])),
        ("an upgrade from within", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
    ];
    for (name, bytes) in table {
        let mut stream = connect(&server);
        let _ = stream.write_all(&bytes);
        let frames = frames_until(&mut stream, GOAWAY);
        assert!(frames.last().is_some_and(|(kind, ..)| *kind == GOAWAY), "{name}: {frames:?}");
        assert!(ends(&mut stream), "{name}");
        assert!(serves(&mut connect(&server), 1), "{name}");
    }
}

#[test]
fn unknown_and_priority_frames_are_ignored() {
    let (_site, server) = server();
    let mut stream = connect(&server);
    stream.write_all(&frame(0xfa, 0xff, 0, &[1; 100])).expect("a frame");
    stream.write_all(&frame(PRIORITY, 0, 9, &[0, 0, 0, 1, 7])).expect("a frame");
    stream.write_all(&frame(PING, 0, 0, b"finews!!")).expect("a frame");
    let frames = frames_until(&mut stream, PING);
    assert!(frames.last().is_some_and(|(_, flags, _, payload)| *flags == 1 && payload == b"finews!!"));
    assert!(serves(&mut stream, 11));
}

#[test]
fn malformed_requests_get_400() {
    let (_site, server) = server();
    // `:status: 400` is encoded as 0x8c.
    let table: [(&str, Vec<u8>, &[u8]); 3] = [
        ("a path that is none", get_request(b"/%00"), &[0x8c]),
        ("no host", vec![0x82, 0x86, 0x84], &[0x8c]),
        ("two hosts", [GET, &literal(b"x", 0x26 | 0x40), &literal(b"y", 0x26 | 0x40)].concat(), &[0x8c]),
    ];
    for (name, request, status) in table {
        let mut stream = connect(&server);
        stream.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &request)).expect("a request");
        let frames = frames_until(&mut stream, HEADERS);
        let (kind, .., payload) = frames.last().expect("a frame");
        assert!(
            *kind == HEADERS && payload.windows(status.len()).any(|part| part == status),
            "{name}: {frames:?}"
        );
    }
}

#[test]
fn stream_beyond_100_is_refused_and_others_continue() {
    let (_site, server) = server();
    let mut stream = connect(&server);
    let live = get_request(b"/live");
    let requests: Vec<u8> = (0..101).flat_map(|number| frame(HEADERS, 5, 2 * number + 1, &live)).collect();
    stream.write_all(&requests).expect("requests");
    let frames = frames_until(&mut stream, RST_STREAM);
    // REFUSED_STREAM (RFC 9113, section 7): the client may retry the request.
    assert_eq!(frames.last(), Some(&(RST_STREAM, 0, 201, vec![0, 0, 0, 7])));
    let next = [frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]), frame(HEADERS, 5, 203, GET)].concat();
    stream.write_all(&next).expect("room for another");
    // The response follows those of the other streams.
    let response =
        (0..101).find_map(|_| frames_until(&mut stream, HEADERS).pop().filter(|(_, _, id, _)| *id == 203));
    assert!(response.is_some_and(|(_, _, _, payload)| payload.contains(&0x88)));
}

#[test]
fn client_that_ignores_pings_is_disconnected() {
    let (_site, server) = server();
    let mut stream = connect(&server);
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    stream.write_all(&frame(HEADERS, 5, 1, &get_request(b"/live"))).expect("a request");
    let frames = frames_until(&mut stream, PING);
    assert!(frames.iter().any(|(kind, ..)| *kind == HEADERS), "{frames:?}");
    assert!(frames.last().is_some_and(|(kind, ..)| *kind == PING), "{frames:?}");
    assert!(ends(&mut stream));
}

#[test]
fn frame_floods_cost_little_memory_and_delay_no_client() {
    let (_site, server) = server();
    let memory = server.memory();
    let reset = |id| [frame(HEADERS, 5, id, GET), frame(RST_STREAM, 0, id, &[0, 0, 0, 8])].concat();
    // A client error that makes the server reset the stream (CVE-2025-8671).
    let live = get_request(b"/live");
    let mistake = |id| [frame(HEADERS, 5, id, &live), frame(WINDOW_UPDATE, 0, id, &[0; 4])].concat();
    let floods: [(&str, Vec<u8>, Vec<u8>); 4] = [
        // The client opens and resets each stream (CVE-2023-44487); the cost is that of a request.
        ("resets", Vec::new(), (0..20_000).flat_map(|number| reset(2 * number + 1)).collect()),
        ("mistakes", Vec::new(), (0..20_000).flat_map(|number| mistake(2 * number + 1)).collect()),
        // A header block that never ends (CVE-2024-27316).
        (
            "continuations",
            frame(HEADERS, END_STREAM, 1, GET),
            frame(CONTINUATION, 0, 1, &[0; 16_000]).repeat(500),
        ),
        ("settings", Vec::new(), frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]).repeat(200_000)),
    ];
    for (name, beginning, flood) in floods {
        let mut stream = connect(&server);
        stream.set_write_timeout(Some(Duration::from_secs(5))).expect("a timeout");
        stream.write_all(&beginning).expect("a beginning");
        let is_cut = stream.write_all(&flood).is_err();
        // The server discards further input for a moment, so that the client can read the GOAWAY.
        if name != "settings" && !is_cut {
            let frames = frames_until(&mut stream, GOAWAY);
            assert!(frames.last().is_some_and(|(kind, ..)| *kind == GOAWAY), "{name}: {frames:?}");
        }
        assert!(serves(&mut connect(&server), 1), "{name}");
        let grown = server.memory().saturating_sub(memory) >> 20;
        assert!(grown < 64, "{name}: {grown} MiB more");
    }
}
