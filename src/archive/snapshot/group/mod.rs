//! Groups of posts by category, tag or security: a name, a label for readers, and the posts.

mod claims;
pub(crate) mod kind;
mod label;
mod recent;

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rayon::prelude::*;
use rpds::HashTrieMapSync;
use xxhash_rust::xxh3::Xxh3;

use crate::archive::jekyll::slug::{SlugMode, slugify};
use crate::archive::names::{NameId, Names};
use crate::archive::post::{PostId, Timestamp};
use crate::archive::snapshot::group::claims::LabelClaims;
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

/// The posts of all groups of a kind.
#[derive(Debug, Default)]
pub(super) struct GroupLists {
    /// The listed posts of each group, in order.
    pub(super) posts: HashMap<NameId, Vec<PostId>>,
    /// The posts of stories that name a group in place of the listed post.
    pub(super) namers: HashMap<(NameId, PostId), PostId>,
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
    /// The labels that the group has or could have, in order.
    claims: Vec<Arc<str>>,
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

    /// Builds a group from posts in order; its label follows from the claims of all groups. `namer` returns the
    /// post of a story that names the group. Returns `None` if `ids` is empty.
    fn new(
        labels: &Labels,
        names: &Names,
        posts: &Posts,
        name: NameId,
        ids: &[PostId],
        namer: impl Fn(PostId) -> PostId,
    ) -> Option<Self> {
        let [first, last] = [ids.first()?, ids.last()?].map(|id| posts.get(*id).date);
        let used = ids.iter().map(|id| labels.used_names(names, posts.get(namer(*id)), name));
        Some(Self {
            name,
            label: names.text(name).into(),
            posts: List::from_sorted(ids),
            first,
            last,
            recent: RecentCounts::default(),
            name_counts: NameCounts::from_posts(names, used),
            claims: Vec::new(),
        })
    }

    /// Updates the dates of the first and the last post.
    fn update_dates(&mut self, posts: &Posts) {
        if let (Some(first), Some(last)) = (self.posts.first(), self.posts.last()) {
            [self.first, self.last] = [first, last].map(|id| posts.get(id).date);
        }
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
    claims: LabelClaims,
    /// The wrapping sum of the groups' versions: the order of the groups is undefined, so the hash must
    /// not depend on it.
    version: u64,
}

impl Groups {
    pub(super) fn new(labels: Labels) -> Self {
        Self {
            labels,
            groups: HashTrieMapSync::default(),
            by_slug: HashTrieMapSync::default(),
            claims: LabelClaims::default(),
            version: 0,
        }
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

    /// Adds groups from their lists.
    pub(super) fn fill(&mut self, names: &Names, posts: &Posts, lists: GroupLists) {
        let GroupLists { posts: lists, namers } = lists;
        let labels = &self.labels;
        let group = |(name, ids): (NameId, Vec<PostId>)| {
            let namer = |id| namers.get(&(name, id)).copied().unwrap_or(id);
            let group = Group::new(labels, names, posts, name, &ids, namer)?;
            Some(Group { claims: labels.claims(names, name, &group.name_counts), ..group })
        };
        let mut groups: Vec<Group> = lists.into_par_iter().filter_map(group).collect();
        for group in &groups {
            self.claims.replace(group.name, &[], &group.claims);
        }
        // All claims are known now, and with them the labels.
        groups.par_iter_mut().for_each(|group| group.label = self.label(names, group));
        for group in groups {
            self.version = self.version.wrapping_add(group.version(names));
            self.put(names, group);
        }
    }

    /// Adds a post to a group. Creates the group if needed.
    pub(super) fn insert(&mut self, names: &Names, posts: &Posts, member: Membership, recent: RecentCounts) {
        let Membership { name, post, namer } = member;
        if let Some(group) = self.groups.get_mut(&name) {
            self.version = self.version.wrapping_sub(group.version(names));
            group.posts.insert(posts, post);
            group.recent += recent;
            let used = self.labels.used_names(names, posts.get(namer), name);
            group.name_counts.add(names, &used, group.posts.len());
            group.update_dates(posts);
        } else if let Some(group) = Group::new(&self.labels, names, posts, name, &[post], |_| namer) {
            self.put(names, Group { recent, ..group });
        }
        self.settle(names, name);
    }

    /// Removes a post from a group, and the group with its last post.
    pub(super) fn remove(&mut self, names: &Names, posts: &Posts, member: Membership, recent: RecentCounts) {
        let Membership { name, post, namer } = member;
        let Some(group) = self.groups.get_mut(&name) else { return };
        self.version = self.version.wrapping_sub(group.version(names));
        group.posts.remove(posts, post);
        if group.posts.is_empty() {
            let claims = std::mem::take(&mut group.claims);
            self.groups.remove_mut(&name);
            self.forget_slug(names, name);
            let affected = self.claims.replace(name, &claims, &[]);
            self.relabel(names, &affected);
            return;
        }
        group.recent -= recent;
        let used = self.labels.used_names(names, posts.get(namer), name);
        group.name_counts.subtract(names, &used, group.posts.len());
        group.update_dates(posts);
        self.settle(names, name);
    }

    /// The label that the operator gives to a source: in the configuration, or as the title of its page.
    pub fn given_label(&self, source: &str) -> Option<&str> {
        self.labels.configured(source).or_else(|| self.labels.title(source))
    }

    /// Takes other titles of the pages of sources.
    pub(super) fn set_titles(&mut self, names: &Names, titles: Arc<HashMap<Box<str>, Box<str>>>) {
        let before = std::mem::replace(&mut self.labels.titles, titles);
        let sources = before.keys().chain(self.labels.titles.keys());
        let changed = sources.filter(|source| before.get(*source) != self.labels.titles.get(*source));
        let changed: BTreeSet<NameId> = changed.filter_map(|source| names.find(source)).collect();
        for name in changed {
            if let Some(group) = self.groups.get(&name) {
                self.version = self.version.wrapping_sub(group.version(names));
                self.settle(names, name);
            }
        }
    }

    /// Updates the claims and the label of a group whose old version is subtracted, and the labels of groups
    /// that this affects.
    fn settle(&mut self, names: &Names, name: NameId) {
        let Some(group) = self.groups.get(&name) else { return };
        let claims = self.labels.claims(names, name, &group.name_counts);
        let mut affected = Vec::new();
        if claims != group.claims {
            affected = self.claims.replace(name, &group.claims, &claims);
        }
        let label = self.label(names, group);
        if let Some(group) = self.groups.get_mut(&name) {
            (group.claims, group.label) = (claims, label);
            self.version = self.version.wrapping_add(group.version(names));
        }
        self.relabel(names, &affected);
    }

    fn relabel(&mut self, names: &Names, affected: &[NameId]) {
        for name in affected {
            let Some(label) = self.groups.get(name).map(|group| self.label(names, group)) else { continue };
            if let Some(group) = self.groups.get_mut(name).filter(|group| group.label != label) {
                self.version = self.version.wrapping_sub(group.version(names));
                group.label = label;
                self.version = self.version.wrapping_add(group.version(names));
            }
        }
    }

    fn label(&self, names: &Names, group: &Group) -> Arc<str> {
        let is_unique = |label: &str| self.claims.is_unique(label);
        self.labels.label(names, group.name, &group.name_counts, is_unique).into()
    }

    fn put(&mut self, names: &Names, group: Group) {
        let slug: Arc<str> = slugify(names.text(group.name), SlugMode::Default, false).into();
        match self.by_slug.get_mut(&slug) {
            Some(known) => known.push(group.name),
            None => self.by_slug.insert_mut(slug, vec![group.name]),
        }
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
