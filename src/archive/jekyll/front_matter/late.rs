//! Front matter after blank lines or spaces. Jekyll looks for the fence at the first character of a file and shows
//! such front matter as text.

use std::ops::Range;

use crate::archive::jekyll::front_matter::keys::{is_known, is_white};
use crate::archive::jekyll::front_matter::lines::{fence_end, is_blank};
use crate::archive::jekyll::front_matter::recover::KeyLine;

/// The place of front matter that white space precedes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LateFrontMatter {
    /// The text between the fences, and the end of the three characters of the closing fence.
    Closed(Range<usize>, usize),
    /// The text ends before the closing fence.
    Unclosed,
}

/// Finds the front matter of a text that begins with white space. It consists of lines of `key: value`, at least one
/// of them with a known key; otherwise the fence is a horizontal rule of a body.
pub(crate) fn find(text: &str) -> Option<LateFrontMatter> {
    let opened = text.trim_start_matches(is_white);
    let (fence, inside) =
        opened.strip_prefix("---").filter(|_| opened.len() < text.len())?.split_once('\n')?;
    if !is_blank(fence) {
        return None;
    }
    let start = text.len() - inside.len();
    let (mut at, mut keys, mut has_known) = (start, 0, false);
    for line in inside.split_inclusive('\n') {
        let bare = line.trim_start_matches(is_white);
        if let Some(end) = fence_end(bare) {
            let fence = at + (line.len() - bare.len()) + end;
            return has_known.then_some(LateFrontMatter::Closed(start..at, fence));
        }
        match KeyLine::new(bare) {
            Some(line) => {
                keys += 1;
                has_known |= is_known(line.key);
            }
            None if bare.is_empty() || bare.starts_with('#') => {}
            // The continuation of a value.
            None if keys > 0 && (bare.len() < line.len() || bare.starts_with("- ")) => {}
            None => return None,
        }
        at += line.len();
    }
    has_known.then_some(LateFrontMatter::Unclosed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_after_white_space_is_found() {
        let table = [
            ("\n---\ntitle: t\n---\nx", Some("title: t\n")),
            ("\n\n \t\n---\ntitle: t\n---\nx", Some("title: t\n")),
            ("\r\n---\r\ntitle: t\r\n---\r\nx", Some("title: t\r\n")),
            ("\u{FEFF}\n---\ntitle: t\n---", Some("title: t\n")),
            ("\u{3000}\n\u{FEFF}---\ntitle: t\n...\n", Some("title: t\n")),
            ("  ---\n  title: t\n  ---\nx", Some("  title: t\n")),
            (
                "\n---\n# c\n\ntags:\n  - a\n- b\ntitle: x\n  y\n---\nx",
                Some("# c\n\ntags:\n  - a\n- b\ntitle: x\n  y\n"),
            ),
            ("\n---\ntitle：t\ndate:2024-01-02\n---\n", Some("title：t\ndate:2024-01-02\n")),
            ("\n---\nx: y\nlayout: post\n---\n", Some("x: y\nlayout: post\n")),
        ];
        for (text, yaml) in table {
            let found = match find(text) {
                Some(LateFrontMatter::Closed(range, fence)) => {
                    assert!(["---", "..."].contains(&&text[fence - 3..fence]), "{text:?}");
                    Some(&text[range])
                }
                _ => None,
            };
            assert_eq!(found, yaml, "{text:?}");
        }
    }

    #[test]
    fn horizontal_rules_of_a_body_are_no_fences() {
        for text in [
            "\n---\nSome text.\n---\nMore.\n",
            "\n---\nNote: this is text\n---\n",
            "\n---\n新华社：北京电\n---\n",
            "\n---\n---\n",
            "\n---\n\n---\n",
            "\n---\ntitle: t\nSome text.\n---\n",
            "\n---\n- title: t\n---\n",
            "\n----\ntitle: t\n----\n",
            "\n--- x\ntitle: t\n---\n",
            "\nText.\n\n---\ntitle: t\n---\n",
            "---\ntitle: t\n---\n",
            "\n---",
            "\n",
            "",
        ] {
            assert_eq!(find(text), None, "{text:?}");
        }
    }

    #[test]
    fn missing_closing_fence_after_a_known_key_is_detected() {
        assert_eq!(find("\n---\ntitle: t\n"), Some(LateFrontMatter::Unclosed));
        assert_eq!(find("\n---\ntitle: t"), Some(LateFrontMatter::Unclosed));
        assert_eq!(find("\n---\nx: y\n"), None);
    }
}
