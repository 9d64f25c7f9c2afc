//! Full-text search over a snapshot: what a reader types finds every post that holds it.
//!
//! In reading order:
//! - [`normalise`]: texts as they are compared
//! - [`tokens`]: what is indexed of a text
//! - [`query`]: what a reader asks for
//! - [`snippet`]: what is shown of what was found
//! - [`Index`]: the index on disk, and the posts that it finds; [`Writer`] has it follow an archive
//! - [`Follower`]: the thread that does so

mod follower;
mod index;
pub mod normalise;
pub mod query;
pub mod snippet;
pub mod tokens;

pub use follower::{Follower, State};
pub use index::{BATCH, Cursor, Facet, Facets, Found, Index, MOST_COUNTED, Order, Writer, meant};
