//! `finews check`: reports problems in a site's files.

use std::process::ExitCode;

use finews::archive::jekyll::files::Walk;
use finews::archive::updater::archive_notice;
use finews::archive::{Severity, Snapshot};
use finews::config::Config;

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
        let (posts, problems) = (counted(archive.len(), "post"), counted(problems.len(), "problem"));
        eprintln!("{posts} served, {problems}");
        let unserved = unserved(&archive, &config);
        if !unserved.is_empty() {
            eprintln!("not served: {}", unserved.join("; "));
        }
        if let Some(sentence) = config.missing_url_warning() {
            eprintln!("{sentence}");
        }
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// The posts and drafts that are not served by their own fields or folder, by kind.
fn unserved(archive: &Snapshot, config: &Config) -> Vec<String> {
    let (waiting, drafts, withdrawn) = (archive.waiting(), Walk::new(config).drafts(), archive.withdrawn());
    let mut kinds = Vec::new();
    if let Some(first) = waiting.first() {
        let posts = counted(waiting.len(), "future post");
        let each = if waiting.len() > 1 { "the first until" } else { "until" };
        kinds.push(format!("{posts} ({each} {})", first.day(archive.zone())));
    }
    if drafts > 0 {
        kinds.push(format!("{} in `_drafts`", counted(drafts, "draft")));
    }
    if withdrawn > 0 {
        kinds.push(format!("{} with `published: false`", counted(withdrawn, "post")));
    }
    kinds
}

/// A number with its noun: `1 post`, `2 posts`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
