//! HTML tags as Markdown sees them: their extent in a text, and the elements that kramdown treats as blocks
//! and as spans.

use crate::archive::body::html::markup;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenTag<'a> {
    /// The name as written.
    pub(crate) name: &'a str,
    /// Bytes from `<` to `>`.
    pub(crate) len: usize,
    /// True if the tag ends with `/>`.
    pub(crate) closed: bool,
    /// The value of the `markdown` attribute.
    pub(crate) markdown: Option<&'a str>,
}

/// The opening tag at the start of a text.
pub(crate) fn open_tag(text: &str) -> Option<OpenTag<'_>> {
    let bytes = text.as_bytes();
    let name = name_at(text, 1).filter(|_| bytes.first() == Some(&b'<'))?;
    let mut i = 1 + name.len();
    let mut markdown = None;
    loop {
        let space = spaces(&bytes[i..]);
        i += space;
        match bytes.get(i)? {
            b'>' => return Some(OpenTag { name, len: i + 1, closed: false, markdown }),
            b'/' if bytes.get(i + 1) == Some(&b'>') => {
                return Some(OpenTag { name, len: i + 2, closed: true, markdown });
            }
            _ if space == 0 => return None,
            _ => {}
        }
        let start = i;
        i += bytes[i..].iter().take_while(|b| is_attribute_byte(**b)).count();
        let key = &text[start..i];
        if key.is_empty() {
            return None;
        }
        let equals = i + spaces(&bytes[i..]);
        if bytes.get(equals) == Some(&b'=') {
            i = equals + 1;
            i += spaces(&bytes[i..]);
            let value = value_at(text, i)?;
            i += value.len();
            if key == "markdown" {
                markdown = Some(value.trim_matches(['"', '\'']));
            }
        }
    }
}

/// The closing tag at the start of a text: its name and length in bytes.
pub(crate) fn close_tag(text: &str) -> Option<(&str, usize)> {
    let name = name_at(text, 2).filter(|_| text.starts_with("</"))?;
    let end = 2 + name.len();
    let end = end + spaces(&text.as_bytes()[end..]);
    (text.as_bytes().get(end) == Some(&b'>')).then_some((name, end + 1))
}

/// The byte range of a closing tag.
pub(crate) struct CloseTag {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// Returns whether the content of the element is the text of a program, not of the author.
pub(crate) fn is_raw_text(name: &str) -> bool {
    name.eq_ignore_ascii_case("script") || name.eq_ignore_ascii_case("style")
}

/// The closing tag of a `script` or `style`, whose content begins the text.
pub(crate) fn raw_text_close(text: &str, name: &str) -> Option<CloseTag> {
    let start = markup::raw_content(text, &name.to_ascii_lowercase())?;
    let len = markup::declaration(&text[start..])?;
    Some(CloseTag { start, end: start + len })
}

/// Returns whether a line begins with a `script` or `style` that does not end on it.
pub(crate) fn begins_raw_text(line: &str) -> bool {
    let tag = open_tag(line).filter(|tag| is_raw_text(tag.name) && !tag.closed);
    tag.is_some_and(|tag| raw_text_close(&line[tag.len..], tag.name).is_none())
}

/// The length of the `script` or `style` at the start of a text.
pub(crate) fn raw_text_element(text: &str) -> Option<usize> {
    /// A longer element is not searched for its end, which keeps a hostile body linear.
    const LONGEST: usize = 4096;
    let text = &text[..text.floor_char_boundary(LONGEST)];
    let tag = open_tag(text).filter(|tag| is_raw_text(tag.name) && !tag.closed)?;
    raw_text_close(&text[tag.len..], tag.name).map(|close| tag.len + close.end)
}

fn name_at(text: &str, start: usize) -> Option<&str> {
    let rest = text.as_bytes().get(start..)?;
    if !rest.first()?.is_ascii_alphabetic() {
        return None;
    }
    let len =
        rest.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')).count();
    Some(&text[start..start + len])
}

fn value_at(text: &str, start: usize) -> Option<&str> {
    let rest = &text[start..];
    let len = match rest.as_bytes().first()? {
        quote @ (b'"' | b'\'') => rest.as_bytes()[1..].iter().position(|b| b == quote)? + 2,
        _ => rest
            .bytes()
            .take_while(|b| {
                !b.is_ascii_whitespace() && !matches!(b, b'"' | b'\'' | b'=' | b'<' | b'>' | b'`')
            })
            .count(),
    };
    (len > 0).then(|| &rest[..len])
}

fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_whitespace()).count()
}

fn is_attribute_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'.' | b'-' | b'@') || !byte.is_ascii()
}

/// Returns whether kramdown parses the element inside a paragraph (`HTML_SPAN_ELEMENTS`).
pub(crate) fn is_span(name: &str) -> bool {
    among(
        name,
        &[
            "a", "abbr", "acronym", "b", "big", "bdo", "br", "button", "cite", "code", "del", "dfn", "em",
            "i", "img", "input", "ins", "kbd", "label", "mark", "option", "q", "rb", "rbc", "rp", "rt",
            "rtc", "ruby", "samp", "select", "small", "span", "strong", "sub", "sup", "tt", "u", "var",
        ],
    )
}

/// Returns whether kramdown shows the tag as text inside a paragraph (`HTML_BLOCK_ELEMENTS`).
pub(crate) fn is_block(name: &str) -> bool {
    among(
        name,
        &[
            "address",
            "article",
            "aside",
            "applet",
            "body",
            "blockquote",
            "caption",
            "col",
            "colgroup",
            "dd",
            "div",
            "dl",
            "dt",
            "fieldset",
            "figcaption",
            "footer",
            "form",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "header",
            "hgroup",
            "hr",
            "html",
            "head",
            "iframe",
            "legend",
            "menu",
            "li",
            "main",
            "map",
            "nav",
            "ol",
            "optgroup",
            "p",
            "pre",
            "section",
            "summary",
            "table",
            "tbody",
            "td",
            "th",
            "thead",
            "tfoot",
            "tr",
            "ul",
        ],
    )
}

/// Returns whether the element has no content and no closing tag.
pub(crate) fn is_void(name: &str) -> bool {
    among(
        name,
        &[
            "area", "base", "br", "col", "command", "embed", "hr", "img", "input", "keygen", "link", "meta",
            "param", "source", "track", "wbr",
        ],
    )
}

/// Returns whether `markdown="1"` parses the content as blocks (`HTML_CONTENT_MODEL_BLOCK`).
pub(crate) fn holds_blocks(name: &str) -> bool {
    among(
        name,
        &[
            "address",
            "applet",
            "article",
            "aside",
            "body",
            "blockquote",
            "dd",
            "details",
            "div",
            "dl",
            "fieldset",
            "figure",
            "figcaption",
            "footer",
            "form",
            "header",
            "hgroup",
            "iframe",
            "li",
            "main",
            "map",
            "menu",
            "nav",
            "noscript",
            "object",
            "section",
            "summary",
            "td",
        ],
    )
}

/// Returns whether `markdown="1"` parses the content as spans (`HTML_CONTENT_MODEL_SPAN`).
pub(crate) fn holds_spans(name: &str) -> bool {
    among(name, &["h1", "h2", "h3", "h4", "h5", "h6", "p", "th", "dt", "legend", "caption"])
}

fn among(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_yield_name_and_length_malformed_ones_none() {
        let len = |text| open_tag(text).map(|tag| (tag.name, tag.len, tag.closed));
        assert_eq!(len("<p>x"), Some(("p", 3, false)));
        assert_eq!(len("<br/>"), Some(("br", 5, true)));
        assert_eq!(len("<a href='x>y' b=c d>z"), Some(("a", 20, false)));
        for text in ["<公司>", "<5%", "<http://a>", "<p class=\"a\"class=b>", "<p", "<p a=\"", "p>", "<a b=>"]
        {
            assert_eq!(len(text), None, "{text}");
        }
        assert_eq!(open_tag("<div markdown=\"1\">").and_then(|tag| tag.markdown), Some("1"));
        assert_eq!(close_tag("</p >x"), Some(("p", 5)));
        assert_eq!(close_tag("</ p>"), None);
    }
}
