//! Full-text search over a snapshot: what a reader types finds every post that holds it.
//!
//! In reading order:
//! - [`normalise`]: texts as they are compared
//! - [`tokens`]: what is indexed of a text
//! - [`query`]: what a reader asks for
//! - [`Index`]: the index on disk, and the posts that it finds

mod index;
pub mod normalise;
pub mod query;
pub mod tokens;

pub use index::{Found, Index, Order};
