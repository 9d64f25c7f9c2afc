//! What the posts that are found have in common: sources, months, securities.

use chrono::{Datelike, Months, NaiveDate};
use tantivy::DocId;

use super::MOST_COUNTED;
use super::segments::Segment;
use super::writer::name_hash;
use crate::archive::snapshot::{Group, Groups};
use crate::archive::{NameId, Snapshot, Timestamp};

/// Sources, and securities.
const MOST: usize = 12;

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
    sources: Vec<u64>,
    stocks: Vec<u64>,
}

impl Tally {
    pub(super) fn count(&mut self, segment: &Segment, doc: DocId, date: i64) {
        self.count += 1;
        if self.count > MOST_COUNTED {
            return;
        }
        self.dates.push(date);
        self.sources.extend(segment.sources.values_for_doc(doc));
        self.stocks.extend(segment.stocks.values_for_doc(doc));
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn facets(mut self, archive: &Snapshot) -> Facets {
        self.dates.sort_unstable();
        Facets {
            sources: most(self.sources, archive, archive.categories()),
            months: months(&self.dates, archive),
            securities: most(self.stocks, archive, archive.securities()),
        }
    }
}

/// The groups whose names' hashes come most often.
fn most(mut hashes: Vec<u64>, archive: &Snapshot, groups: &Groups) -> Vec<Facet<NameId>> {
    // As they are hashes, a sort is quicker than a map.
    hashes.sort_unstable();
    let mut counts: Vec<(usize, u64)> =
        hashes.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0])).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts.truncate(MOST);
    if counts.is_empty() {
        return Vec::new();
    }
    let hash = |group: &Group| name_hash(archive.name(group.name()));
    let mut found: Vec<(usize, &Group)> = groups
        .iter()
        .filter_map(|group| {
            let hash = hash(group);
            let (count, _) = counts.iter().find(|(_, other)| *other == hash)?;
            Some((*count, group))
        })
        .collect();
    found.sort_by_key(|(count, group)| (std::cmp::Reverse(*count), archive.name(group.name())));
    found.into_iter().map(|(count, group)| Facet { of: group.name(), count }).collect()
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
