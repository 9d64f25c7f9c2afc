//! The search in the site's own pages. They are few, so a search compares all of them.

use std::sync::OnceLock;

use crate::archive::page::OwnPage;
use crate::archive::{Snapshot, body};
use crate::search::normalise::normalised;
use crate::search::snippet::Needles;

/// Maximum size of all texts together, in bytes. Further pages are found by their titles.
const MOST_TEXT: usize = 4 << 20;

/// The normalised texts of an archive's pages, collected on the first search.
#[derive(Debug, Default)]
pub struct PageTexts(OnceLock<Vec<String>>);

impl PageTexts {
    /// Returns the served pages that contain every needle; those with all of them in the title come first. The
    /// pages of the archive must be those that belong to these texts.
    pub fn matches<'s>(&self, archive: &'s Snapshot, needles: &Needles) -> Vec<&'s OwnPage> {
        if needles.is_empty() {
            return Vec::new();
        }
        let is_titled = |page: &OwnPage| needles.are_in([&page.title]);
        let texts = self.0.get_or_init(|| collected(archive.pages()));
        let pages = archive.pages().iter().zip(texts).enumerate();
        let found = pages.filter(|(index, (page, text))| {
            page.html().is_some()
                && (needles.are_in_normalised(text) || is_titled(page))
                && archive.is_page_served(*index)
        });
        let mut found: Vec<&OwnPage> = found.map(|(_, (page, _))| page).collect();
        found.retain(|page| archive.not_found_page().is_none_or(|other| other.path != page.path));
        found.sort_by_cached_key(|page| !is_titled(page));
        found
    }
}

/// The title and text of each page, normalised.
fn collected(pages: &[OwnPage]) -> Vec<String> {
    let mut size = 0;
    let mut text = |page: &OwnPage| {
        let html = page.html().filter(|_| size < MOST_TEXT)?;
        let text = format!("{}\n{}", page.title, body::text(html));
        size += text.len();
        Some(normalised(&text).into_text())
    };
    pages.iter().map(|page| text(page).unwrap_or_default()).collect()
}
