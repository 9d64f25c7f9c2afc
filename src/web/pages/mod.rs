//! The pages, one file each, with handler and template struct side by side. A handler collects the page's
//! content, computes its fingerprint, and renders the page if the client does not have it.

pub mod article;
pub mod dataset;
pub mod date;
pub mod error;
pub mod group;
pub mod groups;
pub mod home;
pub mod own;
pub mod search;
pub mod securities;
pub mod source_text;
pub mod suggest;
