//! The labels that several groups could have. With one label, such groups would look alike to readers.

use std::sync::Arc;

use rpds::HashTrieMapSync;

use crate::archive::names::NameId;

/// The groups that claim each label. The order of the groups depends on the history of the archive.
#[derive(Debug, Clone, Default)]
pub(super) struct LabelClaims(HashTrieMapSync<Arc<str>, Vec<NameId>>);

impl LabelClaims {
    /// True if no other group claims the label of a group that claims it.
    pub(super) fn is_unique(&self, label: &str) -> bool {
        self.0.get(label).is_some_and(|groups| groups.len() == 1)
    }

    /// Replaces the claims of a group. Both lists are sorted. Returns the other groups that have lost or regained
    /// a label of their own.
    pub(super) fn replace(&mut self, group: NameId, old: &[Arc<str>], new: &[Arc<str>]) -> Vec<NameId> {
        let mut affected = Vec::new();
        for label in old.iter().filter(|label| new.binary_search(label).is_err()) {
            let Some(groups) = self.0.get_mut(label) else { continue };
            groups.retain(|other| *other != group);
            match groups[..] {
                [] => {
                    self.0.remove_mut(label);
                }
                [only] => affected.push(only),
                _ => {}
            }
        }
        for label in new.iter().filter(|label| old.binary_search(label).is_err()) {
            match self.0.get_mut(label) {
                Some(groups) => {
                    if let [only] = groups[..] {
                        affected.push(only);
                    }
                    groups.push(group);
                }
                None => self.0.insert_mut(Arc::clone(label), vec![group]),
            }
        }
        affected
    }
}
