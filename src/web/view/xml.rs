//! Escaping of arbitrary text for XML (<https://www.w3.org/TR/xml/#charsets>).

use std::fmt::{self, Write};

use askama::filters::Escaper;

/// Escapes markup characters and drops the characters that XML cannot represent. Templates whose names end in
/// `.xml` use it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct XmlEscaper;

impl Escaper for XmlEscaper {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(needs_care) {
            dest.write_str(&rest[..at])?;
            let Some(c) = rest[at..].chars().next() else { break };
            dest.write_str(match c {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                // A parser would turn it into a line feed.
                '\r' => "&#13;",
                _ => "",
            })?;
            rest = &rest[at + c.len_utf8()..];
        }
        dest.write_str(rest)
    }
}

fn needs_care(c: char) -> bool {
    match c {
        '&' | '<' | '>' | '"' | '\r' => true,
        '\t' | '\n' => false,
        _ => c < ' ' || matches!(c, '\u{FFFE}' | '\u{FFFF}'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_invalid_in_xml_are_dropped_others_kept() {
        let mut out = String::new();
        let text = "a<b>&\"c\"]]>\u{0}\u{1}\u{b}\u{FFFE}\t\n\r文😀\u{7f}";
        XmlEscaper.write_escaped_str(&mut out, text).expect("a text");
        assert_eq!(out, "a&lt;b&gt;&amp;&quot;c&quot;]]&gt;\t\n&#13;文😀\u{7f}");
    }
}
