//! The difference between the lists of two snapshots.

use std::collections::HashMap;

use crate::archive::post::PostId;
use crate::archive::snapshot::Snapshot;

/// The posts that differ between the lists of two snapshots.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ListedChanges {
    /// Posts that are newly listed or have changed; oldest first.
    pub new: Vec<PostId>,
    /// The keys of posts that are no longer listed.
    pub gone: Vec<u64>,
}

impl Snapshot {
    /// Compares the listed posts with those of another snapshot. The comparison is cheap if `before` is
    /// the previous snapshot, and correct for any.
    pub fn listed_since(&self, before: &Self) -> ListedChanges {
        let version = |archive: &Self, id| (archive.post(id).key(), archive.version(&archive.story(id)));
        let old = before.listed.unshared(&self.listed);
        let mut old: HashMap<u64, u64> = old.map(|id| version(before, id)).collect();
        let mut new: Vec<PostId> = self.listed.unshared(&before.listed).collect();
        new.retain(|id| {
            let (key, hash) = version(self, *id);
            old.remove(&key) != Some(hash)
        });
        ListedChanges { new, gone: old.into_keys().collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::archive::snapshot::change::Change;
    use crate::archive::snapshot::tests::snapshot_of;

    /// Keys and versions of all listed posts.
    fn shown(archive: &Snapshot) -> BTreeMap<u64, u64> {
        archive.listed().iter().map(|id| (archive.post(id).key(), archive.post(id).hash)).collect()
    }

    proptest! {
        /// Tests lists of several chunks, which consecutive snapshots share.
        #[test]
        fn applied_changes_turn_one_snapshot_into_the_other(
            steps in prop::collection::vec((0usize..30, any::<bool>()), 1..12),
        ) {
            let dates: Vec<String> = (0..30).map(|n| format!("2024-01-01 08:{n:02}:00")).collect();
            let dates: Vec<&str> = dates.iter().map(String::as_str).collect();
            let first = snapshot_of(&dates, chrono_tz::UTC);
            let mut now = first.clone();
            for (number, is_gone) in steps {
                let known = now.listed().get(number % now.listed().len().max(1));
                let Some(id) = known else { break };
                let names = now.names().clone();
                let mut post = now.post(id).clone();
                post.hash ^= 1 + number as u64;
                let change = match is_gone {
                    true => Change { gone: vec![id], ..Change::new(names) },
                    false => Change { posts: vec![post], ..Change::new(names) },
                };
                now = now.after(change, now.moment()).0;
            }
            for (before, after) in [(&first, &now), (&now, &first)] {
                let changed = after.listed_since(before);
                let mut made = shown(before);
                for key in changed.gone {
                    prop_assert!(made.remove(&key).is_some());
                }
                for id in changed.new {
                    let post = after.post(id);
                    prop_assert_ne!(made.insert(post.key(), post.hash), Some(post.hash));
                }
                prop_assert_eq!(made, shown(after));
            }
            prop_assert_eq!(now.listed_since(&now), ListedChanges::default());
        }
    }
}
