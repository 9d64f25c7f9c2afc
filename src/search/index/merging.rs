//! The merge policy of the index. Segments stay small, so that a search with many matches reads only the
//! newest.

use tantivy::index::SegmentMeta;
use tantivy::indexer::{MergeCandidate, MergePolicy};

/// A segment with this many posts is not merged again. A merge can yield up to twice this number.
const FULL: u32 = 64_000;
/// Number of segments of similar size in one merge.
const AT_ONCE: usize = 8;

/// Merges segments of similar size, up to a limit.
#[derive(Debug)]
pub(super) struct SmallSegments;

impl MergePolicy for SmallSegments {
    fn compute_merge_candidates(&self, segments: &[SegmentMeta]) -> Vec<MergeCandidate> {
        let sizes: Vec<u32> = segments.iter().map(SegmentMeta::num_docs).collect();
        let mut merged: Vec<Vec<usize>> = merges(&sizes);
        // A segment is rewritten when more than half of its posts are deleted.
        let is_stale = |segment: &SegmentMeta| segment.num_deleted_docs() > segment.num_docs();
        let stale = segments.iter().enumerate().filter(|(_, segment)| is_stale(segment));
        let stale: Vec<usize> =
            stale.map(|(at, _)| at).filter(|at| !merged.iter().flatten().any(|m| m == at)).collect();
        merged.extend(stale.into_iter().map(|at| vec![at]));
        merged
            .into_iter()
            .map(|merge| MergeCandidate(merge.iter().map(|at| segments[*at].id()).collect()))
            .collect()
    }
}

/// Returns groups of indices into `sizes`: the segments to merge.
fn merges(sizes: &[u32]) -> Vec<Vec<usize>> {
    let mut small: Vec<usize> = (0..sizes.len()).filter(|at| sizes[*at] < FULL).collect();
    small.sort_by_key(|at| sizes[*at]);
    let tier = |at: &usize| sizes[*at].max(64).ilog2() / 3;
    let mut merges = Vec::new();
    for same in small.chunk_by(|a, b| tier(a) == tier(b)) {
        let (mut merge, mut total) = (Vec::new(), 0);
        for at in same {
            merge.push(*at);
            total += sizes[*at];
            if merge.len() == AT_ONCE || total >= FULL {
                merges.push(std::mem::take(&mut merge));
                total = 0;
            }
        }
    }
    merges
}

#[cfg(test)]
mod tests {
    use crate::search::index::merging::*;

    #[test]
    fn segments_of_similar_size_merge_until_full() {
        let of = |sizes: &[u32]| -> Vec<Vec<u32>> {
            merges(sizes).iter().map(|merge| merge.iter().map(|at| sizes[*at]).collect()).collect()
        };
        let none: [Vec<u32>; 0] = [];
        assert_eq!(of(&[1; 7]), none);
        assert_eq!(of(&[1; 8]), [vec![1; 8]]);
        assert_eq!(of(&[1; 17]), [vec![1; 8], vec![1; 8]]);
        assert_eq!(of(&[1, 1, 1, 5_000, 5_000, 20_000, 40_000]), none);
        assert_eq!(of(&[18_000, 80_000, 18_000, 18_000, 18_000, 18_000]), [vec![18_000; 4]]);
    }

    #[test]
    fn archive_growing_by_single_posts_has_few_segments() {
        let mut sizes: Vec<u32> = Vec::new();
        let mut most = 0;
        for _ in 0..100_000 {
            sizes.push(1);
            loop {
                let merges = merges(&sizes);
                let Some(merge) = merges.first() else { break };
                let total = merge.iter().map(|at| sizes[*at]).sum();
                let mut at = 0;
                sizes.retain(|_| (at += 1, !merge.contains(&(at - 1))).1);
                sizes.push(total);
            }
            most = most.max(sizes.len());
        }
        assert!(most < 50, "{most}");
        assert!(sizes.iter().all(|size| *size <= 2 * FULL), "{sizes:?}");
    }
}
