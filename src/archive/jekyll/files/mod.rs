//! Finds the files of a site and classifies them as posts, pages, or files that Jekyll ignores. The rules
//! are those of Jekyll's `reader.rb`, `readers/post_reader.rb` and `entry_filter.rb`.

mod access;
mod archives;
mod collections;
mod entry;
mod entry_rules;
mod fence;
mod filter;
mod links;
mod page_name;
mod post_folders;
mod published;
mod site_file;
mod temporary;
mod walk;

pub(crate) use access::{enter, is_absent};
pub(crate) use archives::{is_dated, new_archives, new_archives_around, with_archives, with_more_archives};
pub(crate) use collections::collection_of;
pub(crate) use entry::{base_name, is_at_or_below, relative};
pub(crate) use fence::{begins_with_fence, may_have_front_matter};
pub(crate) use links::{is_link, leads_nowhere, unreadable};
pub(crate) use page_name::{format, may_share_url};
pub(crate) use post_folders::PostFolders;
pub use published::{FileStatus, PublishedFiles, has_icon};
pub(crate) use published::{LINKED_OUT, is_private_name, withheld};
pub use site_file::{SiteFile, SiteFileKind};
pub use walk::{Files, Walk};
