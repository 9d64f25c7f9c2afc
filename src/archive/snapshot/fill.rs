//! Builds the first [`Snapshot`] from a whole archive at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use chrono::NaiveDate;
use chrono_tz::Tz;
use rayon::prelude::*;

use crate::archive::address::{decoded, hash};
use crate::archive::compressed::ArticleCodec;
use crate::archive::jekyll::files::PostFolders;
use crate::archive::names::Names;
use crate::archive::page::OwnPage;
use crate::archive::post::{Post, PostId, Timestamp, Visibility};
use crate::archive::problem::FileProblems;
use crate::archive::snapshot::group::kind::{ByKind, GroupKind};
use crate::archive::snapshot::group::{GroupLists, Groups, Labels, RecentPeriods};
use crate::archive::snapshot::index::HashIndex;
use crate::archive::snapshot::list::List;
use crate::archive::snapshot::post_status::PostStatus;
use crate::archive::snapshot::reserved_paths::ReservedPaths;
use crate::archive::snapshot::story::Story;
use crate::archive::snapshot::{Snapshot, fuzzy_path};
use crate::config::Config;

/// Settings that determine the content of snapshots.
#[derive(Debug)]
pub struct SnapshotRules {
    zone: Tz,
    shows_future: bool,
    post_folders: PostFolders,
    baseurl: Arc<str>,
    reserved_paths: ReservedPaths,
    /// The labels that the operator configured for sources, by name.
    source_labels: Arc<[(String, String)]>,
}

impl SnapshotRules {
    /// Takes the rules from a configuration.
    pub fn new(config: &Config, reserved_paths: ReservedPaths) -> Self {
        Self {
            zone: config.source.timezone,
            shows_future: config.source.future,
            post_folders: PostFolders::new(config),
            baseurl: config.source.baseurl.as_str().into(),
            reserved_paths,
            source_labels: config.source.names.as_slice().into(),
        }
    }
}

/// The parts of a snapshot.
pub(in crate::archive) struct Contents {
    pub(in crate::archive) names: Names,
    pub(in crate::archive) codec: Arc<ArticleCodec>,
    /// In any order.
    pub(in crate::archive) posts: Vec<Post>,
    pub(in crate::archive) pages: Vec<OwnPage>,
    /// The problems of each file, by its path.
    pub(in crate::archive) problems: Vec<FileProblems>,
}

impl Snapshot {
    fn empty(rules: SnapshotRules, moment: Timestamp) -> Self {
        let SnapshotRules {
            zone,
            shows_future,
            post_folders,
            baseurl,
            reserved_paths,
            source_labels: configured,
        } = rules;
        let labels = |kind| Labels { kind, configured: Arc::clone(&configured), titles: Arc::default() };
        Self {
            zone,
            shows_future,
            post_folders: Arc::new(post_folders),
            baseurl,
            reserved_paths,
            moment,
            codec: Arc::default(),
            names: Names::default(),
            posts: Default::default(),
            files: HashIndex::default(),
            urls: HashIndex::default(),
            former: HashIndex::default(),
            fuzzy_paths: HashIndex::default(),
            undated: HashIndex::default(),
            future: Default::default(),
            unserved: Default::default(),
            list_like: Default::default(),
            linking: Default::default(),
            dated_in_posts: 0,
            served: 0,
            listed: List::default(),
            groups: ByKind::from_fn(|kind| Groups::new(labels(kind))),
            recent_since: RecentPeriods::new(None, chrono_tz::UTC),
            active: OnceLock::new(),
            tags_repeat_sources: OnceLock::new(),
            days: Default::default(),
            modified: Default::default(),
            pages: Arc::default(),
            problems: Default::default(),
        }
    }

    /// Builds the snapshot of an archive at `moment`.
    pub(in crate::archive) fn from_contents(
        rules: SnapshotRules,
        contents: Contents,
        moment: Timestamp,
    ) -> Self {
        let Contents { names, codec, mut posts, pages, problems } = contents;
        let mut snapshot = Self::empty(rules, moment);
        snapshot.names = names;
        snapshot.codec = codec;
        snapshot.set_pages(pages);
        snapshot.problems = problems.into_iter().filter(|(_, found)| !found.is_empty()).collect();
        // Posts of a stored archive are already in order, except those changed after that archive was loaded.
        posts.par_sort_by(|a, b| a.order().cmp(&b.order()));
        snapshot.index(&posts);
        for post in posts {
            // The indexes hold the post already.
            let id = snapshot.posts.add(post);
            snapshot.add_to_sets(id);
        }
        snapshot.list_all();
        snapshot
    }

    fn index(&mut self, posts: &[Post]) {
        self.files = index_of(posts, |post| [hash(post.path())]);
        self.urls = index_of(posts, |post| [hash(&decoded(post.url()))]);
        self.fuzzy_paths = index_of(posts, |post| fuzzy_path::keys(post).map(|key| hash(&key)));
        self.undated = index_of(posts, |post| {
            let name = post.file_name().filter(|name| name.date.is_none())?;
            Some(hash(&name.slug))
        });
        self.former = index_of(posts, |post| post.former().iter().map(|path| hash(path)));
    }

    /// Builds all lists. Requires posts in order.
    fn list_all(&mut self) {
        let ids: Vec<PostId> = (0..self.posts.ids()).map(PostId::new).collect();
        // Few posts share a URL. Only those need the full check.
        let shared = self.urls.shared();
        let status = |id| if shared.contains(&id) { self.status(id) } else { self.status_alone(id) };
        let statuses: Vec<PostStatus> = ids.par_iter().map(|id| status(*id)).collect();
        let mut listed = Vec::with_capacity(ids.len());
        let mut days: BTreeMap<NaiveDate, Vec<PostId>> = BTreeMap::new();
        // Few posts share an article, and only those can be in a story with others.
        let stories: HashMap<PostId, Story> = self
            .fuzzy_paths
            .shared()
            .into_par_iter()
            .map(|id| (id, self.story(id)))
            .filter(|(_, story)| !story.followers.is_empty())
            .collect();
        for (id, status) in ids.into_iter().zip(statuses) {
            if status == PostStatus::Served {
                self.served += 1;
            } else if status.is_unserved() {
                self.unserved.insert_mut(id);
            }
            let post = self.posts.get(id);
            let follows = stories.get(&id).is_some_and(|story| story.leader != id);
            if status != PostStatus::Served || post.visibility != Visibility::Listed || follows {
                continue;
            }
            listed.push(id);
            if post.modified().is_some() {
                self.modified.insert_mut((post.date, id));
            }
            days.entry(post.date.day(self.zone)).or_default().push(id);
        }
        self.listed = List::from_sorted(&listed);
        self.days = days.into_iter().map(|(day, ids)| (day, List::from_sorted(&ids))).collect();
        let lists = |kind| self.group_lists(kind, &listed, &stories);
        let lists: Vec<GroupLists> = GroupKind::ALL.into_par_iter().map(lists).collect();
        for (kind, lists) in GroupKind::ALL.into_iter().zip(lists) {
            self.groups[kind].fill(&self.names, &self.posts, lists);
        }
        self.count_recent();
    }

    /// The lists of all groups of a kind. Requires listed posts in order.
    fn group_lists(
        &self,
        kind: GroupKind,
        listed: &[PostId],
        stories: &HashMap<PostId, Story>,
    ) -> GroupLists {
        let mut lists = GroupLists::default();
        for &id in listed {
            let Some(story) = stories.get(&id) else {
                for name in self.posts.get(id).group_names(kind) {
                    lists.posts.entry(name).or_default().push(id);
                }
                continue;
            };
            for (_, member) in self.memberships(story).into_iter().filter(|(other, _)| *other == kind) {
                lists.posts.entry(member.name).or_default().push(id);
                if member.namer != id {
                    lists.namers.insert((member.name, id), member.namer);
                }
            }
        }
        lists
    }
}

/// Builds an index of posts by the hashes of their texts, on all cores.
fn index_of<'p, I>(posts: &'p [Post], hashes: impl Fn(&'p Post) -> I + Sync) -> HashIndex
where
    I: IntoIterator<Item = u64>,
{
    let hashes_of_post = |(index, post): (usize, &'p Post)| {
        hashes(post).into_iter().map(move |hash| (hash, PostId::new(index)))
    };
    let all: Vec<(u64, PostId)> = posts.par_iter().enumerate().flat_map_iter(hashes_of_post).collect();
    HashIndex::from_hashes(all.into_iter())
}
