//! The posts of a snapshot by id, shared with the snapshots before and after it.

use rpds::VectorSync;

use crate::archive::post::{Post, PostId};

/// Posts by id. An id whose post is gone is not given again before the next start.
#[derive(Debug, Clone, Default)]
pub(in crate::archive) struct Posts(VectorSync<Option<Post>>);

impl Posts {
    /// The post of an id of a list or index.
    ///
    /// # Panics
    /// When the id is of no post, which would be a fault of whoever keeps the lists.
    pub(in crate::archive) fn get(&self, id: PostId) -> &Post {
        self.find(id).expect("lists and indexes hold only posts that are there")
    }

    /// The post of an id, if it is still there.
    pub(in crate::archive) fn find(&self, id: PostId) -> Option<&Post> {
        self.0.get(id.index())?.as_ref()
    }

    /// Every post with its id.
    pub(in crate::archive) fn iter(&self) -> impl Iterator<Item = (PostId, &Post)> {
        self.0.iter().enumerate().filter_map(|(index, post)| Some((PostId::new(index), post.as_ref()?)))
    }

    /// Ids given so far.
    pub(in crate::archive) fn ids(&self) -> usize {
        self.0.len()
    }

    /// Adds a post.
    pub(super) fn add(&mut self, post: Post) -> PostId {
        self.0.push_back_mut(Some(post));
        PostId::new(self.0.len() - 1)
    }

    /// Puts another version of a post in its place, or nothing.
    pub(super) fn set(&mut self, id: PostId, post: Option<Post>) {
        self.0.set_mut(id.index(), post);
    }
}
