//! Texts as they are compared: what a reader types and what an author wrote differ in width, case and
//! script, and mean the same.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Traditional characters, each with its simplified one behind it: the characters of OpenCC's dictionary
/// `TSCharacters` that have exactly one, of several the first (<https://github.com/BYVoid/OpenCC>,
/// Apache-2.0).
const SIMPLIFIED: &str = include_str!("simplified.txt");

/// The first character of the table's quick part, and behind its last.
const FIRST: u32 = 0x3400;
const BEYOND: u32 = 0xA000;

/// What each character between [`FIRST`] and [`BEYOND`] becomes, and the few others.
struct Table {
    quick: Vec<char>,
    others: HashMap<char, char>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut quick: Vec<char> = (FIRST..BEYOND).filter_map(char::from_u32).collect();
    let mut others = HashMap::new();
    let characters: Vec<char> = SIMPLIFIED.chars().filter(|c| *c != '\n').collect();
    for pair in characters.chunks_exact(2) {
        match place(pair[0]) {
            Some(place) => quick[place] = pair[1],
            None => _ = others.insert(pair[0], pair[1]),
        }
    }
    Table { quick, others }
});

fn place(c: char) -> Option<usize> {
    (FIRST..BEYOND).contains(&u32::from(c)).then(|| (u32::from(c) - FIRST) as usize)
}

/// A text as it is compared, and where each of its characters stood.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// NFKC of each character with the marks on it, in lower case, simplified; without what is not seen.
    pub chars: Vec<char>,
    /// For each of them the byte in the original at which the character began that it comes from.
    pub origins: Vec<u32>,
}

impl Normalised {
    /// The characters as a text.
    pub fn into_text(self) -> String {
        self.chars.into_iter().collect()
    }
}

/// A text as it is compared.
pub fn normalised(text: &str) -> Normalised {
    let mut normalised =
        Normalised { chars: Vec::with_capacity(text.len()), origins: Vec::with_capacity(text.len()) };
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        // A text, like a file, is far smaller than 4 GiB.
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

/// Whether a character is a mark on the one before, as the accent of `e\u{301}`.
pub fn is_mark(c: char) -> bool {
    // The two marks on half-width kana are letters by their class.
    c >= '\u{300}'
        && place(c).is_none()
        && (canonical_combining_class(c) != 0 || matches!(c, '\u{FF9E}' | '\u{FF9F}'))
}

/// Whether a character is not seen: soft hyphens, joiners, marks of direction, variants.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// What a character becomes.
fn each(c: char, mut push: impl FnMut(char)) {
    if c.is_ascii() {
        push(c.to_ascii_lowercase());
    } else if let Some(place) = place(c) {
        push(TABLE.quick[place]);
    } else if !is_unseen(c) {
        composed(std::iter::once(c), push);
    }
}

/// What a character with the marks on it becomes.
fn composed(chars: impl Iterator<Item = char>, push: impl FnMut(char)) {
    let lower = chars.nfkc().flat_map(char::to_lowercase).nfkc();
    // A compatibility form may be that of a traditional character.
    let simplified = lower.map(|c| match place(c) {
        Some(place) => TABLE.quick[place],
        None => TABLE.others.get(&c).copied().unwrap_or(c),
    });
    simplified.for_each(push);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        normalised(text).into_text()
    }

    #[test]
    fn what_means_the_same_is_the_same() {
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
    fn each_character_knows_where_it_stood() {
        let normalised = normalised("a㈱時e\u{301}x");
        assert_eq!(normalised.chars, ['a', '(', '株', ')', '时', 'é', 'x']);
        assert_eq!(normalised.origins, [0, 1, 1, 1, 4, 7, 10]);
    }

    proptest::proptest! {
        #[test]
        fn what_is_normal_stays_as_it_is(written in "(\\PC|[eiIİk㈱\u{301}\u{307}\u{200B}ｶﾞ]){0,40}") {
            let once = text(&written);
            proptest::prop_assert_eq!(text(&once), once);
        }
    }
}
