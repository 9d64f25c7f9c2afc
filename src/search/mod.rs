//! Full-text search over a snapshot: a query finds every post that contains its texts.
//!
//! In reading order:
//! - [`normalise`]: the form in which texts are compared
//! - [`tokens`]: the tokens that are indexed
//! - [`query`]: the parser of queries
//! - [`snippet`]: the excerpts that result pages show
//! - [`SearchIndex`]: the index on disk and the search in it; [`Writer`] keeps it up to date with an archive
//! - [`PageTexts`]: the search in the site's own pages
//! - [`Follower`]: the thread that runs the writer

mod follower;
mod index;
pub mod normalise;
mod own_pages;
pub mod query;
pub mod snippet;
pub mod tokens;

pub use crate::search::follower::{Follower, IndexState};
pub use crate::search::index::{
    BATCH, Cursor, Facet, Facets, MOST_COUNTED, Order, SearchIndex, SearchResults, Writer, matching_groups,
};
pub use crate::search::own_pages::PageTexts;
