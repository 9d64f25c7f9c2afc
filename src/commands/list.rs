//! `finews list`: prints every served post, for scripts.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use finews::archive::Snapshot;
use finews::archive::json_line::{JsonLine, LineContent};

use super::site_args::SiteArgs;
use super::{CommandResult, load, unless_closed};

/// Prints the posts, newest first.
pub(crate) fn run(site: &SiteArgs, with_body: bool) -> CommandResult {
    let archive = load(&site.config()?)?;
    let with = if with_body { LineContent::Body } else { LineContent::Nothing };
    unless_closed(print(&archive, with))?;
    Ok(ExitCode::SUCCESS)
}

fn print(archive: &Snapshot, with: LineContent) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for post in archive.posts() {
        JsonLine::new(archive, post, with)?.write(&mut out)?;
    }
    out.flush()
}
