//! The limits of a server: connections, requests, open files, and the timeouts of a connection.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::{ConnectionLimit, RequestLimit};

/// File descriptors reserved for everything but connections: the archive, index, log, files being sent.
const FILES_KEPT: usize = 64;
/// Cap on the open-file limit that is used; no network needs more.
const MOST_FILES: usize = 65_536;

/// The limits of a server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Maximum concurrent connections; the server rejects further ones with 503.
    pub connections: usize,
    /// Maximum requests that wait at the same time; further ones get 503.
    pub requests: usize,
    /// The timeouts of each connection.
    pub timeouts: Timeouts,
}

/// How long a connection waits for its client.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For the first byte.
    pub first: Duration,
    /// For the rest of a request head, from its first byte.
    pub head: Duration,
    /// For the next request. Longer than the 60 s of most proxies, so that the proxy closes the connection
    /// first.
    pub idle: Duration,
    /// The same while fewer than an eighth of the connections are free.
    pub idle_when_crowded: Duration,
    /// For the client to read some of a response.
    pub write: Duration,
    /// For the client to close its side after the server closed its own. Input that stays unread would make
    /// the system discard the response.
    pub linger: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            idle_when_crowded: Duration::from_secs(1),
            write: Duration::from_secs(30),
            linger: Duration::from_secs(1),
        }
    }
}

impl Limits {
    /// Limits with the default timeouts. `most` is capped by the open-file limit minus a reserve.
    pub fn new(most: ConnectionLimit, requests: RequestLimit) -> Self {
        let room = raised_file_limit() - files_kept();
        let connections = match most {
            ConnectionLimit::OpenFiles => room,
            ConnectionLimit::AtMost(most) if most <= room => most,
            ConnectionLimit::AtMost(most) => {
                tracing::warn!("open-file limit allows {room} connections, not {most} (--max-connections)");
                room
            }
        };
        Self { connections, requests: requests.0, timeouts: Timeouts::default() }
    }
}

/// The reserve of file descriptors: an eighth of the limit, at least [`FILES_KEPT`], at most half the limit.
pub(crate) fn files_kept() -> usize {
    let files = raised_file_limit();
    FILES_KEPT.max(files / 8).min(files / 2)
}

/// Raises this process's open-file limit to the allowed maximum and returns it, at most [`MOST_FILES`].
fn raised_file_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limit = raised;
        }
    }
    // An unlimited value is no useful bound, because each connection takes some memory.
    limit.current.map_or(MOST_FILES, |files| usize::try_from(files).unwrap_or(MOST_FILES)).min(MOST_FILES)
}
