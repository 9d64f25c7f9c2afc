//! `finews check`: reports problems in a site's files.

use std::process::ExitCode;

use finews::archive::Severity;
use finews::archive::updater::archive_notice;

use super::site_args::SiteArgs;
use super::{CommandResult, load, print};

/// Prints each problem. Exits with 1 if there are errors, or with `strict` if there are any problems or warnings.
pub(crate) fn run(site: &SiteArgs, json: bool, strict: bool) -> CommandResult {
    let config = site.config()?;
    for warning in &config.warnings {
        eprintln!("finews: {warning}");
    }
    let archive = load(&config)?;
    for folder in archive.archive_folders() {
        eprintln!("{}", archive_notice(folder));
    }
    let problems = archive.problems();
    print(|out| {
        for problem in &problems {
            if json {
                serde_json::to_writer(&mut *out, problem)?;
                writeln!(out)?;
            } else {
                writeln!(out, "{problem}")?;
            }
        }
        Ok(())
    })?;
    let worst = problems.iter().map(|problem| problem.severity).max();
    let has_any = worst.is_some() || !config.warnings.is_empty();
    let failed = worst == Some(Severity::Error) || (strict && has_any);
    if !json {
        let posts = archive.len();
        eprintln!("{posts} posts served, {} problems", problems.len());
        if let Some(sentence) = config.missing_url_warning() {
            eprintln!("{sentence}");
        }
    }
    Ok(ExitCode::from(u8::from(failed)))
}
