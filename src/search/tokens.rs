//! The tokens of a text. Runs of Han characters become overlapping pairs, so that a search finds any part of
//! two or more characters; emoji count as Han characters. Other scripts become words. The position of a token
//! is the index of its first character, so that tokens that are adjacent in a query are adjacent in the text.
//!
//! Where Han and a word touch, as in `A股` and `10亿`, the word and the neighbouring character form a token:
//! each alone is too frequent for a quick search. The first and the last character of a run are tokens if the
//! run begins or ends at a mark or at an end of the text. A word and the mark that joins it to the word
//! before also form a token, so that a search finds `3.6.3` but not `3-6-3`.

use std::ops::RangeInclusive;

use crate::search::query::LONGEST;

/// The characters that stand for flags in normalised texts.
pub(crate) const FLAGS: RangeInclusive<u32> = 0xF_0000..=0xF_02A3;

/// A token of a normalised text, as a range of character indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Index of its first character.
    pub start: usize,
    /// Index after its last character.
    pub end: usize,
}

/// A run of characters of the same kind; the source of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Index of its first character.
    pub start: usize,
    /// Index after its last character.
    pub end: usize,
    /// True for emoji, Han and other scripts without spaces between words; false for letters and digits.
    pub is_han: bool,
}

/// Returns the runs of a normalised text, in order.
pub fn runs(chars: &[char]) -> impl Iterator<Item = Run> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < chars.len() && !is_han(chars[at]) && !is_word(chars[at]) {
            at += 1;
        }
        let start = at;
        let first = *chars.get(start)?;
        let is_same = |c: &&char| if is_han(first) { is_han(**c) } else { is_word(**c) };
        at += chars[start..].iter().take_while(is_same).count();
        Some(Run { start, end: at, is_han: is_han(first) })
    })
}

impl Run {
    /// Returns whether the next run follows directly. The two then share a token.
    fn touches(&self, next: &Self) -> bool {
        self.end == next.start && !self.is_too_long() && !next.is_too_long()
    }

    /// True for words that are too long to be indexed: no query is so long.
    pub fn is_too_long(&self) -> bool {
        !self.is_han && self.end - self.start > LONGEST
    }
}

/// Returns each run of a normalised text between the runs that touch it.
fn neighbours(chars: &[char]) -> impl Iterator<Item = (Option<Run>, Run, Option<Run>)> {
    let mut runs = runs(chars).peekable();
    let mut before = None;
    std::iter::from_fn(move || {
        let run = runs.next()?;
        let touching = before.replace(run).filter(|before: &Run| before.touches(&run));
        Some((touching, run, runs.peek().copied().filter(|next| run.touches(next))))
    })
}

/// Returns the tokens of a normalised text, ordered by position.
pub fn tokens(chars: &[char]) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(chars.len() + chars.len() / 4);
    let mut push = |start, end| tokens.push(Token { start, end });
    for (before, run, next) in neighbours(chars) {
        let Run { start, end, is_han } = run;
        if is_han {
            if before.is_none() {
                push(start, start + 1);
            }
            (start..end - 1).for_each(|start| push(start, start + 2));
            match next {
                Some(next) => push(end - 1, next.end),
                None if before.is_some() || end - start > 1 => push(end - 1, end),
                None => {}
            }
        } else if !run.is_too_long() {
            if is_joined(chars, start) {
                push(start - 1, end);
            }
            push(start, end);
            if next.is_some() {
                push(start, end + 1);
            }
        }
    }
    tokens
}

/// Returns the fewest tokens that cover a text, except for words that are too long. Each text that contains
/// this one has them among its [`tokens`], at the same distances. A single Han character is the exception.
pub fn needed(chars: &[char]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut push = |start, end| tokens.push(Token { start, end });
    for (before, run, next) in neighbours(chars).filter(|(_, run, _)| !run.is_too_long()) {
        let Run { start, end, is_han } = run;
        let is_alone = before.is_none() && next.is_none();
        if !is_han {
            if is_joined(chars, start) {
                push(start - 1, end);
            } else if is_alone {
                push(start, end);
            }
            if next.is_some() {
                push(start, end + 1);
            }
            continue;
        }
        // Every other pair. A character that is left over at an end is in the token with a word, or in one
        // more pair that overlaps the pair before.
        let is_odd = (end - start) % 2 == 1;
        let first = start + usize::from(is_odd && before.is_some());
        (first..end - 1).step_by(2).for_each(|start| push(start, start + 2));
        match next {
            Some(next) => push(end - 1, next.end),
            None if is_odd && before.is_none() => push(end.saturating_sub(2).max(start), end),
            None => {}
        }
    }
    tokens
}

/// Returns the distinct Han characters and emoji of a normalised text, ordered by code point.
pub fn characters(chars: &[char]) -> Vec<char> {
    let mut characters: Vec<char> = chars.iter().copied().filter(|c| is_han(*c)).collect();
    characters.sort_unstable();
    characters.dedup();
    characters
}

/// Returns whether a single mark joins the word at an index to the word before it: `3.6`, `600160.sh`.
pub(crate) fn is_joined(chars: &[char], start: usize) -> bool {
    start >= 2 && chars[start - 1].is_ascii_punctuation() && is_word(chars[start - 2])
}

/// Returns whether a character belongs to a script without spaces between words, or is an emoji.
pub fn is_han(c: char) -> bool {
    matches!(u32::from(c),
        0x3005..=0x3007 | 0x3040..=0x312F | 0x31A0..=0x31BF | 0x31F0..=0x31FF | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
        || is_emoji(c)
}

/// Returns whether a character is an emoji or a flag. Arrows and geometric shapes are not: most texts use
/// them as marks.
fn is_emoji(c: char) -> bool {
    let code = u32::from(c);
    matches!(code,
        0x231A..=0x231B | 0x2328 | 0x23CF | 0x23E9..=0x23FA | 0x2600..=0x27BF | 0x2B05..=0x2B07
        | 0x2B1B..=0x2B1C | 0x2B50 | 0x2B55 | 0x1F000..=0x1FAFF)
        || FLAGS.contains(&code)
}

/// Returns whether a character is a letter or digit of a script with spaces between words.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() && !is_han(c)
}

#[cfg(test)]
mod tests {
    use crate::search::tokens::*;

    fn tokens_of(text: &str) -> Vec<(usize, String)> {
        let chars: Vec<char> = text.chars().collect();
        tokens(&chars)
            .iter()
            .map(|token| (token.start, chars[token.start..token.end].iter().collect()))
            .collect()
    }

    #[test]
    fn han_pairs_words_and_run_ends_become_tokens() {
        let table: [(&str, &[(usize, &str)]); 13] = [
            ("降准了", &[(0, "降"), (0, "降准"), (1, "准了"), (2, "了")]),
            ("涨", &[(0, "涨")]),
            ("5g手机", &[(0, "5g"), (0, "5g手"), (2, "手机"), (3, "机")]),
            ("涨5点", &[(0, "涨"), (0, "涨5"), (1, "5"), (1, "5点"), (2, "点")]),
            ("买a，卖", &[(0, "买"), (0, "买a"), (1, "a"), (3, "卖")]),
            ("00700.hk", &[(0, "00700"), (5, ".hk"), (6, "hk")]),
            (".net", &[(1, "net")]),
            ("a. b", &[(0, "a"), (3, "b")]),
            ("a，b c", &[(0, "a"), (2, "b"), (4, "c")]),
            ("！ \n", &[]),
            ("😀", &[(0, "😀")]),
            ("涨😀 a", &[(0, "涨"), (0, "涨😀"), (1, "😀"), (3, "a")]),
            ("👩💻ok", &[(0, "👩"), (0, "👩💻"), (1, "💻ok"), (2, "ok")]),
        ];
        for (text, expected) in table {
            let found = tokens_of(text);
            let found: Vec<(usize, &str)> = found.iter().map(|(at, text)| (*at, text.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        }
        let longest = "x".repeat(LONGEST);
        assert_eq!(tokens_of(&longest), [(0, longest.clone())]);
        assert_eq!(tokens_of(&format!("x{longest} 后")), [(LONGEST + 2, "后".to_owned())]);
    }

    proptest::proptest! {
        #[test]
        fn needed_tokens_of_a_part_are_tokens_of_the_whole_text(
            text in "[央行降准1a.，]{0,12}",
            start in 0usize..12,
            length in 1usize..12,
        ) {
            let chars: Vec<char> = text.chars().collect();
            let end = (start + length).min(chars.len());
            let cuts = |at: usize| at > 0 && at < chars.len() && is_word(chars[at - 1]) && is_word(chars[at]);
            let is_part = start < end && !cuts(start) && !cuts(end);
            let part = if is_part { &chars[start..end] } else { &[] };
            let sought = part.iter().filter(|c| is_han(**c) || is_word(**c)).count();
            let has = tokens(&chars);
            for needed in needed(part).into_iter().filter(|_| sought > 1) {
                let needed = Token { start: start + needed.start, end: start + needed.end };
                proptest::prop_assert!(has.contains(&needed), "{needed:?} of {part:?} in {text}");
            }
        }

        #[test]
        fn needed_tokens_cover_all_searchable_characters(text in "[央行降准1a.，]{0,12}") {
            let chars: Vec<char> = text.chars().collect();
            let needed = needed(&chars);
            let is_covered = |at: usize| needed.iter().any(|token| (token.start..token.end).contains(&at));
            for (at, c) in chars.iter().enumerate() {
                proptest::prop_assert!(is_covered(at) || !(is_han(*c) || is_word(*c)), "{at} in {text}");
            }
        }
    }
}
