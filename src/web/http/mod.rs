//! Requests and responses: cache policies, encodings, preconditions, the headers of every response, and files.

pub mod assets;
pub mod cache;
pub(crate) mod conditions;
pub mod encoding;
mod file_identity;
pub mod file_reply;
pub mod files;
pub(crate) mod headers;
pub(crate) mod lookup;
mod range;
pub mod reply;
pub mod request;
pub mod route_pattern;
