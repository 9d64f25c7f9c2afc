//! Parses a body (Markdown or HTML) into clean HTML, plain text and the fields found in the text. The loader
//! uses it for every post and page, the web layer for the operator's footer.
//!
//! The steps are `liquid` → `markdown` → `rewrite` and `lift` → `clean`. Templates print only the output of
//! `clean`.

mod codes;
mod context;
mod digest;
mod html;
mod kramdown;
mod lift;
mod liquid;
mod original_url;
mod security;

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::ops::Range;

use crate::archive::article_id::ArticleId;
use crate::archive::body::context::MAX_LEN;
use crate::archive::body::html::rewrite::DroppedScripts;
use crate::archive::body::html::{bytes, clean, element, rewrite, text, tokens};
use crate::archive::body::kramdown::{literal, markdown};
use crate::archive::body::lift::Lifted;
use crate::archive::body::liquid::TextForm;
use crate::archive::problem::{Code, Defect};

pub(crate) use codes::is_name_ending;
pub(crate) use context::is_same_host;
pub use context::{Context, LiquidValue, SiteContext};
pub(crate) use digest::is_digest_repeated;
pub(crate) use html::bytes::count_lines;
pub use html::clean::BodyHtml;
pub(crate) use html::clean::CHART_CLASS;
pub(crate) use html::link::host;
pub(crate) use html::pieces::{HtmlPiece, HtmlTag};
pub(crate) use liquid::unchecked_url;
pub use liquid::{UnresolvedLiquid, resolve_liquid, unresolved_liquid};
pub use original_url::OriginalUrls;
pub use security::{Security, SecurityCode, is_board};

/// Maximum number of other articles that a body links to by their ids.
const MAX_LINKED: usize = 100;

/// The markup language of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkupFormat {
    /// kramdown's Markdown.
    Markdown,
    /// HTML, and any other text, which passes unchanged.
    Html,
}

impl MarkupFormat {
    /// The format of a file by its extension, with or without the dot.
    pub(crate) fn from_extension(ext: &str) -> Self {
        let ext = ext.strip_prefix('.').unwrap_or(ext);
        let markdown = ["md", "mkd", "mkdn", "mkdown", "markdown"];
        if markdown.iter().any(|known| known.eq_ignore_ascii_case(ext)) { Self::Markdown } else { Self::Html }
    }
}

/// A parsed body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// The HTML that the page prints, without the lifted parts. Nothing is lifted out of a page of the site.
    pub html: BodyHtml,
    /// Length of the text in `html`: 1 for each Han character, 2 for each word of another script.
    pub text_len: usize,
    /// About 120 characters of plain text, from the digest or else from the first real paragraph.
    pub excerpt: String,
    /// The plain text of the paragraph in a quote that leads the body, unless the text repeats it.
    pub digest: Option<String>,
    /// The address of the source, `http` or `https`, as `finews.original_url` rewrites it.
    pub source_url: Option<String>,
    /// The name in `（文章来源：…）`.
    pub source_name: Option<String>,
    /// The securities and sectors that the body names, in the order of their first mention.
    pub securities: Vec<Security>,
    /// The ids of articles that links name, each once.
    pub(crate) linked: Vec<ArticleId>,
    /// The problems found in the body.
    pub defects: Vec<Defect>,
}

/// Hashes the content. The length and the links follow from the HTML, and problems are no content.
impl Hash for Body {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self {
            html,
            text_len: _,
            excerpt,
            digest,
            source_url,
            source_name,
            securities,
            linked: _,
            defects: _,
        } = self;
        (html, excerpt, digest, source_url, source_name, securities).hash(state);
    }
}

/// The plain text of clean HTML, one line per block.
pub fn text(html: &BodyHtml) -> String {
    text::lines(html)
}

/// The effort to read the text of clean HTML outside of headings and links: 1 for each Han character, 2 for each word
/// of another script.
pub(crate) fn own_text_len(html: &BodyHtml) -> usize {
    text::own_len(html)
}

/// The plain text of a short text in Markdown, such as a description, on one line.
pub fn plain_text(markdown: &str, site: &SiteContext) -> String {
    if !markdown.contains(['*', '_', '`', '~', '[', '<', '&', '\\', '#', '{']) {
        return text::fold(markdown).into_owned();
    }
    let cx = Context {
        site,
        title: "",
        url: "",
        page: &|_| None,
        posts: &|_| None,
        files: &|_| None,
        line: 1,
        is_listed: false,
        is_page: false,
    };
    let html = to_html(markdown, MarkupFormat::Markdown, &cx, &mut Vec::new());
    text::fold(&text::lines(&clean::clean(&html))).into_owned()
}

/// Parses a body. A body that is too large or too deeply nested keeps only its text.
pub fn read(source: &str, format: MarkupFormat, cx: &Context<'_>) -> Body {
    let mut defects = Vec::new();
    if source.len() > MAX_LEN {
        defects.push(Defect::error(Code::TooLarge, "the body is longer than 4 MiB; only its text is kept"));
        return without_markup(&literal::strip(source), defects);
    }
    let html = to_html(source, format, cx, &mut defects);
    let rewritten = rewrite::rewrite(&html, cx.site, cx.is_listed);
    if rewritten.too_deep {
        let message =
            format!("the body nests more than {} elements; only its text is kept", element::MAX_DEPTH);
        defects.push(Defect::error(Code::TooLarge, message));
        return without_markup(&html, defects);
    }
    let dropped = rewritten.dropped.map(|(name, count)| embed_dropped(source, &name, count, cx));
    defects.extend(dropped);
    if rewritten.scripts.count > 0 {
        defects.push(scripts_dropped(source, &rewritten.scripts, cx));
    }
    let mut securities = rewritten.securities;
    codes::in_text(cx.title, |code, name| securities.add(code, name, None));
    let lifted = if cx.is_page {
        Lifted::with_all_parts(rewritten.html, &rewritten.children)
    } else {
        lift::lift(rewritten.html, &rewritten.children, cx.site)
    };
    let mut html = clean::clean(&lifted.html);
    let mut plain = text::plain(&html);
    let excerpt = text::excerpt(lifted.digest.as_deref().unwrap_or(&plain.lead));
    let mut digest = lifted.digest.filter(|digest| !is_digest_repeated(digest, cx.title, &html));
    if let Some(blocks) = lifted.blocks.filter(|_| digest.is_some()) {
        // The quote stays at its place.
        digest = None;
        html = clean::clean(&format!("{blocks}\n{}", lifted.html));
        plain = text::plain(&html);
    }
    Body {
        text_len: plain.len,
        excerpt,
        digest,
        html,
        source_url: lifted.source_url.map(|url| cx.site.original_urls.rewritten(url)),
        source_name: lifted.source_name,
        securities: securities.all,
        linked: linked(&rewritten.linked, &lifted.kept),
        defects,
    }
}

/// The ids of the links in the kept part of the HTML, each once.
fn linked(all: &[(usize, ArticleId)], kept: &Range<usize>) -> Vec<ArticleId> {
    let mut ids = Vec::new();
    for (_, id) in all.iter().filter(|(at, _)| kept.contains(at)) {
        if ids.len() < MAX_LINKED && !ids.contains(id) {
            ids.push(*id);
        }
    }
    ids
}

/// The defect for embedded elements and controls of forms that were removed. `name` is that of the first one.
fn embed_dropped(source: &str, name: &str, count: usize, cx: &Context<'_>) -> Defect {
    let more = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
    let message = format!("content that articles cannot show was removed: `<{name}>`{more}");
    at_first(Defect::warning(Code::EmbedDropped, message), source, (name, count), cx)
}

/// The defect for scripts that were removed. Scripts of other hosts mostly embed content.
fn scripts_dropped(source: &str, scripts: &DroppedScripts, cx: &Context<'_>) -> Defect {
    let removed = "articles run no scripts; those of the body were removed";
    let message = match scripts.hosts.as_slice() {
        [] => removed.to_owned(),
        hosts => format!("{removed}, among them those from {}", hosts.join(", ")),
    };
    at_first(Defect::warning(Code::EmbedDropped, message), source, ("script", scripts.count), cx)
}

/// Sets the line of the first element of a name, if the source has no more elements of this name than were removed.
fn at_first(defect: Defect, source: &str, (name, count): (&str, usize), cx: &Context<'_>) -> Defect {
    let is_named = |(at, _): &(usize, &str)| {
        let found = source.as_bytes().get(at + 1..at + 1 + name.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    };
    let mut places = source.match_indices('<').filter(is_named).map(|(at, _)| at);
    let (first, others) = (places.next(), places.count());
    match first {
        Some(at) if others < count => {
            defect.at_line(cx.line.saturating_add(bytes::count_lines(&source[..at])))
        }
        _ => defect,
    }
}

/// Cleans the operator's HTML like a body, but lifts nothing out of it.
pub fn clean_fragment(html: &str, site: &SiteContext) -> BodyHtml {
    let rewritten = if html.len() > MAX_LEN { None } else { Some(rewrite::rewrite(html, site, false)) };
    match rewritten.filter(|rewritten| !rewritten.too_deep) {
        Some(rewritten) => clean::clean(&rewritten.html),
        None => clean::clean(&tokens::text_only(html)),
    }
}

fn to_html(source: &str, format: MarkupFormat, cx: &Context<'_>, defects: &mut Vec<Defect>) -> String {
    let source = literal::strip(source);
    let source = if bytes::find(source.as_bytes(), b"\r").is_some() {
        Cow::Owned(source.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        source
    };
    let mut literals = literal::Literals::default();
    let source = liquid::resolve(&source, cx, TextForm::Markup, &mut literals, defects);
    match format {
        MarkupFormat::Markdown => markdown::to_html(&source, cx.site.toc_levels, &mut literals),
        MarkupFormat::Html => {
            let mut html = String::with_capacity(source.len());
            literals.restore_block(&source, &mut html);
            html
        }
    }
}

fn without_markup(html: &str, defects: Vec<Defect>) -> Body {
    let html = clean::clean(&tokens::text_only(html));
    let plain = text::plain(&html);
    Body {
        text_len: plain.len,
        excerpt: text::excerpt(&plain.lead),
        html,
        digest: None,
        source_url: None,
        source_name: None,
        securities: Vec::new(),
        linked: Vec::new(),
        defects,
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
