//! Requests and responses: cache policies, encodings, the headers of every response, and files.

pub mod assets;
pub mod cache;
pub mod encoding;
pub mod files;
pub mod headers;
pub mod reply;
pub mod route_pattern;
