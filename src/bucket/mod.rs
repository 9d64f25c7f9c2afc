//! The files of a site in an S3-compatible bucket: a log of commits that `finews push` writes and replicas read.

mod clients;
pub mod commit;
mod download;
pub mod error;
mod fitness;
mod folder;
mod http_client;
mod identity;
pub mod log;
mod packs;
pub mod pull;
pub mod replica;
mod store;
pub mod url;

pub use commit::{Commit, CommitDraft, CommitHeader, PackRef, StoredFile};
pub use download::CopyError;
pub use error::BucketError;
pub use fitness::is_store_fit;
pub use identity::FORMAT;
pub use log::{Appended, Bucket};
pub use store::ObjectSizes;
pub use url::{BucketOptions, BucketUrl};
