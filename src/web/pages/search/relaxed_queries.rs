//! Related queries for a query without results: the query without one of its parts, each part alone, or a
//! part of a long text.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, Instant};

use crate::search::query::Query;

/// Maximum number of offers.
const MOST: usize = 3;
/// Maximum number of queries tried per kind.
const TRIED: usize = 10;
/// Time after which no further query is tried.
const LONGEST: Duration = Duration::from_millis(200);
/// Shortest part of a text to try, in words or Han characters; shorter ones say little.
const SHORTEST: usize = 2;

/// Makes related queries, which may or may not have results.
type Relaxation = fn(&Query) -> Vec<Query>;

/// Related queries with their number of posts, the largest number first. `count` counts the posts of a query.
pub(super) fn find(
    query: &Query,
    count: impl Fn(&Query) -> io::Result<usize>,
) -> io::Result<Vec<(Query, usize)>> {
    let begun = Instant::now();
    // The longest part of a text with results is enough.
    let kinds: [(Relaxation, usize); 3] = [(without_a_part, TRIED), (parts, TRIED), (parts_of_a_text, 1)];
    for (kind, enough) in kinds {
        let mut offers = Vec::new();
        for near in kind(query).into_iter().take(TRIED) {
            if offers.len() == enough || begun.elapsed() > LONGEST {
                break;
            }
            let count = count(&near)?;
            if count > 0 {
                offers.push((near, count));
            }
        }
        if !offers.is_empty() {
            // The query without its rarest part has the most results.
            offers.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            offers.truncate(MOST);
            return Ok(offers);
        }
    }
    Ok(Vec::new())
}

/// The query without each of its parts, as long as something remains to search for.
fn without_a_part(query: &Query) -> Vec<Query> {
    let mut near = Vec::new();
    let mut offer = |change: &dyn Fn(&mut Query)| {
        let mut other = query.clone();
        change(&mut other);
        let is_left =
            !(other.texts.is_empty() && other.filters.is_empty() && other.from.or(other.to).is_none());
        if is_left && other != *query {
            near.push(other);
        }
    };
    for at in 0..query.texts.len() {
        offer(&|other| _ = other.texts.remove(at));
    }
    for at in 0..query.filters.len() {
        offer(&|other| _ = other.filters.remove(at));
    }
    for at in 0..query.without.len() {
        offer(&|other| _ = other.without.remove(at));
    }
    offer(&|other| (other.from, other.to) = (None, None));
    near
}

/// Each part of the query alone, if there are at least three.
fn parts(query: &Query) -> Vec<Query> {
    if query.texts.len() + query.filters.len() < 3 {
        return Vec::new();
    }
    let texts = query.texts.iter().map(|text| Query { texts: vec![text.clone()], ..Query::default() });
    let filters = query.filters.iter().map(|of| Query { filters: vec![of.clone()], ..Query::default() });
    texts.chain(filters).collect()
}

/// The query with shorter and shorter beginnings and ends of its longest text as its only text. Words are not
/// cut.
fn parts_of_a_text(query: &Query) -> Vec<Query> {
    let Some(text) = query.texts.iter().max_by_key(|text| text.chars().count()) else { return Vec::new() };
    let is_letter = |c: char| c.is_ascii_alphanumeric();
    let words: Vec<&str> = {
        let mut cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        cuts.retain(|at| {
            let before = text[..*at].chars().next_back();
            !(before.is_some_and(is_letter) && text[*at..].starts_with(is_letter))
        });
        cuts.push(text.len());
        cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect()
    };
    let all = words.len();
    let lengths = BTreeSet::from([all.saturating_sub(1), all * 3 / 4, all / 2, all / 4, SHORTEST]);
    let mut near = Vec::new();
    for length in lengths.into_iter().rev().filter(|length| (SHORTEST..all).contains(length)) {
        for part in [&words[..length], &words[all - length..]] {
            let text = part.concat().trim().to_owned();
            near.push(Query { texts: vec![text], ..query.clone() });
        }
    }
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(query: &str, finding: &[(&str, usize)]) -> Vec<(String, usize)> {
        let count = |query: &Query| {
            let text = query.to_string();
            Ok(finding.iter().find(|(known, _)| *known == text).map_or(0, |(_, count)| *count))
        };
        let offers = find(&Query::new(query), count).expect("offers");
        offers.into_iter().map(|(query, count)| (query.to_string(), count)).collect()
    }

    #[test]
    fn searches_without_results_offer_relaxed_queries() {
        let none: [(String, usize); 0] = [];
        assert_eq!(offered("央行 独角兽", &[("央行", 9)]), [("央行".into(), 9)]);
        assert_eq!(offered("a b c", &[("a b", 1), ("b c", 5)]), [("b c".into(), 5), ("a b".into(), 1)]);
        assert_eq!(offered("央行 source:x", &[("央行", 9), ("source:x", 2)]).len(), 2);
        assert_eq!(offered("央行 from:2024-05", &[("央行", 9)]), [("央行".into(), 9)]);
        assert_eq!(offered("央行降准落空", &[("央行降准", 3), ("央行", 9)]), [("央行降准".into(), 3)]);
        assert_eq!(offered("iPhone手机壳", &[("手机壳", 4)]), [("手机壳".into(), 4)]);
        assert_eq!(offered("a b source:x", &[("b", 2), ("a", 1)]), [("b".into(), 2), ("a".into(), 1)]);
        assert_eq!(offered(&"央行".repeat(60), &[("央行", 9)]), [("央行".into(), 9)]);
        assert_eq!(offered("央行独角兽 zzz", &[("央行", 9)]), [("央行".into(), 9)]);
        assert_eq!(offered("央", &[("", 9)]), none);
        assert_eq!(offered("", &[("", 9)]), none);
    }
}
