//! Finds posts by a damaged URL: by its last path segment, ignoring case and extension.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::archive::address::decoded;
use crate::archive::article_id::{DIGITS_AFTER_LETTERS, LETTERS};
use crate::archive::post::{Post, PostId};
use crate::archive::snapshot::Snapshot;

impl Snapshot {
    /// The served posts whose URL or file name matches a decoded path segment. The match ignores what
    /// links often lose or add: case, the extension, punctuation at either end, and the letters before a
    /// number, which the archive's scrapers added only at times.
    pub fn posts_by_fuzzy_path<'s>(&'s self, part: &str) -> impl Iterator<Item = PostId> + 's {
        let key = key(part);
        let found = if key.is_empty() { Vec::new() } else { self.fuzzy_paths.find(&key).collect() };
        let found = found.into_iter();
        found.filter(move |id| keys(self.post(*id)).any(|other| other == key) && self.is_served(*id))
    }
}

/// The keys of a post: the slug of its file, and the last segment of its URL if that differs.
pub(super) fn keys(post: &Post) -> impl Iterator<Item = String> {
    let slug = post.file_name().map(|name| key(&name.slug));
    let url = decoded(post.url());
    let last = last_part(&url).map(key).filter(|last| !last.is_empty() && Some(last) != slug.as_ref());
    slug.into_iter().chain(last)
}

/// The last segment of a path, ignoring empty segments and `index.html`.
pub fn last_part(path: &str) -> Option<&str> {
    path.rsplit('/').find(|part| !part.is_empty() && !part.eq_ignore_ascii_case("index.html"))
}

/// The normalized form of a path segment, for comparison.
pub(super) fn key(part: &str) -> String {
    let part = if is_nfc(part) { Cow::Borrowed(part) } else { part.nfc().collect::<String>().into() };
    let lower = part.to_lowercase();
    // Text after the extension was accidentally joined to the link.
    let stem = trim(lower.find(".htm").map_or(&*lower, |end| &lower[..end]));
    // Replace white space by hyphens, as Jekyll does in a title's slug.
    without_letters(stem).split_whitespace().collect::<Vec<_>>().join("-")
}

/// Removes `nw` before a number, and the letters before the digits of an article's id.
fn without_letters(stem: &str) -> &str {
    let digits = stem.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let letters = &stem[..stem.len() - digits.len()];
    let is_known =
        letters == "nw" || LETTERS.contains(&letters.len()) && digits.len() == DIGITS_AFTER_LETTERS;
    let is_number = || !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if is_known && is_number() { digits } else { stem }
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fuzzy_key_ignores_case_extension_and_punctuation() {
        let table = [
            ("NW202112092206805832.html", "202112092206805832"),
            ("nw202112092206805832", "202112092206805832"),
            ("202112092206805832.HTML", "202112092206805832"),
            ("News-Today", "news-today"),
            ("“降准”。.html)", "降准"),
            ("a b", "a-b"),
            ("CJ202112092206805832.html", "202112092206805832"),
            ("cj20211209", "cj20211209"),
            ("abcde202112092206805832", "abcde202112092206805832"),
            ("nw20211209", "20211209"),
            ("nwx", "nwx"),
            ("nw", "nw"),
            ("cafe\u{301}", "café"),
            ("...", ""),
            ("v1.2.html", "v1.2"),
            ("plain.html&ref=x", "plain"),
            ("plain.html，大家", "plain"),
        ];
        for (part, expected) in table {
            assert_eq!(key(part), expected, "{part}");
        }
    }

    #[test]
    fn last_part_ignores_index_html_and_empty_segments() {
        let table = [
            ("/a/b.html", Some("b.html")),
            ("/a/b/", Some("b")),
            ("/a/b/index.html", Some("b")),
            ("//", None),
        ];
        for (path, expected) in table {
            assert_eq!(last_part(path), expected, "{path}");
        }
    }
}
