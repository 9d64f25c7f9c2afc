//! Reads commits of a log ahead, and writes their files into a folder.

use std::io;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use crate::bucket::commit::{Commit, PackError, PackRef, decode_pack};
use crate::bucket::error::BucketError;
use crate::bucket::folder::FolderWriter;
use crate::bucket::log::{Bucket, commit_key};

/// Maximum number of commits that are requested at once.
const AHEAD: usize = 32;

/// The reason why a bucket cannot be copied: one sentence.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The bucket.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// A file of the copy cannot be written.
    #[error("{0}; free space or correct the permissions")]
    Write(#[from] io::Error),
    /// The folder of a replica is in use, or holds something else.
    #[error("cannot use the copy in {}: {reason}", .folder.display())]
    Folder {
        /// The folder of the replica.
        folder: PathBuf,
        /// The reason and the remedy.
        reason: String,
    },
    /// Another process uses the folder of a replica.
    #[error("cannot use the copy in {}: another finews uses it; name another --cache-dir", .0.display())]
    InUse(PathBuf),
    /// The log has no such position.
    #[error("{0}")]
    InvalidPosition(String),
}

impl CopyError {
    /// Returns whether the same request may succeed later without the operator.
    pub(super) fn is_temporary(&self) -> bool {
        matches!(self, Self::Bucket(error) if error.is_temporary())
    }
}

/// Reads the commits at these positions in their order. All of them exist.
pub(super) fn commits(
    bucket: &Bucket,
    positions: RangeInclusive<u64>,
) -> BoxStream<'static, Result<Commit, BucketError>> {
    let bucket = bucket.clone();
    let read = move |position| {
        let bucket = bucket.clone();
        async move {
            let commit = bucket.commit(position).await?;
            commit.ok_or_else(|| bucket.damaged(&commit_key(position), "it is missing".into()))
        }
    };
    stream::iter(positions).map(read).buffered(AHEAD).boxed()
}

/// Writes the files of a commit. The removed files stay.
pub(super) async fn unpack(bucket: &Bucket, commit: &Commit, folder: &FolderWriter) -> Result<(), CopyError> {
    for pack in &commit.header.packs {
        unpack_pack(bucket, pack, folder).await?;
    }
    commit.files.iter().try_for_each(|file| folder.write(file))?;
    Ok(())
}

/// Writes the files of a pack.
pub(super) async fn unpack_pack(
    bucket: &Bucket,
    pack: &PackRef,
    folder: &FolderWriter,
) -> Result<(), CopyError> {
    let bytes = bucket.pack(pack).await?;
    match decode_pack(&bytes, &mut |file| folder.write(&file)) {
        Ok(_) => Ok(()),
        Err(PackError::Damaged(reason)) => Err(bucket.damaged(&pack.key, reason).into()),
        Err(PackError::Write(error)) => Err(error.into()),
    }
}
