//! Escapes the `<` of tags and comments that never end. HTML drops everything after them; here a missing
//! quote or `-->` turns only its own tag or comment into text.

use std::borrow::Cow;

use crate::archive::body::html::{bytes, element, markup};

/// Limit of unfinished tags and comments; HTML handles the rest. Each costs a scan of the rest of the body.
const MAX: usize = 32;

/// A tag with more attributes becomes text, too: HTML's tokenizer compares each with all others.
const MAX_ATTRIBUTES: usize = 512;

/// Returns a body with its unfinished tags and comments escaped.
pub(crate) fn escape(html: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut from, mut unclosed, mut looks) = (0, UnclosedElements::default(), 0);
    while let Some((start, ends)) = find(html, from, &mut unclosed).filter(|_| looks < MAX) {
        looks += usize::from(!ends);
        out.push_str(&html[from..start]);
        out.push_str("&lt;");
        from = start + 1;
    }
    if from == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[from..]);
    Cow::Owned(out)
}

/// Finds the next tag or comment to escape. Returns its position and whether it ends.
fn find(html: &str, from: usize, unclosed: &mut UnclosedElements) -> Option<(usize, bool)> {
    let mut at = from;
    while let Some(start) = bytes::find(&html.as_bytes()[at..], b"<").map(|i| at + i) {
        let rest = &html[start..];
        let len = match rest.as_bytes().get(1) {
            Some(b'!') if rest.starts_with("<!--") => markup::comment(rest),
            Some(b'!' | b'?') => markup::declaration(rest),
            Some(b'/') if rest.len() == 2 => Some(2),
            Some(b'/') if !rest.as_bytes()[2].is_ascii_alphabetic() => markup::declaration(rest),
            Some(b) if *b == b'/' || b.is_ascii_alphabetic() => {
                let mut attributes = 0;
                let tag = markup::tag(rest, |_, _| attributes += 1);
                if tag.is_some() && attributes > MAX_ATTRIBUTES {
                    return Some((start, true));
                }
                tag.map(|len| len + unclosed.content(rest, len))
            }
            _ => Some(1),
        };
        at = match len {
            Some(len) => start + len,
            None => return Some((start, false)),
        };
    }
    None
}

/// The raw-text elements (`script` and the like) that are known to have no end tag.
#[derive(Default)]
struct UnclosedElements(Vec<String>);

impl UnclosedElements {
    /// The length of the raw content of the element whose start tag begins `text`; 0 for other elements,
    /// and without an end tag.
    fn content(&mut self, text: &str, tag_len: usize) -> usize {
        let name = markup::name(text, 1);
        if !element::is_raw(name) {
            return 0;
        }
        let name = name.to_ascii_lowercase();
        if self.0.contains(&name) {
            return 0;
        }
        let content = &text[tag_len..];
        let is_end = |(at, _): &(usize, &str)| {
            let end = content.as_bytes().get(at + 2..at + 2 + name.len());
            end.is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes()))
        };
        match content.match_indices("</").find(is_end) {
            Some((at, _)) => at,
            None => {
                self.0.push(name);
                0
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_tags_and_comments_are_escaped() {
        for (html, expected) in [
            ("<p a=\"b>甲</p>", "&lt;p a=\"b>甲</p>"),
            ("<p>甲<!-- 乙</p>", "<p>甲&lt;!-- 乙</p>"),
            ("<a href='<b>甲", "&lt;a href='<b>甲"),
            ("甲<?x 乙", "甲&lt;?x 乙"),
            ("甲</p 乙", "甲&lt;/p 乙"),
            ("甲<!--乙<p", "甲&lt;!--乙&lt;p"),
        ] {
            assert_eq!(escape(html), expected);
        }
        let wide = format!("<p{}>甲", " a".repeat(513));
        assert_eq!(escape(&wide), format!("&lt;{}", &wide[1..]));
        for html in [
            "<p a=b'c\">",
            "<p ='>",
            "<a b = \">\" / c>",
            "<br/>",
            "<!--><!---><!-- - -- --!>",
            "<!x><?x></>",
            "< <5 <",
            "</",
            "<script>'<a b=\"'</script>",
            "<script><br>",
            "<script a=\"</script\">'<a b=\"'</script>",
        ] {
            assert_eq!(escape(html), html);
        }
    }
}
