//! Documents for feed readers, search engines and other programs.

pub mod dataset;
pub(crate) mod descriptions;
pub mod feeds;
pub mod robots;
pub mod sitemaps;
