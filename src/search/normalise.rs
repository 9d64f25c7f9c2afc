//! Normalises texts for comparison: queries and posts differ in width, case and script where they mean the
//! same.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Traditional characters, each followed by its simplified form: the characters of OpenCC's dictionary
/// `TSCharacters`, with the first of several forms (<https://github.com/BYVoid/OpenCC>, Apache-2.0).
const SIMPLIFIED: &str = include_str!("simplified.txt");

/// The range of characters that the table maps by index.
const FIRST: u32 = 0x3400;
const BEYOND: u32 = 0xA000;

/// Simplified forms: by index for characters from [`FIRST`] to [`BEYOND`], in a map for the few others.
struct SimplifiedTable {
    quick: Vec<char>,
    others: HashMap<char, char>,
}

static TABLE: LazyLock<SimplifiedTable> = LazyLock::new(|| {
    let mut quick: Vec<char> = (FIRST..BEYOND).filter_map(char::from_u32).collect();
    let mut others = HashMap::new();
    let characters: Vec<char> = SIMPLIFIED.chars().filter(|c| *c != '\n').collect();
    for pair in characters.chunks_exact(2) {
        match place(pair[0]) {
            Some(place) => quick[place] = pair[1],
            None => _ = others.insert(pair[0], pair[1]),
        }
    }
    SimplifiedTable { quick, others }
});

fn place(c: char) -> Option<usize> {
    (FIRST..BEYOND).contains(&u32::from(c)).then(|| (u32::from(c) - FIRST) as usize)
}

/// A normalised text with the origin of each character.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// NFKC of each character with its combining marks, in lower case and simplified, without invisible
    /// characters.
    pub chars: Vec<char>,
    /// For each of `chars`, the byte offset in the original text of the character that it comes from.
    pub origins: Vec<u32>,
}

impl Normalised {
    /// Returns the characters as a string, without their origins.
    pub fn into_text(self) -> String {
        self.chars.into_iter().collect()
    }
}

/// Normalises a text.
pub fn normalised(text: &str) -> Normalised {
    let mut normalised =
        Normalised { chars: Vec::with_capacity(text.len()), origins: Vec::with_capacity(text.len()) };
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        // Texts, like files, are far smaller than 4 GiB.
        let at = start as u32;
        let push = |c| {
            normalised.chars.push(c);
            normalised.origins.push(at);
        };
        let mut end = start + c.len_utf8();
        while let Some((at, mark)) = chars.next_if(|(_, next)| is_mark(*next) || is_unseen(*next)) {
            end = at + mark.len_utf8();
        }
        if end == start + c.len_utf8() {
            each(c, push);
        } else {
            composed(text[start..end].chars().filter(|c| !is_unseen(*c)), push);
        }
    }
    normalised
}

/// Returns whether a character is a mark on the one before, such as the accent of `e\u{301}`.
pub(crate) fn is_mark(c: char) -> bool {
    // The two marks of half-width kana have combining class 0.
    c >= '\u{300}'
        && place(c).is_none()
        && (canonical_combining_class(c) != 0 || matches!(c, '\u{FF9E}' | '\u{FF9F}'))
}

/// Returns whether a character is invisible: soft hyphens, joiners, direction marks, variation selectors.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// Normalises a character without marks.
fn each(c: char, mut push: impl FnMut(char)) {
    if c.is_ascii() {
        push(c.to_ascii_lowercase());
    } else if let Some(place) = place(c) {
        push(TABLE.quick[place]);
    } else if !is_unseen(c) {
        composed(std::iter::once(c), push);
    }
}

/// Normalises a character together with its marks.
fn composed(chars: impl Iterator<Item = char>, push: impl FnMut(char)) {
    let lower = chars.nfkc().flat_map(char::to_lowercase).nfkc();
    // A compatibility form may decompose to a traditional character.
    let simplified = lower.map(|c| match place(c) {
        Some(place) => TABLE.quick[place],
        None => TABLE.others.get(&c).copied().unwrap_or(c),
    });
    simplified.for_each(push);
}

#[cfg(test)]
mod tests {
    use crate::search::normalise::*;

    fn text(text: &str) -> String {
        normalised(text).into_text()
    }

    #[test]
    fn equivalent_spellings_normalise_to_the_same_text() {
        let table = [
            ("ＡＢＣ１２３", "abc123"),
            ("証券時報", "证券时报"),
            ("㈱５㎏", "(株)5kg"),
            ("İ", "i\u{307}"),
            ("A\u{301}", "á"),
            ("q\u{301}", "q\u{301}"),
            ("ｶﾞﾊﾞﾅ", "ガバナ"),
            ("央\u{200B}行soft\u{AD}\u{200D}hyphen\u{FEFF}", "央行softhyphen"),
            ("\u{200B}e\u{200B}\u{301}", "é"),
            ("薴", "苎"),
            ("降准", "降准"),
        ];
        for (written, expected) in table {
            assert_eq!(text(written), expected, "{written}");
            assert_eq!(text(expected), expected, "{expected}");
        }
    }

    #[test]
    fn normalised_characters_keep_their_byte_offsets() {
        let normalised = normalised("a㈱時e\u{301}x");
        assert_eq!(normalised.chars, ['a', '(', '株', ')', '时', 'é', 'x']);
        assert_eq!(normalised.origins, [0, 1, 1, 1, 4, 7, 10]);
    }

    proptest::proptest! {
        #[test]
        fn normalisation_is_idempotent(written in "(\\PC|[eiIİk㈱\u{301}\u{307}\u{200B}ｶﾞ]){0,40}") {
            let once = text(&written);
            proptest::prop_assert_eq!(text(&once), once);
        }
    }
}
