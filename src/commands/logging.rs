//! The log of the server.

use std::io::IsTerminal;

use finews::config::LogFormat;
use tracing_appender::non_blocking::WorkerGuard;

/// Starts the log. Another thread writes it until the returned guard is dropped. If the output is not read,
/// lines are lost, so that requests never wait for the log.
pub(super) fn start(format: LogFormat) -> WorkerGuard {
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let builder = tracing_subscriber::fmt().with_writer(writer).with_target(false);
    match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
    guard
}
