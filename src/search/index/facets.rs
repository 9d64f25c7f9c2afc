//! What the posts that are found have in common: sources, months, securities.

use chrono::{Datelike, Months, NaiveDate};
use tantivy::DocId;

use super::MOST_COUNTED;
use super::segments::{Segment, Segments};
use super::writer::name_hash;
use crate::archive::{NameId, Snapshot, Timestamp};

/// Sources, and securities.
const MOST: usize = 12;
/// Posts that are asked for a name, at most.
const ASKED: usize = 100;

/// A group of posts, and how many of what is found are in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Facet<T> {
    /// Which.
    pub of: T,
    /// How many.
    pub count: usize,
}

/// What posts have in common.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Facets {
    /// The sources of most of them, the most frequent first.
    pub sources: Vec<Facet<NameId>>,
    /// The first days of the months that they are of, the oldest first.
    pub months: Vec<Facet<NaiveDate>>,
    /// The securities that most of them mention, the most frequent first.
    pub securities: Vec<Facet<NameId>>,
}

/// Posts as they are counted.
#[derive(Default)]
pub(super) struct Tally {
    count: usize,
    /// Of those that are counted exactly.
    dates: Vec<i64>,
    sources: Vec<Named>,
    stocks: Vec<Named>,
}

/// The hash of a name, and a post that bears it, which tells the name.
#[derive(Clone, Copy)]
struct Named {
    hash: u64,
    /// Which of the segments, the newest first.
    segment: u32,
    doc: DocId,
}

impl Tally {
    pub(super) fn count(&mut self, (number, segment): (usize, &Segment), doc: DocId, date: i64) {
        self.count += 1;
        if self.count > MOST_COUNTED {
            return;
        }
        let named = |hash| Named { hash, segment: number as u32, doc };
        self.dates.push(date);
        self.sources.extend(segment.sources.values_for_doc(doc).map(named));
        self.stocks.extend(segment.stocks.values_for_doc(doc).map(named));
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn facets(mut self, archive: &Snapshot, segments: &Segments) -> Facets {
        self.dates.sort_unstable();
        let post_of = |named: Named| {
            let segment = segments.newest_first().nth(named.segment as usize)?;
            Some(archive.post(archive.of_key(segment.keys.first(named.doc)?)?))
        };
        let is_it = |name: &NameId, named: Named| name_hash(archive.name(*name)) == named.hash;
        let source =
            |named: Named| post_of(named)?.categories().iter().copied().find(|name| is_it(name, named));
        let stock = |named: Named| {
            post_of(named)?.securities.iter().map(|mention| mention.code).find(|name| is_it(name, named))
        };
        Facets {
            sources: most(self.sources, source),
            months: months(&self.dates, archive),
            securities: most(self.stocks, stock),
        }
    }
}

/// The names that come most often, the most frequent first; `name` is that of one of them.
fn most(mut all: Vec<Named>, name: impl Fn(Named) -> Option<NameId>) -> Vec<Facet<NameId>> {
    // As they are hashes, a sort is quicker than a map.
    all.sort_unstable_by_key(|named| named.hash);
    let same = all.chunk_by(|a, b| a.hash == b.hash);
    let mut groups: Vec<&[Named]> = same.collect();
    groups.sort_unstable_by_key(|same| (std::cmp::Reverse(same.len()), same[0].hash));
    groups.truncate(MOST);
    // A post may have changed since, so that others are asked.
    let facet = |same: &[Named]| {
        let of = same.iter().take(ASKED).find_map(|named| name(*named))?;
        Some(Facet { of, count: same.len() })
    };
    groups.into_iter().filter_map(facet).collect()
}

/// How many of some dates, in seconds and ascending, are of each month.
fn months(mut dates: &[i64], archive: &Snapshot) -> Vec<Facet<NaiveDate>> {
    let mut months = Vec::new();
    while let Some(&date) = dates.first() {
        let day = Timestamp::from_seconds(date).day(archive.zone());
        let Some(first) = day.with_day(1) else { break };
        let next = first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
        let end = Timestamp::start_of(next, archive.zone()).seconds();
        let count = dates.partition_point(|date| *date < end).max(1);
        months.push(Facet { of: first, count });
        dates = &dates[count..];
    }
    months
}
