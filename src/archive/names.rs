//! Interned names: a category, tag or author that a hundred thousand posts share is kept once.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use rpds::{HashTrieMapSync, VectorSync};
use serde::{Deserialize, Serialize};

/// A name of [`Names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NameId(u32);

/// Every name of a snapshot, shared with the snapshots before and after it. Names differ when their
/// bytes do: `TechWeb` and `Techweb` are two.
#[derive(Debug, Clone, Default)]
pub struct Names {
    ids: HashTrieMapSync<Arc<str>, NameId>,
    texts: VectorSync<Arc<str>>,
}

impl Names {
    /// Adds a name that is not among them.
    fn push(&mut self, text: Arc<str>) {
        let id = NameId(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push_back_mut(Arc::clone(&text));
        self.ids.insert_mut(text, id);
    }

    /// The text of a name.
    pub fn text(&self, id: NameId) -> &str {
        self.texts.get(id.0 as usize).map_or("", |text| text)
    }

    /// The id of a known name.
    pub fn find(&self, text: &str) -> Option<NameId> {
        self.ids.get(text).copied()
    }

    /// Every name, in the order of their ids.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.texts.iter().map(|text| &**text)
    }
}

/// Names while many threads read posts.
#[derive(Debug, Default)]
pub(super) struct Interner {
    known: Names,
    new: RwLock<NewNames>,
}

/// Names that came while posts were read: a plain map, since the first load asks it millions of times.
#[derive(Debug, Default)]
struct NewNames {
    ids: HashMap<Arc<str>, NameId>,
    texts: Vec<Arc<str>>,
}

impl Interner {
    /// Goes on from known names.
    pub(super) fn new(known: Names) -> Self {
        Self { known, new: RwLock::default() }
    }

    /// The id of a name, new or known.
    pub(super) fn intern(&self, text: &str) -> NameId {
        if let Some(id) = self.known.find(text) {
            return id;
        }
        // Adding a name cannot fail half-way, so the names are whole whoever has panicked.
        let known = self.new.read().unwrap_or_else(PoisonError::into_inner).ids.get(text).copied();
        known.unwrap_or_else(|| self.add(text))
    }

    fn add(&self, text: &str) -> NameId {
        let mut new = self.new.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been quicker.
        if let Some(id) = new.ids.get(text) {
            return *id;
        }
        let id = NameId(u32::try_from(self.known.texts.len() + new.texts.len()).unwrap_or(u32::MAX));
        let text: Arc<str> = text.into();
        new.texts.push(Arc::clone(&text));
        new.ids.insert(text, id);
        id
    }

    /// The ids of names, in their order, each once.
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

    /// The names, when all posts are read.
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
    fn a_name_is_kept_once_and_case_matters() {
        let names = Interner::default();
        let ids = names.intern_all(&["TechWeb".into(), "Techweb".into(), "TechWeb".into()]);
        assert_eq!(ids.len(), 2);
        let names = names.into_names();
        assert_eq!(names.text(ids[1]), "Techweb");
        assert_eq!(names.find("TechWeb"), Some(ids[0]));
        assert_eq!(names.find("techweb"), None);
    }
}
