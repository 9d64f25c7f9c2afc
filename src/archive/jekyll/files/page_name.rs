//! The kind of a file by its name: whether it may be a page, and its markup format.

use crate::archive::body::MarkupFormat;
use crate::archive::jekyll::files::entry::{base_name, extension};
use crate::archive::jekyll::files::temporary::is_temporary;
use crate::config::Config;

/// Returns whether a file without front matter may have the URL of a page, as `docs/index.html` and `feed.xml` do.
pub(crate) fn may_share_url(path: &str, config: &Config) -> bool {
    is_page_name(path, config) || matches!(extension(path), "" | "xhtml" | "xml" | "json")
}

/// Returns whether the name of a file is that of HTML or Markdown, and of no temporary file.
pub(super) fn is_page_name(path: &str, config: &Config) -> bool {
    let extension = extension(path);
    let is_markup =
        matches!(extension, "html" | "htm") || format(config, extension) == MarkupFormat::Markdown;
    is_markup && !is_temporary(base_name(path))
}

/// Returns the markup format of a file extension; `markdown_ext` overrides the default list.
pub(crate) fn format(config: &Config, extension: &str) -> MarkupFormat {
    let extension = extension.strip_prefix('.').unwrap_or(extension);
    match &config.source.markdown_ext {
        Some(known) if known.iter().any(|known| known.eq_ignore_ascii_case(extension)) => {
            MarkupFormat::Markdown
        }
        Some(_) => MarkupFormat::Html,
        None => MarkupFormat::from_extension(extension),
    }
}
