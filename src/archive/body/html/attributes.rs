//! Rewrites the attributes that an element keeps: links, images, and alignment as a class; ids and spans
//! stay. Ammonia filters the result afterwards.

use std::borrow::Cow;

use crate::archive::body::context::SiteContext;
use crate::archive::body::html::clean::{self, EXTERNAL_REL, TOC_CLASS, TOC_ID};
use crate::archive::body::html::tokens::StartTag;
use crate::archive::body::html::{element, image_size, link};
use crate::archive::body::kramdown::literal::escape_html;
use crate::archive::body::security::SecurityCode;

/// Size limit of a value, in bytes; longer ones are dropped. `MAX_ENTITIES` explains their harm.
const MAX_LEN: usize = 8192;

/// The value of an attribute, if it is not too long.
pub(crate) fn get<'h>(tag: &StartTag<'h>, name: &str) -> Option<Cow<'h, str>> {
    tag.get(name).filter(|value| value.len() <= MAX_LEN)
}

/// The attributes that hold the address of an image until a script shows it.
const LAZY_SOURCES: [&str; 3] = ["data-original", "data-src", "data-lazy-src"];

/// Writes the opening tag of `element`, which replaces `tag`. Returns `false`, with no output, for a link
/// without a target or an image without a source.
pub(crate) fn write(element: &str, tag: &StartTag<'_>, site: &SiteContext, out: &mut String) -> bool {
    match element {
        "a" => {
            let Some(target) = get(tag, "href").and_then(|href| link::target(&href, site)) else {
                return false;
            };
            open(element, out);
            push("href", &target.url, out);
            class(element, tag, out);
            copy(element, tag, &["title", "role"], out);
            if target.is_external {
                push("rel", EXTERNAL_REL, out);
            }
        }
        "img" => {
            let source = |name| get(tag, name).and_then(|src| link::image(&src, site));
            // A script would put the address of a lazy image in place of its placeholder.
            let Some(src) = LAZY_SOURCES.into_iter().chain(["src"]).find_map(source) else { return false };
            open(element, out);
            push("src", &src, out);
            push("alt", &image_text(tag), out);
            copy(element, tag, &["title"], out);
            let given = sizes(element, tag);
            let sizes =
                if given.iter().any(Option::is_none) { image_size::complete(given, &src) } else { given };
            push_sizes(element, sizes, out);
            out.push_str(" loading=\"lazy\" decoding=\"async\" referrerpolicy=\"no-referrer\"");
        }
        _ => {
            open(element, out);
            if tag.has_attributes() || tag.name == "center" {
                let names = ["id", "role", "title", "start", "value", "colspan", "rowspan", "span"];
                let has_id = !matches!(element, "ul" | "ol") || is_toc(tag);
                copy(element, tag, if has_id { &names[..] } else { &names[1..] }, out);
                class(element, tag, out);
            }
        }
    }
    out.push('>');
    true
}

/// Writes the source of a player, of its element or of a `source` inside it. Returns false, with no output,
/// without a source on this site or on another one over https.
pub(crate) fn media_source(tag: &StartTag<'_>, site: &SiteContext, out: &mut String) -> bool {
    let Some(src) = get(tag, "src").and_then(|src| link::image(&src, site)) else { return false };
    push("src", &src, out);
    copy(&tag.name, tag, &["type"], out);
    true
}

/// Writes the preview image and the size of a player.
pub(crate) fn media_look(tag: &StartTag<'_>, site: &SiteContext, out: &mut String) {
    if tag.name == "video" {
        if let Some(poster) = get(tag, "poster").and_then(|poster| link::image(&poster, site)) {
            push("poster", &poster, out);
        }
        push_sizes(&tag.name, sizes(&tag.name, tag), out);
    }
}

/// Returns whether a frame is too small to see, as those that count readers are.
pub(crate) fn is_tiny(tag: &StartTag<'_>) -> bool {
    ["width", "height"].iter().any(|name| {
        get(tag, name).is_some_and(|size| matches!(size.trim().trim_end_matches("px"), "0" | "1"))
    })
}

/// Returns whether a script is a program, not data such as JSON-LD or a formula.
pub(crate) fn is_program(tag: &StartTag<'_>) -> bool {
    get(tag, "type").is_none_or(|kind| {
        let kind = kind.trim().to_ascii_lowercase();
        matches!(&*kind, "" | "module") || kind.contains("javascript") || kind.contains("ecmascript")
    })
}

/// Returns whether a list is the table of contents.
fn is_toc(tag: &StartTag<'_>) -> bool {
    get(tag, "id").is_some_and(|id| id == TOC_ID) || has_any_class(tag, &[TOC_CLASS])
}

/// Returns whether the element is the mark of a footnote.
pub(crate) fn is_footnote_mark(tag: &StartTag<'_>) -> bool {
    matches!(&*tag.name, "sup" | "a") && get(tag, "role").is_some_and(|role| role == "doc-noteref")
}

/// The texts of images that say no more than that there is an image.
const GENERIC_TEXTS: [&str; 6] = ["image", "img", "picture", "photo", "图片", "图"];
/// The extensions of image files.
const IMAGE_EXTENSIONS: [&str; 9] = ["avif", "bmp", "gif", "jpeg", "jpg", "png", "svg", "tif", "webp"];

/// The text of an image; empty if it names only a file or a chart's code, or says no more than "image".
fn image_text<'h>(tag: &StartTag<'h>) -> Cow<'h, str> {
    let alt = get(tag, "alt").unwrap_or_default();
    if is_generic(alt.trim()) { Cow::Borrowed("") } else { alt }
}

fn is_generic(text: &str) -> bool {
    let is_one_of = |known: &[&str], text: &str| known.iter().any(|one| one.eq_ignore_ascii_case(text));
    let is_file =
        || text.rsplit_once('.').is_some_and(|(_, extension)| is_one_of(&IMAGE_EXTENSIONS, extension));
    // The quote site names its charts like this: `K图 600160_0`.
    is_one_of(&GENERIC_TEXTS, text) || text.starts_with("K图 ") || is_file()
}

/// The attributes of the size of an image or a player.
const SIZES: [&str; 2] = ["width", "height"];

/// The width and height that an image or a player has in its attributes.
fn sizes(element: &str, tag: &StartTag<'_>) -> [Option<String>; 2] {
    SIZES.map(|name| {
        let size = get(tag, name)?;
        let size = size.trim().trim_end_matches("px");
        (clean::has_attribute(element, name, size) && size != "0").then(|| size.to_owned())
    })
}

fn push_sizes(element: &str, sizes: [Option<String>; 2], out: &mut String) {
    for (name, size) in SIZES.into_iter().zip(sizes) {
        if let Some(size) = size.filter(|size| clean::has_attribute(element, name, size)) {
            push(name, &size, out);
        }
    }
}

fn open(element: &str, out: &mut String) {
    out.push('<');
    out.push_str(element);
}

fn push(name: &str, value: &str, out: &mut String) {
    out.extend([" ", name, "=\""]);
    escape_html(value, out);
    out.push('"');
}

fn copy(element: &str, tag: &StartTag<'_>, names: &[&str], out: &mut String) {
    for name in names {
        if let Some(value) = get(tag, name).filter(|value| clean::has_attribute(element, name, value)) {
            push(name, &value, out);
        }
    }
}

/// The alignment that a class of usual themes and editors gives to a block.
pub(crate) fn alignment_of_class(class: &str) -> Option<&'static str> {
    Some(match class {
        "has-text-align-center"
        | "aligncenter"
        | "align-center"
        | "text-center"
        | "text-xs-center"
        | "center"
        | "centered" => "center",
        "has-text-align-right" | "text-right" | "text-end" => "right",
        "has-text-align-left" | "text-left" | "text-start" => "left",
        "has-text-align-justify" | "text-justify" => "justify",
        _ => return None,
    })
}

/// Writes the class that the element keeps: its own if it is allowed, else that of its alignment.
fn class(element: &str, tag: &StartTag<'_>, out: &mut String) {
    let own = get(tag, "class").unwrap_or_default();
    let own = own.split_ascii_whitespace().find(|class| clean::has_class(element, class));
    let class = own.or_else(|| if element::is_aligned(element) { alignment(tag) } else { None });
    if let Some(class) = class {
        push("class", class, out);
    }
}

fn alignment(tag: &StartTag<'_>) -> Option<&'static str> {
    let style = get(tag, "style").unwrap_or_default();
    let by_class = || {
        let classes = get(tag, "class").unwrap_or_default();
        classes.split_ascii_whitespace().find_map(alignment_of_class).map(Cow::Borrowed)
    };
    let align = match declaration(&style, "text-align") {
        Some(align) => Some(Cow::Borrowed(align)),
        None => get(tag, "align").or_else(by_class),
    };
    let Some(align) = align else { return (tag.name == "center").then_some("ta-center") };
    let known = [
        ("center", "ta-center"),
        ("-webkit-center", "ta-center"),
        ("-moz-center", "ta-center"),
        ("right", "ta-right"),
        ("end", "ta-right"),
        ("left", "ta-left"),
        ("start", "ta-left"),
        ("justify", "ta-justify"),
    ];
    known.iter().find(|(name, _)| align.trim().eq_ignore_ascii_case(name)).map(|(_, class)| *class)
}

/// The value of a declaration in a style; the last one wins.
fn declaration<'s>(style: &'s str, property: &str) -> Option<&'s str> {
    let mut declarations = style.split(';').filter_map(|declaration| declaration.split_once(':'));
    let found = declarations.rfind(|(name, _)| name.trim().eq_ignore_ascii_case(property));
    found.map(|(_, value)| value.split('!').next().unwrap_or_default().trim())
}

/// Returns whether the element's style has `display:none`.
pub(crate) fn is_hidden(tag: &StartTag<'_>) -> bool {
    let style = get(tag, "style").unwrap_or_default();
    declaration(&style, "display").is_some_and(|display| display.eq_ignore_ascii_case("none"))
}

/// The security that a stock link, a dead stock link or a chart names.
pub(crate) fn security(tag: &StartTag<'_>) -> Option<SecurityCode> {
    if is_keyword(tag) {
        return keyword_security(tag);
    }
    let data = get(tag, "data-code")?;
    let is_chart = data.contains('|') && tag.name == "img";
    if is_chart || has_any_class(tag, &MENTIONS) || has_any_class(tag, &["EmImageRemark"]) {
        SecurityCode::from_data_attribute(&data)
    } else {
        None
    }
}

/// The stock that a keyword names by its data or by its link to a quote page, such as `/r/1.600160`.
fn keyword_security(tag: &StartTag<'_>) -> Option<SecurityCode> {
    let by_link = || {
        let href = get(tag, "href")?;
        let (market, code) = href.trim_end_matches('/').rsplit('/').next()?.split_once('.')?;
        SecurityCode::from_market(market, code)
    };
    let by_data = get(tag, "data-code").and_then(|data| SecurityCode::from_data_attribute(&data));
    by_data.or_else(by_link).filter(SecurityCode::is_stock)
}

/// The classes of a security's name, as a link and as the remains of one.
const MENTIONS: [&str; 2] = ["keytip", "em_stock_key_common"];
/// The class of a phrase that the scraper's site links to one of its own pages.
const KEYWORD: [&str; 1] = ["infokey"];

/// Returns whether the element holds a security's name, not its chart.
pub(crate) fn is_mention(tag: &StartTag<'_>) -> bool {
    has_any_class(tag, &MENTIONS) || is_keyword(tag)
}

/// Returns whether the element holds a phrase that the scraper's site links, such as "fund".
pub(crate) fn is_keyword(tag: &StartTag<'_>) -> bool {
    has_any_class(tag, &KEYWORD)
}

/// Returns whether the element is the chart of a quote site.
pub(crate) fn is_chart(tag: &StartTag<'_>) -> bool {
    tag.name == "img" && get(tag, "data-code").is_some_and(|data| data.contains('|'))
}

fn has_any_class(tag: &StartTag<'_>, classes: &[&str]) -> bool {
    get(tag, "class").is_some_and(|own| own.split_ascii_whitespace().any(|class| classes.contains(&class)))
}
