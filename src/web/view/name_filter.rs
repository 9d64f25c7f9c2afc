//! Filters names and titles by the words that a reader types.

use std::borrow::Cow;

use crate::archive::Snapshot;
use crate::archive::snapshot::Group;

/// Maximum number of words. Readers type fewer, and each word costs time.
const MOST_WORDS: usize = 8;

/// Words that a text must all contain, in any case.
#[derive(Debug)]
pub(crate) struct NameFilter {
    words: Vec<String>,
    /// Han characters have no case, so a filter of only these needs no case folding.
    has_case: bool,
}

impl NameFilter {
    /// Splits a reader's input into distinct lower-case words. Only the first `MOST_WORDS` are used.
    pub(crate) fn new(text: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        for word in text.split_whitespace().map(str::to_lowercase) {
            if words.len() < MOST_WORDS && !words.contains(&word) {
                words.push(word);
            }
        }
        let has_case = words.iter().any(|word| word.chars().any(char::is_lowercase));
        Self { words, has_case }
    }

    /// Returns whether each word is in at least one of the texts.
    pub(crate) fn matches<const N: usize>(&self, texts: [&str; N]) -> bool {
        let texts =
            texts.map(|text| if self.has_case { text.to_lowercase().into() } else { Cow::from(text) });
        self.words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }

    /// Returns whether each word is in the name or the label of a group.
    pub(crate) fn matches_group(&self, archive: &Snapshot, group: &Group) -> bool {
        self.matches([archive.name(group.name()), group.label()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_requires_each_word_and_ignores_case() {
        let cases: [(&str, &[&str; 2], bool); 7] = [
            ("", &["a", "b"], true),
            ("红网", &["hongwang", "红网"], true),
            ("HONG 红", &["hongwang", "红网"], true),
            ("hong 财", &["hongwang", "红网"], false),
            ("kr 36", &["36Kr", "36氪"], true),
            ("  ", &["a", "b"], true),
            ("a b", &["a", "c"], false),
        ];
        for (text, texts, expected) in cases {
            assert_eq!(NameFilter::new(text).matches(*texts), expected, "{text:?} in {texts:?}");
        }
    }
}
