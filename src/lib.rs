//! finews serves a whole news archive, kept as Jekyll posts, from memory.
//!
//! A folder of posts becomes a [`archive::Snapshot`]; [`web`] answers every request from it.
//! Dependencies lead one way, `web → search → archive`, and [`config`] is read by all and knows nobody.
//!
//! In reading order:
//! - [`config`]: what the owner says, from `_config.yml`, environment and flags
//! - [`program`]: which build this is
//! - [`archive`]: the domain: what a post means, and the archive in memory
//! - [`search`]: full-text search over a snapshot
//! - [`web`]: pages, addresses, and manners on the wire

pub mod archive;
pub mod config;
mod panics;
pub mod program;
pub mod search;
pub mod web;
