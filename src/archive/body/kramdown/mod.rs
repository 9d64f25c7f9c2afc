//! Markdown by kramdown's rules.

pub(crate) mod blocks;
pub(crate) mod code;
pub(crate) mod define;
pub(crate) mod heading;
pub(crate) mod html_block;
pub(crate) mod inline;
pub(crate) mod list;
pub(crate) mod literal;
pub(crate) mod markdown;
pub(crate) mod spans;
pub(crate) mod table;
pub(crate) mod tag;
pub(crate) mod toc;
