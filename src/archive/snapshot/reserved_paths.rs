//! The URL paths of the built-in pages, which posts and own pages must not take.

use crate::archive::snapshot::Snapshot;
use crate::archive::snapshot::group::kind::GroupKind;

/// Tests whether a decoded URL path belongs to a page of finews.
#[derive(Debug, Clone, Copy)]
pub struct ReservedPaths {
    /// True for pages that always exist.
    pub always: fn(&str) -> bool,
    /// True for paths shaped like a page that the archive may create, such as a source or a day.
    pub list_like: fn(&str) -> bool,
    /// True if the archive does create the page at such a path.
    pub in_archive: fn(&Snapshot, &str) -> bool,
    /// The source or tag whose list a static site has at such a path.
    pub group_at: fn(&str) -> Option<(GroupKind, String)>,
}
