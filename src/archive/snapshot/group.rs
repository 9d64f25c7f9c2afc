//! Categories and tags: a name, what readers call it, and its posts.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::archive::names::{NameId, Names};
use crate::archive::post::{Post, PostId};
use crate::archive::slug::{Mode, slugify};

/// The posts that share a category or tag.
#[derive(Debug)]
pub struct Group {
    name: NameId,
    label: Box<str>,
    posts: Vec<PostId>,
}

impl Group {
    /// The name in front matter and URLs.
    pub fn name(&self) -> NameId {
        self.name
    }

    /// The name for readers.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The listed posts, oldest first; never empty.
    pub fn posts(&self) -> &[PostId] {
        &self.posts
    }
}

/// All categories, or all tags.
#[derive(Debug, Default)]
pub struct Groups {
    /// By newest post, the newest first.
    groups: Vec<Group>,
    by_name: HashMap<NameId, usize>,
    by_slug: HashMap<String, usize>,
}

impl Groups {
    /// The groups, that of the newest post first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Group> {
        self.groups.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The group at an index.
    pub(super) fn at(&self, index: usize) -> &Group {
        &self.groups[index]
    }

    /// The indexes of the groups that have posts from one on, those with the most of these first.
    pub(super) fn most_active_since(&self, first: PostId) -> Vec<usize> {
        let recent = |group: &Group| group.posts.len() - group.posts.partition_point(|id| *id < first);
        let counts = self.groups.iter().map(recent).enumerate();
        let mut active: Vec<(usize, usize)> = counts.filter(|(_, count)| *count > 0).collect();
        active.sort_by_key(|(_, count)| Reverse(*count));
        active.into_iter().map(|(index, _)| index).collect()
    }

    /// The group of a name.
    pub fn get(&self, name: NameId) -> Option<&Group> {
        Some(&self.groups[*self.by_name.get(&name)?])
    }

    /// The group that jekyll-archives put at a slug.
    pub fn by_slug(&self, slug: &str) -> Option<&Group> {
        Some(&self.groups[*self.by_slug.get(&slugify(slug, Mode::Default, false))?])
    }

    /// Groups the listed posts by the names that `of` takes from each; `label` names a group.
    pub(super) fn build(
        names: &Names,
        posts: &[Post],
        listed: &[PostId],
        of: impl Fn(&Post) -> &[NameId],
        label: impl Fn(NameId, &[PostId]) -> Box<str>,
    ) -> Self {
        let mut lists: HashMap<NameId, Vec<PostId>> = HashMap::new();
        for &id in listed {
            for &name in of(&posts[id.index()]) {
                lists.entry(name).or_default().push(id);
            }
        }
        let mut groups: Vec<Group> = lists
            .into_iter()
            .map(|(name, posts)| Group { name, label: label(name, &posts), posts })
            .collect();
        groups.sort_by(|a, b| b.posts.last().cmp(&a.posts.last()).then_with(|| a.name.cmp(&b.name)));
        let by_name = groups.iter().enumerate().map(|(index, group)| (group.name, index)).collect();
        let mut by_slug = HashMap::new();
        for (index, group) in groups.iter().enumerate() {
            by_slug.entry(slugify(names.text(group.name), Mode::Default, false)).or_insert(index);
        }
        Self { groups, by_name, by_slug }
    }
}

/// A source's name for readers: the most frequent tag of its posts, without 新闻 at the end when
/// every one of its posts has a tag with that ending; its own name when they have no tags.
pub(super) fn source_label(names: &Names, posts: &[Post], name: NameId, ids: &[PostId]) -> Box<str> {
    const NEWS: &str = "新闻";
    let mut counts: HashMap<NameId, usize> = HashMap::new();
    let mut all_end_in_news = true;
    for id in ids {
        let tags = &posts[id.index()].tags;
        all_end_in_news &= tags.iter().any(|tag| names.text(*tag).ends_with(NEWS));
        for tag in tags {
            *counts.entry(*tag).or_default() += 1;
        }
    }
    // Of tags that are equally frequent the one seen first, so that the answer is always the same.
    let best = counts.into_iter().max_by(|(a, n), (b, m)| n.cmp(m).then(b.cmp(a)));
    let Some((tag, _)) = best else { return names.text(name).into() };
    let tag = names.text(tag);
    match tag.strip_suffix(NEWS) {
        Some(short) if all_end_in_news && !short.is_empty() => short.into(),
        _ => tag.into(),
    }
}
