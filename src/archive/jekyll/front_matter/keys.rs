//! The keys that finews and Jekyll's plugins read. They distinguish front matter from text, and damaged keys from others.

/// The keys in ascending order, for a binary search.
const KNOWN: [&str; 26] = [
    "author",
    "authors",
    "canonical_url",
    "categories",
    "category",
    "comments",
    "date",
    "description",
    "draft",
    "excerpt",
    "hidden",
    "image",
    "lang",
    "last_modified_at",
    "layout",
    "permalink",
    "published",
    "redirect_from",
    "redirect_to",
    "sitemap",
    "slug",
    "subtitle",
    "summary",
    "tag",
    "tags",
    "title",
];

pub(crate) fn is_known(key: &str) -> bool {
    KNOWN.binary_search(&key).is_ok()
}

/// Returns whether a key is a known key, perhaps with capital letters: `Title`.
pub(crate) fn is_known_in_any_case(key: &str) -> bool {
    is_known(&key.to_ascii_lowercase())
}

/// Returns whether a key of valid YAML is a known key together with something that YAML takes for letters: white space
/// that is not ASCII, or a full-width colon, such as in `title：Re: x`.
pub(crate) fn is_damaged(key: &str) -> bool {
    let name = match key.split_once('：') {
        Some((name, _)) => name,
        None => {
            key.split_once(':').filter(|(_, rest)| rest.starts_with(is_white)).map_or(key, |(name, _)| name)
        }
    };
    let name = name.trim_matches(is_white);
    name.len() < key.len() && is_known(name)
}

/// Returns whether a character looks like white space or is invisible.
pub(crate) fn is_white(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200B}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_are_sorted() {
        assert!(KNOWN.is_sorted());
        assert!(is_known("title") && is_known("author") && !is_known("Title") && !is_known(""));
        assert!(
            is_known_in_any_case("Title") && is_known_in_any_case("tags") && !is_known_in_any_case("Note")
        );
    }

    #[test]
    fn known_key_with_more_around_it_is_damaged() {
        for key in ["title：Re", "\u{3000}title", "title\u{A0}", "\u{FEFF}title", "tags:\u{3000}a"] {
            assert!(is_damaged(key), "{key}");
        }
        for key in ["title", "标题", "A股：涨", "titles", "og:title", "title:en", ""] {
            assert!(!is_damaged(key), "{key}");
        }
    }
}
