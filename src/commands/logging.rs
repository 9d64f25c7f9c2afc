//! The log of the server.

use std::io::IsTerminal;

use finews::config::LogFormat;
use tracing::Level;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts the log. Another thread writes it until the returned guard is dropped. If the output is not read,
/// lines are lost, so that requests never wait for the log.
pub(super) fn start(format: LogFormat) -> WorkerGuard {
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let builder = tracing_subscriber::fmt().with_writer(writer).with_target(false);
    // The client of buckets logs each repeated request.
    let filter = Targets::new().with_default(Level::INFO).with_target("object_store", Level::WARN);
    match format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).finish().with(filter).init(),
        LogFormat::Json => builder.json().flatten_event(true).finish().with(filter).init(),
    }
    guard
}
