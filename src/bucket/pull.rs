//! `finews pull`: writes the files of a bucket into a folder.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;

use crate::bucket::download::{CopyError, commits, unpack};
use crate::bucket::folder::{FolderWriter, at};
use crate::bucket::log::Bucket;

/// The last commit that a pull writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastCommit {
    /// The commit at this position of the log.
    Position(u64),
    /// The last commit before the first one that is later than this time.
    Time(DateTime<Utc>),
}

impl FromStr for LastCommit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(position) = text.parse() {
            return Ok(Self::Position(position));
        }
        let time = DateTime::parse_from_rfc3339(text).map(|time| Self::Time(time.to_utc()));
        time.map_err(|_| "expected a position such as 12, or a time such as 2026-11-20T08:00:00Z".into())
    }
}

/// The result of a pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulled {
    /// The position of the last commit.
    pub position: u64,
    /// The time of the last commit.
    pub at: DateTime<Utc>,
    /// The number of files in the folder.
    pub files: u64,
}

/// Returns whether a folder is missing or empty, so that a pull may write into it.
///
/// # Errors
/// If the folder cannot be read.
pub fn is_vacant(folder: &Path) -> std::io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// Writes the files of a bucket after a commit into a folder that is missing or empty.
///
/// # Errors
/// If the bucket cannot be read, has no such commit, or a file cannot be written.
pub async fn pull(bucket: &Bucket, folder: &Path, last: Option<LastCommit>) -> Result<Pulled, CopyError> {
    let newest = bucket.newest(0).await?;
    let end = match last {
        Some(LastCommit::Position(position)) if position == 0 || position > newest => {
            let sentence =
                format!("{} has no position {position}; the newest one is {newest}", bucket.name());
            return Err(CopyError::InvalidPosition(sentence));
        }
        Some(LastCommit::Position(position)) => position,
        _ => newest,
    };
    fs::create_dir_all(folder).map_err(|error| at(folder, &error))?;
    let writer = FolderWriter::new(folder.to_owned());
    let mut written = None;
    let mut commits = commits(bucket, 1..=end);
    while let Some(commit) = commits.next().await.transpose()? {
        if let Some(LastCommit::Time(time)) = last
            && commit.header.at > time
        {
            break;
        }
        unpack(bucket, &commit, &writer).await?;
        for path in &commit.header.gone {
            writer.remove(path)?;
        }
        written = Some((commit.header.seq, commit.header.at));
    }
    let files = writer.remove_empty_folders()?;
    match written {
        Some((position, at)) => Ok(Pulled { position, at, files }),
        None => {
            let url = bucket.name();
            Err(CopyError::InvalidPosition(match last {
                Some(LastCommit::Time(time)) if newest > 0 => {
                    format!("{url} has no commit until {}; name a later time", time.to_rfc3339())
                }
                _ => format!("{url} has no commit yet; run `finews push SITE {url}` first"),
            }))
        }
    }
}
