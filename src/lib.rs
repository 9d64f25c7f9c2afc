//! finews serves a whole news archive, kept as Jekyll posts, from memory.
//!
//! A folder of posts becomes a [`archive::Snapshot`], and [`web`] serves every response from it. Dependencies
//! go one way, `web → search → archive`; all modules read [`config`], which depends on none of them.
//!
//! In reading order:
//! - [`config`]: the operator's settings, from `_config.yml`, environment and flags
//! - [`program`]: the identity of this build
//! - [`archive`]: the domain: the meaning of posts, and the archive in memory
//! - [`bucket`]: the files of a site as a log of commits in an S3-compatible bucket
//! - [`search`]: full-text search over a snapshot
//! - [`web`]: pages, URLs and the HTTP server

pub mod archive;
pub mod bucket;
pub mod config;
mod panics;
pub mod program;
pub mod search;
pub mod web;
