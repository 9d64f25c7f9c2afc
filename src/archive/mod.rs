//! The domain: posts, and the archive that they form. This module knows neither HTTP nor templates.
//!
//! In reading order:
//! - [`problem`]: problems of files, as data
//! - [`jekyll`]: Jekyll's rules: front matter, dates, URLs, defaults, the files of a site
//! - [`body`]: Markdown and HTML → clean HTML, and the metadata extracted from it
//! - [`read`], [`page`], [`mod@load`]: a folder → posts and pages, on all cores
//! - [`post`], [`names`], [`head_fields`], [`compressed`], [`snapshot`]: the archive in memory, and its queries
//! - [`mod@json_line`]: a post as JSON, for programs

mod address;
pub mod body;
pub mod compressed;
pub mod file_version;
pub mod head_fields;
pub mod jekyll;
pub mod json_line;
pub mod load;
pub mod names;
pub mod page;
pub mod post;
pub mod problem;
pub mod read;
pub mod snapshot;
pub mod store;
pub mod updater;
pub mod watch;

pub use load::Progress;
pub use names::NameId;
pub use post::{Post, PostId, Timestamp, Visibility};
pub use problem::{Code, Problem, Severity};
pub use snapshot::{ReservedPaths, Snapshot, Target};
pub use updater::load;
