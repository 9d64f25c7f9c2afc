//! Interned names: a category, tag or author that a hundred thousand posts share is kept once.

use std::collections::HashMap;
use std::sync::Arc;

/// A name of [`Names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(u32);

/// Every name of a snapshot. Names differ when their bytes do: `TechWeb` and `Techweb` are two.
#[derive(Debug, Default)]
pub struct Names {
    ids: HashMap<Arc<str>, NameId>,
    texts: Vec<Arc<str>>,
}

impl Names {
    /// The id of a name, new or known.
    pub(super) fn intern(&mut self, text: &str) -> NameId {
        if let Some(&id) = self.ids.get(text) {
            return id;
        }
        let id = NameId(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.ids.insert(text, id);
        id
    }

    /// The ids of names, in their order, each once.
    pub(super) fn intern_all(&mut self, texts: &[String]) -> Box<[NameId]> {
        let mut ids = Vec::with_capacity(texts.len());
        for text in texts {
            let id = self.intern(text);
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids.into()
    }

    /// The text of a name.
    pub fn text(&self, id: NameId) -> &str {
        &self.texts[id.0 as usize]
    }

    /// The id of a known name.
    pub fn find(&self, text: &str) -> Option<NameId> {
        self.ids.get(text).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_case_matters() {
        let mut names = Names::default();
        let ids = names.intern_all(&["TechWeb".into(), "Techweb".into(), "TechWeb".into()]);
        assert_eq!(ids.len(), 2);
        assert_eq!(names.text(ids[1]), "Techweb");
        assert_eq!(names.find("TechWeb"), Some(ids[0]));
        assert_eq!(names.find("techweb"), None);
    }
}
