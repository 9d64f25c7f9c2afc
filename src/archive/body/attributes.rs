//! The attributes that an element keeps, rewritten: links and images, alignment as a class,
//! ids and spans as they are. Whatever is written here, ammonia has the last word.

use html5ever::tokenizer::Tag;

use super::clean::{self, EXTERNAL_REL};
use super::literal::escape_html;
use super::security::SecurityCode;
use super::{SiteContext, link};

/// Longer values are no use; see `MAX_ENTITIES` for their harm.
const MAX_LEN: usize = 8192;

/// The value of an attribute.
pub(super) fn get<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == name);
    found.map(|attribute| &*attribute.value).filter(|value| value.len() <= MAX_LEN)
}

/// Writes the opening tag of `element`, which `tag` became. `false`: nothing was written,
/// since a link without a target or an image without a source is none.
pub(super) fn write(element: &str, tag: &Tag, site: &SiteContext, out: &mut String) -> bool {
    match element {
        "a" => {
            let Some(target) = get(tag, "href").and_then(|href| link::target(href, site)) else {
                return false;
            };
            open(element, out);
            push("href", &target.url, out);
            class(element, tag, out);
            copy(tag, &["title", "role"], out);
            if target.is_external {
                push("rel", EXTERNAL_REL, out);
            }
        }
        "img" => {
            let Some(src) = get(tag, "src").and_then(|src| link::image(src, site)) else { return false };
            open(element, out);
            push("src", &src, out);
            push("alt", get(tag, "alt").unwrap_or_default(), out);
            copy(tag, &["title"], out);
            for name in ["width", "height"] {
                let size = get(tag, name).map(|size| size.trim().trim_end_matches("px"));
                if let Some(size) =
                    size.filter(|size| size.bytes().all(|b| b.is_ascii_digit()) && *size != "0")
                {
                    push(name, size, out);
                }
            }
            out.push_str(" loading=\"lazy\" decoding=\"async\" referrerpolicy=\"no-referrer\"");
        }
        _ => {
            open(element, out);
            if !tag.attrs.is_empty() || &*tag.name == "center" {
                copy(tag, &["id", "role", "title", "start", "value", "colspan", "rowspan", "span"], out);
                class(element, tag, out);
            }
        }
    }
    out.push('>');
    true
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

fn copy(tag: &Tag, names: &[&str], out: &mut String) {
    for name in names {
        if let Some(value) = get(tag, name) {
            push(name, value, out);
        }
    }
}

/// The class that the element keeps: its own if we know it, else the one of its alignment.
fn class(element: &str, tag: &Tag, out: &mut String) {
    let own = get(tag, "class")
        .and_then(|classes| classes.split_ascii_whitespace().find(|class| clean::has_class(element, class)));
    let class = own.or_else(|| alignment(tag)).filter(|class| clean::has_class(element, class));
    if let Some(class) = class {
        push("class", class, out);
    }
}

fn alignment(tag: &Tag) -> Option<&'static str> {
    let style = get(tag, "style").and_then(|style| declaration(style, "text-align"));
    let align = style.or_else(|| get(tag, "align"));
    match align.map(|align| align.trim().to_ascii_lowercase()).as_deref() {
        Some("center") => Some("ta-center"),
        Some("right" | "end") => Some("ta-right"),
        Some("left" | "start") => Some("ta-left"),
        Some("justify") => Some("ta-justify"),
        None if &*tag.name == "center" => Some("ta-center"),
        _ => None,
    }
}

/// The value of a style's declaration; the last one counts.
fn declaration<'s>(style: &'s str, property: &str) -> Option<&'s str> {
    let mut declarations = style.split(';').filter_map(|declaration| declaration.split_once(':'));
    let found = declarations.rfind(|(name, _)| name.trim().eq_ignore_ascii_case(property));
    found.map(|(_, value)| value.split('!').next().unwrap_or_default().trim())
}

/// Whether the element says `display:none`.
pub(super) fn is_hidden(tag: &Tag) -> bool {
    get(tag, "style")
        .and_then(|style| declaration(style, "display"))
        .is_some_and(|display| display.eq_ignore_ascii_case("none"))
}

/// The security that a stock link, a dead stock link or a chart names.
pub(super) fn security(tag: &Tag) -> Option<SecurityCode> {
    let data = get(tag, "data-code")?;
    let is_chart = data.contains('|') && &*tag.name == "img";
    let is_stock = || {
        get(tag, "class").is_some_and(|classes| {
            classes
                .split_ascii_whitespace()
                .any(|class| matches!(class, "keytip" | "em_stock_key_common" | "EmImageRemark"))
        })
    };
    if is_chart || is_stock() { SecurityCode::of_data(data) } else { None }
}
