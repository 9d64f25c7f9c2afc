//! Child processes of the benchmark: started, watched in `/proc`, and ended in every case.

use std::fs;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;

/// Time limit for a server to exit after SIGTERM.
const GRACE: Duration = Duration::from_secs(10);

/// A child process that is ended when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    ticks_per_second: f64,
}

impl Process {
    /// Starts a program; its output goes to a file.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let out = fs::File::create(log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))?;
        let ticks = output(Command::new("getconf").arg("CLK_TCK"));
        Ok(Self { child, ticks_per_second: ticks.and_then(|text| text.trim().parse().ok()).unwrap_or(100.0) })
    }

    /// Fails if the program has exited.
    pub(crate) fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(format!("the program ended early: {status}").into()),
        }
    }

    /// Waits for the exit, at most `most`; returns the peak memory in bytes and whether it exited with 0.
    pub(crate) fn wait(&mut self, most: Duration) -> Result<(u64, bool)> {
        let start = Instant::now();
        let mut peak = 0;
        loop {
            peak = peak.max(self.memory("VmHWM").unwrap_or(0));
            if let Some(status) = self.child.try_wait()? {
                return Ok((peak, status.success()));
            }
            if start.elapsed() > most {
                return Err(format!("not done after {} s", most.as_secs()).into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// A value of `/proc/PID/status`, in bytes.
    pub(crate) fn memory(&self, line: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let value = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))?;
        value.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1024)
    }

    /// CPU seconds that the program and its children have used so far.
    pub(crate) fn cpu(&self) -> f64 {
        let id = self.child.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|child| child.parse().ok());
        std::iter::once(id).chain(children).map(ticks).sum::<f64>() / self.ticks_per_second
    }

    /// Sends SIGTERM, and kills the program if it does not exit in time.
    fn stop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        signal(self.child.id(), "TERM");
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && start.elapsed() < GRACE {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// User and system time of one process, in ticks: fields 14 and 15 of `/proc/PID/stat`. Field 2 is a name in
/// parentheses, and may contain spaces.
fn ticks(id: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum()
}

/// Sends a signal, named without `SIG`.
pub(crate) fn signal(id: u32, name: &str) {
    let _ = Command::new("kill").args(["-s", name, &id.to_string()]).stderr(Stdio::null()).status();
}

/// Returns the stdout of a program, or its stderr if that is all; `None` if the program does not start.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.stdout.is_empty() => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(_) => None,
    }
}

/// Raises the open-file limit of this program and its children as far as the system allows.
pub(crate) fn raise_file_limit() {
    let id = std::process::id().to_string();
    for limit in ["65536:65536", "65536", "16384"] {
        let mut command = Command::new("prlimit");
        let raised =
            command.args(["--pid", &id, &format!("--nofile={limit}")]).stderr(Stdio::null()).status();
        if raised.is_ok_and(|status| status.success()) {
            return;
        }
    }
}

/// Open-file limit of this program.
pub(crate) fn file_limit() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(1024)
}

/// Returns whether this program runs as root.
pub(crate) fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

/// A port without a listener.
pub(crate) fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
