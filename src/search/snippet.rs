//! Snippets for result pages: the part of a text around the matches, with the matches marked.

use std::ops::Range;

use crate::archive::jekyll::front_matter::is_forbidden;
use crate::search::normalise::{Normalised, is_attached, normalised};
use crate::search::query::Query;
use crate::search::tokens::{is_han, is_joined, is_word};

/// Maximum width before the first match, in halves of a Han character.
const LEAD: usize = 48;
/// Maximum matches of each needle.
const MOST_HITS: usize = 256;
/// Bytes of a text that are searched for a snippet.
const MOST_SEARCHED: usize = 64 * 1024;

/// A piece of a text, either marked or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnippetPiece {
    /// The text, with spaces in place of characters that pages cannot contain.
    pub text: String,
    /// True if the piece matches the query.
    pub is_marked: bool,
}

/// The texts of a query, normalised, to find in posts.
#[derive(Debug)]
pub struct Needles {
    needles: Vec<Vec<char>>,
    /// Words at the ends of needles may be parts of words.
    is_cut: bool,
}

/// A match: a range of character indices, and the index of the needle.
struct NeedleMatch {
    place: Range<usize>,
    needle: usize,
}

impl Needles {
    /// Creates the needles of a query. With `is_cut` the words at their ends may be parts of words.
    pub fn new(query: &Query, is_cut: bool) -> Self {
        let of_text = |text: &String| {
            let chars = normalised(text).chars;
            let is_sought = |c: &char| is_han(*c) || is_word(*c);
            let start = chars.iter().position(is_sought)?;
            let end = chars.iter().rposition(is_sought)?;
            Some(chars[start..=end].to_vec())
        };
        Self { needles: query.texts.iter().filter_map(of_text).collect(), is_cut }
    }

    /// Returns whether there are no needles.
    pub fn is_empty(&self) -> bool {
        self.needles.is_empty()
    }

    /// Returns whether every needle is in a text that is normalised already.
    pub fn are_in_normalised(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let is_in = |needle: &Vec<char>| {
            (0..=chars.len().saturating_sub(needle.len())).any(|at| is_at(&chars, at, needle, self.is_cut))
        };
        self.needles.iter().all(is_in)
    }

    /// Returns whether every needle is in at least one of the texts.
    pub fn are_in<const N: usize>(&self, texts: [&str; N]) -> bool {
        let texts = texts.map(|text| normalised(text).chars);
        let is_in = |chars: &[char], needle: &[char]| {
            (0..=chars.len().saturating_sub(needle.len())).any(|at| is_at(chars, at, needle, self.is_cut))
        };
        self.needles.iter().all(|needle| texts.iter().any(|chars| is_in(chars, needle)))
    }

    /// Returns a whole text in pieces, with matches marked.
    pub fn marked(&self, text: &str) -> Vec<SnippetPiece> {
        let normal = normalised(text);
        self.cut(text, &normal, &self.hits(&normal.chars), 0..text.len())
    }

    /// Returns the part of a text with the most matches, marked; the beginning of the text if it has none.
    /// The width is at most `length` Han characters or twice that number of others.
    pub fn snippet(&self, text: &str, length: usize) -> Vec<SnippetPiece> {
        let text = &text[..text.floor_char_boundary(MOST_SEARCHED)];
        let normal = normalised(text);
        let hits = self.hits(&normal.chars);
        let chars: Vec<(usize, char)> = text.char_indices().collect();
        let index_of = |place: usize| {
            let byte = normal.origins.get(place).map_or(text.len(), |at| *at as usize);
            chars.partition_point(|(at, _)| *at < byte)
        };
        let window = 2 * length;
        let span = |range: Range<usize>| chars[range].iter().map(|(_, c)| width(*c)).sum::<usize>();
        let densest = densest(&hits, |range| span(index_of(range.start)..index_of(range.end)) <= window);
        let first = densest.as_ref().map_or(0, |range| index_of(range.start));
        let last = densest.as_ref().map_or(0, |range| index_of(range.end));
        let lead = LEAD.min(window.saturating_sub(span(first..last)) / 2);
        let start = start_before(&chars, first, lead);
        let (mut end, mut used) = (start, 0);
        while let Some((_, c)) = chars.get(end).filter(|(_, c)| used + width(*c) <= window) {
            used += width(*c);
            end += 1;
        }
        let is_attached_at = |index: usize| chars.get(index).is_some_and(|(_, c)| is_attached(*c));
        while end > start && is_attached_at(end) {
            end -= 1;
        }
        // Do not end within a word, unless the word is longer than the snippet.
        if end < chars.len() && is_word(chars[end].1) {
            let whole = chars[start..end].iter().rposition(|(_, c)| !is_word(*c));
            end = whole.map_or(end, |at| start + at + 1).max(last.min(end));
        }
        let byte = |index: usize| chars.get(index).map_or(text.len(), |(at, _)| *at);
        let mut pieces = self.cut(text, &normal, &hits, byte(start)..byte(end));
        let ellipsis = || SnippetPiece { text: "…".into(), is_marked: false };
        if start > 0 && !ends_sentence(chars[start - 1].1) {
            pieces.insert(0, ellipsis());
        }
        if end < chars.len() {
            pieces.push(ellipsis());
        }
        pieces
    }

    /// Returns the matches in a normalised text, ordered by position.
    fn hits(&self, chars: &[char]) -> Vec<NeedleMatch> {
        let mut hits = Vec::new();
        for (index, needle) in self.needles.iter().enumerate() {
            let (mut at, mut count) = (0, 0);
            while count < MOST_HITS && at < chars.len() {
                if is_at(chars, at, needle, self.is_cut) {
                    hits.push(NeedleMatch { place: at..at + needle.len(), needle: index });
                    count += 1;
                    at += needle.len();
                } else {
                    at += 1;
                }
            }
        }
        hits.sort_by_key(|hit| (hit.place.start, hit.place.end));
        hits
    }

    /// Splits a byte range of a text into pieces.
    fn cut(
        &self,
        text: &str,
        normal: &Normalised,
        hits: &[NeedleMatch],
        bytes: Range<usize>,
    ) -> Vec<SnippetPiece> {
        let mut pieces = Vec::new();
        let mut at = bytes.start;
        let mut push = |range: Range<usize>, is_marked: bool| {
            if !range.is_empty() {
                pieces.push(SnippetPiece { text: shown(&text[range]), is_marked });
            }
        };
        for hit in hits {
            let marked = bytes_of(text, normal, &hit.place);
            let marked = marked.start.max(at)..marked.end.min(bytes.end);
            if marked.start < marked.end {
                push(at..marked.start, false);
                at = marked.end;
                push(marked, true);
            }
        }
        push(at..bytes.end, false);
        pieces
    }
}

/// Replaces characters that HTML or XML cannot contain with spaces.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_forbidden(c) { ' ' } else { c }).collect()
}

/// Returns whether a needle matches at an index: Han literally, words whole, and any character in place of a
/// mark.
fn is_at(chars: &[char], at: usize, needle: &[char], is_cut: bool) -> bool {
    let end = at + needle.len();
    if end > chars.len() {
        return false;
    }
    // A mark matches any character, unless it joins two words.
    let is_any = |index: usize, c: char| {
        let joins = needle.get(index + 1).is_some_and(|next| is_word(*next)) && is_joined(needle, index + 1);
        !is_han(c) && !is_word(c) && !joins
    };
    let is_same = |(index, (c, sought)): (usize, (&char, &char))| c == sought || is_any(index, *sought);
    let cuts = |at: usize| at > 0 && at < chars.len() && is_word(chars[at - 1]) && is_word(chars[at]);
    chars[at..end].iter().zip(needle).enumerate().all(is_same) && (is_cut || !cuts(at) && !cuts(end))
}

/// Returns the bytes of the original text that a range of normalised characters comes from.
fn bytes_of(text: &str, normal: &Normalised, place: &Range<usize>) -> Range<usize> {
    let start = normal.origins[place.start];
    let last = normal.origins[place.end - 1];
    let behind = normal.origins[place.end..].iter().find(|origin| **origin > last);
    start as usize..behind.map_or(text.len(), |at| *at as usize)
}

/// Returns the range from the first to the last match of the best group that fits: the group with the most
/// different needles, then the most matches.
fn densest(hits: &[NeedleMatch], fits: impl Fn(Range<usize>) -> bool) -> Option<Range<usize>> {
    let mut best: Option<((usize, usize), Range<usize>)> = None;
    for (first, hit) in hits.iter().enumerate() {
        let mut needles = vec![hit.needle];
        let mut range = hit.place.clone();
        let mut count = 0;
        for other in &hits[first..] {
            let wider = range.start..range.end.max(other.place.end);
            if !fits(wider.clone()) {
                break;
            }
            range = wider;
            count += 1;
            if !needles.contains(&other.needle) {
                needles.push(other.needle);
            }
        }
        let worth = (needles.len(), count);
        if best.as_ref().is_none_or(|(known, _)| worth > *known) {
            best = Some((worth, range));
        }
    }
    best.map(|(_, range)| range)
}

/// Returns the start of a snippet with some text before an index: the start of the sentence if it is near,
/// else `lead` before the index, but not within a word.
fn start_before(chars: &[(usize, char)], index: usize, lead: usize) -> usize {
    let (mut start, mut used) = (index, 0);
    let is_attached_at = |index: usize| chars.get(index).is_some_and(|(_, c)| is_attached(*c));
    while start > 0 {
        let before = chars[start - 1].1;
        if ends_sentence(before) {
            return start;
        }
        used += width(before);
        if used > lead {
            break;
        }
        start -= 1;
    }
    if start > 0 && is_word(chars[start - 1].1) {
        let whole = chars[start..index].iter().position(|(_, c)| !is_word(*c));
        start = whole.map_or(index, |at| start + at);
    }
    // Do not start between a character and its marks.
    while start < index && is_attached_at(start) {
        start += 1;
    }
    start
}

fn ends_sentence(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '!' | '?' | '；' | '\n')
}

/// Width in halves of a Han character.
fn width(c: char) -> usize {
    if is_word(c) && u32::from(c) < 0x2E80 || c.is_ascii() { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use crate::search::snippet::*;

    fn needles(query: &str) -> Needles {
        Needles::new(&Query::new(query), false)
    }

    fn shown(pieces: &[SnippetPiece]) -> String {
        pieces
            .iter()
            .map(|piece| if piece.is_marked { format!("[{}]", piece.text) } else { piece.text.clone() })
            .collect()
    }

    #[test]
    fn matches_are_marked_in_their_original_spelling() {
        let table = [
            ("降准", "央行宣布降准，降準", "央行宣布[降准]，[降準]"),
            ("abc", "ＡＢＣ abcd", "[ＡＢＣ] abcd"),
            ("降准 央行", "央行降准", "[央行][降准]"),
            ("央行 央行降", "央行降准", "[央行][降]准"),
            ("3.6.3", "版本3.6.3和3.6.31，3-6-3", "版本[3.6.3]和3.6.31，3-6-3"),
            ("株", "㈱上", "[㈱]上"),
            ("。", "央。", "央。"),
            ("\"a b\"", "A&B <a>", "[A&B] <a>"),
            ("cafe", "Café, CAFE\u{301}! cafés", "[Café], [CAFE\u{301}]! cafés"),
            ("Ελλαδα", "η Ελλάδα·", "η [Ελλάδα]·"),
            ("か", "かが", "[か]が"),
            ("3600", "涨3,600点，3600、13,600", "涨[3,600]点，[3600]、13,600"),
            ("３，６００点", "涨3,600点，3600亿", "涨[3,600点]，3600亿"),
            ("1,2", "1,2 12", "[1,2] 12"),
            ("😀👍", "涨😀👍🏽，😀", "涨[😀👍🏽]，😀"),
            ("🇺🇸", "🇨🇳🇺🇸", "🇨🇳[🇺🇸]"),
        ];
        for (query, text, expected) in table {
            assert_eq!(shown(&needles(query).marked(text)), expected, "{query}");
        }
        let cut = Needles::new(&Query::new("esla发布Mod"), true);
        assert_eq!(shown(&cut.marked("Tesla发布Model3")), "T[esla发布Mod]el3");
    }

    #[test]
    fn snippet_shows_the_part_with_the_most_matches() {
        let filler = "某地某日某事某人某处".repeat(8);
        let table = [
            (
                "降准",
                format!("{filler}。央行宣布降准。{filler}"),
                "央行宣布[降准]。某地某日某事某人某处某地某日某…",
            ),
            (
                "央行 降准",
                format!("央行{filler}，昨日央行降准，{filler}"),
                "…某事某人某处，昨日[央行][降准]，某地某日某事某人…",
            ),
            ("无", format!("首句。{filler}"), "首句。某地某日某事某人某处某地某日某事某人某…"),
            ("降准", "降准\n了".into(), "[降准] 了"),
            ("bank", format!("{} the bank said", "word ".repeat(20)), "…word word word  the [bank] said"),
        ];
        for (query, text, expected) in table {
            assert_eq!(shown(&needles(query).snippet(&text, 22)), expected, "{query}");
        }
    }

    proptest::proptest! {
        #[test]
        fn marked_text_is_whole_and_snippet_is_a_short_substring(
            text in "([央行降准。，a1 \\n㈱é\u{301}\u{1}]|\\PC){0,60}",
            query in "[央行降准a1 ]{0,5}",
            length in 1usize..30,
        ) {
            let needles = needles(&query);
            let whole: String = needles.marked(&text).iter().map(|piece| piece.text.as_str()).collect();
            proptest::prop_assert_eq!(whole, crate::search::snippet::shown(&text));
            let snippet: String = needles.snippet(&text, length).iter().map(|piece| piece.text.as_str()).collect();
            let inner = snippet.trim_start_matches('…').trim_end_matches('…');
            proptest::prop_assert!(crate::search::snippet::shown(&text).contains(inner));
            proptest::prop_assert!(inner.chars().map(width).sum::<usize>() <= 2 * length);
        }
    }
}
