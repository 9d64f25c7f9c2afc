//! What becomes of each element, and which elements close which (the parts of HTML's tree
//! construction that decide where a body's children end).

use super::clean;

/// What becomes of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    Keep,
    /// Kept, and has no content.
    Void,
    /// Kept as a `div`.
    Block,
    /// Its content is kept.
    Unwrap,
    /// It vanishes with its content.
    Hide,
    /// It vanishes with its content, which is no markup.
    Raw,
    /// Its tags are as if they were not there.
    Ignore,
}

pub(super) fn policy(name: &str) -> Policy {
    match name {
        "p" | "div" | "a" => Policy::Keep,
        "span" | "font" => Policy::Unwrap,
        "br" | "hr" | "img" | "wbr" | "col" => Policy::Void,
        "center" | "section" | "article" | "main" | "header" | "footer" | "aside" | "nav" | "address"
        | "form" | "fieldset" | "hgroup" | "dir" | "menu" | "legend" | "listing" | "search" => Policy::Block,
        "svg" | "math" | "select" | "object" | "audio" | "video" | "canvas" | "template" | "applet" => {
            Policy::Hide
        }
        _ if is_raw(name) => Policy::Raw,
        "html" | "head" | "body" | "plaintext" | "xmp" | "frame" | "frameset" | "input" | "meta" | "link"
        | "base" | "area" | "embed" | "param" | "source" | "track" | "keygen" | "image" | "basefont"
        | "bgsound" | "command" => Policy::Ignore,
        _ if clean::is_kept(name) => Policy::Keep,
        _ => Policy::Unwrap,
    }
}

/// Whether the element's content is no markup; in any case of letters.
pub(super) fn is_raw(name: &str) -> bool {
    let known = ["script", "style", "iframe", "noembed", "noframes", "title", "textarea"];
    known.iter().any(|raw| raw.eq_ignore_ascii_case(name))
}

/// Whether an element is a block: it ends a paragraph, and is a child of the body by itself.
pub(super) fn closes_paragraph(name: &str) -> bool {
    is_heading(name)
        || matches!(
            name,
            "p" | "div"
                | "ul"
                | "ol"
                | "li"
                | "dl"
                | "dt"
                | "dd"
                | "table"
                | "blockquote"
                | "figure"
                | "figcaption"
                | "pre"
                | "hr"
                | "details"
                | "summary"
        )
        || policy(name) == Policy::Block
}

fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

pub(super) fn is_table_part(name: &str) -> bool {
    matches!(name, "table" | "caption" | "colgroup" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th")
}

/// Whether authors may leave out the end tag.
pub(super) fn may_lack_end(name: &str) -> bool {
    matches!(name, "p" | "li" | "dt" | "dd" | "rt" | "rp" | "optgroup" | "option")
        || (is_table_part(name) && name != "table")
}

/// Whether a tag without its end would hide what follows.
pub(super) fn hides(name: &str) -> bool {
    matches!(policy(&name.to_ascii_lowercase()), Policy::Hide | Policy::Raw)
}

/// Nothing inside can close what is outside.
pub(super) fn is_barrier(name: &str) -> bool {
    matches!(name, "td" | "th" | "caption" | "table")
}

/// Whether an end tag ends an open element.
pub(super) fn is_ended_by(open: &str, end: &str) -> bool {
    open == end || (is_heading(open) && is_heading(end))
}

const CELL_SCOPE: &[&str] = &["td", "th", "caption", "table"];
const HEADINGS: &[&str] = &["h1", "h2", "h3", "h4", "h5", "h6"];

/// What a start tag closes, each with the elements behind which it does not look.
pub(super) fn implied(name: &str) -> &'static [(&'static [&'static str], &'static [&'static str])] {
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
