//! `finews bucket`: describes the archive in a bucket, and checks whether several writers may share its store.

use std::process::ExitCode;

use clap::Args;
use finews::bucket::{self, Bucket, BucketError, BucketOptions, BucketUrl};

use super::bucket_flags::BucketFlags;
use super::{CommandResult, print};

#[derive(Debug, Args)]
pub(crate) struct BucketArgs {
    /// Bucket of the archive: s3://bucket/prefix, or file:///folder
    #[arg(value_name = "URL")]
    url: BucketUrl,
    #[command(flatten)]
    flags: BucketFlags,
}

impl BucketArgs {
    /// Adds the flags that stand before the command.
    #[must_use]
    pub(crate) fn within(self, outer: BucketFlags) -> Self {
        Self { flags: self.flags.within(outer), ..self }
    }
}

/// Prints the description. Exits with 1 if the store is not fit.
pub(crate) fn run(args: &BucketArgs) -> CommandResult {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut lines = vec![("bucket", args.url.to_string())];
    let is_fit = runtime.block_on(describe(&args.url, &args.flags.options(), &mut lines));
    // The lines before an error say what works.
    print(|out| {
        lines.iter().try_for_each(|(name, value)| writeln!(out, "{:<9}{value}", format!("{name}:")))
    })?;
    Ok(ExitCode::from(u8::from(!is_fit?)))
}

/// Adds the lines to print, and returns whether the store is fit.
async fn describe(
    url: &BucketUrl,
    options: &BucketOptions,
    lines: &mut Vec<(&'static str, String)>,
) -> Result<bool, BucketError> {
    match Bucket::open(url, options).await {
        Ok(bucket) => describe_archive(&bucket, lines).await?,
        Err(BucketError::Absent { .. }) => {
            lines.push(("archive", format!("none; `finews push SITE {url}` creates one")));
        }
        Err(error) => return Err(error),
    }
    let is_fit = bucket::is_store_fit(url, options).await?;
    let writers = if is_fit {
        "several may push: the store is fit, because one of 8 writers won each of 20 races"
    } else {
        "one may push, with --only-writer: the store is not fit, because it lets writers replace an object"
    };
    lines.push(("writers", writers.into()));
    Ok(is_fit)
}

async fn describe_archive(
    bucket: &Bucket,
    lines: &mut Vec<(&'static str, String)>,
) -> Result<(), BucketError> {
    lines.push(("format", bucket::FORMAT.to_string()));
    lines.push(("site", bucket.site().to_owned()));
    let newest = bucket.newest(0).await?;
    lines.push((
        "newest",
        match bucket.commit(newest).await? {
            Some(commit) => {
                let at = commit.header.at.format("%Y-%m-%d %H:%M:%S UTC");
                format!("commit {newest} of {at} by {}", commit.header.by)
            }
            None => "no commit".into(),
        },
    ));
    let (log, packs) = bucket.sizes().await?;
    lines.push(("log", format!("{} objects, {}", log.objects, megabytes(log.bytes))));
    lines.push(("packs", format!("{} objects, {}", packs.objects, megabytes(packs.bytes))));
    Ok(())
}

fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1e6)
}
