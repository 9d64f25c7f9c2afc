//! Builds a post's URL from its file name as Jekyll does: the parts of the name, the permalink templates
//! and the id that feeds use (jekyll/document.rb, url.rb, drops/url_drop.rb).

mod file_name;
mod placeholder;

use std::borrow::Cow;
use std::str::FromStr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::archive::jekyll::permalink::placeholder::{Placeholder, allowed, escape};

pub use file_name::{FileName, file_name};
pub(crate) use placeholder::PATH;
pub use placeholder::UrlParts;

/// A permalink, parsed into text and placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<TemplatePart>,
    /// The ending of pages outside `_posts` under this permalink setting.
    page_suffix: PageSuffix,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplatePart {
    Text(String),
    Placeholder(Placeholder),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PageSuffix {
    None,
    Slash,
    Extension,
}

/// The reason why a permalink is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPermalink {
    /// The template has an unknown placeholder.
    #[error("unknown placeholder `:{name}`; expected one of {}", allowed())]
    Placeholder {
        /// The name without its colon.
        name: String,
    },
    /// The setting is a word, but not the name of a style. As a template it would give all posts one URL.
    #[error(
        "unknown style; expected date, pretty, ordinal, weekdate, none, or a template such as /:year/:title/"
    )]
    Style,
}

impl FromStr for Template {
    type Err = InvalidPermalink;

    /// Parses the name of a style or a template (`Configuration#style_to_permalink`).
    fn from_str(setting: &str) -> Result<Self, InvalidPermalink> {
        let setting = setting.trim();
        let (template, page_suffix) = style(setting);
        if !template.is_empty() && !template.contains(['/', ':']) {
            return Err(InvalidPermalink::Style);
        }
        Ok(Self { page_suffix, ..post_permalink(template)? })
    }
}

/// Returns the template of a setting, and the ending of pages under it.
fn style(setting: &str) -> (&str, PageSuffix) {
    match setting {
        "date" => ("/:categories/:year/:month/:day/:title:output_ext", PageSuffix::Extension),
        "pretty" => ("/:categories/:year/:month/:day/:title/", PageSuffix::Slash),
        "ordinal" => ("/:categories/:year/:y_day/:title:output_ext", PageSuffix::Extension),
        "none" => ("/:categories/:title:output_ext", PageSuffix::Extension),
        // `Utils.add_permalink_suffix` does not know this style.
        "weekdate" => ("/:categories/:year/W:week/:short_day/:title:output_ext", PageSuffix::None),
        _ if setting.ends_with('/') => (setting, PageSuffix::Slash),
        _ if setting.ends_with(":output_ext") => (setting, PageSuffix::Extension),
        _ => (setting, PageSuffix::None),
    }
}

/// Parses the `permalink` of a post's front matter, where `pretty` is not a style. Without an extension
/// it gives a URL without one (Jekyll then writes the file `URL.html`). White space around it does not count:
/// a folded scalar of YAML ends with a line break.
pub fn post_permalink(value: &str) -> Result<Template, InvalidPermalink> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = value.trim();
    while let Some((before, after)) = rest.split_once(':') {
        text.push_str(before);
        let end = after.find(|c| !matches!(c, 'a'..='z' | '_')).unwrap_or(after.len());
        let name = &after[..end];
        // `/:month_:day`: a single underscore at the end is text (`URL#generate_url_from_drop`).
        let name = name.strip_suffix('_').unwrap_or(name);
        if end == 0 {
            text.push(':');
        } else {
            let placeholder = Placeholder::named(name)
                .ok_or_else(|| InvalidPermalink::Placeholder { name: after[..end].into() })?;
            if !text.is_empty() {
                pieces.push(TemplatePart::Text(std::mem::take(&mut text)));
            }
            pieces.push(TemplatePart::Placeholder(placeholder));
        }
        rest = &after[name.len()..];
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(TemplatePart::Text(text));
    }
    for piece in &mut pieces {
        if let TemplatePart::Text(text) = piece
            && let Cow::Owned(plain) = plain(text)
        {
            *text = plain;
        }
    }
    Ok(Template { pieces, page_suffix: PageSuffix::None })
}

/// Escapes the characters of a template's text that would lead elsewhere. Jekyll leaves even `?` and `#`
/// as they are. Browsers drop line breaks and tabs, so `/\t/` begins with a host name, and so does `/\`;
/// they also read `%2e` as a dot (<https://url.spec.whatwg.org/#path-state>).
fn plain(text: &str) -> Cow<'_, str> {
    let is_special = |c: char| matches!(c, '?' | '#' | '\\' | '%') || c.is_control();
    if !text.contains(is_special) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        let digits = text.get(at + 1..at + 3).filter(|_| c == '%');
        let is_escape = digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        if is_special(c) && !is_escape {
            plain.extend(utf8_percent_encode(c.encode_utf8(&mut [0; 4]), NON_ALPHANUMERIC));
        } else {
            plain.push(c);
        }
    }
    Cow::Owned(plain.replace("%2e", ".").replace("%2E", "."))
}

impl Template {
    /// Builds a site's template. Posts may have their own, which is never the name of a style.
    pub fn from_settings(setting: &str, posts: Option<&str>) -> Result<Self, InvalidPermalink> {
        match posts {
            Some(posts) => Ok(Self { page_suffix: style(setting.trim()).1, ..post_permalink(posts)? }),
            None => setting.parse(),
        }
    }

    /// Builds the template of a collection's documents: its own permalink, or the default, whose ending follows
    /// the site's (`Collection#url_template`).
    pub fn for_collection(&self, permalink: Option<&str>) -> Result<Self, InvalidPermalink> {
        post_permalink(permalink.unwrap_or(match self.page_suffix {
            PageSuffix::None => "/:collection/:path",
            PageSuffix::Slash => "/:collection/:path/",
            PageSuffix::Extension => "/:collection/:path:output_ext",
        }))
    }

    /// Returns the URL of a post: a path that begins with `/`. Percent-encodes the values; the text of
    /// the template is used as parsed.
    pub fn expand(&self, parts: &UrlParts) -> String {
        let mut url = String::with_capacity(96);
        for piece in &self.pieces {
            match piece {
                TemplatePart::Text(text) => url.push_str(text),
                TemplatePart::Placeholder(placeholder) => placeholder.write(parts, &mut url),
            }
        }
        sanitize(&url)
    }
}

/// Returns the URL of a page outside `_posts` (`Page#template`). `dir` is the page's folder relative to
/// the site, `output_ext` the extension of the served page, `style` the site's permalink setting, and
/// `permalink` the one of the page's front matter.
pub fn page_url(
    dir: &str,
    basename: &str,
    output_ext: &str,
    style: &Template,
    permalink: Option<&str>,
) -> String {
    let html = matches!(output_ext, ".html" | ".xhtml" | ".htm");
    let basename = basename.trim_end_matches('.');
    let template = permalink.unwrap_or(match style.page_suffix {
        _ if !html => "/:path/:basename:output_ext",
        _ if basename == "index" => "/:path/",
        PageSuffix::None => "/:path/:basename",
        PageSuffix::Slash => "/:path/:basename/",
        PageSuffix::Extension => "/:path/:basename:output_ext",
    });
    // Unlike in a post's permalink, unknown placeholders stay as they are.
    let url = plain(template.trim())
        .replace(":path", &escape(dir))
        .replace(":basename", &escape(basename))
        .replace(":output_ext", &escape(output_ext));
    sanitize(&url)
}

/// Returns the URL of a file that is served unchanged, by its path relative to the site. The index of a folder is
/// at the folder.
pub fn file_url(path: &str) -> String {
    let folder = path.strip_suffix("index.html").filter(|folder| folder.is_empty() || folder.ends_with('/'));
    format!("/{}", escape(folder.unwrap_or(path)))
}

/// Returns the id of a post, which its feed entry uses: the folder of its URL, and the unchanged slug of
/// the front matter or else of the file (`Document#id`).
pub fn jekyll_id(url: &str, slug: &str) -> String {
    let url = url.trim_end_matches('/');
    let folder = url.rfind('/').map_or("", |end| &url[..end]);
    format!("{folder}/{}", slug.strip_prefix('/').unwrap_or(slug))
}

/// `URL#sanitize_url`: makes the URL absolute and removes segments that lead upwards, and white space at the end.
fn sanitize(url: &str) -> String {
    let mut clean = String::with_capacity(url.len() + 1);
    let rooted = ["/", url].concat();
    let rooted = if rooted.contains('.') { rooted.replace("..", "/").replace("./", "") } else { rooted };
    for c in rooted.chars() {
        if c != '/' || !clean.ends_with('/') {
            clean.push(c);
        }
    }
    clean.truncate(clean.trim_end().len());
    clean
}

#[cfg(test)]
mod tests;
