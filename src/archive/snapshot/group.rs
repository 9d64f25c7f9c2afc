//! Categories and tags: a name, what readers call it, and its posts.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use rpds::HashTrieMapSync;

use super::list::List;
use super::posts::Posts;
use crate::archive::names::{NameId, Names};
use crate::archive::post::{Post, PostId};
use crate::archive::slug::{Mode, slugify};

/// What the tags of sources end in.
const NEWS: &str = "新闻";

/// The posts that share a category or tag.
#[derive(Debug, Clone)]
pub struct Group {
    name: NameId,
    label: Arc<str>,
    posts: List,
    /// Posts since the day from which a source counts as active.
    pub(super) recent: usize,
    tally: Tally,
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
    pub fn posts(&self) -> &List {
        &self.posts
    }
}

/// How often each tag stands in a group's posts, of which the group's label is made.
#[derive(Debug, Clone, Default)]
struct Tally {
    tags: HashTrieMapSync<NameId, Count>,
    /// Posts that have a tag that ends in [`NEWS`].
    news: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    posts: usize,
    /// The sum of its places among the tags of these posts.
    places: usize,
}

impl Tally {
    /// That of many posts at once.
    fn of(names: &Names, posts: &Posts, ids: &[PostId]) -> Self {
        let mut tags: HashMap<NameId, Count> = HashMap::new();
        let mut news = 0;
        for post in ids.iter().map(|id| posts.get(*id)) {
            for (place, &tag) in post.tags().iter().enumerate() {
                let count = tags.entry(tag).or_default();
                *count = Count { posts: count.posts + 1, places: count.places + place };
            }
            news += usize::from(has_news(names, post));
        }
        Self { tags: tags.into_iter().collect(), news }
    }

    fn add(&mut self, names: &Names, post: &Post) {
        for (place, &tag) in post.tags().iter().enumerate() {
            let count = self.tags.get(&tag).copied().unwrap_or_default();
            self.tags.insert_mut(tag, Count { posts: count.posts + 1, places: count.places + place });
        }
        self.news += usize::from(has_news(names, post));
    }

    fn subtract(&mut self, names: &Names, post: &Post) {
        for (place, tag) in post.tags().iter().enumerate() {
            let Some(count) = self.tags.get(tag).copied() else { continue };
            if count.posts > 1 {
                self.tags.insert_mut(*tag, Count { posts: count.posts - 1, places: count.places - place });
            } else {
                self.tags.remove_mut(tag);
            }
        }
        self.news -= usize::from(has_news(names, post));
    }

    /// The most frequent tag, without 新闻 at the end when every one of the posts has a tag with that
    /// ending; nothing when they have no tags.
    fn label<'n>(&self, names: &'n Names, posts: usize) -> Option<&'n str> {
        // Of tags that are equally frequent the one that stands first, so that the answer is always
        // the same.
        let best = self.tags.iter().max_by(|(a, n), (b, m)| {
            n.posts
                .cmp(&m.posts)
                .then(m.places.cmp(&n.places))
                .then_with(|| names.text(**b).cmp(names.text(**a)))
        });
        let tag = names.text(*best?.0);
        match tag.strip_suffix(NEWS) {
            Some(short) if self.news == posts && !short.is_empty() => Some(short),
            _ => Some(tag),
        }
    }
}

fn has_news(names: &Names, post: &Post) -> bool {
    post.tags().iter().any(|tag| names.text(*tag).ends_with(NEWS))
}

/// What a group of posts is called.
#[derive(Debug, Clone)]
pub(super) enum Labels {
    /// By its own name.
    Names,
    /// By the tags of its posts, unless the owner has given it a name.
    Tags(Arc<[(String, String)]>),
}

impl Labels {
    fn of(&self, names: &Names, name: NameId, posts: usize, tally: &Tally) -> Arc<str> {
        let name = names.text(name);
        match self {
            Self::Names => name.into(),
            Self::Tags(given) => match given.iter().find(|(given, _)| given == name) {
                Some((_, label)) => label.as_str().into(),
                None => tally.label(names, posts).unwrap_or(name).into(),
            },
        }
    }

    fn counts_tags(&self) -> bool {
        matches!(self, Self::Tags(_))
    }
}

/// All categories, or all tags.
#[derive(Debug, Clone)]
pub struct Groups {
    labels: Labels,
    groups: HashTrieMapSync<NameId, Group>,
    /// The names that have a slug.
    by_slug: HashTrieMapSync<Arc<str>, Vec<NameId>>,
}

impl Groups {
    /// No group yet.
    pub(super) fn new(labels: Labels) -> Self {
        Self { labels, groups: HashTrieMapSync::default(), by_slug: HashTrieMapSync::default() }
    }

    /// The groups, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.groups.size()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The group of a name.
    pub fn get(&self, name: NameId) -> Option<&Group> {
        self.groups.get(&name)
    }

    /// The group that jekyll-archives put at a slug: of several that of the newest post.
    pub(super) fn by_slug(&self, posts: &Posts, slug: &str) -> Option<&Group> {
        let names = self.by_slug.get(slugify(slug, Mode::Default, false).as_str())?;
        names.iter().filter_map(|name| self.get(*name)).max_by_key(|group| newest(posts, group))
    }

    /// The names of the groups with the most recent posts, these first; of equals that of the
    /// newest post.
    pub(super) fn most_active(&self, names: &Names, posts: &Posts, most: usize) -> Vec<NameId> {
        let mut active: Vec<&Group> = self.iter().filter(|group| group.recent > 0).collect();
        let rank = |group: &&Group| (Reverse((group.recent, newest(posts, group))), names.text(group.name));
        if active.len() > most {
            active.select_nth_unstable_by(most, |a, b| rank(a).cmp(&rank(b)));
            active.truncate(most);
        }
        active.sort_by(|a, b| rank(a).cmp(&rank(b)));
        active.iter().map(|group| group.name).collect()
    }

    /// Counts anew which posts are recent.
    pub(super) fn count_recent(&mut self, is_recent: impl Fn(PostId) -> bool) {
        let names: Vec<NameId> = self.groups.keys().copied().collect();
        for name in names {
            let recent = self
                .get(name)
                .map_or(0, |group| group.posts.iter().rev().take_while(|id| is_recent(*id)).count());
            if self.get(name).is_some_and(|group| group.recent != recent)
                && let Some(group) = self.groups.get_mut(&name)
            {
                group.recent = recent;
            }
        }
    }

    /// Adds groups whose posts are in order already.
    pub(super) fn fill(&mut self, names: &Names, posts: &Posts, lists: HashMap<NameId, Vec<PostId>>) {
        let group = |(name, ids): (NameId, Vec<PostId>)| {
            let tally =
                if self.labels.counts_tags() { Tally::of(names, posts, &ids) } else { Tally::default() };
            let label = self.labels.of(names, name, ids.len(), &tally);
            Group { name, label, posts: List::of_sorted(&ids), recent: 0, tally }
        };
        let groups: Vec<Group> = lists.into_par_iter().map(group).collect();
        for group in groups {
            self.put(names, group);
        }
    }

    /// Adds a post to a group, which may be new.
    pub(super) fn insert(&mut self, names: &Names, posts: &Posts, name: NameId, id: PostId, recent: bool) {
        if self.get(name).is_none() {
            let label = names.text(name).into();
            self.put(
                names,
                Group { name, label, posts: List::default(), recent: 0, tally: Tally::default() },
            );
        }
        let Some(group) = self.groups.get_mut(&name) else { return };
        group.posts.insert(posts, id);
        group.recent += usize::from(recent);
        if self.labels.counts_tags() {
            group.tally.add(names, posts.get(id));
            group.label = self.labels.of(names, name, group.posts.len(), &group.tally);
        }
    }

    /// Takes a post out of a group, and the group with its last post.
    pub(super) fn remove(&mut self, names: &Names, posts: &Posts, name: NameId, id: PostId, recent: bool) {
        let Some(group) = self.groups.get_mut(&name) else { return };
        group.posts.remove(posts, id);
        group.recent -= usize::from(recent);
        if group.posts.is_empty() {
            self.groups.remove_mut(&name);
            self.forget_slug(names, name);
        } else if self.labels.counts_tags() {
            group.tally.subtract(names, posts.get(id));
            group.label = self.labels.of(names, name, group.posts.len(), &group.tally);
        }
    }

    fn put(&mut self, names: &Names, group: Group) {
        let slug: Arc<str> = slugify(names.text(group.name), Mode::Default, false).into();
        match self.by_slug.get_mut(&slug) {
            Some(known) => known.push(group.name),
            None => self.by_slug.insert_mut(slug, vec![group.name]),
        }
        self.groups.insert_mut(group.name, group);
    }

    fn forget_slug(&mut self, names: &Names, name: NameId) {
        let slug = slugify(names.text(name), Mode::Default, false);
        if let Some(known) = self.by_slug.get_mut(slug.as_str()) {
            known.retain(|other| *other != name);
            if known.is_empty() {
                self.by_slug.remove_mut(slug.as_str());
            }
        }
    }
}

fn newest<'p>(posts: &'p Posts, group: &Group) -> Option<(crate::archive::Timestamp, &'p str)> {
    group.posts.last().map(|id| posts.get(id).order())
}
