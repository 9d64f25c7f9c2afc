//! Requests at full speed with wrk: one thread, keep-alive connections.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::process::{self, Process};

/// Enough connections to keep two cores busy, without queues that dominate the latency.
pub(crate) const CONNECTIONS: &str = "64";
/// Time limit for one pass over all addresses.
const PATIENCE: Duration = Duration::from_secs(300);

/// A list of requests, and the script of wrk that sends them.
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    file: PathBuf,
    script: PathBuf,
}

/// Result of one measurement.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rate {
    pub(crate) per_second: f64,
    pub(crate) requests: f64,
    /// Milliseconds, as is `p99`.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// CPU microseconds of the server per request.
    pub(crate) cpu: f64,
    /// Bytes per response, including its head.
    pub(crate) bytes: f64,
    pub(crate) errors: f64,
}

impl Requests {
    /// Requests for paths; a path may be followed by a space and an ETag.
    pub(crate) fn new(scratch: &Path, name: &str, paths: &[String]) -> Result<Self> {
        let (file, script) = (scratch.join(format!("{name}.urls")), scratch.join("wrk.lua"));
        fs::write(&file, paths.join("\n"))?;
        fs::write(&script, include_str!("wrk.lua"))?;
        Ok(Self { file, script })
    }

    /// Sends requests in random order for `time`.
    pub(crate) fn at_random(&self, server: &Process, port: u16, time: Duration, seed: usize) -> Result<Rate> {
        let cpu = server.cpu();
        let mut wrk = self.start(port, time, "random", seed)?;
        let lines = BufReader::new(wrk.0.stdout.take().ok_or("no output")?).lines();
        let mut rate = result(lines)?;
        rate.cpu = (server.cpu() - cpu) * 1e6 / rate.requests;
        Ok(rate)
    }

    /// Sends each request once.
    pub(crate) fn once(&self, server: &Process, port: u16) -> Result<Rate> {
        let cpu = server.cpu();
        let mut wrk = self.start(port, PATIENCE, "once", 0)?;
        let mut lines = BufReader::new(wrk.0.stdout.take().ok_or("no output")?).lines();
        let first = until(&mut lines, "first")?;
        let last = until(&mut lines, "last")?;
        // wrk sleeps until its time is up, even if it has sent all requests.
        process::signal(wrk.0.id(), "INT");
        let mut rate = result(lines)?;
        rate.cpu = (server.cpu() - cpu) * 1e6 / rate.requests;
        rate.per_second = rate.requests / last.duration_since(first).as_secs_f64();
        Ok(rate)
    }

    fn start(&self, port: u16, time: Duration, order: &str, seed: usize) -> Result<Wrk> {
        let child = Command::new("wrk")
            .args([
                "-t1",
                "-c",
                CONNECTIONS,
                "-d",
                &format!("{}s", time.as_secs().max(1)),
                "--timeout",
                "20s",
                "-s",
            ])
            .arg(&self.script)
            .arg(format!("http://127.0.0.1:{port}"))
            .env("URLS", &self.file)
            .env("ORDER", order)
            .env("SEED", seed.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("wrk: {error}"))?;
        Ok(Wrk(child))
    }
}

/// A wrk process that is killed when dropped.
struct Wrk(Child);

impl Drop for Wrk {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(Some(_))) {
            let _ = self.0.kill();
        }
        let _ = self.0.wait();
    }
}

fn until(lines: &mut impl Iterator<Item = std::io::Result<String>>, mark: &str) -> Result<Instant> {
    for line in lines {
        if line? == mark {
            return Ok(Instant::now());
        }
    }
    Err(format!("wrk ended before its {mark} request").into())
}

fn result(lines: impl Iterator<Item = std::io::Result<String>>) -> Result<Rate> {
    for line in lines {
        let line = line?;
        let Some(values) = line.strip_prefix("result ") else { continue };
        let values: Vec<f64> = values.split(' ').map(str::parse).collect::<std::result::Result<_, _>>()?;
        let [requests, micros, bytes, errors, p50, p99] = values[..] else { break };
        if requests == 0.0 {
            return Err("wrk had no answer".into());
        }
        let per_second = requests / micros * 1e6;
        let (p50, p99) = (p50 / 1e3, p99 / 1e3);
        return Ok(Rate { per_second, requests, p50, p99, cpu: 0.0, bytes: bytes / requests, errors });
    }
    Err("wrk gave no result".into())
}
