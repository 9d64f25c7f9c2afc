//! Normalises texts for comparison: queries and posts differ in width, case, accents, script and the
//! separators of large numbers where they mean the same.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use crate::search::tokens::{FLAGS, is_word};

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
    /// NFKC of each character with its combining marks, in lower case and simplified, without accents,
    /// invisible characters and the separators of numbers such as `3,600`. A flag is one character.
    pub chars: Vec<char>,
    /// For each of `chars`, the byte offset in the original text of the character that it comes from.
    pub origins: Vec<u32>,
}

impl Normalised {
    /// Returns the characters as a string, without their origins.
    pub fn into_text(self) -> String {
        self.chars.into_iter().collect()
    }

    /// Removes the separators of numbers, and joins the two letters of each flag.
    fn join(&mut self) {
        let is_part = |c: &char| *c == ',' || region(*c).is_some();
        let Some(first) = self.chars.iter().position(is_part) else { return };
        let (mut kept, mut read, mut number_end) = (first, first, 0);
        while let Some(&c) = self.chars.get(read) {
            let origin = self.origins[read];
            if c == ',' && read >= number_end {
                number_end = read + groups_len(&self.chars[..kept], &self.chars[read..]);
            }
            let is_separator = c == ',' && read < number_end;
            let flag = region(c).zip(self.chars.get(read + 1).copied().and_then(region));
            read += if flag.is_some() { 2 } else { 1 };
            if !is_separator {
                self.chars[kept] = flag.and_then(|(one, other)| flag_of(one, other)).unwrap_or(c);
                self.origins[kept] = origin;
                kept += 1;
            }
        }
        self.chars.truncate(kept);
        self.origins.truncate(kept);
    }
}

/// Returns the length of the groups of three digits with their commas at the start of `after`, if they
/// continue a number at the end of `before`; otherwise 0. `1,2`, `12,3456` and `v1,200` are no such numbers.
fn groups_len(before: &[char], after: &[char]) -> usize {
    let digits = before.iter().rev().take(4).take_while(|c| c.is_ascii_digit()).count();
    let is_part_of_more = match before[..before.len() - digits] {
        [.., c, '.' | ','] => c.is_ascii_digit(),
        [.., c] => is_word(c),
        [] => false,
    };
    if !(1..=3).contains(&digits) || is_part_of_more {
        return 0;
    }
    let is_group =
        |group: &&[char]| group.len() == 4 && group[0] == ',' && group[1..].iter().all(char::is_ascii_digit);
    let len = after.chunks(4).take_while(is_group).count() * 4;
    match after[len..] {
        [c, ..] | [',', c, ..] if c.is_ascii_digit() => 0,
        _ => len,
    }
}

/// Returns the number of a regional indicator; two of them are a flag.
fn region(c: char) -> Option<u32> {
    ('\u{1F1E6}'..='\u{1F1FF}').contains(&c).then(|| u32::from(c) - 0x1F1E6)
}

/// Returns the character that stands for a flag: a private one, so that a search for a flag does not find the
/// letters between two others.
fn flag_of(one: u32, other: u32) -> Option<char> {
    char::from_u32(FLAGS.start() + 26 * one + other)
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
        while let Some((at, mark)) = chars.next_if(|(_, next)| is_attached(*next)) {
            end = at + mark.len_utf8();
        }
        if end == start + c.len_utf8() {
            each(c, push);
        } else {
            composed(text[start..end].chars().filter(|c| !is_unseen(*c)), push);
        }
    }
    normalised.join();
    normalised
}

/// Returns whether a character belongs to the one before: a mark, or an invisible character.
pub(crate) fn is_attached(c: char) -> bool {
    is_mark(c) || is_unseen(c)
}

/// Returns whether a character is a mark on the one before, such as the accent of `e\u{301}`.
fn is_mark(c: char) -> bool {
    // The two marks of half-width kana have combining class 0, and so have some accents.
    c >= '\u{300}'
        && place(c).is_none()
        && (canonical_combining_class(c) != 0 || matches!(c, '\u{FF9E}' | '\u{FF9F}') || is_accent(c))
}

/// Returns whether a character is a mark that readers leave out: the accents of Latin, Greek and Cyrillic,
/// the points of Hebrew and Arabic, and the frame of a keycap. The marks of kana and of the scripts of India
/// make other letters, so they stay.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5BD}' | '\u{5BF}'
        | '\u{5C1}'..='\u{5C2}' | '\u{5C4}'..='\u{5C5}' | '\u{5C7}' | '\u{64B}'..='\u{65F}' | '\u{670}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{20D0}'..='\u{20FF}'
        | '\u{FE20}'..='\u{FE2F}')
}

/// Returns whether a character is invisible: soft hyphens, joiners, direction marks, variation selectors. The
/// skin tone of an emoji counts as one.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
        | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0000}'..='\u{E0FFF}')
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
    let lower = chars.nfkd().flat_map(char::to_lowercase);
    let plain = lower.filter(|c| !is_accent(*c)).flat_map(plain_letters).nfkc();
    // A compatibility form may decompose to a traditional character.
    let simplified = plain.map(|c| match place(c) {
        Some(place) => TABLE.quick[place],
        None => TABLE.others.get(&c).copied().unwrap_or(c),
    });
    simplified.for_each(push);
}

/// Returns the plain letters that readers type for a letter that has no decomposition.
fn plain_letters(c: char) -> impl Iterator<Item = char> {
    let (first, second) = match c {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        'ø' => ('o', None),
        'đ' | 'ð' => ('d', None),
        'ħ' => ('h', None),
        'ı' => ('i', None),
        'ł' => ('l', None),
        'ŧ' => ('t', None),
        'ς' => ('σ', None),
        _ => (c, None),
    };
    std::iter::once(first).chain(second)
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
            ("İ", "i"),
            ("A\u{301}", "a"),
            ("q\u{301}", "q"),
            ("ｶﾞﾊﾞﾅ", "ガバナ"),
            ("央\u{200B}行soft\u{AD}\u{200D}hyphen\u{FEFF}", "央行softhyphen"),
            ("\u{200B}e\u{200B}\u{301}", "e"),
            ("薴", "苎"),
            ("降准", "降准"),
            ("Café CRÈME naïve Ångström", "cafe creme naive angstrom"),
            ("Ελλάδα ΟΔΌΣ οδός", "ελλαδα οδοσ οδοσ"),
            ("Ёлка Київ", "елка ки\u{456}в"),
            (
                "Việt Nam, Łódź, Ørsted, Straße, Æ, İstanbul, ışık",
                "viet nam, lodz, orsted, strasse, ae, istanbul, isik",
            ),
            ("かが ハバパ ﾊﾞ", "かが ハバパ バ"),
            ("か\u{3099}", "が"),
            ("한국어", "한국어"),
            ("शिक्षा", "शिक्षा"),
            ("كِتَاب", "كتاب"),
            ("👍🏽 👩\u{200D}💻 ❤\u{FE0F} 1\u{FE0F}\u{20E3}", "👍 👩💻 ❤ 1"),
        ];
        for (written, expected) in table {
            assert_eq!(text(written), expected, "{written}");
            assert_eq!(text(expected), expected, "{expected}");
        }
    }

    #[test]
    fn separators_of_numbers_are_removed_from_whole_groups() {
        let table = [
            ("3,600 点", "3600 点"),
            ("1,234,567.89", "1234567.89"),
            ("３，６００", "3600"),
            ("约3，600亿，$12,000", "约3600亿,$12000"),
            ("a, 100,000", "a, 100000"),
            ("其中，600,000股", "其中,600000股"),
            ("-1,000", "-1000"),
            ("1,2", "1,2"),
            ("1,23", "1,23"),
            ("1,2345", "1,2345"),
            ("1234,567", "1234,567"),
            ("1,234,5", "1,234,5"),
            ("12,3,600", "12,3,600"),
            ("1.5,200", "1.5,200"),
            ("Q1，200家", "q1,200家"),
            ("600160,600519", "600160,600519"),
            ("1, 000", "1, 000"),
            ("1,000,", "1000,"),
            (",000", ",000"),
        ];
        for (written, expected) in table {
            assert_eq!(text(written), expected, "{written}");
            assert_eq!(text(expected), expected, "{expected}");
        }
    }

    #[test]
    fn flag_becomes_one_character() {
        let flags = text("🇨🇳🇺🇸");
        assert_eq!(flags, text("🇨🇳") + &text("🇺🇸"));
        assert_eq!((flags.chars().count(), text("🇨🇳").chars().count()), (2, 1));
        assert!(!flags.contains(&text("🇳🇺")), "no flag of the letters between two");
        assert_eq!(text("🇨"), "🇨");
    }

    #[test]
    fn normalised_characters_keep_their_byte_offsets() {
        let odd = normalised("a㈱時e\u{301}x");
        assert_eq!(odd.chars, ['a', '(', '株', ')', '时', 'e', 'x']);
        assert_eq!(odd.origins, [0, 1, 1, 1, 4, 7, 10]);
        let number = normalised("1,234，567点");
        assert_eq!(number.into_text(), "1234567点");
        assert_eq!(normalised("1,234，567点").origins, [0, 2, 3, 4, 8, 9, 10, 11]);
        assert_eq!(normalised("🇨🇳x").origins, [0, 8]);
    }

    proptest::proptest! {
        #[test]
        fn normalisation_is_idempotent(
            written in "(\\PC|[eiIİkß1,，.㈱🇨\u{301}\u{307}\u{3099}\u{20E3}\u{200B}ｶﾞ]|[0-9]{1,3}(,[0-9]{3}){0,3}){0,40}",
        ) {
            let once = text(&written);
            proptest::prop_assert_eq!(text(&once), once);
        }
    }
}
