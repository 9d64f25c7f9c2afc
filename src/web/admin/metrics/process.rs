//! The standard process metrics of Prometheus client libraries
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>).

use std::time::SystemTime;

use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// The metrics of this process, which started at `started`. Memory, threads and open files come from `/proc`;
/// systems without it omit them.
pub(crate) fn registry(started: SystemTime) -> Registry {
    let mut registry = Registry::with_prefix("process");
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let cpu = cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9;
    registry.register_with_unit("cpu", "CPU time, user and system", Unit::Seconds, ConstCounter::new(cpu));
    if let Ok(since) = started.duration_since(SystemTime::UNIX_EPOCH) {
        let start = ConstGauge::new(since.as_secs_f64());
        registry.register_with_unit("start_time", "Start of the server since 1970", Unit::Seconds, start);
    }
    if let Some(limit) = getrlimit(Resource::Nofile).current {
        registry.register("max_fds", "Limit of open file descriptors", gauge(limit));
    }
    #[cfg(target_os = "linux")]
    linux::register(&mut registry);
    registry
}

/// A gauge with the value of this moment.
pub(crate) fn gauge(value: impl TryInto<i64>) -> ConstGauge<i64> {
    ConstGauge::new(value.try_into().unwrap_or(i64::MAX))
}

/// Metrics that only Linux provides, from `/proc`.
#[cfg(target_os = "linux")]
mod linux {
    use std::fs;

    use super::{Registry, Unit, gauge};

    /// Adds the metrics of this process (proc_pid_status(5), proc_pid_fd(5)).
    pub(crate) fn register(registry: &mut Registry) {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let memory = [
            ("resident_memory", "Resident memory", "VmRSS:"),
            ("virtual_memory", "Virtual memory", "VmSize:"),
            ("anonymous_memory", "Resident memory that holds no file", "RssAnon:"),
        ];
        for (name, help, field) in memory {
            if let Some(kibibytes) = number(&status, field) {
                registry.register_with_unit(name, help, Unit::Bytes, gauge(kibibytes * 1024));
            }
        }
        if let Some(threads) = number(&status, "Threads:") {
            registry.register("threads", "Threads", gauge(threads));
        }
        if let Ok(descriptors) = fs::read_dir("/proc/self/fd") {
            // One of the entries is the descriptor of the folder itself.
            let open = descriptors.count().saturating_sub(1);
            registry.register("open_fds", "Open file descriptors", gauge(open));
        }
    }

    /// The number in the line that starts with `field`.
    fn number(status: &str, field: &str) -> Option<u64> {
        let value = status.lines().find_map(|line| line.strip_prefix(field))?;
        value.split_whitespace().next()?.parse().ok()
    }
}
