//! Tags that say nothing new: those with exactly the posts of one source, which has no other tag.

use std::collections::HashSet;

use crate::archive::names::NameId;
use crate::archive::post::Post;
use crate::archive::snapshot::Snapshot;
use crate::archive::snapshot::group::Group;
use crate::archive::snapshot::group::kind::GroupKind;

impl Snapshot {
    /// True if at least 9 in 10 tags repeat a source.
    pub fn tags_repeat_sources(&self) -> bool {
        *self.tags_repeat_sources.get_or_init(|| {
            let tags = self.groups(GroupKind::Tag).len();
            tags > 0 && self.repeated_tags().len() * 10 >= tags * 9
        })
    }

    /// The tags that repeat a source.
    pub fn repeated_tags(&self) -> HashSet<NameId> {
        let sources = self.groups(GroupKind::Source).iter();
        sources.filter_map(|source| self.repeating_tag(source)).collect()
    }

    /// Returns whether a tag of a post repeats one of the post's sources.
    pub fn repeats_source(&self, post: &Post, tag: NameId) -> bool {
        let mut sources =
            post.categories().iter().filter_map(|name| self.groups(GroupKind::Source).get(*name));
        sources.any(|source| self.repeating_tag(source) == Some(tag))
    }

    /// The tag with exactly the posts of a source.
    fn repeating_tag(&self, source: &Group) -> Option<NameId> {
        let tag = source.only_used_name()?;
        let tagged = self.groups(GroupKind::Tag).get(tag)?;
        (tagged.posts().len() == source.posts().len()).then_some(tag)
    }
}
