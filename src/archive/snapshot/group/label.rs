//! Derives a group's label from the names that its posts use for it.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::{AddAssign, SubAssign};
use std::sync::Arc;

use rpds::HashTrieMapSync;

use crate::archive::body::is_name_ending;
use crate::archive::names::{NameId, Names};
use crate::archive::post::Post;
use crate::archive::snapshot::group::kind::GroupKind;

/// The usual ending of a source's tag ("news").
const NEWS: &str = "新闻";
/// Minimum length of a security's name that longer names count for, in characters. Shorter texts end many names.
const SHORTEST_NAME: usize = 3;

/// Counts how often a group's posts use each name. The label is derived from these counts.
#[derive(Debug, Clone, Default)]
pub(super) struct NameCounts {
    names: HashTrieMapSync<NameId, Count>,
    /// The names that nearly all posts use, with or without the usual ending, in undefined order. With this list, a
    /// new post needs no pass over all names. The list has only spellings that at least half of these posts use.
    common: Vec<NameId>,
    /// The number of posts whose tags belong to the sources only by their order.
    unsure: usize,
}

/// The names that a post uses for a group.
pub(super) struct UsedNames<'p> {
    names: Cow<'p, [NameId]>,
    /// True for a tag that belongs to a source only by its place: the tags may stand in another order.
    is_unsure: bool,
}

impl UsedNames<'_> {
    /// The count of each name in this post alone.
    fn counts(&self, names: &Names) -> impl Iterator<Item = (NameId, Count)> {
        self.names.iter().enumerate().map(move |(places, name)| {
            let both = usize::from(has_both(names, &self.names, *name));
            (*name, Count { posts: 1, places, both })
        })
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    posts: usize,
    /// The sum of the name's position in each post's tags.
    places: usize,
    /// For a name with the usual ending: the posts that use the name without it too.
    both: usize,
}

impl Count {
    /// Sort key: the most frequent name comes first, then the name with the earlier positions. The text
    /// breaks ties, so the order is deterministic.
    fn rank(self, name: &str) -> (Reverse<usize>, usize, &str) {
        (Reverse(self.posts), self.places, name)
    }

    /// True if at least 9 in 10 of a group's posts use the name.
    fn is_common(self, posts: usize) -> bool {
        self.posts * 10 >= posts * 9
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        let Self { posts, places, both } = other;
        *self = Self { posts: self.posts + posts, places: self.places + places, both: self.both + both };
    }
}

impl SubAssign for Count {
    fn sub_assign(&mut self, other: Self) {
        let Self { posts, places, both } = other;
        *self = Self { posts: self.posts - posts, places: self.places - places, both: self.both - both };
    }
}

impl NameCounts {
    /// Counts the names of all posts of a group at once.
    pub(super) fn from_posts<'p>(names: &Names, used: impl ExactSizeIterator<Item = UsedNames<'p>>) -> Self {
        let (mut counts, mut unsure, posts) = (HashMap::<NameId, Count>::new(), 0, used.len());
        for used in used {
            unsure += usize::from(used.is_unsure);
            for (name, count) in used.counts(names) {
                *counts.entry(name).or_default() += count;
            }
        }
        let mut counts = Self { names: counts.into_iter().collect(), common: Vec::new(), unsure };
        counts.find_common(names, posts);
        counts
    }

    /// Adds the names of a post to a group that then has this many posts.
    pub(super) fn add(&mut self, names: &Names, used: &UsedNames<'_>, posts: usize) {
        self.unsure += usize::from(used.is_unsure);
        for (name, count) in used.counts(names) {
            let mut sum = self.names.get(&name).copied().unwrap_or_default();
            sum += count;
            self.names.insert_mut(name, sum);
        }
        // A new post makes only its own names more common, in both spellings.
        let mut common = std::mem::take(&mut self.common);
        for name in &*used.names {
            let text = names.text(*name);
            let short = without_ending(text).and_then(|short| names.find(short));
            let long = names.find(&format!("{text}{NEWS}"));
            for name in [Some(*name), short, long].into_iter().flatten() {
                if !common.contains(&name) {
                    common.push(name);
                }
            }
        }
        common.retain(|name| self.is_common(names, *name, posts));
        self.common = common;
    }

    /// Subtracts the names of a post from a group that then has this many posts.
    pub(super) fn subtract(&mut self, names: &Names, used: &UsedNames<'_>, posts: usize) {
        self.unsure = self.unsure.saturating_sub(usize::from(used.is_unsure));
        for (name, count) in used.counts(names) {
            let Some(mut rest) = self.names.get(&name).copied() else { continue };
            if rest.posts > 1 {
                rest -= count;
                self.names.insert_mut(name, rest);
            } else {
                self.names.remove_mut(&name);
            }
        }
        self.find_common(names, posts);
    }

    /// All names, most frequent first.
    pub(super) fn names<'n>(&self, names: &'n Names) -> Vec<&'n str> {
        let mut sorted: Vec<_> = self.names.iter().collect();
        sorted.sort_by_key(|(name, count)| count.rank(names.text(**name)));
        sorted.into_iter().map(|(name, _)| names.text(*name)).collect()
    }

    /// The name that all posts use, if they use no other.
    pub(super) fn only_name(&self, posts: usize) -> Option<NameId> {
        let mut names = self.names.iter();
        let (name, count) = names.next()?;
        (names.next().is_none() && count.posts == posts).then_some(*name)
    }

    pub(super) fn any_name(&self, names: &Names, is_it: impl Fn(&str) -> bool) -> bool {
        self.names.keys().any(|name| is_it(names.text(*name)))
    }

    fn find_common(&mut self, names: &Names, posts: usize) {
        let common = self.names.keys().copied().filter(|name| self.is_common(names, *name, posts));
        self.common = common.collect();
    }

    /// Returns whether nearly all posts use a name in either spelling, and at least half as many use this one. A single
    /// post whose tags may stand in another order is too little.
    fn is_common(&self, names: &Names, name: NameId, posts: usize) -> bool {
        let is_half = |count: &Count| count.posts * 20 >= posts * 9;
        let is_sure = posts > 1 || self.unsure == 0;
        is_sure && self.names.get(&name).is_some_and(is_half) && self.combined(names, name).is_common(posts)
    }

    /// The count of a name with and without the usual ending.
    fn combined(&self, names: &Names, name: NameId) -> Count {
        let count = |name: NameId| self.names.get(&name).copied().unwrap_or_default();
        let (own, text) = (count(name), names.text(name));
        let (other, both) = match without_ending(text) {
            Some(short) => (names.find(short).map(count).unwrap_or_default(), own.both),
            None => {
                let long = names.find(&format!("{text}{NEWS}")).map(count).unwrap_or_default();
                (long, long.both)
            }
        };
        Count { posts: own.posts + other.posts - both, places: own.places + other.places, both }
    }

    /// The most frequent name; `None` if the posts use no name. A name with words before it, as in `我们看好长城汽车`,
    /// counts for the name at its end if no fewer posts use that one. `*ST海航` and `ST海航` are two names.
    fn most_frequent<'n>(&self, names: &'n Names) -> Option<&'n str> {
        let counts = self.names.iter().map(|(name, count)| (names.text(*name), *count));
        let mut counts: Vec<(&str, Count)> = counts.collect();
        // Each name comes directly before the names that end with it.
        counts.sort_unstable_by(|(a, _), (b, _)| a.bytes().rev().cmp(b.bytes().rev()));
        let combined = counts.iter().enumerate().map(|(at, (name, count))| {
            let is_name = name.chars().nth(SHORTEST_NAME - 1).is_some() && !is_name_ending(name);
            let same_end = counts[at + 1..].iter().take_while(|(longer, _)| longer.ends_with(*name));
            let longer = same_end.filter(|(longer, other)| {
                is_name && other.posts <= count.posts && has_star(longer) == has_star(name)
            });
            let posts = longer.map(|(_, other)| other.posts).sum::<usize>();
            (*name, Count { posts: count.posts + posts, ..*count })
        });
        first(combined)
    }

    /// The most frequent name, if nearly all posts use it. The usual ending decides between several such names;
    /// `None` without such an ending, because a post's order of tags says nothing.
    fn most_common<'n>(&self, names: &'n Names) -> Option<&'n str> {
        let counts = self.common.iter().map(|name| (names.text(*name), self.combined(names, *name)));
        let mut counts: Vec<(&str, Count)> = counts.collect();
        let most = counts.iter().map(|(_, count)| count.posts).max()?;
        counts.retain(|(_, count)| count.posts == most);
        only_spelling(&counts).or_else(|| {
            counts.retain(|(name, _)| without_ending(name).is_some());
            only_spelling(&counts)
        })
    }
}

/// The name with the first rank, if all others differ from it by the usual ending only.
fn only_spelling<'n>(counts: &[(&'n str, Count)]) -> Option<&'n str> {
    let name = first(counts.iter().copied())?;
    counts.iter().all(|(other, _)| without_news(other) == without_news(name)).then_some(name)
}

/// Returns whether a security's name has the star of companies that may lose their listing.
fn has_star(name: &str) -> bool {
    name.contains(['*', '＊'])
}

/// The name with the first rank.
fn first<'n>(counts: impl Iterator<Item = (&'n str, Count)>) -> Option<&'n str> {
    let (.., name) = counts.map(|(name, count)| count.rank(name)).min()?;
    Some(name)
}

/// A tag without the usual ending. Nearly all posts of the source have the tag, so the ending says nothing.
fn without_news(tag: &str) -> &str {
    without_ending(tag).unwrap_or(tag)
}

/// The part of a tag before the usual ending; `None` for a tag without it.
fn without_ending(tag: &str) -> Option<&str> {
    tag.strip_suffix(NEWS).filter(|name| !name.is_empty())
}

/// Returns whether a post uses a name with the usual ending and without it.
fn has_both(names: &Names, used: &[NameId], name: NameId) -> bool {
    used.len() > 1
        && without_ending(names.text(name))
            .is_some_and(|short| used.iter().any(|other| names.text(*other) == short))
}

/// True if a source is named by an abbreviation or a transliteration, such as `hongwang` or `anxin(xianggang)`.
fn is_ascii_slug(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.()".contains(&byte))
}

/// The origin of the labels of a kind of group.
#[derive(Debug, Clone)]
pub(crate) struct Labels {
    pub(crate) kind: GroupKind,
    /// The labels that the operator configured for sources, by name.
    pub(crate) configured: Arc<[(String, String)]>,
    /// The titles of the site's own pages of sources, by the names of the sources.
    pub(crate) titles: Arc<HashMap<Box<str>, Box<str>>>,
}

impl Labels {
    /// The label that the operator configured for a source.
    pub(super) fn configured(&self, source: &str) -> Option<&str> {
        let is_it = |(name, _): &&(String, String)| self.kind == GroupKind::Source && name == source;
        self.configured.iter().find(is_it).map(|(_, label)| label.as_str())
    }

    /// The title of a source's own page.
    pub(super) fn title(&self, source: &str) -> Option<&str> {
        self.titles.get(source).map(|title| &**title)
    }

    /// The label of a group. For a source it is the configured one, else the title of its own page, else the tag
    /// that nearly all of its posts carry, if `is_unique`, else its own name. For a security it is the name that
    /// posts use most.
    pub(super) fn label<'n>(
        &'n self,
        names: &'n Names,
        name: NameId,
        name_counts: &NameCounts,
        is_unique: impl Fn(&str) -> bool,
    ) -> &'n str {
        let own = names.text(name);
        match self.kind {
            GroupKind::Tag => own,
            GroupKind::Security => name_counts.most_frequent(names).unwrap_or(own),
            GroupKind::Source => self.configured(own).unwrap_or_else(|| {
                let tag = name_counts.most_common(names);
                let by_tag =
                    tag.filter(|_| is_ascii_slug(own)).map(without_news).filter(|name| is_unique(name));
                match self.title(own) {
                    // Generated pages have the capitalised name as their title, or the tag.
                    Some(title)
                        if !title.eq_ignore_ascii_case(own)
                            && tag.map(without_news) != Some(without_news(title)) =>
                    {
                        title
                    }
                    title => by_tag.or(title).unwrap_or(own),
                }
            }),
        }
    }

    /// The labels that a source has or could have, in order. Another source with one of them could be confused
    /// with it. Groups of other kinds have none.
    pub(super) fn claims(&self, names: &Names, name: NameId, name_counts: &NameCounts) -> Vec<Arc<str>> {
        if self.kind != GroupKind::Source {
            return Vec::new();
        }
        let own = names.text(name);
        let given = self.configured(own).into_iter().chain(self.title(own));
        let by_tag = name_counts.common.iter().map(|tag| without_news(names.text(*tag)));
        let mut claims: Vec<Arc<str>> = given.chain([own]).chain(by_tag).map(Arc::from).collect();
        claims.sort_unstable();
        claims.dedup();
        claims
    }

    /// The names that a post uses for one of its groups: for a source, the tag that belongs to it alone, or else all
    /// tags; for a security, the mentioned names.
    pub(super) fn used_names<'p>(&self, names: &Names, post: &'p Post, group: NameId) -> UsedNames<'p> {
        let sure = |names| UsedNames { names, is_unsure: false };
        match self.kind {
            GroupKind::Source => paired_tag(names, post, group).unwrap_or_else(|| sure(post.tags().into())),
            GroupKind::Tag => sure(Cow::Borrowed(&[])),
            GroupKind::Security => {
                let mentions = post.securities.iter().filter(|mention| mention.code == group);
                let used = mentions.map(|mention| mention.name).filter(|name| !names.text(*name).is_empty());
                sure(used.collect())
            }
        }
    }
}

/// The tag that belongs to one source of a post with several sources and the same number of tags, by its place. The
/// usual ending at the last tag alone, as in `甲 乙 丙新闻`, shows the order, and so does a tag that is the name of its
/// source in another case. Three or more sources need the ending: if a blog has three categories and three tags in a
/// post, the tags do not name the categories.
fn paired_tag<'p>(names: &Names, post: &'p Post, source: NameId) -> Option<UsedNames<'p>> {
    let (sources, tags) = (post.categories(), post.tags());
    if sources.len() != tags.len() {
        return None;
    }
    let has_ending = |tag: &NameId| without_ending(names.text(*tag)).is_some();
    let is_unsure = match tags {
        [] | [_] => return None,
        [first, last] => match (has_ending(first), has_ending(last)) {
            (true, false) => return None,
            (first, last) => first == last,
        },
        [.., last] if has_ending(last) => false,
        _ => return None,
    };
    let tag = tags.get(sources.iter().position(|other| *other == source)?)?;
    let is_same =
        |(source, tag): (&NameId, &NameId)| names.text(*source).eq_ignore_ascii_case(names.text(*tag));
    let is_unsure = is_unsure && !sources.iter().zip(tags).any(is_same);
    Some(UsedNames { names: std::slice::from_ref(tag).into(), is_unsure })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::names::Interner;

    #[test]
    fn most_frequent_name_of_a_security_has_no_words_before_it() {
        let table: [(&[(usize, &str)], &str); 11] = [
            (&[(1, "我们看好长城汽车"), (1, "长城汽车")], "长城汽车"),
            (&[(1, "其中长城汽车"), (2, "长城电器"), (1, "受益的长城汽车"), (1, "长城汽车")], "长城汽车"),
            (&[(9, "民生银行"), (1, "银行")], "民生银行"),
            (&[(2, "茅台"), (3, "贵州茅台")], "贵州茅台"),
            (&[(3, "茅台"), (3, "贵州茅台")], "茅台"),
            // A mere ending, a short text and a name without its star are other names.
            (&[(2, "河滩股份"), (2, "股份"), (1, "云岫股份")], "河滩股份"),
            (&[(3, "河滩新能源"), (2, "新能源"), (2, "云岫新能源")], "河滩新能源"),
            (&[(3, "*ST海航"), (4, "ST海航"), (2, "退市的*ST海航")], "*ST海航"),
            (&[(2, "贵州茅台"), (1, "茅台"), (1, "看好茅台")], "贵州茅台"),
            (&[(1, "甲"), (2, "乙")], "乙"),
            (&[(1, "乙"), (1, "甲")], "乙"),
        ];
        for (used, expected) in table {
            let interner = Interner::default();
            let posts =
                used.iter().flat_map(|(posts, name)| std::iter::repeat_n(interner.intern(name), *posts));
            let posts: Vec<NameId> = posts.collect();
            let names = interner.into_names();
            let used_names = posts
                .iter()
                .map(|name| UsedNames { names: Cow::Borrowed(std::slice::from_ref(name)), is_unsure: false });
            let counts = NameCounts::from_posts(&names, used_names);
            assert_eq!(counts.most_frequent(&names), Some(expected), "{used:?}");
        }
    }
}
