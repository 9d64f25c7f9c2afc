//! The policy for each element, and the elements that close one another (the parts of HTML's tree
//! construction that decide where a body's children end).

/// A body with more elements open at once loses its markup.
pub(crate) const MAX_DEPTH: usize = 256;

/// How the rewriting pass treats an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    Keep,
    /// Kept; the element has no content.
    Void,
    /// Kept as a `div`.
    Block,
    /// The tags are removed, the content is kept.
    Unwrap,
    /// The control of a form: the tags are removed and counted, the content is kept.
    Control,
    /// Removed with its content.
    Hide,
    /// Removed with its content, which is not markup.
    Raw,
    /// A player: kept with its sources, without the rest of its content.
    Media,
    /// A source of a player, skipped elsewhere.
    MediaSource,
    /// The tags are skipped: the element never counts as open.
    Ignore,
}

/// A trait that the elements of a row share besides their policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Property {
    /// The element is a block: it ends a paragraph and is a child of the body on its own.
    ClosesParagraph,
    /// The element may have a class for its alignment.
    Aligned,
    /// The element is a table or stands only in one.
    TablePart,
}

macro_rules! elements {
    ($($($name:literal)+ => $policy:ident [$($property:ident)*];)+) => {
        const NAMES: &[&str] = &[$($($name,)+)+];

        /// The policy and the properties of an element.
        fn row(name: &str) -> (Policy, &'static [Property]) {
            match name {
                $($($name)|+ => (Policy::$policy, &[$(Property::$property),*]),)+
                _ if is_raw(name) => (Policy::Raw, &[]),
                _ => (Policy::Unwrap, &[]),
            }
        }
    };
}

// Frequent elements stand first, since the search is linear. The sanitiser keeps the elements with the
// policies `Keep`, `Void`, `Media` and `MediaSource`.
elements! {
    "p" "div" "li" "blockquote" "figure" "figcaption" => Keep [ClosesParagraph Aligned];
    "span" "font" => Unwrap [];
    "a" "strong" "b" "em" => Keep [];
    "br" "img" "wbr" "col" => Void [];
    "hr" => Void [ClosesParagraph];
    "td" "th" "tr" "caption" => Keep [Aligned TablePart];
    "thead" "tbody" "tfoot" "colgroup" => Keep [TablePart];
    "table" => Keep [ClosesParagraph Aligned TablePart];
    "h1" "h2" "h3" "h4" "h5" "h6" => Keep [ClosesParagraph Aligned];
    "ul" "ol" "dl" "dt" "dd" "pre" "details" "summary" => Keep [ClosesParagraph];
    "i" "u" "s" "del" "ins" "sub" "sup" "small" "mark" "q" "cite" "code" "kbd" "samp" "var" "abbr"
    "ruby" "rt" "rp" => Keep [];
    "center" "section" "article" "main" "header" "footer" "aside" "nav" "address" "form" "fieldset"
    "hgroup" "dir" "menu" "legend" "listing" "search" => Block [ClosesParagraph];
    "button" => Control [];
    "svg" "math" "select" "object" "canvas" "template" "applet" => Hide [];
    "audio" "video" => Media [];
    "source" => MediaSource [];
    "html" "head" "body" "plaintext" "xmp" "frame" "frameset" "input" "meta" "link" "base" "area"
    "embed" "param" "track" "keygen" "image" "basefont" "bgsound" "command" => Ignore [];
}

pub(crate) fn policy(name: &str) -> Policy {
    row(name).0
}

/// Returns whether the sanitiser keeps an element.
pub(crate) fn is_kept(name: &str) -> bool {
    matches!(policy(name), Policy::Keep | Policy::Void | Policy::Media | Policy::MediaSource)
}

/// Lists the elements that the sanitiser keeps.
pub(crate) fn kept() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied().filter(|name| is_kept(name))
}

pub(crate) fn closes_paragraph(name: &str) -> bool {
    row(name).1.contains(&Property::ClosesParagraph)
}

pub(crate) fn is_aligned(name: &str) -> bool {
    row(name).1.contains(&Property::Aligned)
}

pub(crate) fn is_table_part(name: &str) -> bool {
    row(name).1.contains(&Property::TablePart)
}

/// Returns whether a tag of clean HTML ends a line of its plain text.
pub(crate) fn ends_line(name: &str) -> bool {
    let ends = |property: &Property| matches!(property, Property::ClosesParagraph | Property::TablePart);
    name == "br" || (name != "colgroup" && row(name).1.iter().any(ends))
}

pub(crate) fn is_heading(name: &str) -> bool {
    HEADINGS.contains(&name)
}

/// Returns whether the element's content is not markup; the case of `name` does not matter.
pub(crate) fn is_raw(name: &str) -> bool {
    let known = ["script", "style", "iframe", "noembed", "noframes", "title", "textarea"];
    known.iter().any(|raw| raw.eq_ignore_ascii_case(name))
}

/// Returns whether HTML makes the end tag optional.
pub(crate) fn may_lack_end(name: &str) -> bool {
    matches!(name, "p" | "li" | "dt" | "dd" | "rt" | "rp" | "optgroup" | "option")
        || (is_table_part(name) && name != "table")
}

/// Returns whether the element, left open, would hide the text after it.
pub(crate) fn hides(name: &str) -> bool {
    matches!(policy(&name.to_ascii_lowercase()), Policy::Hide | Policy::Raw | Policy::Media)
}

/// Returns whether tags inside the element cannot close elements outside it.
pub(crate) fn is_barrier(name: &str) -> bool {
    matches!(name, "td" | "th" | "caption" | "table")
}

/// Returns whether an end tag closes an open element; any heading's end tag closes any heading.
pub(crate) fn is_ended_by(open: &str, end: &str) -> bool {
    open == end || (is_heading(open) && is_heading(end))
}

const CELL_SCOPE: &[&str] = &["td", "th", "caption", "table"];
const HEADINGS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6"];

/// The elements that a start tag closes, each group with the elements that stop the search for it.
pub(crate) fn implied(name: &str) -> &'static [(&'static [&'static str], &'static [&'static str])] {
    const P: (&[&str], &[&str]) = (&["p"], CELL_SCOPE);
    const TABLE: &[&str] = &["table"];
    match name {
        "li" => &[(&["li"], &["ul", "ol", "td", "th", "caption", "table"]), P],
        "dt" | "dd" => &[(&["dt", "dd"], &["dl", "td", "th", "caption", "table"]), P],
        "td" | "th" => &[(&["td", "th", "caption", "colgroup"], &["tr", "table"])],
        "tr" => &[(&["tr", "caption", "colgroup"], TABLE)],
        "thead" | "tbody" | "tfoot" | "caption" | "colgroup" => {
            &[(&["thead", "tbody", "tfoot", "caption", "colgroup"], TABLE)]
        }
        "a" => &[(&["a"], CELL_SCOPE)],
        "rt" | "rp" => &[(&["rt", "rp"], &["ruby", "td", "th", "caption", "table"])],
        _ if is_heading(name) => &[P, (HEADINGS, CELL_SCOPE)],
        _ if closes_paragraph(name) => &[P],
        _ => &[],
    }
}
