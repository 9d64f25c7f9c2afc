//! What lists show now and did not show before.

use std::collections::HashMap;

use super::{PostId, Snapshot};

/// What differs in the lists of two snapshots.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Posts that were not listed, or were others; oldest first.
    pub new: Vec<PostId>,
    /// The keys of posts that are listed no more.
    pub gone: Vec<u64>,
}

impl Snapshot {
    /// What lists show otherwise than in another snapshot. It costs little where that is the one before, and
    /// is right for any.
    pub fn listed_since(&self, before: &Self) -> Changed {
        let version = |archive: &Self, id| (archive.post(id).key(), archive.post(id).hash);
        let old = before.listed.unshared(&self.listed);
        let mut old: HashMap<u64, u64> = old.map(|id| version(before, id)).collect();
        let mut new: Vec<PostId> = self.listed.unshared(&before.listed).collect();
        new.retain(|id| {
            let (key, hash) = version(self, *id);
            old.remove(&key) != Some(hash)
        });
        Changed { new, gone: old.into_keys().collect() }
    }
}
