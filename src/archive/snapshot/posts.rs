//! The posts of a snapshot by id, shared between snapshots.

use rpds::VectorSync;

use crate::archive::post::{Post, PostId};

/// Posts by id. The id of a removed post is not reused until the next start.
#[derive(Debug, Clone, Default)]
pub(in crate::archive) struct Posts(VectorSync<Option<Post>>);

impl Posts {
    /// The post with an id from a list or index.
    ///
    /// # Panics
    /// If there is no such post, which would be a bug in the code that maintains the lists.
    pub(in crate::archive) fn get(&self, id: PostId) -> &Post {
        self.find(id).expect("lists and indexes contain only existing posts")
    }

    /// The post with this id, unless it was removed.
    pub(in crate::archive) fn find(&self, id: PostId) -> Option<&Post> {
        self.0.get(id.index())?.as_ref()
    }

    pub(in crate::archive) fn iter(&self) -> impl Iterator<Item = (PostId, &Post)> {
        self.0.iter().enumerate().filter_map(|(index, post)| Some((PostId::new(index), post.as_ref()?)))
    }

    /// The number of ids assigned so far.
    pub(in crate::archive) fn ids(&self) -> usize {
        self.0.len()
    }

    pub(super) fn add(&mut self, post: Post) -> PostId {
        self.0.push_back_mut(Some(post));
        PostId::new(self.0.len() - 1)
    }

    /// Replaces a post by another version, or removes it.
    pub(super) fn set(&mut self, id: PostId, post: Option<Post>) {
        self.0.set_mut(id.index(), post);
    }
}
