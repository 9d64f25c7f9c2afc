//! Front matter after blank lines or spaces, or with a damaged or missing opening fence. Jekyll looks for the fence at the first
//! character of a file and shows such front matter as text.

use std::ops::Range;

use crate::archive::jekyll::front_matter::keys::{is_known_in_any_case, is_white};
use crate::archive::jekyll::front_matter::lines::{fence_end, is_blank, is_space};
use crate::archive::jekyll::front_matter::recover::KeyLine;

/// The place of front matter that white space precedes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LateFrontMatter {
    /// The text between the fences, and the end of the three characters of the closing fence.
    Closed(Range<usize>, usize),
    /// The text ends before the closing fence.
    Unclosed,
}

/// Front matter with a damaged opening fence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DamagedFrontMatter {
    /// The text of the fields, and the end of the closing fence; `None` for fields that are no YAML.
    pub(crate) yaml: Option<(Range<usize>, usize)>,
    /// The fault, for owners.
    pub(crate) fault: &'static str,
}

/// Finds front matter without an opening fence, and behind `----`, `--- # comment` or the `+++` of TOML.
pub(crate) fn find_damaged(text: &str) -> Option<DamagedFrontMatter> {
    let (first, rest) = text.split_once('\n')?;
    if first.strip_prefix("+++").is_some_and(is_blank) {
        let fault = "the front matter is TOML between `+++`, and the whole file is shown as text; write YAML between `---`";
        let is_closed = rest.lines().any(|line| line.strip_prefix("+++").is_some_and(is_blank));
        return is_closed.then_some(DamagedFrontMatter { yaml: None, fault });
    }
    let (start, least, fault) = if let Some(more) = first.strip_prefix("---") {
        let fault = if more.trim_start_matches(is_space).starts_with('#') {
            "Jekyll shows the front matter as text, since a comment follows its opening `---`; remove the comment"
        } else if more.starts_with('-') && is_blank(more.trim_start_matches('-')) {
            "Jekyll shows the front matter as text, since it begins with more than three dashes; write `---`"
        } else {
            return None;
        };
        (first.len() + 1, 1, fault)
    } else {
        let bare = text.trim_start_matches(is_white);
        let start = text.len() - bare.len();
        // Indented lines are code.
        if text[..start].ends_with(' ') {
            return None;
        }
        let line = KeyLine::new(bare.lines().next()?).filter(|line| is_known_in_any_case(line.key))?;
        // A line of text with a colon before `---` is a heading, unless its key is the title.
        let least = if line.key.eq_ignore_ascii_case("title") { 1 } else { 2 };
        (
            start,
            least,
            "Jekyll shows the front matter as text, since it has no opening `---`; add that line before it",
        )
    };
    match fields(text, start, least)? {
        LateFrontMatter::Closed(yaml, fence) => Some(DamagedFrontMatter { yaml: Some((yaml, fence)), fault }),
        LateFrontMatter::Unclosed => None,
    }
}

/// Finds the front matter of a text that begins with white space.
pub(crate) fn find(text: &str) -> Option<LateFrontMatter> {
    let opened = text.trim_start_matches(is_white);
    let (fence, inside) =
        opened.strip_prefix("---").filter(|_| opened.len() < text.len())?.split_once('\n')?;
    if !is_blank(fence) {
        return None;
    }
    fields(text, text.len() - inside.len(), 1)
}

/// Finds the end of the front matter whose fields begin at `start`. It consists of lines of `key: value`, at least
/// `least` of them, and at least one with a known key; otherwise the fence is a horizontal rule of a body.
fn fields(text: &str, start: usize, least: usize) -> Option<LateFrontMatter> {
    let (mut at, mut keys, mut has_known) = (start, 0, false);
    for line in text[start..].split_inclusive('\n') {
        let bare = line.trim_start_matches(is_white);
        if let Some(end) = fence_end(bare).or_else(|| long_fence_end(bare)) {
            let fence = at + (line.len() - bare.len()) + end;
            return (has_known && keys >= least).then_some(LateFrontMatter::Closed(start..at, fence));
        }
        match KeyLine::new(bare) {
            Some(line) => {
                keys += 1;
                has_known |= is_known_in_any_case(line.key);
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

/// Returns the length of a fence with more than three dashes.
fn long_fence_end(line: &str) -> Option<usize> {
    let rest = line.strip_prefix("---")?.trim_start_matches('-');
    is_blank(rest).then_some(line.len() - rest.len())
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
    fn front_matter_with_a_damaged_opening_fence_is_found() {
        let table = [
            ("title: t\ndate: 2024-01-02\n---\nx", Some("title: t\ndate: 2024-01-02\n"), "no opening"),
            (
                "layout: post\r\ntags:\r\n- a\r\ntitle：t\r\n---\r\n",
                Some("layout: post\r\ntags:\r\n- a\r\ntitle：t\r\n"),
                "no opening",
            ),
            ("Title: t\nCategories: c\n---\nx", Some("Title: t\nCategories: c\n"), "no opening"),
            ("\n \n\u{FEFF}title: t\nDATE: d\n...\nx", Some("title: t\nDATE: d\n"), "no opening"),
            ("\r\n\r\ntags: a\r\ntitle: t\r\n---\r\n", Some("tags: a\r\ntitle: t\r\n"), "no opening"),
            ("title: t\n---\nx", Some("title: t\n"), "no opening"),
            ("Title: t\n\n...\nx", Some("Title: t\n\n"), "no opening"),
            ("----\ntitle: t\n---\nx", Some("title: t\n"), "three dashes"),
            ("----- \r\ntitle: t\r\n-----\r\nx", Some("title: t\r\n"), "three dashes"),
            ("--- # comment\ntitle: t\n---\nx", Some("title: t\n"), "a comment"),
            ("---# c\n# d\ntitle: t\n...\n", Some("# d\ntitle: t\n"), "a comment"),
            ("+++\ntitle = \"t\"\n+++\nx", None, "TOML"),
        ];
        for (text, yaml, fault) in table {
            let found = find_damaged(text).expect(text);
            assert_eq!(found.yaml.map(|(range, _)| &text[range]), yaml, "{text:?}");
            assert!(found.fault.contains(fault), "{text:?}: {}", found.fault);
        }
        for text in [
            "date: 2024-01-02\n---\nx",
            "Summary: a heading\n---\nx",
            "\n    title: t\n    tags: a\n---\nx",
            "title: t\nSome text.\n---\nx",
            "title: t\ndate: 2024-01-02\n",
            "Note: a\nMore: b\n---\n",
            "Some text.\ntitle: t\ndate: 2024-01-02\n---\n",
            "----\nSome text.\n----\n",
            "----\nx: y\n---\n",
            "----\ntitle: t\n",
            "--- title\ntitle: t\n---\n",
            "--------- x\ntitle: t\n---\n",
            "+++\ntitle = 't'\n",
            "+++ x\ntitle = 't'\n+++\n",
            "---",
            "",
        ] {
            assert_eq!(find_damaged(text), None, "{text:?}");
        }
    }

    #[test]
    fn missing_closing_fence_after_a_known_key_is_detected() {
        assert_eq!(find("\n---\ntitle: t\n"), Some(LateFrontMatter::Unclosed));
        assert_eq!(find("\n---\ntitle: t"), Some(LateFrontMatter::Unclosed));
        assert_eq!(find("\n---\nx: y\n"), None);
    }
}
