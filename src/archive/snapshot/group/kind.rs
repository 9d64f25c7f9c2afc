//! The kinds of groups, and a table with one value for each kind.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// The property that the posts of a group share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum GroupKind {
    /// A category, which stands for the source of the posts.
    Source,
    /// A tag.
    Tag,
    /// A security or sector that the posts mention.
    Security,
}

impl GroupKind {
    /// Every kind, in the order of the enum.
    pub const ALL: [Self; 3] = [Self::Source, Self::Tag, Self::Security];
}

/// One value for each kind of group.
#[derive(Debug, Clone, Copy, Default, Hash)]
pub struct ByKind<T>([T; GroupKind::ALL.len()]);

impl<T> ByKind<T> {
    /// Computes the value of each kind, in the order of [`GroupKind::ALL`].
    pub fn from_fn(value: impl FnMut(GroupKind) -> T) -> Self {
        Self(GroupKind::ALL.map(value))
    }
}

impl<T> Index<GroupKind> for ByKind<T> {
    type Output = T;

    fn index(&self, kind: GroupKind) -> &T {
        &self.0[kind as usize]
    }
}

impl<T> IndexMut<GroupKind> for ByKind<T> {
    fn index_mut(&mut self, kind: GroupKind) -> &mut T {
        &mut self.0[kind as usize]
    }
}
