//! What is indexed of a text: overlapping pairs of Han characters, so that any part of a run is found that
//! is two characters or longer, and words of other scripts. A token's position is the index of its first
//! character, so that tokens that follow each other in a query follow each other in the text.
//!
//! The first and the last character of a run are tokens too: a character that stands beside something else in
//! a query, as in `A股`, is one of these. So is a word with the mark that joins it to the one before, so that
//! `3.6.3` is found and `3-6-3` is not.

/// A longer word was not written by anybody, and would not be typed.
const LONGEST: usize = 64;

/// A token of a normalised text: the indices of its characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// The index of its first character.
    pub start: usize,
    /// The index behind its last.
    pub end: usize,
}

/// A part of a text that tokens are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The index of its first character.
    pub start: usize,
    /// The index behind its last.
    pub end: usize,
    /// Whether it is of Han characters, and those of other scripts that are written without spaces; else
    /// it is of letters and digits.
    pub is_han: bool,
}

/// The runs of a normalised text, in their order.
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

/// The tokens of a normalised text, in ascending order of their positions. Of a run of Han characters those
/// are its first, every pair, and its last; of words, those that are short enough, each by itself and with
/// what joins it to the one before.
pub fn tokens(chars: &[char]) -> impl Iterator<Item = Token> {
    let mut runs = runs(chars);
    let mut ready: [Option<Token>; 2] = [None; 2];
    let mut han = 0..0;
    std::iter::from_fn(move || {
        loop {
            if let Some(token) = ready[0].take().or_else(|| ready[1].take()) {
                return Some(token);
            }
            if let Some(start) = han.next() {
                return Some(Token { start, end: (start + 2).min(han.end) });
            }
            let Run { start, end, is_han } = runs.next()?;
            if is_han {
                ready[0] = (end - start > 1).then_some(Token { start, end: start + 1 });
                han = start..end;
            } else if end - start <= LONGEST {
                ready = [
                    is_joined(chars, start).then(|| Token { start: start - 1, end }),
                    Some(Token { start, end }),
                ];
            }
        }
    })
}

/// Whether the word that begins at an index is joined to one before by a single mark: `3.6`, `600160.sh`.
pub fn is_joined(chars: &[char], start: usize) -> bool {
    start >= 2 && chars[start - 1].is_ascii_punctuation() && is_word(chars[start - 2])
}

/// Whether a character is written without spaces around its words.
pub fn is_han(c: char) -> bool {
    matches!(u32::from(c),
        0x3005..=0x3007 | 0x3040..=0x312F | 0x31A0..=0x31BF | 0x31F0..=0x31FF | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Whether a character is one of a word's.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() && !is_han(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(usize, String)> {
        let chars: Vec<char> = text.chars().collect();
        tokens(&chars).map(|token| (token.start, chars[token.start..token.end].iter().collect())).collect()
    }

    #[test]
    fn every_pair_and_the_last_are_tokens() {
        let table: [(&str, &[(usize, &str)]); 8] = [
            ("降准了", &[(0, "降"), (0, "降准"), (1, "准了"), (2, "了")]),
            ("涨", &[(0, "涨")]),
            ("5g手机", &[(0, "5g"), (2, "手"), (2, "手机"), (3, "机")]),
            ("00700.hk", &[(0, "00700"), (5, ".hk"), (6, "hk")]),
            (".net", &[(1, "net")]),
            ("a. b", &[(0, "a"), (3, "b")]),
            ("a，b c", &[(0, "a"), (2, "b"), (4, "c")]),
            ("！ \n", &[]),
        ];
        for (text, expected) in table {
            let found = of(text);
            let found: Vec<(usize, &str)> = found.iter().map(|(at, text)| (*at, text.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(of(&format!("{} 后", "x".repeat(LONGEST + 1))), [(LONGEST + 2, "后".to_owned())]);
    }
}
