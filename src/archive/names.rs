//! Interned names: the archive stores each category, tag or author once, however many posts share it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use rpds::{HashTrieMapSync, VectorSync};
use serde::{Deserialize, Serialize};

/// An index into `Names`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NameId(u32);

/// All names of a snapshot, in storage shared with the snapshots before and after it. Comparison is by
/// bytes: `TechWeb` and `Techweb` are two names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    ids: HashTrieMapSync<Arc<str>, NameId>,
    texts: VectorSync<Arc<str>>,
}

impl Names {
    /// Adds a name, which must be new.
    fn push(&mut self, text: Arc<str>) {
        let id = NameId(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push_back_mut(Arc::clone(&text));
        self.ids.insert_mut(text, id);
    }

    /// Returns the text of a name; empty if the id is unknown.
    pub(crate) fn text(&self, id: NameId) -> &str {
        self.texts.get(id.0 as usize).map_or("", |text| text)
    }

    /// Returns the id of a known name.
    pub(crate) fn find(&self, text: &str) -> Option<NameId> {
        self.ids.get(text).copied()
    }

    /// Iterates over all names in the order of their ids.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }
}

/// Interns names while many threads read posts.
#[derive(Debug, Default)]
pub(super) struct Interner {
    known: Names,
    new: RwLock<NewNames>,
}

/// Names added while posts are read: a plain map, since the first load looks up millions of names.
#[derive(Debug, Default)]
struct NewNames {
    ids: HashMap<Arc<str>, NameId>,
    texts: Vec<Arc<str>>,
}

impl Interner {
    /// Starts from known names.
    pub(super) fn new(known: Names) -> Self {
        Self { known, new: RwLock::default() }
    }

    /// Returns the id of a name; adds the name if it is new.
    pub(super) fn intern(&self, text: &str) -> NameId {
        if let Some(id) = self.known.find(text) {
            return id;
        }
        // An insertion cannot fail half-way, so the names stay consistent even if a thread has panicked.
        let known = self.new.read().unwrap_or_else(PoisonError::into_inner).ids.get(text).copied();
        known.unwrap_or_else(|| self.add(text))
    }

    fn add(&self, text: &str) -> NameId {
        let mut new = self.new.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have added the name first.
        if let Some(id) = new.ids.get(text) {
            return *id;
        }
        let id = NameId(u32::try_from(self.known.texts.len() + new.texts.len()).unwrap_or(u32::MAX));
        let text: Arc<str> = text.into();
        new.texts.push(Arc::clone(&text));
        new.ids.insert(text, id);
        id
    }

    /// Returns the ids of names in their order, without duplicates.
    pub(super) fn intern_all(&self, texts: &[String]) -> Vec<NameId> {
        let mut ids = Vec::with_capacity(texts.len());
        for text in texts {
            let id = self.intern(text);
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    /// Returns all names, once all posts are read.
    pub(super) fn into_names(self) -> Names {
        let mut names = self.known;
        for text in self.new.into_inner().unwrap_or_else(PoisonError::into_inner).texts {
            names.push(text);
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_interned_once_and_case_sensitive() {
        let names = Interner::default();
        let ids = names.intern_all(&["TechWeb".into(), "Techweb".into(), "TechWeb".into()]);
        assert_eq!(ids.len(), 2);
        let names = names.into_names();
        assert_eq!(names.text(ids[1]), "Techweb");
        assert_eq!(names.find("TechWeb"), Some(ids[0]));
        assert_eq!(names.find("techweb"), None);
    }
}
