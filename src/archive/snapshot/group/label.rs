//! Derives a group's label from the names that its posts use for it.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::sync::Arc;

use rpds::HashTrieMapSync;

use crate::archive::names::{NameId, Names};
use crate::archive::post::Post;
use crate::archive::snapshot::group::kind::GroupKind;

/// The usual ending of a source's tag ("news").
const NEWS: &str = "新闻";

/// Counts how often a group's posts use each name. The label is derived from these counts.
#[derive(Debug, Clone, Default)]
pub(super) struct NameCounts {
    names: HashTrieMapSync<NameId, Count>,
    /// Posts that have a tag that ends in [`NEWS`].
    news: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    posts: usize,
    /// The sum of the name's position in each post's tags.
    places: usize,
}

impl Count {
    /// Sort key: the most frequent name comes first, then the name with the earlier positions. The text
    /// breaks ties, so the order is deterministic.
    fn rank(self, name: &str) -> (Reverse<usize>, usize, &str) {
        (Reverse(self.posts), self.places, name)
    }
}

impl NameCounts {
    pub(super) fn add(&mut self, used: &UsedNames<'_>) {
        for (place, name) in used.names.iter().enumerate() {
            let count = self.names.get(name).copied().unwrap_or_default();
            self.names.insert_mut(*name, Count { posts: count.posts + 1, places: count.places + place });
        }
        self.news += usize::from(used.has_news);
    }

    pub(super) fn subtract(&mut self, used: &UsedNames<'_>) {
        for (place, name) in used.names.iter().enumerate() {
            let Some(count) = self.names.get(name).copied() else { continue };
            if count.posts > 1 {
                self.names.insert_mut(*name, Count { posts: count.posts - 1, places: count.places - place });
            } else {
                self.names.remove_mut(name);
            }
        }
        self.news -= usize::from(used.has_news);
    }

    /// All names, most frequent first.
    pub(super) fn names<'n>(&self, names: &'n Names) -> Vec<&'n str> {
        let mut sorted: Vec<_> = self.names.iter().collect();
        sorted.sort_by_key(|(name, count)| count.rank(names.text(**name)));
        sorted.into_iter().map(|(name, _)| names.text(*name)).collect()
    }

    /// The name that all posts use, if they use no other.
    pub(super) fn only_name(&self, posts: usize) -> Option<NameId> {
        let mut names = self.names.iter();
        let (name, count) = names.next()?;
        (names.next().is_none() && count.posts == posts).then_some(*name)
    }

    pub(super) fn any_name(&self, names: &Names, is_it: impl Fn(&str) -> bool) -> bool {
        self.names.keys().any(|name| is_it(names.text(*name)))
    }

    /// The most frequent name, or `None` if the posts use no name. Drops a final 新闻 if every post has a
    /// tag with that ending.
    fn label<'n>(&self, names: &'n Names, posts: usize) -> Option<&'n str> {
        let ranks = self.names.iter().map(|(name, count)| count.rank(names.text(*name)));
        let (.., name) = ranks.min()?;
        match name.strip_suffix(NEWS) {
            Some(short) if self.news == posts && !short.is_empty() => Some(short),
            _ => Some(name),
        }
    }
}

/// The names that one post uses for a group.
pub(super) struct UsedNames<'p> {
    names: Cow<'p, [NameId]>,
    has_news: bool,
}

fn has_news(names: &Names, post: &Post) -> bool {
    post.tags().iter().any(|tag| names.text(*tag).ends_with(NEWS))
}

/// The origin of the labels of a kind of group.
#[derive(Debug, Clone)]
pub(crate) struct Labels {
    pub(crate) kind: GroupKind,
    /// The labels that the operator configured for sources, by name.
    pub(crate) configured: Arc<[(String, String)]>,
}

impl Labels {
    /// The label of a group: the configured one, else the name that its posts use most, else its own name.
    pub(super) fn label(
        &self,
        names: &Names,
        name: NameId,
        posts: usize,
        name_counts: &NameCounts,
    ) -> Arc<str> {
        let name = names.text(name);
        let is_it = |source: &str| self.kind == GroupKind::Source && source == name;
        let configured = self.configured.iter().find(|(source, _)| is_it(source));
        let configured = configured.map(|(_, label)| label.as_str());
        configured.or_else(|| name_counts.label(names, posts)).unwrap_or(name).into()
    }

    /// The names that a post uses for one of its groups: its tags for a source, the mentioned names for a
    /// security.
    pub(super) fn used_names<'p>(&self, names: &Names, post: &'p Post, group: NameId) -> UsedNames<'p> {
        match self.kind {
            GroupKind::Source => UsedNames { names: post.tags().into(), has_news: has_news(names, post) },
            GroupKind::Tag => UsedNames { names: Cow::Borrowed(&[]), has_news: false },
            GroupKind::Security => {
                let mentions = post.securities.iter().filter(|mention| mention.code == group);
                let used = mentions.map(|mention| mention.name).filter(|name| !names.text(*name).is_empty());
                UsedNames { names: used.collect(), has_news: false }
            }
        }
    }
}
