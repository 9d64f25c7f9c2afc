//! Texts as they are compared: what a reader types and what an author wrote differ in width, case and
//! script, and mean the same.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

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
    /// NFKC of each character by itself, in lower case, simplified.
    pub chars: Vec<char>,
    /// For each of them the byte in the original at which the character began that it comes from.
    pub origins: Vec<u32>,
}

/// A text as it is compared.
pub fn normalised(text: &str) -> Normalised {
    let mut normalised =
        Normalised { chars: Vec::with_capacity(text.len()), origins: Vec::with_capacity(text.len()) };
    for (at, c) in text.char_indices() {
        // A text, like a file, is far smaller than 4 GiB.
        let at = at as u32;
        each(c, |c| {
            normalised.chars.push(c);
            normalised.origins.push(at);
        });
    }
    normalised
}

/// What a character becomes.
fn each(c: char, mut push: impl FnMut(char)) {
    if c.is_ascii() {
        push(c.to_ascii_lowercase());
    } else if let Some(place) = place(c) {
        push(TABLE.quick[place]);
    } else {
        for c in std::iter::once(c).nfkc().flat_map(char::to_lowercase) {
            // A compatibility form may be that of a traditional character.
            push(match place(c) {
                Some(place) => TABLE.quick[place],
                None => TABLE.others.get(&c).copied().unwrap_or(c),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        normalised(text).chars.into_iter().collect()
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        let table = [
            ("ＡＢＣ１２３", "abc123"),
            ("証券時報", "证券时报"),
            ("㈱５㎏", "(株)5kg"),
            ("İ", "i\u{307}"),
            ("a\u{301}", "a\u{301}"),
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
        let normalised = normalised("a㈱時");
        assert_eq!(normalised.chars, ['a', '(', '株', ')', '时']);
        assert_eq!(normalised.origins, [0, 1, 1, 1, 4]);
    }

    proptest::proptest! {
        #[test]
        fn what_is_normal_stays_as_it_is(written in "\\PC{0,40}") {
            let once = text(&written);
            proptest::prop_assert_eq!(text(&once), once);
        }
    }
}
