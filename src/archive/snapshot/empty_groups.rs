//! Sources and tags without posts. The site has a page for each, such as `category/hongwang.html`.

use crate::archive::address::decoded;
use crate::archive::page::OwnPage;
use crate::archive::snapshot::Snapshot;
use crate::archive::snapshot::group::kind::GroupKind;

impl Snapshot {
    /// The label of a source or tag that has a page without content, and no posts.
    pub fn empty_group(&self, kind: GroupKind, name: &str) -> Option<&str> {
        let list = self.pages.list_of(kind, name)?;
        self.has_no_posts(kind, list).then(|| self.given_label(kind, list.0))
    }

    /// The names and labels of all sources or tags that have a page without content, and no posts; by name.
    pub fn empty_groups(&self, kind: GroupKind) -> Vec<(&str, &str)> {
        let empty = self.pages.lists(kind).filter(|list| self.has_no_posts(kind, *list));
        let mut groups: Vec<_> = empty.map(|(name, _)| (name, self.given_label(kind, name))).collect();
        groups.sort_unstable();
        groups
    }

    /// True if a group of this name has no posts, and no post has the URL of its page.
    fn has_no_posts(&self, kind: GroupKind, (name, page): (&str, &OwnPage)) -> bool {
        self.group(kind, name).is_none()
            && self.groups(kind).by_slug(&self.posts, name).is_none()
            && (kind != GroupKind::Source || self.joined_categories(name).is_none())
            && self.owner(&decoded(&page.url)).is_none()
    }

    fn given_label<'s>(&'s self, kind: GroupKind, name: &'s str) -> &'s str {
        self.groups(kind).given_label(name).unwrap_or(name)
    }
}
