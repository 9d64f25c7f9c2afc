//! Facets of the found posts: sources, months, securities.

use chrono::{Datelike, Months, NaiveDate};
use tantivy::DocId;

use crate::archive::snapshot::GroupKind;
use crate::archive::{NameId, Snapshot, Timestamp};
use crate::search::index::fields::name_hash;
use crate::search::index::segments::{Segment, Segments};

/// Counts are exact up to this number. Beyond it a search counts and ranks only the newest matches.
pub const MOST_COUNTED: usize = 10_000;
/// Maximum sources and maximum securities of a result.
const MOST: usize = 12;
/// Maximum posts that are read to find a name by its hash.
const ASKED: usize = 100;

/// A group of posts and the number of found posts in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Facet<T> {
    /// The source or security, or the first day of the month.
    pub value: T,
    /// Number of found posts in the group.
    pub count: usize,
}

/// The sources, months and securities of a search's results.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Facets {
    /// The most frequent sources, with the most posts first.
    pub sources: Vec<Facet<NameId>>,
    /// Every month with posts, as its first day, oldest first.
    pub months: Vec<Facet<NaiveDate>>,
    /// The most frequently mentioned securities, with the most posts first.
    pub securities: Vec<Facet<NameId>>,
}

/// Counts the matches of a search and collects their facets.
#[derive(Default)]
pub(super) struct FacetCounter {
    count: usize,
    /// In seconds. Like the two lists below, only for the first [`MOST_COUNTED`] posts.
    dates: Vec<i64>,
    sources: Vec<HashedName>,
    stocks: Vec<HashedName>,
}

/// The hash of a name, and a post that contains the name itself.
#[derive(Clone, Copy)]
struct HashedName {
    hash: u64,
    /// Index of the segment in [`Segments::newest_first`].
    segment: u32,
    doc: DocId,
}

impl FacetCounter {
    pub(super) fn count(&mut self, (number, segment): (usize, &Segment), doc: DocId, date: i64) {
        self.count += 1;
        if self.count > MOST_COUNTED {
            return;
        }
        let hashed = |hash| HashedName { hash, segment: number as u32, doc };
        self.dates.push(date);
        self.sources.extend(segment.sources.values_for_doc(doc).map(hashed));
        self.stocks.extend(segment.stocks.values_for_doc(doc).map(hashed));
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn facets(mut self, archive: &Snapshot, segments: &Segments) -> Facets {
        self.dates.sort_unstable();
        let story_of = |hashed: HashedName| {
            let segment = segments.newest_first().nth(hashed.segment as usize)?;
            Some(archive.story(archive.by_key(segment.keys.first(hashed.doc)?)?))
        };
        let is_it = |name: &NameId, hashed: HashedName| name_hash(archive.name(*name)) == hashed.hash;
        let name = |kind: GroupKind, hashed: HashedName| {
            let names = archive.group_names(&story_of(hashed)?, kind);
            names.into_iter().find(|name| is_it(name, hashed))
        };
        Facets {
            sources: most(self.sources, |hashed| name(GroupKind::Source, hashed)),
            months: months(&self.dates, archive),
            securities: most(self.stocks, |hashed| name(GroupKind::Security, hashed)),
        }
    }
}

/// Returns the most frequent names, with the most posts first. `name` reads the name from one of the posts.
fn most(mut all: Vec<HashedName>, name: impl Fn(HashedName) -> Option<NameId>) -> Vec<Facet<NameId>> {
    // For hashes a sort is quicker than a map.
    all.sort_unstable_by_key(|hashed| hashed.hash);
    let same = all.chunk_by(|a, b| a.hash == b.hash);
    let mut groups: Vec<&[HashedName]> = same.collect();
    groups.sort_unstable_by_key(|same| (std::cmp::Reverse(same.len()), same[0].hash));
    groups.truncate(MOST);
    // A post may have changed since it was indexed, so the next ones are tried too.
    let facet = |same: &[HashedName]| {
        let value = same.iter().take(ASKED).find_map(|hashed| name(*hashed))?;
        Some(Facet { value, count: same.len() })
    };
    groups.into_iter().filter_map(facet).collect()
}

/// Counts dates by month. The dates are in seconds, in ascending order.
fn months(mut dates: &[i64], archive: &Snapshot) -> Vec<Facet<NaiveDate>> {
    let mut months = Vec::new();
    while let Some(&date) = dates.first() {
        let day = Timestamp::from_seconds(date).day(archive.zone());
        let Some(first) = day.with_day(1) else { break };
        let next = first.checked_add_months(Months::new(1)).unwrap_or(NaiveDate::MAX);
        let end = Timestamp::start_of_day(next, archive.zone()).seconds();
        let count = dates.partition_point(|date| *date < end).max(1);
        months.push(Facet { value: first, count });
        dates = &dates[count..];
    }
    months
}
