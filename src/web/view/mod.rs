//! Parts of pages: the site's settings, texts, clean HTML, lists of posts, charts and metadata.

pub(crate) mod absolute;
pub(crate) mod calendar;
pub(crate) mod charts;
pub mod feed_link;
pub mod html;
pub mod link;
pub mod metadata;
pub(crate) mod name_filter;
pub mod name_index;
pub mod site;
pub(crate) mod story_articles;
pub mod texts;
pub mod timeline;
pub(crate) mod xml;
