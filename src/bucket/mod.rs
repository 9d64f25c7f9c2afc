//! The archive in an S3-compatible bucket: a log of commits that `finews push` writes and replicas read.

mod download;
mod folder;
pub mod pull;
pub mod replica;
