//! Requests and responses: cache policies, encodings, the headers of every response, and files.

pub mod assets;
pub mod cache;
pub mod encoding;
pub mod files;
pub(crate) mod headers;
pub(crate) mod lookup;
pub mod reply;
pub mod request;
pub mod route_pattern;
