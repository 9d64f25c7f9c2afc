//! Applies a [`Change`] to build the next [`Snapshot`]. Copies only the parts that the change touches.

use std::collections::{BTreeSet, HashSet};
use std::sync::OnceLock;

use crate::archive::address::decoded;
use crate::archive::names::Names;
use crate::archive::page::OwnPage;
use crate::archive::post::{Post, PostId, Timestamp, Visibility};
use crate::archive::problem::FileProblems;
use crate::archive::snapshot::group::RecentPeriods;
use crate::archive::snapshot::group::kind::GroupKind;
use crate::archive::snapshot::list::List;
use crate::archive::snapshot::post_status::{PostStatus, base_name, is_same_post};
use crate::archive::snapshot::posts::Posts;
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
}

impl Change {
    /// A change without any posts yet. `names` must hold all names of the previous snapshot.
    pub(in crate::archive) fn new(names: Names) -> Self {
        Self { names, posts: Vec::new(), gone: Vec::new(), problems: Vec::new(), pages: None }
    }

    /// True if nothing changed. Unused names do not count as a change.
    pub(in crate::archive) fn is_empty(&self) -> bool {
        self.posts.is_empty() && self.gone.is_empty() && self.problems.is_empty() && self.pages.is_none()
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
        let mut touched: BTreeSet<PostId> = next.take_due();
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

    /// True if a newly listed post is news: no file that it may have moved from was listed before, and its folder
    /// neither holds old posts nor is new as a folder of posts.
    pub(in crate::archive) fn is_news(&self, before: &Self, id: PostId) -> bool {
        let (post, folders) = (self.post(id), &self.post_folders);
        let was_listed = |path: &String| {
            let known = before.at_file(path).filter(|id| before.is_listed(*id));
            known.is_some_and(|id| is_same_post(before.post(id), post))
        };
        !folders.holds_old_post(post.path())
            && !folders.is_in_new_folder(&before.post_folders, post.path())
            && !folders.counterparts(post.path()).iter().any(was_listed)
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

    /// Adds a post to the sets of future, list-like and linking posts.
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
    }

    /// Posts that a change to this post may affect: posts with the same URL, files with the same slug but no
    /// date in their names, and copies of the file.
    fn affected_by(&self, id: PostId) -> Vec<PostId> {
        let Some(post) = self.posts.find(id) else { return Vec::new() };
        let mut affected: Vec<PostId> = self.at_url(&decoded(post.url())).collect();
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
        let was_served = |id: PostId| before.posts.find(id).is_some() && before.is_served(id);
        let moves: Vec<_> = touched
            .iter()
            .map(|&id| {
                let now = self.posts.find(id).map(|_| self.status(id));
                (id, was_served(id), now, changed.contains(&id))
            })
            .collect();
        // Lists compare posts, so remove all old versions before adding new ones.
        for &(id, was, now, changed) in &moves {
            if was && (changed || now != Some(PostStatus::Served)) {
                self.served -= 1;
                self.unlist(&before.posts, id);
            }
        }
        for (id, was, now, changed) in moves {
            if now == Some(PostStatus::Served) && (changed || !was) {
                self.served += 1;
                self.enlist(id);
            }
            if now.is_some_and(PostStatus::is_unserved) {
                self.unserved.insert_mut(id);
            } else {
                self.unserved.remove_mut(&id);
            }
        }
    }

    fn enlist(&mut self, id: PostId) {
        let (posts, names) = (&self.posts, &self.names);
        let post = posts.get(id);
        if post.visibility != Visibility::Listed {
            return;
        }
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
        for kind in GroupKind::ALL {
            for name in post.group_names(kind) {
                self.groups[kind].insert(names, posts, name, id, recent);
            }
        }
    }

    /// Removes a post from the lists. `posts` must hold the version that the lists contain.
    fn unlist(&mut self, posts: &Posts, id: PostId) {
        let post = posts.get(id);
        if post.visibility != Visibility::Listed {
            return;
        }
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
        for kind in GroupKind::ALL {
            for name in post.group_names(kind) {
                self.groups[kind].remove(&self.names, posts, name, id, recent);
            }
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
