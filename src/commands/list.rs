//! `finews list`: prints every served post, for scripts.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use finews::archive::Snapshot;
use finews::archive::line::{Line, With};

use super::{Outcome, load, unless_closed};
use crate::SiteArgs;

/// Prints the posts, newest first.
pub(crate) fn run(site: &SiteArgs, with_body: bool) -> Outcome {
    let archive = load(&site.config()?)?;
    let with = if with_body { With::Body } else { With::Nothing };
    unless_closed(print(&archive, with))?;
    Ok(ExitCode::SUCCESS)
}

fn print(archive: &Snapshot, with: With) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for post in archive.posts() {
        Line::new(archive, post, with)?.write(&mut out)?;
    }
    out.flush()
}
