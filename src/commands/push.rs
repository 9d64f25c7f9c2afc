//! `finews push`: writes the changed files of a site to a bucket, once or until the process is stopped.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use finews::archive::Severity;
use finews::bucket::BucketUrl;
use finews::bucket::push::{MaxDelete, PushOptions, PushReport, Pusher};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::bucket_flags::BucketFlags;
use super::check::counted;
use super::site_args::{Flags, SiteArgs};
use super::{CommandResult, logging, print};

#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    /// The site's folder
    site: PathBuf,
    /// Bucket of the archive: s3://bucket/prefix, or file:///folder
    // The settings have an argument `url`.
    #[arg(value_name = "URL")]
    bucket: BucketUrl,
    #[command(flatten)]
    store: BucketFlags,
    /// Push each further change until the process is stopped
    #[arg(long, conflicts_with = "dry_run")]
    follow: bool,
    /// Print what would be pushed, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Remove the files of the bucket that the site lacks
    #[arg(long)]
    delete: bool,
    /// Maximum number of files to remove, or their share of the files in the bucket [default: 1%, and always 10 files]
    #[arg(long, value_name = "NUMBER")]
    max_delete: Option<MaxDelete>,
    /// Use a store on which only one machine may push
    #[arg(long)]
    only_writer: bool,
    #[command(flatten)]
    settings: Flags,
}

impl PushArgs {
    /// Adds the flags that stand before the command.
    #[must_use]
    pub(crate) fn within(self, outer: BucketFlags) -> Self {
        Self { store: self.store.within(outer), ..self }
    }
}

/// Pushes the site. Exits with 1 if files with errors were left out.
pub(crate) fn run(args: PushArgs, outer: SiteArgs) -> CommandResult {
    let PushArgs { site, bucket, store, follow, dry_run, delete, max_delete, only_writer, settings } = args;
    let options =
        PushOptions { follow, dry_run, delete, max_delete: max_delete.unwrap_or_default(), only_writer };
    let site_args = SiteArgs::new(site.clone(), settings).within(outer);
    let config = site_args.config()?;
    let _log = logging::start(config.server.log_format);
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        let (stop, stopping) = watch::channel(false);
        if follow {
            let (mut terminate, mut interrupt) =
                (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
            tokio::spawn(async move {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                tracing::info!("stopping");
                stop.send_replace(true);
                // The sender must exist as long as the program runs.
                stop.closed().await;
            });
        }
        let mut pusher = Pusher::open(&site, config, (&bucket, &store.options()), options, stopping).await?;
        if follow {
            return pusher.follow(&|| site_args.folder_config()).await.map(|()| None).map_err(Into::into);
        }
        pusher.push().await.map(Some).map_err(Box::<dyn std::error::Error>::from)
    })?;
    match report {
        None => Ok(ExitCode::SUCCESS),
        Some(report) => print_report(&report, dry_run),
    }
}

fn print_report(report: &PushReport, dry_run: bool) -> CommandResult {
    let PushReport { seq, pushed, removed, kept, omitted, problems, .. } = report;
    for problem in problems {
        eprintln!("{problem}");
    }
    print(|out| {
        if dry_run {
            pushed.iter().try_for_each(|path| writeln!(out, "push {path}"))?;
            removed.iter().try_for_each(|path| writeln!(out, "remove {path}"))?;
        }
        let verb = if dry_run { "would be " } else { "" };
        let (pushed, removed) = (counted(pushed.len(), "file"), removed.len());
        writeln!(out, "{pushed} {verb}pushed, {removed} {verb}removed; the newest commit is {seq}")
    })?;
    if *kept > 0 {
        let files = counted(*kept, "file");
        eprintln!("not in SITE: {files} of the bucket; push with --delete to remove them");
    }
    if *omitted > 0 {
        eprintln!("not pushed: {} with names of temporary files or secrets", counted(*omitted, "file"));
    }
    let has_errors = problems.iter().any(|problem| problem.severity == Severity::Error);
    Ok(ExitCode::from(u8::from(has_errors)))
}
