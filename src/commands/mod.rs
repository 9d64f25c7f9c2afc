//! The commands of the `finews` program, one file each.

pub(crate) mod bucket;
pub(crate) mod bucket_flags;
pub(crate) mod check;
pub(crate) mod healthcheck;
pub(crate) mod list;
mod logging;
mod progress;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod serve;
pub(crate) mod site_args;

use std::error::Error;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use finews::archive::{self, Progress, Snapshot};
use finews::config::Config;
use finews::web::paths;

/// Exit code if a command cannot start, because of an invalid setting or a missing folder.
pub(crate) const UNUSABLE: u8 = 2;

/// The exit code of a command, or a one-sentence reason why it could not run.
pub(crate) type CommandResult = Result<ExitCode, Box<dyn Error>>;

/// Loads a site without a progress display.
fn load(config: &Config) -> Result<Snapshot, Box<dyn Error>> {
    Ok(archive::load(config, paths::RESERVED_PATHS, &Progress::default())?)
}

/// Prints to the standard output. A closed pipe is no error: readers such as `head` close it early.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
