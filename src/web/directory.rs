//! An index of sources and securities by their names. It is built once per archive, since a reader who types
//! sends a request with every key.

use std::sync::OnceLock;

use pinyin::ToPinyin;

use crate::archive::snapshot::{Group, Groups};
use crate::archive::{NameId, Snapshot};
use crate::search::normalise::normalised;

/// The names of an archive's sources and securities, collected on first use.
#[derive(Debug, Default)]
pub struct Directory {
    sources: OnceLock<Vec<Entry>>,
    securities: OnceLock<Vec<Entry>>,
}

type Entry = (NameId, Called);

/// The normalised names of a source or security.
#[derive(Debug)]
pub struct Called {
    /// The label, the name in URLs and, for a security, all names that posts use.
    names: Vec<String>,
    /// The pinyin initials of the label. A character that is not Han stands for itself.
    initials: String,
}

/// How well a name matches the typed text, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// The name equals the text.
    Whole,
    /// The name begins with the text.
    Beginning,
    /// The pinyin initials begin with the text.
    Initials,
    /// The name contains the text.
    Part,
}

impl Directory {
    /// Returns the sources that `choose` accepts by their names, each with the result of `choose`. The
    /// archive must be the one that belongs to this index.
    pub fn sources<'s, T>(
        &self,
        archive: &'s Snapshot,
        choose: impl Fn(&Called) -> Option<T>,
    ) -> Vec<(T, &'s Group)> {
        let called = |group: &Group| Called::new(group.label(), [archive.name(group.name())]);
        chosen(&self.sources, archive.categories(), called, choose)
    }

    /// Returns securities and sectors, like [`sources`](Self::sources).
    pub fn securities<'s, T>(
        &self,
        archive: &'s Snapshot,
        choose: impl Fn(&Called) -> Option<T>,
    ) -> Vec<(T, &'s Group)> {
        let called = |group: &Group| {
            let names = std::iter::once(archive.name(group.name())).chain(archive.called(group));
            Called::new(group.label(), names)
        };
        chosen(&self.securities, archive.securities(), called, choose)
    }
}

impl Called {
    fn new<'n>(label: &str, names: impl IntoIterator<Item = &'n str>) -> Self {
        let label = text(label);
        let initials = initials(&label);
        let mut all = vec![label];
        for name in names.into_iter().map(text) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        Self { names: all, initials }
    }

    /// Returns whether each of the words, normalised, is in one of the names.
    pub fn holds(&self, words: &[&str]) -> bool {
        words.iter().all(|word| self.names.iter().any(|name| name.contains(word)))
    }

    /// Returns how well the names match a normalised text; `None` if no name matches.
    pub fn fit(&self, asked: &str) -> Option<Fit> {
        let is_letters = asked.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let of_name = |name: &String| match name.find(asked)? {
            0 if name.len() == asked.len() => Some(Fit::Whole),
            0 => Some(Fit::Beginning),
            _ => Some(Fit::Part),
        };
        let of_initials = (is_letters && self.initials.starts_with(asked)).then_some(Fit::Initials);
        self.names.iter().filter_map(of_name).chain(of_initials).min()
    }
}

fn chosen<'s, T>(
    entries: &OnceLock<Vec<Entry>>,
    groups: &'s Groups,
    called: impl Fn(&Group) -> Called,
    choose: impl Fn(&Called) -> Option<T>,
) -> Vec<(T, &'s Group)> {
    let entries = entries.get_or_init(|| groups.iter().map(|group| (group.name(), called(group))).collect());
    entries.iter().filter_map(|(of, called)| Some((choose(called)?, groups.get(*of)?))).collect()
}

/// Normalises a text for comparison with names.
pub fn text(written: &str) -> String {
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
        let table: [(&str, &[&str], &str, Option<Fit>); 11] = [
            ("红网", &["hongwang"], "红网", Some(Fit::Whole)),
            ("红网", &["hongwang"], "红", Some(Fit::Beginning)),
            ("红网", &["hongwang"], "hongw", Some(Fit::Beginning)),
            ("红网", &["hongwang"], "hw", Some(Fit::Initials)),
            ("贵州茅台", &["600519.SH"], "gzm", Some(Fit::Initials)),
            ("贵州茅台", &["600519.SH"], "600519", Some(Fit::Beginning)),
            ("贵州茅台", &["600519.SH"], "茅台", Some(Fit::Part)),
            ("贵州茅台", &["600519.SH", "茅台股份"], "茅台", Some(Fit::Beginning)),
            ("36氪", &["36Kr"], "36k", Some(Fit::Beginning)),
            ("證券時報", &["zqsb"], "证券时报", Some(Fit::Whole)),
            ("红网", &["hongwang"], "wh", None),
        ];
        for (label, names, asked, expected) in table {
            assert_eq!(Called::new(label, names.iter().copied()).fit(asked), expected, "{label} {asked}");
        }
    }

    #[test]
    fn each_word_must_match_a_name() {
        let called = Called::new("36氪", ["36Kr"]);
        for (words, expected) in [("36 氪", true), ("kr 36", true), ("36 网", false)] {
            assert_eq!(called.holds(&words.split(' ').collect::<Vec<_>>()), expected, "{words}");
        }
    }
}
