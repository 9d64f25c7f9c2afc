//! The form of a page by the extensions of its file and its URL: shown in the layout of finews, or sent as a text.

use crate::archive::body::MarkupFormat;

/// Extensions of URLs whose content clients do not take for HTML, whatever the file is.
const TEXTS: [&str; 12] =
    ["atom", "css", "csv", "ics", "js", "json", "mjs", "rss", "svg", "txt", "webmanifest", "xml"];

/// Returns whether a page is shown in the layout of finews. A page whose URL has the extension of another type is
/// sent as that type.
pub(super) fn is_html(url: &str, extension: &str, format: MarkupFormat) -> bool {
    let of_url = extension_of(url).trim_start_matches('.').to_ascii_lowercase();
    if TEXTS.contains(&&*of_url) {
        return false;
    }
    let is_html = |extension: &str| matches!(extension, "html" | "htm" | "xhtml");
    is_html(&of_url) || format == MarkupFormat::Markdown || is_html(extension.trim_start_matches('.'))
}

/// Returns whether each line of a page's text has a meaning of its own, as in `robots.txt` and `ads.txt`.
pub(super) fn has_own_lines(url: &str) -> bool {
    extension_of(url).eq_ignore_ascii_case(".txt")
}

/// The extension of a file or URL, with its dot; empty if it has none.
pub(super) fn extension_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rfind('.').map_or("", |dot| &name[dot..])
}
