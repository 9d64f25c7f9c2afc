//! Applies a [`Change`] to build the next [`Snapshot`]. Copies only the parts that the change touches.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, OnceLock};

use crate::archive::address::decoded;
use crate::archive::jekyll::files::{PostFolders, base_name};
use crate::archive::names::Names;
use crate::archive::page::OwnPage;
use crate::archive::post::{Post, PostId, Timestamp};
use crate::archive::problem::FileProblems;
use crate::archive::snapshot::group::RecentPeriods;
use crate::archive::snapshot::group::kind::GroupKind;
use crate::archive::snapshot::list::List;
use crate::archive::snapshot::post_status::{PostStatus, is_dated_in_posts, is_same_post};
use crate::archive::snapshot::story::Story;
use crate::archive::snapshot::{Snapshot, fuzzy_path};

/// The difference between two snapshots.
#[derive(Debug)]
pub struct Change {
    /// All names of the previous snapshot and of the new posts.
    pub(in crate::archive) names: Names,
    /// New posts and new versions of posts. The file path identifies a post.
    pub(in crate::archive) posts: Vec<Post>,
    /// Posts whose files were removed.
    pub(in crate::archive) gone: Vec<PostId>,
    /// The complete new list of problems of each checked file; empty if a file has none.
    pub(in crate::archive) problems: Vec<FileProblems>,
    /// All of the site's own pages, if any of them changed.
    pub(in crate::archive) pages: Option<Vec<OwnPage>>,
    /// The folders of posts, if there are new ones.
    pub(in crate::archive) post_folders: Option<Arc<PostFolders>>,
}

impl Change {
    /// A change without any posts yet. `names` must hold all names of the previous snapshot.
    pub(in crate::archive) fn new(names: Names) -> Self {
        Self {
            names,
            posts: Vec::new(),
            gone: Vec::new(),
            problems: Vec::new(),
            pages: None,
            post_folders: None,
        }
    }

    /// True if nothing changed. Unused names do not count as a change.
    pub(in crate::archive) fn is_empty(&self) -> bool {
        !self.moves_urls() && self.problems.is_empty()
    }

    /// True if a URL may lead to other content after the change.
    pub(in crate::archive) fn moves_urls(&self) -> bool {
        !self.posts.is_empty() || !self.gone.is_empty() || self.pages.is_some() || self.post_folders.is_some()
    }
}

impl Snapshot {
    /// Returns the next snapshot, and the posts that are new in lists, oldest first. The next snapshot's
    /// moment is never earlier than this one's.
    pub(in crate::archive) fn after(&self, change: Change, moment: Timestamp) -> (Self, Vec<PostId>) {
        let mut next = self.clone();
        next.moment = self.moment.max(moment);
        next.names = change.names;
        next.active = OnceLock::new();
        next.tags_repeat_sources = OnceLock::new();
        let mut touched: BTreeSet<PostId> = next.take_due();
        if let Some(folders) = change.post_folders {
            // A post that is already known in a new folder may be a copy now.
            let is_touched = |post: &Post| folders.is_in_new_folder(&self.post_folders, post.path());
            touched.extend(self.posts.iter().filter(|(_, post)| is_touched(post)).map(|(id, _)| id));
            next.post_folders = folders;
        }
        let mut changed = BTreeSet::new();
        let mut moved = HashSet::new();
        for id in change.gone {
            let post = self.post(id);
            moved.insert((post.date, post.title()));
            next.forget(id);
            next.posts.set(id, None);
            changed.insert(id);
        }
        for post in change.posts {
            changed.insert(next.put(post));
        }
        touched.extend(&changed);
        let touched = closed([self, &next], touched);
        next.relist(self, &touched, &changed);
        for (path, found) in change.problems {
            if !found.is_empty() {
                next.problems.insert_mut(path, found);
            } else if next.problems.contains_key(&path) {
                next.problems.remove_mut(&path);
            }
        }
        if let Some(pages) = change.pages {
            next.set_pages(pages);
        }
        if RecentPeriods::new(next.newest_day(), next.zone()) != next.recent_since {
            next.count_recent();
        }
        let mut appeared = next.appeared(self, &touched);
        // A post whose file was renamed is not new.
        let is_renamed = |id: PostId| moved.contains(&(next.post(id).date, next.post(id).title()));
        appeared.retain(|id| !is_renamed(*id) && next.is_news(self, *id));
        (next, appeared)
    }

    /// True if a newly listed post is news: lists showed neither its story nor a file that it may have moved from
    /// before, and its folder neither holds old posts nor is new as a folder of posts.
    pub(in crate::archive) fn is_news(&self, before: &Self, id: PostId) -> bool {
        let (post, folders) = (self.post(id), &self.post_folders);
        let listed = |path: &str| before.at_file(path).filter(|id| before.may_be_listed(*id));
        let is_known = |id: PostId| listed(self.post(id).path()).is_some();
        let has_moved = |path: &String| listed(path).is_some_and(|id| is_same_post(before.post(id), post));
        !folders.holds_old_post(post.path())
            && !folders.is_in_new_folder(&before.post_folders, post.path())
            && !folders.counterparts(post.path()).iter().any(has_moved)
            && !self.story(id).posts().any(is_known)
    }

    /// The date of the next future post.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.future.first().map(|(date, _)| *date)
    }

    /// Removes due posts from `future` and returns them.
    fn take_due(&mut self) -> BTreeSet<PostId> {
        let mut due = BTreeSet::new();
        while let Some(&(date, id)) = self.future.first().filter(|(date, _)| *date <= self.moment) {
            self.future.remove_mut(&(date, id));
            due.insert(id);
        }
        due
    }

    /// Adds a post, or replaces its previous version.
    fn put(&mut self, post: Post) -> PostId {
        let id = match self.at_file(post.path()) {
            Some(id) => {
                self.forget(id);
                self.posts.set(id, Some(post));
                id
            }
            None => self.posts.add(post),
        };
        let post = self.posts.get(id);
        self.files.insert(post.path(), id);
        self.urls.insert(&decoded(post.url()), id);
        if let Some(name) = post.file_name()
            && name.date.is_none()
        {
            self.undated.insert(&name.slug, id);
        }
        for key in fuzzy_path::keys(post) {
            self.fuzzy_paths.insert(&key, id);
        }
        for path in post.former() {
            self.former.insert(path, id);
        }
        self.add_to_sets(id);
        id
    }

    /// Adds a post to the sets of future, list-like and linking posts, and counts it.
    pub(super) fn add_to_sets(&mut self, id: PostId) {
        let post = self.posts.get(id);
        if self.is_future(post) {
            self.future.insert_mut((post.date, id));
        }
        if post.list_like {
            self.list_like.insert_mut(id);
        }
        if post.linking {
            self.linking.insert_mut(id);
        }
        self.dated_in_posts += usize::from(is_dated_in_posts(post));
    }

    /// Removes a post from the indexes.
    fn forget(&mut self, id: PostId) {
        let post = self.posts.get(id);
        self.files.remove(post.path(), id);
        self.urls.remove(&decoded(post.url()), id);
        if let Some(name) = post.file_name() {
            self.undated.remove(&name.slug, id);
        }
        for key in fuzzy_path::keys(post) {
            self.fuzzy_paths.remove(&key, id);
        }
        for path in post.former() {
            self.former.remove(path, id);
        }
        self.future.remove_mut(&(post.date, id));
        self.list_like.remove_mut(&id);
        self.linking.remove_mut(&id);
        self.dated_in_posts -= usize::from(is_dated_in_posts(post));
    }

    /// Posts that a change to this post may affect: posts with the same URL or article id, files with the same
    /// slug but no date in their names, and copies of the file.
    fn affected_by(&self, id: PostId) -> Vec<PostId> {
        let Some(post) = self.posts.find(id) else { return Vec::new() };
        let mut affected: Vec<PostId> = self.at_url(&decoded(post.url())).collect();
        affected.extend(self.with_same_article(id));
        let Some(name) = post.file_name() else { return affected };
        if name.date.is_some() {
            affected.extend(self.undated.find(&name.slug));
        }
        if !self.post_folders.is_empty() {
            let is_copy = |id: &PostId| base_name(self.posts.get(*id).path()) == base_name(post.path());
            affected.extend(self.by_slug(&name.slug).filter(is_copy));
        }
        affected
    }

    /// Updates the lists to match the indexes.
    fn relist(&mut self, before: &Self, touched: &BTreeSet<PostId>, changed: &BTreeSet<PostId>) {
        let moves: Vec<_> = touched
            .iter()
            .map(|&id| {
                let (was, now) = (before.led_story(id), self.led_story(id));
                let is_same =
                    was == now && !was.iter().flat_map(Story::posts).any(|post| changed.contains(&post));
                (was, now, is_same)
            })
            .filter(|(.., is_same)| !is_same)
            .collect();
        // Lists compare posts, so remove all old versions before adding new ones.
        for story in moves.iter().filter_map(|(was, ..)| was.as_ref()) {
            self.unlist(before, story);
        }
        for story in moves.iter().filter_map(|(_, now, _)| now.as_ref()) {
            self.enlist(story);
        }
        for &id in touched {
            let was_served = before.posts.find(id).is_some() && before.is_served(id);
            let now = self.posts.find(id).map(|_| self.status(id));
            self.served += usize::from(now == Some(PostStatus::Served));
            self.served -= usize::from(was_served);
            if now.is_some_and(PostStatus::is_unserved) {
                self.unserved.insert_mut(id);
            } else {
                self.unserved.remove_mut(&id);
            }
        }
    }

    /// Adds the leader of a story to the lists.
    fn enlist(&mut self, story: &Story) {
        let memberships = self.memberships(story);
        let (posts, names, id) = (&self.posts, &self.names, story.leader);
        let post = posts.get(id);
        let day = post.date.day(self.zone);
        let recent = self.recent_since.count(post.date);
        self.listed.insert(posts, id);
        if post.modified().is_some() {
            self.modified.insert_mut((post.date, id));
        }
        if !self.days.contains_key(&day) {
            self.days.insert_mut(day, List::default());
        }
        if let Some(list) = self.days.get_mut(&day) {
            list.insert(posts, id);
        }
        for (kind, member) in memberships {
            self.groups[kind].insert(names, posts, member, recent);
        }
    }

    /// Removes the leader of a story from the lists. `before` must be the snapshot that the lists show.
    fn unlist(&mut self, before: &Self, story: &Story) {
        let (posts, id) = (&before.posts, story.leader);
        let post = posts.get(id);
        let day = post.date.day(self.zone);
        let recent = self.recent_since.count(post.date);
        self.listed.remove(posts, id);
        self.modified.remove_mut(&(post.date, id));
        if let Some(list) = self.days.get_mut(&day) {
            list.remove(posts, id);
            if list.is_empty() {
                self.days.remove_mut(&day);
            }
        }
        for (kind, member) in before.memberships(story) {
            self.groups[kind].remove(&self.names, posts, member, recent);
        }
    }

    fn appeared(&self, before: &Self, touched: &BTreeSet<PostId>) -> Vec<PostId> {
        let new = touched.iter().copied().filter(|id| self.is_listed(*id) && !before.is_listed(*id));
        let mut new: Vec<PostId> = new.collect();
        new.sort_by(|a, b| self.post(*a).order().cmp(&self.post(*b).order()));
        new
    }

    /// Recounts the recent posts of each group. Required when the newest day changes.
    pub(super) fn count_recent(&mut self) {
        let since = RecentPeriods::new(self.newest_day(), self.zone());
        self.recent_since = since;
        let posts = &self.posts;
        let count = |id| since.count(posts.get(id).date);
        for kind in GroupKind::ALL {
            self.groups[kind].count_recent(&self.names, count);
        }
    }
}

/// Extends a set of posts with all posts that a change to them may affect, in either snapshot.
fn closed(versions: [&Snapshot; 2], mut touched: BTreeSet<PostId>) -> BTreeSet<PostId> {
    let mut open: Vec<PostId> = touched.iter().copied().collect();
    while let Some(id) = open.pop() {
        for other in versions.iter().flat_map(|version| version.affected_by(id)) {
            if touched.insert(other) {
                open.push(other);
            }
        }
    }
    touched
}
