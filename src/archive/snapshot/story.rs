//! Stories. Posts whose files have the same article id have one story: lists show its leader alone, in every
//! list that any of the posts belongs to. Each URL serves its own post.
//!
//! Like the status of a post, a story is computed at each call and never stored, so it cannot become stale.

use std::borrow::Cow;
use std::iter;

use xxhash_rust::xxh3::Xxh3;

use crate::archive::address::hash;
use crate::archive::article_id::{ArticleId, is_own_article};
use crate::archive::names::NameId;
use crate::archive::post::{Mention, Post, PostId, Timestamp, Visibility};
use crate::archive::snapshot::Snapshot;
use crate::archive::snapshot::group::Membership;
use crate::archive::snapshot::group::kind::GroupKind;

/// The posts of one story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The post that lists show: the source's own article, else the newest post.
    pub leader: PostId,
    /// The other posts by rank; most stories have none.
    pub followers: Vec<PostId>,
}

impl Story {
    /// Every post of the story, the leader first.
    pub fn posts(&self) -> impl Iterator<Item = PostId> {
        iter::once(self.leader).chain(self.followers.iter().copied())
    }
}

impl Snapshot {
    /// The story of a post. A post that no list may show is a story of its own.
    pub fn story(&self, id: PostId) -> Story {
        let mut posts = self.with_same_article(id);
        if !posts.is_empty() {
            posts.push(id);
            posts.retain(|post| self.may_be_listed(*post));
        }
        if posts.len() < 2 || !posts.contains(&id) {
            return Story { leader: id, followers: Vec::new() };
        }
        posts.sort_by(|a, b| self.rank(*b).cmp(&self.rank(*a)));
        let leader = posts.remove(0);
        Story { leader, followers: posts }
    }

    /// The story that a post leads; `None` if lists do not show the post.
    pub(super) fn led_story(&self, id: PostId) -> Option<Story> {
        let story = self.may_be_listed(id).then(|| self.story(id));
        story.filter(|story| story.leader == id)
    }

    /// True if lists show the post, or the leader of its story in its place.
    pub(super) fn may_be_listed(&self, id: PostId) -> bool {
        self.posts.find(id).is_some_and(|post| post.visibility == Visibility::Listed) && self.is_served(id)
    }

    /// A hash of all posts of a story.
    pub fn version(&self, story: &Story) -> u64 {
        let leader = self.post(story.leader).hash;
        if story.followers.is_empty() {
            return leader;
        }
        let mut hasher = Xxh3::new();
        for id in story.posts() {
            hasher.update(&self.post(id).hash.to_le_bytes());
        }
        hasher.digest()
    }

    /// A hash of the story that a listed post leads.
    pub fn listed_version(&self, id: PostId) -> u64 {
        // Every follower is served, but not listed.
        let has_followers = self.served > self.listed.len();
        if has_followers { self.version(&self.story(id)) } else { self.post(id).hash }
    }

    /// The names of a story's groups of a kind, each once.
    pub fn group_names(&self, story: &Story, kind: GroupKind) -> Vec<NameId> {
        let mut names: Vec<NameId> = self.post(story.leader).group_names(kind).collect();
        for name in story.followers.iter().flat_map(|id| self.post(*id).group_names(kind)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The securities that the posts of a story mention, each once, with a name if one of the posts has it.
    pub fn mentions(&self, story: &Story) -> Cow<'_, [Mention]> {
        let leader = &self.post(story.leader).securities;
        if story.followers.is_empty() {
            return Cow::Borrowed(leader);
        }
        let mut mentions = leader.to_vec();
        for mention in story.followers.iter().flat_map(|id| self.post(*id).securities.iter()) {
            match mentions.iter_mut().find(|known| known.code == mention.code) {
                Some(known) if self.name(known.name).is_empty() => known.name = mention.name,
                Some(_) => {}
                None => mentions.push(*mention),
            }
        }
        Cow::Owned(mentions)
    }

    /// The groups whose lists show the leader of a story.
    pub(super) fn memberships(&self, story: &Story) -> Vec<(GroupKind, Membership)> {
        let mut memberships: Vec<(GroupKind, Membership)> = Vec::new();
        for kind in GroupKind::ALL {
            let start = memberships.len();
            for post in story.posts() {
                for name in self.post(post).group_names(kind) {
                    let mut of_kind = memberships[start..].iter_mut().map(|(_, known)| known);
                    // The names of one post differ, so the leader's need no search.
                    let known =
                        if post == story.leader { None } else { of_kind.find(|known| known.name == name) };
                    match known {
                        Some(known) if !self.has_name_for(known.namer, kind, name) => known.namer = post,
                        Some(_) => {}
                        None => {
                            memberships.push((kind, Membership { name, post: story.leader, namer: post }));
                        }
                    }
                }
            }
        }
        memberships
    }

    /// Returns whether a post has a name of its own for a group. A chart shows only the code of a security.
    fn has_name_for(&self, id: PostId, kind: GroupKind, group: NameId) -> bool {
        let is_named = |mention: &Mention| mention.code == group && !self.name(mention.name).is_empty();
        kind != GroupKind::Security || self.post(id).securities.iter().any(is_named)
    }

    /// The URLs, without `baseurl`, of the posts that hold the articles behind the links of a post's body.
    pub(crate) fn local_links(&self, post: &Post) -> Vec<(ArticleId, &str)> {
        if post.linked().is_empty() {
            return Vec::new();
        }
        let own = ArticleId::from_file(post.path());
        let url = |id: &ArticleId| {
            let posts = self.with_article(*id).filter(|post| self.is_served(*post));
            let found = posts.max_by(|a, b| self.rank(*a).cmp(&self.rank(*b)))?;
            Some((*id, self.post(self.story(found).leader).url()))
        };
        post.linked().iter().filter(|id| Some(**id) != own).filter_map(url).collect()
    }

    /// The other posts whose files have the article id of a post's file.
    pub(super) fn with_same_article(&self, id: PostId) -> Vec<PostId> {
        let article = self.posts.find(id).and_then(|post| ArticleId::from_file(post.path()));
        let posts = article.into_iter().flat_map(|article| self.with_article(article));
        posts.filter(|post| *post != id).collect()
    }

    fn with_article(&self, article: ArticleId) -> impl Iterator<Item = PostId> {
        // The keys of fuzzy paths are the digits of an id too.
        let candidates = self.fuzzy_paths.find_hash(hash(&article.to_string()));
        candidates.filter(move |id| {
            self.posts.find(*id).is_some_and(|post| ArticleId::from_file(post.path()) == Some(article))
        })
    }

    /// The rank of a post in its story: the post with the highest rank leads.
    fn rank(&self, id: PostId) -> (bool, (Timestamp, &str)) {
        let post = self.post(id);
        (is_own_article(post.path()), post.order())
    }
}
