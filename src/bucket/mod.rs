//! The files of a site in an S3-compatible bucket: a log of commits that `finews push` writes and replicas read.

pub mod commit;
mod download;
pub mod error;
mod fitness;
mod folder;
mod http_client;
pub mod log;
pub mod pull;
pub mod replica;
mod store;
pub mod url;

pub use commit::{Commit, CommitDraft, CommitHeader, PackRef, StoredFile};
pub use download::CopyError;
pub use error::BucketError;
pub use log::{Appended, Bucket};
pub use url::{BucketOptions, BucketUrl};
