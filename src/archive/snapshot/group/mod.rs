//! Groups of posts by category, tag or security: a name, a label for readers, and the posts.

pub(crate) mod kind;
mod label;
mod recent;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rayon::prelude::*;
use rpds::HashTrieMapSync;
use xxhash_rust::xxh3::Xxh3;

use crate::archive::jekyll::slug::{SlugMode, slugify};
use crate::archive::names::{NameId, Names};
use crate::archive::post::{PostId, Timestamp};
use crate::archive::snapshot::group::label::NameCounts;
use crate::archive::snapshot::list::List;
use crate::archive::snapshot::posts::Posts;

pub(super) use label::Labels;
pub use recent::RecentCounts;
pub(super) use recent::RecentPeriods;

/// A post in the list of a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Membership {
    /// The name of the group.
    pub(super) name: NameId,
    /// The listed post.
    pub(super) post: PostId,
    /// The post that names the group: the listed one, or another one of its story.
    pub(super) namer: PostId,
}

/// The listed posts that share a category, a tag or a security.
#[derive(Debug, Clone)]
pub struct Group {
    name: NameId,
    label: Arc<str>,
    posts: List,
    /// Dates of the first and the last post, cached because a lookup in the posts costs far more.
    first: Timestamp,
    last: Timestamp,
    recent: RecentCounts,
    name_counts: NameCounts,
}

impl Group {
    /// The group's name in front matter and URLs.
    pub fn name(&self) -> NameId {
        self.name
    }

    /// The group's name as readers see it.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The listed posts, oldest first; never empty.
    pub fn posts(&self) -> &List {
        &self.posts
    }

    /// The publication date of the oldest post.
    pub fn first(&self) -> Timestamp {
        self.first
    }

    /// The publication date of the newest post.
    pub fn last(&self) -> Timestamp {
        self.last
    }

    /// The number of recent posts.
    pub fn recent(&self) -> RecentCounts {
        self.recent
    }

    /// The names that the posts use for the group, most frequent first: tags for a source, mentioned
    /// names for a security.
    pub(super) fn used_names<'n>(&self, names: &'n Names) -> Vec<&'n str> {
        self.name_counts.names(names)
    }

    /// The name that every post uses for the group, if no post uses another one.
    pub(super) fn only_used_name(&self) -> Option<NameId> {
        self.name_counts.only_name(self.posts.len())
    }

    pub(super) fn has_used_name(&self, names: &Names, is_it: impl Fn(&str) -> bool) -> bool {
        self.name_counts.any_name(names, is_it)
    }

    /// Builds a group from posts in order. `namer` returns the post of a story that names the group. Returns
    /// `None` if `ids` is empty.
    fn new(
        labels: &Labels,
        names: &Names,
        posts: &Posts,
        name: NameId,
        ids: &[PostId],
        namer: impl Fn(PostId) -> PostId,
    ) -> Option<Self> {
        let [first, last] = [ids.first()?, ids.last()?].map(|id| posts.get(*id).date);
        let mut name_counts = NameCounts::default();
        for id in ids {
            name_counts.add(&labels.used_names(names, posts.get(namer(*id)), name));
        }
        let label = labels.label(names, name, ids.len(), &name_counts);
        Some(Self {
            name,
            label,
            posts: List::from_sorted(ids),
            first,
            last,
            recent: RecentCounts::default(),
            name_counts,
        })
    }

    /// Updates the fields that depend on all posts of the group.
    fn settle(&mut self, labels: &Labels, names: &Names, posts: &Posts) {
        if let (Some(first), Some(last)) = (self.posts.first(), self.posts.last()) {
            [self.first, self.last] = [first, last].map(|id| posts.get(id).date);
        }
        self.label = labels.label(names, self.name, self.posts.len(), &self.name_counts);
    }

    /// A hash of the fields that tables of groups show. It is the same in every process.
    fn version(&self, names: &Names) -> u64 {
        let mut hasher = Xxh3::new();
        let counts = (self.posts.len(), self.recent);
        (names.text(self.name), &self.label, counts, self.first, self.last).hash(&mut hasher);
        hasher.finish()
    }
}

/// All groups of a kind.
#[derive(Debug, Clone)]
pub struct Groups {
    labels: Labels,
    groups: HashTrieMapSync<NameId, Group>,
    /// The names of groups by slug.
    by_slug: HashTrieMapSync<Arc<str>, Vec<NameId>>,
    /// The wrapping sum of the groups' versions: the order of the groups is undefined, so the hash must
    /// not depend on it.
    version: u64,
}

impl Groups {
    pub(super) fn new(labels: Labels) -> Self {
        Self { labels, groups: HashTrieMapSync::default(), by_slug: HashTrieMapSync::default(), version: 0 }
    }

    /// All groups, in undefined order.
    pub fn iter(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// The number of groups.
    pub fn len(&self) -> usize {
        self.groups.size()
    }

    /// True if there are no groups.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// A hash of every group's name, label, counts, and first and last date. The call only reads a field.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The group with this name.
    pub fn get(&self, name: NameId) -> Option<&Group> {
        self.groups.get(&name)
    }

    /// The group at a jekyll-archives slug. The group with the newest post wins if several have the slug.
    pub(super) fn by_slug(&self, posts: &Posts, slug: &str) -> Option<&Group> {
        let slug = slugify(slug, SlugMode::Default, false);
        // Names without a letter or digit all have the empty slug, which therefore matches no group.
        let names = self.by_slug.get(slug.as_str()).filter(|_| !slug.is_empty())?;
        names.iter().filter_map(|name| self.get(*name)).max_by_key(|group| newest(posts, group))
    }

    /// The names of at most `most` groups with recent posts, most recent posts first. The group with the
    /// newer post wins a tie.
    pub(super) fn most_active(&self, names: &Names, posts: &Posts, most: usize) -> Vec<NameId> {
        let mut active: Vec<&Group> = self.iter().filter(|group| group.recent.month > 0).collect();
        let rank =
            |group: &&Group| (Reverse((group.recent.month, newest(posts, group))), names.text(group.name));
        if active.len() > most {
            active.select_nth_unstable_by(most, |a, b| rank(a).cmp(&rank(b)));
            active.truncate(most);
        }
        active.sort_by(|a, b| rank(a).cmp(&rank(b)));
        active.iter().map(|group| group.name).collect()
    }

    pub(super) fn count_recent(&mut self, names: &Names, count: impl Fn(PostId) -> RecentCounts) {
        let ids: Vec<NameId> = self.groups.keys().copied().collect();
        for id in ids {
            let Some(group) = self.groups.get(&id) else { continue };
            let mut recent = RecentCounts::default();
            for counted in group.posts.iter().rev().map(&count).take_while(|counted| counted.month > 0) {
                recent += counted;
            }
            if group.recent != recent
                && let Some(group) = self.groups.get_mut(&id)
            {
                self.version = self.version.wrapping_sub(group.version(names));
                group.recent = recent;
                self.version = self.version.wrapping_add(group.version(names));
            }
        }
    }

    /// Adds groups from lists of posts in order. `namers` holds the posts of stories that name a group in place
    /// of the listed post.
    pub(super) fn fill(
        &mut self,
        names: &Names,
        posts: &Posts,
        lists: HashMap<NameId, Vec<PostId>>,
        namers: &HashMap<(NameId, PostId), PostId>,
    ) {
        let labels = &self.labels;
        let group = |(name, ids): (NameId, Vec<PostId>)| {
            let namer = |id| namers.get(&(name, id)).copied().unwrap_or(id);
            Group::new(labels, names, posts, name, &ids, namer)
        };
        let groups: Vec<Group> = lists.into_par_iter().filter_map(group).collect();
        for group in groups {
            self.put(names, group);
        }
    }

    /// Adds a post to a group. Creates the group if needed.
    pub(super) fn insert(&mut self, names: &Names, posts: &Posts, member: Membership, recent: RecentCounts) {
        let Membership { name, post, namer } = member;
        let Some(group) = self.groups.get_mut(&name) else {
            if let Some(group) = Group::new(&self.labels, names, posts, name, &[post], |_| namer) {
                self.put(names, Group { recent, ..group });
            }
            return;
        };
        self.version = self.version.wrapping_sub(group.version(names));
        group.posts.insert(posts, post);
        group.recent += recent;
        group.name_counts.add(&self.labels.used_names(names, posts.get(namer), name));
        group.settle(&self.labels, names, posts);
        self.version = self.version.wrapping_add(group.version(names));
    }

    /// Removes a post from a group, and the group with its last post.
    pub(super) fn remove(&mut self, names: &Names, posts: &Posts, member: Membership, recent: RecentCounts) {
        let Membership { name, post, namer } = member;
        let Some(group) = self.groups.get_mut(&name) else { return };
        self.version = self.version.wrapping_sub(group.version(names));
        group.posts.remove(posts, post);
        if group.posts.is_empty() {
            self.groups.remove_mut(&name);
            self.forget_slug(names, name);
            return;
        }
        group.recent -= recent;
        group.name_counts.subtract(&self.labels.used_names(names, posts.get(namer), name));
        group.settle(&self.labels, names, posts);
        self.version = self.version.wrapping_add(group.version(names));
    }

    fn put(&mut self, names: &Names, group: Group) {
        let slug: Arc<str> = slugify(names.text(group.name), SlugMode::Default, false).into();
        match self.by_slug.get_mut(&slug) {
            Some(known) => known.push(group.name),
            None => self.by_slug.insert_mut(slug, vec![group.name]),
        }
        self.version = self.version.wrapping_add(group.version(names));
        self.groups.insert_mut(group.name, group);
    }

    fn forget_slug(&mut self, names: &Names, name: NameId) {
        let slug = slugify(names.text(name), SlugMode::Default, false);
        if let Some(known) = self.by_slug.get_mut(slug.as_str()) {
            known.retain(|other| *other != name);
            if known.is_empty() {
                self.by_slug.remove_mut(slug.as_str());
            }
        }
    }
}

fn newest<'p>(posts: &'p Posts, group: &Group) -> Option<(Timestamp, &'p str)> {
    group.posts.last().map(|id| posts.get(id).order())
}
