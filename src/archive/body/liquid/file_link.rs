//! The links of `{% link %}` and `{% post_url %}`.

use crate::archive::body::context::Context;
use crate::archive::body::liquid::tag::LiquidTag;
use crate::archive::body::liquid::url::relative_url;

/// Returns whether a tag is a link to a post or to another file.
pub(crate) fn names_file(tag: &LiquidTag<'_>) -> bool {
    matches!(tag.parts().0, "post_url" | "link") && !tag.is_output
}

/// The link of `{% link file %}`.
pub(crate) struct FileLink {
    pub(crate) url: String,
    /// False if the site has no such file: the URL is the one that the file would have.
    pub(crate) is_known: bool,
}

/// Resolves `{% link file %}` through `Context::posts` and `Context::files`. The URL of an unknown file follows from
/// its path.
pub(crate) fn linked(path: &str, cx: &Context<'_>) -> Option<FileLink> {
    let path = path.trim_start_matches('/');
    if path.is_empty() || path.contains("{{") {
        return None;
    }
    let known = |url: String| FileLink { url: relative_url(&url, cx.site), is_known: true };
    if let Some(url) = (cx.posts)(path) {
        return Some(known(url));
    }
    if let Some((folder, name)) = path.split_once("_posts/") {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let url = (cx.posts)(stem).or_else(|| (cx.posts)(&format!("{folder}{stem}")))?;
        return Some(known(url));
    }
    if let Some(url) = (cx.files)(path) {
        return Some(known(url));
    }
    Some(FileLink { url: relative_url(&unchecked_url(path), cx.site), is_known: false })
}

/// Returns the URL that follows from the path of a file, whether the file exists or not.
pub(crate) fn unchecked_url(path: &str) -> String {
    let page = path.strip_suffix(".md").or_else(|| path.strip_suffix(".markdown"));
    page.map_or_else(|| path.to_owned(), |stem| format!("{stem}.html"))
}
