//! What is indexed of a text: overlapping pairs of Han characters, so that any part of a run is found that
//! is two characters or longer, and words of other scripts. A token's position is the index of its first
//! character, so that tokens that follow each other in a query follow each other in the text.

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
/// are every pair, and its last character; of words, those that are short enough.
pub fn tokens(chars: &[char]) -> impl Iterator<Item = Token> {
    runs(chars).flat_map(|Run { start, end, is_han }| {
        let (places, length) = match is_han {
            true => (start..end, 2),
            false if end - start <= LONGEST => (start..start + 1, LONGEST),
            false => (start..start, 0),
        };
        places.map(move |start| Token { start, end: (start + length).min(end) })
    })
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
        let table: [(&str, &[(usize, &str)]); 6] = [
            ("降准了", &[(0, "降准"), (1, "准了"), (2, "了")]),
            ("涨", &[(0, "涨")]),
            ("5g手机", &[(0, "5g"), (2, "手机"), (3, "机")]),
            ("00700.hk", &[(0, "00700"), (6, "hk")]),
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
