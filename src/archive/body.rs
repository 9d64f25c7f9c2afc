//! A post's body: Markdown or HTML in, clean HTML, plain text and the fields that stand in
//! the text out. Used by the loader for every post, page and the owner's footer.
//!
//! `liquid` → `markdown` → `rewrite` and `lift` → `clean`, whose answer alone is
//! printed.

mod attributes;
mod blocks;
mod bytes;
mod clean;
mod code;
mod define;
mod element;
mod heading;
mod html_block;
mod inline;
mod lift;
mod link;
mod liquid;
mod list;
mod literal;
mod markdown;
mod markup;
mod references;
mod rewrite;
mod security;
mod spans;
mod table;
mod tag;
mod text;
mod tokens;
mod unfinished;

use std::borrow::Cow;

pub use clean::BodyHtml;
pub use security::{NotACode, Security, SecurityCode, is_board};

use crate::archive::problem::{Code, Defect};

/// A longer source loses its markup.
const MAX_LEN: usize = 4 << 20;

/// What a body is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// kramdown's Markdown.
    Markdown,
    /// HTML, and whatever else passes as it is.
    Html,
}

impl Format {
    /// The format of a file by its extension, with or without the dot.
    pub fn of_extension(ext: &str) -> Self {
        let ext = ext.strip_prefix('.').unwrap_or(ext);
        let markdown = ["md", "mkd", "mkdn", "mkdown", "markdown"];
        if markdown.iter().any(|known| known.eq_ignore_ascii_case(ext)) { Self::Markdown } else { Self::Html }
    }
}

/// What bodies need of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteContext {
    /// `url`, for `{{ site.url }}`.
    pub url: String,
    /// `baseurl`: empty, or a path with a leading slash.
    pub baseurl: String,
    /// `title`, for `{{ site.title }}`.
    pub title: String,
    /// The host of `url`.
    pub host: Option<String>,
    /// `finews.legacy_hosts`: links to these hosts become local paths.
    pub legacy_hosts: Vec<String>,
    /// The title of links to quote pages, in the site's language.
    pub quote: &'static str,
}

/// What a body needs of its post and its site.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The site.
    pub site: &'a SiteContext,
    /// The post's title, for `{{ page.title }}`.
    pub title: &'a str,
    /// The post's URL without `baseurl`, for `{{ page.url }}`.
    pub url: &'a str,
    /// The URL, without `baseurl`, of the post that `{% post_url %}` names, or of the file whose path
    /// `{% link %}` gives.
    pub posts: &'a dyn Fn(&str) -> Option<String>,
    /// Whether lists show the post: only then is there a page of each security that it names.
    pub is_listed: bool,
}

/// A body, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// What the page prints, without what was lifted out.
    pub html: BodyHtml,
    /// Characters of the text that `html` shows.
    pub text_len: usize,
    /// About 120 characters of plain text: of the digest, else of the first real paragraph.
    pub excerpt: String,
    /// The plain text of the quote that leads the body.
    pub digest: Option<String>,
    /// The address of the source, `http` or `https`.
    pub source_url: Option<String>,
    /// The name in `（文章来源：…）`.
    pub source_name: Option<String>,
    /// The securities and sectors that the body names, in the order of their first mention.
    pub securities: Vec<Security>,
    /// What is wrong with the body.
    pub defects: Vec<Defect>,
}

/// The text of clean HTML, a block a line.
pub fn text(html: &BodyHtml) -> String {
    text::lines(html.as_str())
}

/// Reads a body.
pub fn read(source: &str, format: Format, cx: &Context<'_>) -> Body {
    let mut defects = Vec::new();
    if source.len() > MAX_LEN {
        defects.push(Defect::error(Code::TooLarge, "The body is longer than 4 MiB; its markup was dropped"));
        return without_markup(source, defects);
    }
    let html = to_html(source, format, cx, &mut defects);
    let rewritten = rewrite::rewrite(&html, cx.site, cx.is_listed);
    if rewritten.too_deep {
        let message = format!(
            "The body has more than {} elements open at once; its markup was dropped",
            rewrite::MAX_DEPTH
        );
        defects.push(Defect::error(Code::TooLarge, message));
        return without_markup(&html, defects);
    }
    let lifted = lift::lift(rewritten.html, &rewritten.tops);
    let html = clean::clean(&lifted.html);
    let plain = text::plain(html.as_str());
    Body {
        text_len: plain.len,
        excerpt: text::excerpt(lifted.digest.as_deref().unwrap_or(&plain.lead)),
        html,
        digest: lifted.digest,
        source_url: lifted.source_url,
        source_name: lifted.source_name,
        securities: rewritten.securities,
        defects,
    }
}

/// Cleans HTML of the owner: as a body, but nothing is lifted out of it.
pub fn clean_fragment(html: &str, site: &SiteContext) -> BodyHtml {
    let rewritten = if html.len() > MAX_LEN { None } else { Some(rewrite::rewrite(html, site, false)) };
    match rewritten.filter(|rewritten| !rewritten.too_deep) {
        Some(rewritten) => clean::clean(&rewritten.html),
        None => clean::clean(&tokens::text_only(html)),
    }
}

fn to_html(source: &str, format: Format, cx: &Context<'_>, defects: &mut Vec<Defect>) -> String {
    let source = literal::strip(source);
    let source = if bytes::find(source.as_bytes(), b"\r").is_some() {
        Cow::Owned(source.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        source
    };
    let mut literals = literal::Literals::default();
    let source = liquid::resolve(&source, cx, &mut literals, defects);
    match format {
        Format::Markdown => markdown::to_html(&source, &mut literals),
        Format::Html => {
            let mut html = String::with_capacity(source.len());
            literals.restore_block(&source, &mut html);
            html
        }
    }
}

fn without_markup(html: &str, defects: Vec<Defect>) -> Body {
    let html = clean::clean(&tokens::text_only(html));
    let plain = text::plain(html.as_str());
    Body {
        text_len: plain.len,
        excerpt: text::excerpt(&plain.lead),
        html,
        digest: None,
        source_url: None,
        source_name: None,
        securities: Vec::new(),
        defects,
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
