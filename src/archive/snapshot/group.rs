//! Categories, tags and securities: a name, what readers call it, and its posts.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::{AddAssign, SubAssign};
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use rayon::prelude::*;
use rpds::HashTrieMapSync;

use super::list::List;
use super::posts::Posts;
use crate::archive::names::{NameId, Names};
use crate::archive::post::{Post, PostId, Timestamp};
use crate::archive::slug::{Mode, slugify};

/// What the tags of sources end in.
const NEWS: &str = "新闻";

/// The posts that share a category, a tag or a security.
#[derive(Debug, Clone)]
pub struct Group {
    name: NameId,
    label: Arc<str>,
    posts: List,
    recent: Recent,
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

    /// How many of them are new.
    pub fn recent(&self) -> Recent {
        self.recent
    }

    /// What its posts call it, the most frequent first: tags of a source, names of a security.
    pub(super) fn called<'n>(&self, names: &'n Names) -> Vec<&'n str> {
        let mut called: Vec<_> = self.tally.names.iter().collect();
        called.sort_by_key(|(name, count)| count.rank(names.text(**name)));
        called.into_iter().map(|(name, _)| names.text(*name)).collect()
    }
}

/// Posts of the last days before the newest post of the archive, its day included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Recent {
    /// Of 30 days, in which a source counts as active.
    pub month: usize,
    /// Of 7 days.
    pub week: usize,
}

/// The moments from which posts are recent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Since {
    month: Option<Timestamp>,
    week: Option<Timestamp>,
}

impl Since {
    /// In an archive of this newest day, if it has any.
    pub(super) fn of(newest: Option<NaiveDate>, zone: Tz) -> Self {
        let before = |days| {
            let first = newest?.checked_sub_days(Days::new(days))?;
            Some(Timestamp::start_of(first, zone))
        };
        Self { month: before(29), week: before(6) }
    }

    /// What a post of a moment counts for.
    pub(super) fn count(self, date: Timestamp) -> Recent {
        let counts = |since: Option<Timestamp>| usize::from(since.is_none_or(|since| date >= since));
        Recent { month: counts(self.month), week: counts(self.week) }
    }
}

impl AddAssign for Recent {
    fn add_assign(&mut self, other: Self) {
        *self = Self { month: self.month + other.month, week: self.week + other.week };
    }
}

impl SubAssign for Recent {
    fn sub_assign(&mut self, other: Self) {
        *self = Self { month: self.month - other.month, week: self.week - other.week };
    }
}

/// How often each name stands in a group's posts, of which the group's label is made.
#[derive(Debug, Clone, Default)]
struct Tally {
    names: HashTrieMapSync<NameId, Count>,
    /// Posts that have a tag that ends in [`NEWS`].
    news: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    posts: usize,
    /// The sum of its places among the tags of these posts.
    places: usize,
}

impl Count {
    /// The least is of the most frequent name; of those equally frequent, of that which stands first, so
    /// that the answer is always the same.
    fn rank(self, name: &str) -> (Reverse<usize>, usize, &str) {
        (Reverse(self.posts), self.places, name)
    }
}

impl Tally {
    fn add(&mut self, called: &Called<'_>) {
        for (place, name) in called.names.iter().enumerate() {
            let count = self.names.get(name).copied().unwrap_or_default();
            self.names.insert_mut(*name, Count { posts: count.posts + 1, places: count.places + place });
        }
        self.news += usize::from(called.has_news);
    }

    fn subtract(&mut self, called: &Called<'_>) {
        for (place, name) in called.names.iter().enumerate() {
            let Some(count) = self.names.get(name).copied() else { continue };
            if count.posts > 1 {
                self.names.insert_mut(*name, Count { posts: count.posts - 1, places: count.places - place });
            } else {
                self.names.remove_mut(name);
            }
        }
        self.news -= usize::from(called.has_news);
    }

    /// The most frequent name, without 新闻 at the end when every one of the posts has a tag with that
    /// ending; nothing when they have none.
    fn label<'n>(&self, names: &'n Names, posts: usize) -> Option<&'n str> {
        let ranks = self.names.iter().map(|(name, count)| count.rank(names.text(*name)));
        let (.., name) = ranks.min()?;
        match name.strip_suffix(NEWS) {
            Some(short) if self.news == posts && !short.is_empty() => Some(short),
            _ => Some(name),
        }
    }
}

/// What one post calls a group.
struct Called<'p> {
    names: Cow<'p, [NameId]>,
    has_news: bool,
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
    /// By the name that a security is mentioned by.
    Mentions,
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
            Self::Mentions => tally.label(names, posts).unwrap_or(name).into(),
        }
    }

    /// What a post calls a group that it is in.
    fn called<'p>(&self, names: &Names, post: &'p Post, group: NameId) -> Called<'p> {
        match self {
            Self::Names => Called { names: Cow::Borrowed(&[]), has_news: false },
            Self::Tags(_) => Called { names: post.tags().into(), has_news: has_news(names, post) },
            Self::Mentions => {
                let mentions = post.securities.iter().filter(|mention| mention.code == group);
                let called =
                    mentions.map(|mention| mention.name).filter(|name| !names.text(*name).is_empty());
                Called { names: called.collect(), has_news: false }
            }
        }
    }
}

/// All categories, all tags, or all securities.
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

    /// Counts anew which posts are recent.
    pub(super) fn count_recent(&mut self, count: impl Fn(PostId) -> Recent) {
        let names: Vec<NameId> = self.groups.keys().copied().collect();
        for name in names {
            let Some(group) = self.groups.get(&name) else { continue };
            let mut recent = Recent::default();
            for counted in group.posts.iter().rev().map(&count).take_while(|counted| counted.month > 0) {
                recent += counted;
            }
            if group.recent != recent
                && let Some(group) = self.groups.get_mut(&name)
            {
                group.recent = recent;
            }
        }
    }

    /// Adds groups whose posts are in order already.
    pub(super) fn fill(&mut self, names: &Names, posts: &Posts, lists: HashMap<NameId, Vec<PostId>>) {
        let group = |(name, ids): (NameId, Vec<PostId>)| {
            let mut tally = Tally::default();
            for id in &ids {
                tally.add(&self.labels.called(names, posts.get(*id), name));
            }
            let label = self.labels.of(names, name, ids.len(), &tally);
            Group { name, label, posts: List::of_sorted(&ids), recent: Recent::default(), tally }
        };
        let groups: Vec<Group> = lists.into_par_iter().map(group).collect();
        for group in groups {
            self.put(names, group);
        }
    }

    /// Adds a post to a group, which may be new.
    pub(super) fn insert(&mut self, names: &Names, posts: &Posts, name: NameId, id: PostId, recent: Recent) {
        if self.get(name).is_none() {
            let (label, posts) = (names.text(name).into(), List::default());
            self.put(names, Group { name, label, posts, recent: Recent::default(), tally: Tally::default() });
        }
        let Some(group) = self.groups.get_mut(&name) else { return };
        group.posts.insert(posts, id);
        group.recent += recent;
        group.tally.add(&self.labels.called(names, posts.get(id), name));
        group.label = self.labels.of(names, name, group.posts.len(), &group.tally);
    }

    /// Takes a post out of a group, and the group with its last post.
    pub(super) fn remove(&mut self, names: &Names, posts: &Posts, name: NameId, id: PostId, recent: Recent) {
        let Some(group) = self.groups.get_mut(&name) else { return };
        group.posts.remove(posts, id);
        group.recent -= recent;
        if group.posts.is_empty() {
            self.groups.remove_mut(&name);
            self.forget_slug(names, name);
        } else {
            group.tally.subtract(&self.labels.called(names, posts.get(id), name));
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

fn newest<'p>(posts: &'p Posts, group: &Group) -> Option<(Timestamp, &'p str)> {
    group.posts.last().map(|id| posts.get(id).order())
}
