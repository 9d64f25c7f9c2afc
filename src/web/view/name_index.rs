//! An index of sources and securities by their names. It is built once per archive, since a reader who types
//! sends a request with every key.

use std::sync::OnceLock;

use pinyin::ToPinyin;

use crate::archive::snapshot::{ByKind, Group, GroupKind};
use crate::archive::{NameId, Snapshot};
use crate::search::normalise::normalised;

/// The names of an archive's groups, collected on first use of a kind.
#[derive(Debug, Default)]
pub struct NameIndex(ByKind<OnceLock<Vec<NameEntry>>>);

type NameEntry = (NameId, NormalisedNames);

/// The normalised names of a source or security.
#[derive(Debug)]
pub struct NormalisedNames {
    /// The label, the name in URLs and, for a security, all names that posts use.
    names: Vec<String>,
    /// The pinyin initials of the label. A character that is not Han stands for itself.
    initials: String,
}

/// How well a name matches the typed text, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchQuality {
    /// The name equals the text.
    Exact,
    /// The name begins with the text.
    Prefix,
    /// The pinyin initials begin with the text.
    Initials,
    /// The name contains the text.
    Substring,
}

impl NameIndex {
    /// Returns the groups of a kind that `choose` accepts by their names, each with the result of `choose`.
    /// The archive must be the one that belongs to this index.
    pub fn groups<'s, T>(
        &self,
        archive: &'s Snapshot,
        kind: GroupKind,
        choose: impl Fn(&NormalisedNames) -> Option<T>,
    ) -> Vec<(T, &'s Group)> {
        let groups = archive.groups(kind);
        let entry = |group: &Group| {
            // The used names of a source are all tags of its posts.
            let used = if kind == GroupKind::Security { archive.used_names(group) } else { Vec::new() };
            let names = std::iter::once(archive.name(group.name())).chain(used);
            (group.name(), NormalisedNames::new(group.label(), names))
        };
        let entries = self.0[kind].get_or_init(|| groups.iter().map(entry).collect());
        entries.iter().filter_map(|(name, names)| Some((choose(names)?, groups.get(*name)?))).collect()
    }
}

impl NormalisedNames {
    fn new<'n>(label: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        let label = normalise(label);
        let initials = initials(&label);
        let mut all = vec![label];
        for name in names.into_iter().map(normalise) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        Self { names: all, initials }
    }

    /// Returns whether each of the words, normalised, is in one of the names.
    pub fn contains_all(&self, words: &[&str]) -> bool {
        words.iter().all(|word| self.names.iter().any(|name| name.contains(word)))
    }

    /// Returns how well the names match a normalised text; `None` if no name matches.
    pub fn match_quality(&self, asked: &str) -> Option<MatchQuality> {
        let is_letters = asked.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let of_name = |name: &String| match name.find(asked)? {
            0 if name.len() == asked.len() => Some(MatchQuality::Exact),
            0 => Some(MatchQuality::Prefix),
            _ => Some(MatchQuality::Substring),
        };
        let of_initials = (is_letters && self.initials.starts_with(asked)).then_some(MatchQuality::Initials);
        self.names.iter().filter_map(of_name).chain(of_initials).min()
    }
}

/// Normalises a text for comparison with names.
pub fn normalise(written: &str) -> String {
    normalised(written).into_text()
}

fn initials(label: &str) -> String {
    let initial = |c: char| c.to_pinyin().and_then(|pinyin| pinyin.plain().chars().next()).unwrap_or(c);
    label.chars().map(initial).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_by_prefix_pinyin_initials_and_part() {
        let table: [(&str, &[&str], &str, Option<MatchQuality>); 11] = [
            ("红网", &["hongwang"], "红网", Some(MatchQuality::Exact)),
            ("红网", &["hongwang"], "红", Some(MatchQuality::Prefix)),
            ("红网", &["hongwang"], "hongw", Some(MatchQuality::Prefix)),
            ("红网", &["hongwang"], "hw", Some(MatchQuality::Initials)),
            ("贵州茅台", &["600519.SH"], "gzm", Some(MatchQuality::Initials)),
            ("贵州茅台", &["600519.SH"], "600519", Some(MatchQuality::Prefix)),
            ("贵州茅台", &["600519.SH"], "茅台", Some(MatchQuality::Substring)),
            ("贵州茅台", &["600519.SH", "茅台股份"], "茅台", Some(MatchQuality::Prefix)),
            ("36氪", &["36Kr"], "36k", Some(MatchQuality::Prefix)),
            ("證券時報", &["zqsb"], "证券时报", Some(MatchQuality::Exact)),
            ("红网", &["hongwang"], "wh", None),
        ];
        for (label, names, asked, expected) in table {
            assert_eq!(
                NormalisedNames::new(label, names.iter().copied()).match_quality(asked),
                expected,
                "{label} {asked}"
            );
        }
    }

    #[test]
    fn each_word_must_match_a_name() {
        let called = NormalisedNames::new("36氪", ["36Kr"]);
        for (words, expected) in [("36 氪", true), ("kr 36", true), ("36 网", false)] {
            assert_eq!(called.contains_all(&words.split(' ').collect::<Vec<_>>()), expected, "{words}");
        }
    }
}
