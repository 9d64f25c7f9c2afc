//! Jekyll's slugs and the titles made from them (`Utils.slugify` and `Utils.titleize_slug`), for
//! permalinks and for posts without a title.

use std::sync::LazyLock;

use regex::Regex;

/// The characters that a slug keeps: the modes of Jekyll's `slugify` that permalinks use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlugMode {
    /// Letters, marks and decimal digits of every script.
    Default,
    /// Like `Default`, plus the characters `._~!$&'()+,;=@`.
    Pretty,
}

/// Replaces each run of characters that `mode` drops with a hyphen, and removes one hyphen from each end.
/// Converts to lower case unless `keep_case`. The result may be empty.
pub fn slugify(text: &str, mode: SlugMode, keep_case: bool) -> String {
    let slug = dropped(mode).replace_all(text, "-");
    let slug = slug.strip_prefix('-').unwrap_or(&slug);
    let slug = slug.strip_suffix('-').unwrap_or(slug);
    if keep_case { slug.to_owned() } else { downcase(slug) }
}

/// `rate-cut_2024` → `Rate Cut_2024`: the title of a post without one.
pub fn titleize(slug: &str) -> String {
    // Ruby's `split` drops empty fields at the end.
    slug.trim_end_matches('-').split('-').map(capitalize).collect::<Vec<_>>().join(" ")
}

/// Ruby's `downcase`: unlike `str::to_lowercase` it ignores context, so a final Σ becomes σ.
pub(crate) fn downcase(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Returns the pattern of runs that become a hyphen (the constants at the top of jekyll/utils.rb).
fn dropped(mode: SlugMode) -> &'static Regex {
    static DEFAULT: LazyLock<Regex> = LazyLock::new(|| class(r"[^\p{M}\p{L}\p{Nd}]+"));
    static PRETTY: LazyLock<Regex> = LazyLock::new(|| class(r"[^\p{M}\p{L}\p{Nd}._~!$&'()+,;=@]+"));
    match mode {
        SlugMode::Default => &DEFAULT,
        SlugMode::Pretty => &PRETTY,
    }
}

fn class(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant")
}

/// Ruby's `capitalize`: the first character in title case, the others in lower case.
pub(crate) fn capitalize(word: &str) -> String {
    let mut chars = word.chars();
    let Some(first) = chars.next() else { return String::new() };
    let mut title = String::with_capacity(word.len());
    match first {
        // Title case differs from upper case for digraphs and for Georgian, which has no title case.
        'Ǆ'..='ǆ' => title.push('ǅ'),
        'Ǉ'..='ǉ' => title.push('ǈ'),
        'Ǌ'..='ǌ' => title.push('ǋ'),
        'Ǳ'..='ǳ' => title.push('ǲ'),
        'ა'..='ჿ' => title.push(first),
        'ŉ' => title.push_str("ʼN"),
        _ => {
            let mut upper = first.to_uppercase();
            title.extend(upper.next());
            title.extend(upper.flat_map(char::to_lowercase));
        }
    }
    title.extend(chars.flat_map(char::to_lowercase));
    title
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The expected values come from Jekyll 4.3.1: default, and pretty with its case kept.
    #[test]
    fn slugs_match_jekyll() {
        let cases = [
            ("Hello World", ["hello-world", "Hello-World"]),
            ("中文 标题！", ["中文-标题", "中文-标题"]),
            ("Upper Case_X", ["upper-case-x", "Upper-Case_X"]),
            ("a..b", ["a-b", "a..b"]),
            ("--a--", ["a", "a"]),
            ("Élan Œuf", ["élan-œuf", "Élan-Œuf"]),
            ("ΑΣ", ["ασ", "ΑΣ"]),
            ("-", ["", ""]),
            ("", ["", ""]),
        ];
        for (text, expected) in cases {
            let slugs = [SlugMode::Default, SlugMode::Pretty]
                .map(|mode| slugify(text, mode, mode == SlugMode::Pretty));
            assert_eq!(slugs, expected, "{text}");
        }
    }

    #[test]
    fn titles_are_capitalised() {
        let cases = [
            ("titleless-hello", "Titleless Hello"),
            ("nofm", "Nofm"),
            ("NW2022-ABC", "Nw2022 Abc"),
            ("-a--b-", " A  B"),
            ("ßa-ǆb-ŉc-中", "Ssa ǅb ʼNc 中"),
            ("", ""),
        ];
        for (slug, title) in cases {
            assert_eq!(titleize(slug), title, "{slug}");
        }
    }

    proptest! {
        #[test]
        fn slugify_is_idempotent(text in "\\PC{0,30}") {
            let slug = slugify(&text, SlugMode::Default, false);
            prop_assert_eq!(slugify(&slug, SlugMode::Default, false), slug);
            titleize(&text);
        }
    }
}
