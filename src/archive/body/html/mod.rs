//! HTML of a body: tokens, the pass that rewrites links, and the sanitiser.

pub(crate) mod attributes;
pub(crate) mod bytes;
pub(crate) mod clean;
pub(crate) mod element;
pub(crate) mod link;
pub(crate) mod markup;
pub(crate) mod pieces;
pub(crate) mod references;
pub(crate) mod rewrite;
pub(crate) mod soft_break;
pub(crate) mod text;
pub(crate) mod tokens;
pub(crate) mod unfinished;
