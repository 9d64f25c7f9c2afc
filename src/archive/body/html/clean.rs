//! The only place where HTML becomes safe: templates print ammonia's output.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use encoding_rs::UTF_8;
use serde::{Deserialize, Serialize};

use crate::archive::body::html::pieces::{self, HtmlPiece};
use crate::archive::body::html::{element, soft_break};

/// HTML that ammonia has cleaned: the only type that templates print unescaped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BodyHtml(Box<str>);

impl BodyHtml {
    /// The clean HTML, safe to print unescaped.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Iterates over the texts and tags in their order.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = HtmlPiece<'_>> {
        pieces::pieces(self.as_str())
    }

    /// Restores HTML that was a `BodyHtml` before it was compressed and stored, or before its links changed.
    pub(crate) fn from_stored(html: String) -> Self {
        Self(html.into())
    }
}

pub(crate) fn clean(html: &str) -> BodyHtml {
    let mut bytes = Vec::with_capacity(html.len());
    // Writing to memory does not fail.
    let _ = POLICY.clean(html).write_to(&mut bytes);
    // Far faster on Chinese than the standard library's check.
    let html = soft_break::join_html(UTF_8.decode_without_bom_handling(&bytes).0);
    if !html.contains("<pre>\n") {
        return BodyHtml(html.into());
    }
    // HTML parsers drop the first newline of a `pre`, so a second one protects it
    // (<https://html.spec.whatwg.org/multipage/grouping-content.html#the-pre-element>). The policy keeps no
    // attributes of a `pre`.
    BodyHtml(html.replace("<pre>\n", "<pre>\n\n").into())
}

/// The `rel` of links to other hosts.
pub(crate) const EXTERNAL_REL: &str = "noopener nofollow ugc";

/// The id of a table of contents.
pub(crate) const TOC_ID: &str = "markdown-toc";

const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("a", &["href", "title"]),
    ("img", &["src", "alt", "title", "width", "height"]),
    ("audio", &["src"]),
    ("video", &["src", "poster", "width", "height"]),
    ("source", &["src", "type"]),
    ("code", &["class"]),
    ("abbr", &["title"]),
    ("ul", &["id"]),
    ("ol", &["id", "start"]),
    ("li", &["id", "value"]),
    ("sup", &["id"]),
    ("h1", &["id"]),
    ("h2", &["id"]),
    ("h3", &["id"]),
    ("h4", &["id"]),
    ("h5", &["id"]),
    ("h6", &["id"]),
    ("td", &["colspan", "rowspan"]),
    ("th", &["colspan", "rowspan"]),
    ("col", &["span"]),
    ("colgroup", &["span"]),
];

/// Attributes that are limited to these values.
const VALUES: &[(&str, &str, &[&str])] = &[
    ("a", "rel", &[EXTERNAL_REL]),
    ("a", "role", &["doc-backlink", "doc-noteref"]),
    ("sup", "role", &["doc-noteref"]),
    ("div", "role", &["doc-endnotes"]),
    ("li", "role", &["doc-endnote"]),
    ("audio", "controls", &[""]),
    ("audio", "preload", &["none"]),
    ("video", "controls", &[""]),
    ("video", "preload", &["none"]),
    ("img", "loading", &["lazy"]),
    ("img", "decoding", &["async"]),
    ("img", "referrerpolicy", &["no-referrer"]),
];

/// Returns whether the policy keeps an attribute. The rewriting pass omits the others, since ammonia would
/// reorder the rest when it removes one.
pub(crate) fn has_attribute(element: &str, name: &str, value: &str) -> bool {
    let of_any_value = ATTRIBUTES.iter().any(|(tag, names)| *tag == element && names.contains(&name));
    let of_this_value = || {
        VALUES.iter().any(|(tag, known, values)| (*tag, *known) == (element, name) && values.contains(&value))
    };
    (of_any_value || of_this_value()) && attribute(element, name, value).is_some()
}

const ALIGN_CLASSES: [&str; 4] = ["ta-left", "ta-center", "ta-right", "ta-justify"];

/// The classes of footnote links, and of a link in place of an embedded page.
const LINK_CLASSES: [&str; 3] = ["footnote", "reversefootnote", EMBED_CLASS];

/// The class of a link in place of an embedded page.
pub(crate) const EMBED_CLASS: &str = "embed";

/// The class of a table of contents with an id of its own.
pub(crate) const TOC_CLASS: &str = "toc";

/// The class of the box of a task.
pub(crate) const TASK_CLASS: &str = "task";

/// The class of a block with the chart of a quote site, in front of the text.
pub(crate) const CHART_CLASS: &str = "quote-chart";

/// Returns whether the policy keeps a class.
pub(crate) fn has_class(element: &str, class: &str) -> bool {
    match element {
        "a" => LINK_CLASSES.contains(&class),
        "abbr" => class == TASK_CLASS,
        "ul" | "ol" => class == TOC_CLASS,
        "code" => is_language(class),
        "div" if class == "footnotes" => true,
        "p" | "div" if class == CHART_CLASS => true,
        _ => ALIGN_CLASSES.contains(&class) && element::is_aligned(element),
    }
}

static POLICY: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let aligned = element::kept().filter(|name| element::is_aligned(name));
    let mut classes: HashMap<&str, HashSet<&str>> =
        aligned.map(|name| (name, HashSet::from(ALIGN_CLASSES))).collect();
    classes.entry("div").or_default().extend(["footnotes", CHART_CLASS]);
    classes.entry("p").or_default().insert(CHART_CLASS);
    classes.insert("a", HashSet::from(LINK_CLASSES));
    classes.insert("abbr", HashSet::from([TASK_CLASS]));
    classes.insert("ul", HashSet::from([TOC_CLASS]));
    classes.insert("ol", HashSet::from([TOC_CLASS]));
    let mut values: HashMap<&str, HashMap<&str, HashSet<&str>>> = HashMap::new();
    for (element, attribute, allowed) in VALUES {
        values.entry(element).or_default().insert(attribute, allowed.iter().copied().collect());
    }
    let mut policy = Builder::empty();
    policy
        .tags(element::kept().collect())
        .clean_content_tags(HashSet::from(["script", "style", "iframe", "svg", "math"]))
        .tag_attributes(
            ATTRIBUTES.iter().map(|(tag, names)| (*tag, names.iter().copied().collect())).collect(),
        )
        .tag_attribute_values(values)
        .allowed_classes(classes)
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None)
        .strip_comments(true)
        .attribute_filter(attribute);
    policy
});

/// Filters attribute values. Only headings, footnotes and lists have ids; the prefix `ui-` is reserved for the page.
/// The rewriting pass removes the ids of all lists but the table of contents.
fn attribute<'v>(element: &str, name: &str, value: &'v str) -> Option<Cow<'v, str>> {
    let is_kept = match (element, name) {
        ("sup", "id") => value.starts_with("fnref:"),
        ("li", "id") => value.starts_with("fn:"),
        (_, "id") => !value.is_empty() && !value.starts_with("ui-"),
        ("img" | "audio" | "video" | "source", "src") | ("video", "poster") => {
            !value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
        }
        ("code", "class") => is_language(value),
        (_, "width" | "height" | "colspan" | "rowspan" | "span") => is_number(value, 5),
        // The number of an item may be a date or a stock's code.
        (_, "start" | "value") => is_number(value, 9),
        _ => true,
    };
    is_kept.then_some(Cow::Borrowed(value))
}

/// Returns whether a class names the language of code.
fn is_language(class: &str) -> bool {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'#' | b'.');
    let name = class.strip_prefix("language-");
    name.is_some_and(|name| (1..=40).contains(&name.len()) && name.bytes().all(is_part))
}

fn is_number(value: &str, digits: usize) -> bool {
    (1..=digits).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_alone_removes_unsafe_html() {
        for (html, expected) in [
            ("<p onclick=x style=y id=i>甲</p>", "<p>甲</p>"),
            ("<script>x</script><style>x</style><iframe>x</iframe><svg>x</svg><math>x</math>乙", "乙"),
            ("<!-- c --><form><input>丙</form>", "丙"),
            ("<a href=\"javascript:x\" rel=x>丁</a>", "<a>丁</a>"),
            ("<h2 id=\"ui-x\">戊</h2><h2 id=\"己\">己</h2>", "<h2>戊</h2><h2 id=\"己\">己</h2>"),
            ("<li id=\"fn:1\"><sup id=\"x\">1</sup></li>", "<li id=\"fn:1\"><sup>1</sup></li>"),
            ("<ol start=\"600519\"><li>辛</ol>", "<ol start=\"600519\"><li>辛</li></ol>"),
            ("<p class=\"ta-center z\">庚</p>", "<p class=\"ta-center\">庚</p>"),
            ("<img src=\"mailto:a@b\" width=\"100%\" height=\"3\">", "<img height=\"3\">"),
            (
                "<video controls src=\"/a\" poster=\"javascript:x\" autoplay onplay=x><source src=\"data:x\"></video>",
                "<video controls=\"\" src=\"/a\"><source></video>",
            ),
            ("<audio src=\"mailto:a@b\" preload=auto loop></audio>", "<audio></audio>"),
            (
                "<pre><code class=\"language-c++\">x</code></pre>",
                "<pre><code class=\"language-c++\">x</code></pre>",
            ),
            (
                "<code class=\"language-a b\">x</code><code class=\"x\">y</code>",
                "<code>x</code><code>y</code>",
            ),
            ("<ul id=\"markdown-toc\"></ul><ul id=\"ui-x\"></ul>", "<ul id=\"markdown-toc\"></ul><ul></ul>"),
            ("<ol id=\"x\" class=\"toc menu\"></ol>", "<ol id=\"x\" class=\"toc\"></ol>"),
            ("<abbr class=\"task z\" title=\"t\">☑</abbr>", "<abbr class=\"task\" title=\"t\">☑</abbr>"),
        ] {
            assert_eq!(clean(html).as_str(), expected, "{html}");
        }
    }

    #[test]
    fn leading_blank_lines_of_pre_are_kept() {
        let table = [
            ("<pre>\nx</pre>", "<pre>x</pre>"),
            ("<pre>\n\nx</pre>", "<pre>\n\nx</pre>"),
            (
                "<pre>\n\n\nx</pre><pre><code>\ny</code></pre>",
                "<pre>\n\n\nx</pre><pre><code>\ny</code></pre>",
            ),
        ];
        for (html, expected) in table {
            assert_eq!(clean(html).as_str(), expected);
        }
    }
}
