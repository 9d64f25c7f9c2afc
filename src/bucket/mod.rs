//! The files of a site in an S3-compatible bucket: a log of commits that `finews push` writes and replicas read.

pub mod commit;
pub mod error;
mod fitness;
mod http_client;
pub mod log;
pub mod push;
mod store;
pub mod url;

pub use commit::{Commit, CommitDraft, CommitHeader, PackRef, StoredFile};
pub use error::BucketError;
pub use fitness::is_store_fit;
pub use log::{Appended, Bucket, FORMAT};
pub use url::{BucketOptions, BucketUrl};
