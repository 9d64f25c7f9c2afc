//! `finews list`: prints every served post, for scripts.

use std::process::ExitCode;

use finews::archive::json_line::{JsonLine, LineContent};

use super::site_args::SiteArgs;
use super::{CommandResult, load, print};

/// Prints the posts, newest first.
pub(crate) fn run(site: &SiteArgs, with_body: bool) -> CommandResult {
    let archive = load(&site.config()?)?;
    let with = if with_body { LineContent::Body } else { LineContent::Nothing };
    print(|out| {
        for post in archive.posts() {
            JsonLine::new(&archive, post, with)?.write(&mut *out)?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}
