//! A view of the segments of the index, with the columns that each search reads.

use std::sync::atomic::{AtomicU64, Ordering};

use tantivy::columnar::Column;
use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::Field;
use tantivy::{IndexReader, Searcher, SegmentOrdinal, SegmentReader, Term};

/// A consistent view of one commit.
pub(super) struct Segments {
    /// Unique within this process.
    pub(super) generation: u64,
    pub(super) searcher: Searcher,
    /// Sorted by newest post, newest first. New posts are in segments of their own, so most searches read few
    /// segments.
    segments: Vec<Segment>,
}

/// A segment of the index.
pub(super) struct Segment {
    ord: SegmentOrdinal,
    /// Dates of its newest and its oldest post, in seconds.
    pub(super) newest: i64,
    pub(super) oldest: i64,
    pub(super) keys: Column<u64>,
    pub(super) versions: Column<u64>,
    pub(super) dates: Column<i64>,
    /// Hashes of names, as `name_hash` makes them.
    pub(super) sources: Column<u64>,
    pub(super) stocks: Column<u64>,
}

impl Segments {
    pub(super) fn new(reader: &IndexReader) -> tantivy::Result<Self> {
        static GENERATIONS: AtomicU64 = AtomicU64::new(1);
        let generation = GENERATIONS.fetch_add(1, Ordering::Relaxed);
        let searcher = reader.searcher();
        let segments =
            searcher.segment_readers().iter().zip(0..).map(|(reader, ord)| Segment::new(reader, ord));
        let mut segments = segments.collect::<tantivy::Result<Vec<_>>>()?;
        segments.sort_by_key(|segment| std::cmp::Reverse(segment.newest));
        Ok(Self { generation, searcher, segments })
    }

    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter()
    }

    pub(super) fn reader(&self, segment: &Segment) -> &SegmentReader {
        self.searcher.segment_reader(segment.ord)
    }
}

/// The statistics for scores. They are rounded down, so that a new post does not change the scores of other
/// posts between two pages of results, unless a number passes the next rounded value.
impl Bm25StatisticsProvider for Segments {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        self.searcher.total_num_tokens(field).map(rounded)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.searcher.total_num_docs().map(rounded)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        Bm25StatisticsProvider::doc_freq(&self.searcher, term).map(rounded)
    }
}

/// Keeps the first three binary digits of a number and sets the rest to zero.
fn rounded(number: u64) -> u64 {
    let zeros = number.checked_ilog2().unwrap_or(0).saturating_sub(2);
    number >> zeros << zeros
}

impl Segment {
    fn new(reader: &SegmentReader, ord: SegmentOrdinal) -> tantivy::Result<Self> {
        let fields = reader.fast_fields();
        // A segment has no column for a field without values.
        let empty = || Column::build_empty_column(reader.max_doc());
        let dates: Column<i64> = fields.i64("date")?;
        Ok(Self {
            ord,
            newest: dates.max_value(),
            oldest: dates.min_value(),
            keys: fields.u64("key")?,
            versions: fields.u64("version")?,
            dates,
            sources: fields.column_opt("source")?.unwrap_or_else(empty),
            stocks: fields.column_opt("stock")?.unwrap_or_else(empty),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::search::index::segments::rounded;

    #[test]
    fn numbers_are_rounded_down_to_three_binary_digits() {
        let table = [(0, 0), (1, 1), (7, 7), (8, 8), (9, 8), (15, 14), (1_000_000, 917_504)];
        for (number, expected) in table {
            assert_eq!(rounded(number), expected, "{number}");
        }
        assert_eq!(rounded(u64::MAX), 7 << 61);
    }
}
