//! The fast path must read exactly what serde_yaml reads.

use proptest::prelude::*;

use super::*;

const PIECES: &[&str] = &[
    "title",
    "tags",
    "n-o",
    "true",
    ":",
    ": ",
    ":  ",
    " ",
    "\n",
    "\n\n",
    "\"",
    "'",
    "[",
    "]",
    ",",
    ", ",
    "- ",
    "#",
    " #",
    "~",
    "null",
    "Null",
    "yes",
    "0x7E8",
    "1.50",
    "2024-01-02 03:04:05 +0800",
    "2024",
    "中文",
    "“引”",
    "！",
    "é",
    "\u{A0}",
    "\u{85}",
    "\u{2028}",
    "\u{FEFF}",
    "\u{FFFE}",
    "😀",
    "\t",
    "\r",
    "\\",
    "!binary",
    "&a",
    "*a",
    "{",
    "}",
    "|",
    ">",
    "%",
    "@",
    "`",
    "?",
    "---",
    "...",
    "<<",
    "=",
    "/a/b",
    "http://a",
];

proptest! {
    #[test]
    fn simple_parser_matches_serde_yaml(
        text in proptest::collection::vec(proptest::sample::select(PIECES), 0..12),
        whole in any::<bool>(),
    ) {
        let text = text.concat();
        let yaml = if whole { text } else { format!("title: {text}\ntags: [{}]\n", text.replace('\n', ", ")) };
        if let Some(fields) = simple::fields(&yaml) {
            prop_assert_eq!(parsed(&yaml).ok(), Some(fields), "{:?}", yaml);
        }
    }
}

#[test]
fn base64_ignores_space_and_padding_only() {
    let cases: [(&str, Option<&[u8]>); 7] = [
        ("YWJj", Some(b"abc")),
        ("YW\n Jj\n", Some(b"abc")),
        ("YQ==", Some(b"a")),
        ("YQ", Some(b"a")),
        ("YWJjA", Some(b"abc")),
        ("YWJj*", None),
        ("YW\u{4e2d}", None),
    ];
    for (text, bytes) in cases {
        assert_eq!(base64(text).as_deref(), bytes, "{text}");
    }
}
