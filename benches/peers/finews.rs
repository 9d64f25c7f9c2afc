//! A finews process that serves an archive.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Result;
use crate::http::Client;
use crate::process::{self, Process};

/// The finews program that cargo built for this benchmark.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_finews");

/// Time limit for a start.
const PATIENCE: Duration = Duration::from_secs(900);

/// A finews process that is ready.
#[derive(Debug)]
pub(crate) struct Finews {
    pub(crate) process: Process,
    pub(crate) port: u16,
    /// Time from the start of the process until it is ready.
    pub(crate) took: Duration,
}

impl Finews {
    /// Starts finews, with or without a cache of the archive, and waits until it is ready.
    pub(crate) fn serve(site: &Path, scratch: &Path, cache: Option<&Path>) -> Result<Self> {
        let cache = cache.map(Path::to_string_lossy);
        match &cache {
            Some(cache) => Self::serve_with(site, scratch, &["--cache-dir", cache]),
            None => Self::serve_with(site, scratch, &[]),
        }
    }

    /// Starts finews with these flags, and waits until it is ready.
    pub(crate) fn serve_with(site: &Path, scratch: &Path, flags: &[&str]) -> Result<Self> {
        let port = process::free_port()?;
        let mut command = Command::new(PROGRAM);
        command.arg("serve").arg(site).args(["--listen", &format!("127.0.0.1:{port}")]);
        command.args(["--admin-listen", &format!("127.0.0.1:{}", process::free_port()?)]);
        // A single client sends all searches, so turn the limit per client off.
        command.args(["--search-rate", "off"]).args(flags);
        let log = scratch.join("finews.log");
        let start = Instant::now();
        let mut process = Process::start(&mut command, &log)?;
        let mut client = Client::new(port);
        while !client.get("/readyz", &[]).is_ok_and(|answer| answer.status == 200) {
            process
                .check()
                .map_err(|error| format!("{error}: {}", fs::read_to_string(&log).unwrap_or_default()))?;
            if start.elapsed() > PATIENCE {
                return Err(format!("finews is not ready after {} s", PATIENCE.as_secs()).into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { process, port, took: start.elapsed() })
    }

    /// Returns whether `finews serve` has this flag.
    pub(crate) fn has(flag: &str) -> bool {
        process::output(Command::new(PROGRAM).args(["serve", "--help"]))
            .is_some_and(|help| help.contains(flag))
    }
}
