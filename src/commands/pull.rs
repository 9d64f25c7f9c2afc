//! `finews pull`: writes the files of a bucket into a folder.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use finews::bucket::pull::{LastCommit, is_vacant, pull};
use finews::bucket::{Bucket, BucketUrl};

use super::bucket_flags::BucketFlags;
use super::{CommandResult, print};

/// The bucket, and the folder.
#[derive(Debug, Args)]
pub(crate) struct PullArgs {
    /// Bucket of the archive: s3://bucket/prefix, or file:///folder
    #[arg(value_name = "URL")]
    url: BucketUrl,
    /// Folder for the files, which must be missing or empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Last commit, by its position or its time, such as 2026-11-20T08:00:00Z [default: the newest one]
    #[arg(long, value_name = "POSITION|TIME")]
    at: Option<LastCommit>,
    #[command(flatten)]
    flags: BucketFlags,
}

impl PullArgs {
    /// Adds the flags that stand before the command.
    #[must_use]
    pub(crate) fn within(self, outer: BucketFlags) -> Self {
        Self { flags: self.flags.within(outer), ..self }
    }
}

/// Writes the files, and prints the position and the number of files.
pub(crate) fn run(PullArgs { url, folder, at, flags }: &PullArgs) -> CommandResult {
    let place = folder.display();
    if !is_vacant(folder).map_err(|error| format!("cannot use the folder {place}: {error}"))? {
        return Err(format!("the folder {place} is not empty; name another one").into());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let bucket = Bucket::open(url, &flags.options()).await?;
        pull(&bucket, folder, *at).await
    });
    let pulled = result.map_err(|error| with_rest(folder, &error.to_string()))?;
    print(|out| {
        let at = pulled.at.format("%Y-%m-%dT%H:%M:%SZ");
        writeln!(out, "{place}: {} files, position {} of {at}", pulled.files, pulled.position)
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Adds to an error that the folder holds a part of the files.
fn with_rest(folder: &Path, error: &str) -> String {
    match is_vacant(folder) {
        Ok(false) => format!("{error}; {} is incomplete", folder.display()),
        _ => error.to_owned(),
    }
}
