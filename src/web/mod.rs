//! The HTTP side of the archive: routing, pages, responses.
//!
//! In reading order:
//! - [`paths`]: the only module that spells URLs
//! - [`http`]: requests, responses, cache policies, encodings, headers, files
//! - [`view`]: parts of pages
//! - [`pages`]: one file per page
//! - [`documents`]: feeds, sitemaps and data files
//! - [`notify`]: notifications of new posts
//! - [`App`]: the current site and archive
//! - `router`: from a path to its handler
//! - [`server`]: connections, limits, timeouts, the access log, and the fast path to cached pages
//! - [`admin`]: views for the operator only

pub mod admin;
mod app;
pub mod documents;
pub mod http;
pub mod notify;
pub mod pages;
pub mod paths;
mod router;
pub mod server;
pub mod view;

pub use app::App;
pub use router::router;
pub use server::fast_path::FastPath;
