//! What the command line can be asked to do, one file a command.

pub(crate) mod check;
pub(crate) mod healthcheck;
pub(crate) mod list;
pub(crate) mod serve;

use std::error::Error;
use std::io::{self, ErrorKind};
use std::process::ExitCode;

use finews::archive::{self, Progress, Snapshot};
use finews::config::Config;
use finews::web::paths;

/// The exit code when there is nothing to work on: a wrong setting, a missing folder.
pub(crate) const UNUSABLE: u8 = 2;

/// A command's exit code, or one sentence about why it could not run.
pub(crate) type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Loads a site without showing how far it is.
fn load(config: &Config) -> Result<Snapshot, Box<dyn Error>> {
    Ok(archive::load(config, paths::CLAIMS, &Progress::default())?)
}

/// What a command that prints has to say when its reader went away, as `head` does: nothing.
fn unless_closed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
