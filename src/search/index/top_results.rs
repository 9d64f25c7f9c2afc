//! Selects one page of results.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;

/// A position in results: rank and key of the last post of a page. In order of date, posts that are added or
/// removed elsewhere do not move it. In order of score they rarely do, but a new day does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    rank: i64,
    key: u64,
}

impl Cursor {
    /// A post at an index of an unranked list.
    pub(super) fn from_place(place: usize, key: u64) -> Self {
        Self { rank: place as i64, key }
    }

    /// The index in an unranked list.
    pub(super) fn place(self) -> usize {
        usize::try_from(self.rank).unwrap_or_default()
    }

    pub(super) fn key(self) -> u64 {
        self.key
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:x}", self.rank, self.key)
    }
}

/// Error of a text that is not a cursor. Cursors are two hexadecimal numbers: `rank.key`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a search cursor")]
pub struct InvalidCursor;

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (rank, key) = text.split_once('.').ok_or(InvalidCursor)?;
        let number = |text: &str| u64::from_str_radix(text, 16).map_err(|_| InvalidCursor);
        Ok(Self { rank: number(rank)?.cast_signed(), key: number(key)? })
    }
}

/// Collects the `size` highest-ranked results after a cursor.
pub(super) struct TopResults {
    size: usize,
    after: Option<Cursor>,
    /// The lowest-ranked result is on top of the heap.
    best: BinaryHeap<Reverse<Cursor>>,
}

impl TopResults {
    pub(super) fn new(size: usize, after: Option<Cursor>) -> Self {
        Self { size, after, best: BinaryHeap::with_capacity(size + 1) }
    }

    pub(super) fn offer(&mut self, rank: i64, key: impl FnOnce() -> u64) {
        let is_full = self.best.len() == self.size;
        if is_full && self.best.peek().is_some_and(|Reverse(least)| rank < least.rank)
            || self.after.is_some_and(|after| rank > after.rank)
        {
            return;
        }
        let found = Cursor { rank, key: key() };
        if self.after.is_none_or(|after| found < after) {
            self.best.push(Reverse(found));
            if is_full {
                self.best.pop();
            }
        }
    }

    /// Returns whether every result of this rank is on an earlier page.
    pub(super) fn is_past(&self, rank: i64) -> bool {
        self.after.is_some_and(|after| rank > after.rank)
    }

    /// Returns whether results of this rank or lower would not be on this page.
    pub(super) fn is_beyond(&self, rank: i64) -> bool {
        self.best.len() == self.size && self.best.peek().is_some_and(|Reverse(least)| rank < least.rank)
    }

    /// Returns the keys of all results but the extra one, best first, and the start of the next page if there
    /// is an extra one.
    pub(super) fn finish(self) -> (Vec<u64>, Option<Cursor>) {
        let size = self.size - 1;
        let mut best: Vec<Cursor> =
            self.best.into_sorted_vec().into_iter().map(|Reverse(found)| found).collect();
        let is_more = best.len() > size;
        best.truncate(size);
        let next = best.last().copied().filter(|_| is_more);
        (best.into_iter().map(|found| found.key).collect(), next)
    }
}

#[cfg(test)]
mod tests {
    use crate::search::index::top_results::*;

    #[test]
    fn pages_hold_each_result_once_in_order() {
        let offers = [(3, 1), (5, 2), (5, 3), (-2, 4), (5, 4), (3, 9)];
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let mut top = TopResults::new(3, after);
            offers.iter().for_each(|(rank, key)| top.offer(*rank, || *key));
            let (keys, next) = top.finish();
            seen.extend(keys);
            let Some(next) = next else { break };
            after = Some(next.to_string().parse().expect("a cursor"));
        }
        assert_eq!(seen, [4, 3, 2, 9, 1, 4]);
    }

    #[test]
    fn invalid_cursors_are_rejected() {
        for text in ["", ".", "1", "1.x", "x.1", "1.1.1", "fffffffffffffffff.0"] {
            assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor), "{text}");
        }
    }
}
