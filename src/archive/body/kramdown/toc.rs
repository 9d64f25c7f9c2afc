//! The table of contents that replaces a list with `{:toc}` (`generate_toc_tree` of `converter/html.rb`).

use crate::archive::body::html::bytes;
use crate::archive::body::html::clean::{TOC_CLASS, TOC_ID};
use crate::archive::body::kramdown::literal::escape_html;
use crate::archive::body::kramdown::tag::{close_tag, open_tag, raw_text_element};

/// A heading in the table.
pub(crate) struct TocEntry {
    level: usize,
    id: String,
    /// The text, escaped.
    text: String,
}

impl TocEntry {
    /// Creates the entry of a heading from its id and from its content as HTML.
    pub(crate) fn new(level: usize, id: String, content: &str) -> Self {
        Self { level, id, text: text(content) }
    }
}

/// Writes the table with its own id, or with the usual one if `own_id` is empty. An entry is nested in the one before
/// it if its heading is below that one's.
pub(crate) fn html(entries: &[TocEntry], own_id: &str, is_numbered: bool) -> String {
    let list = if is_numbered { "ol" } else { "ul" };
    let mut out = String::new();
    if entries.is_empty() {
        return out;
    }
    out.extend(["<", list, " id=\""]);
    if own_id.is_empty() {
        out.extend([TOC_ID, "\">\n"]);
    } else {
        escape_html(own_id, &mut out);
        out.extend(["\" class=\"", TOC_CLASS, "\">\n"]);
    }
    // The level of each open entry, and whether it holds a list.
    let mut open: Vec<(usize, bool)> = Vec::new();
    for TocEntry { level, id, text } in entries {
        while let Some((_, holds_list)) = open.pop_if(|(above, _)| *above >= *level) {
            close(list, holds_list, &mut out);
        }
        if let Some((_, holds_list)) = open.last_mut().filter(|(_, holds_list)| !holds_list) {
            *holds_list = true;
            out.extend(["\n<", list, ">\n"]);
        }
        out.push_str("<li><a href=\"#");
        escape_html(id, &mut out);
        out.extend(["\">", text, "</a>"]);
        open.push((*level, false));
    }
    while let Some((_, holds_list)) = open.pop() {
        close(list, holds_list, &mut out);
    }
    out.extend(["</", list, ">\n"]);
    out
}

fn close(list: &str, holds_list: bool, out: &mut String) {
    if holds_list {
        out.extend(["</", list, ">\n"]);
    }
    out.push_str("</li>\n");
}

/// The text of a heading without its tags, scripts and footnote marks. It stays escaped.
fn text(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = bytes::find(rest.as_bytes(), b"<") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let mark = rest.starts_with("<sup id=\"fnref:").then(|| rest.find("</sup>")).flatten();
        let tag = || open_tag(rest).map(|tag| tag.len).or_else(|| close_tag(rest).map(|(_, len)| len));
        let len = match mark {
            Some(end) => Some(end + "</sup>".len()),
            None => raw_text_element(rest).or_else(tag),
        };
        if len.is_none() {
            out.push_str("&lt;");
        }
        rest = &rest[len.unwrap_or(1)..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_nest_by_their_levels() {
        let entries = [(2, "a"), (3, "b"), (4, "c"), (2, "d"), (1, "e"), (3, "f")]
            .map(|(level, id)| TocEntry::new(level, id.to_owned(), id));
        let table = html(&entries, "", false).replace('\n', "");
        let entry = |id: &str| format!("<li><a href=\"#{id}\">{id}</a>");
        let [a, b, c, d, e, f] = ["a", "b", "c", "d", "e", "f"].map(entry);
        let expected = format!(
            "<ul id=\"markdown-toc\">{a}<ul>{b}<ul>{c}</li></ul></li></ul></li>{d}</li>{e}<ul>{f}</li></ul></li></ul>"
        );
        assert_eq!(table, expected);
        assert!(html(&entries, "", true).starts_with("<ol id=\"markdown-toc\">"));
        assert!(html(&entries, "a", true).starts_with("<ol id=\"a\" class=\"toc\">"));
        assert_eq!(html(&[], "a", false), "");
    }

    #[test]
    fn entry_text_has_no_tags_and_footnote_marks() {
        for (content, expected) in [
            ("A <em>b</em> &amp; <code>c</code>", "A b &amp; c"),
            ("<a href=\"x>y\">甲</a><sup id=\"fnref:1\"><a href=\"#fn:1\">1</a></sup>乙", "甲乙"),
            ("1 < 2<br />3", "1 &lt; 23"),
            ("甲<script>x < 1</script>乙<STYLE>y</STYLE><script></script>丙", "甲乙丙"),
        ] {
            assert_eq!(text(content), expected, "{content}");
        }
    }
}
