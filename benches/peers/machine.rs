//! The machine and the programs of the measurements.

use std::fs;
use std::process::Command;

use crate::finews::PROGRAM;
use crate::{nginx, process, wrk};

/// Table rows for the machine and the version of every program.
pub(crate) fn rows() -> Vec<Vec<String>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':'))
            .map_or("unknown".into(), |(_, value)| value.trim().to_owned())
    };
    let memory = value(&read("/proc/meminfo"), "MemTotal");
    let gib = memory.trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0 / 1024.0;
    let mut rows = vec![
        row("", ""),
        row("processor", &format!("{}, {cores} cores", value(&read("/proc/cpuinfo"), "model name"))),
        row("memory", &format!("{gib:.1} GiB")),
        row("kernel", read("/proc/sys/kernel/osrelease").trim()),
        row("wrk", &format!("{}; one thread, {} connections", version("wrk", "-v"), wrk::CONNECTIONS)),
        row("finews", &version(PROGRAM, "--version")),
        row("nginx", &version(nginx::program().unwrap_or("nginx"), "-v")),
    ];
    for (name, flag) in [("static-web-server", "--version"), ("hugo", "version"), ("jekyll", "--version")] {
        rows.push(row(name, &version(name, flag)));
    }
    rows
}

fn row(name: &str, value: &str) -> Vec<String> {
    vec![name.to_owned(), value.to_owned()]
}

/// Returns the first line of output that contains a version number.
fn version(program: &str, flag: &str) -> String {
    let said = process::output(Command::new(program).arg(flag));
    let Some(said) = said else { return "not installed".into() };
    let line = said.lines().find(|line| line.contains(|c: char| c.is_ascii_digit()));
    line.unwrap_or("unknown").split(" Copyright").next().unwrap_or_default().trim().to_owned()
}
