//! One pass over a body's tags before ammonia builds its tree. It closes every element where HTML would,
//! rewrites links and images, removes hidden parts, collects securities, and records the body's children
//! for lifting. It also checks the nesting depth, since the tree builder's time is quadratic in it.

use std::borrow::Cow;

mod cells;
mod children;
mod embed;
mod mention;
mod state;

use crate::archive::article_id::ArticleId;
use crate::archive::body::context::SiteContext;
use crate::archive::body::html::element::{self, Policy};
use crate::archive::body::html::rewrite::state::{Media, NamedSecurity, OpenChild, OpenElement};
use crate::archive::body::html::tokens::{RawText, StartTag, TokenHandler, tokenize};
use crate::archive::body::html::{attributes, bytes, unfinished};
use crate::archive::body::kramdown::literal::escape_html;
use crate::archive::body::lift::{BodyChild, ChildLink};
use crate::archive::body::security::Mentions;

/// html5ever's serialiser takes quadratic time for a text full of `&` or no-break spaces, so a `<wbr>`
/// divides the text after this number of them. No real text has more between two tags.
const MAX_ENTITIES: usize = 512;

/// A body's HTML after the pass.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    pub(crate) html: String,
    pub(crate) children: Vec<BodyChild>,
    pub(crate) securities: Mentions,
    /// The ids of articles that links name, each with its position in the HTML.
    pub(crate) linked: Vec<(usize, ArticleId)>,
    /// The name of the first embedded element that was removed, and the number of all.
    pub(crate) dropped: Option<(String, usize)>,
    pub(crate) scripts: DroppedScripts,
    pub(crate) too_deep: bool,
}

/// The scripts that were removed.
#[derive(Debug, Default)]
pub(crate) struct DroppedScripts {
    /// The hosts of the scripts of other sites, each once.
    pub(crate) hosts: Vec<String>,
    /// The number of all scripts.
    pub(crate) count: usize,
}

/// Rewrites a body. Names of securities stay as they are if lists do not show the post.
pub(crate) fn rewrite(html: &str, site: &SiteContext, is_listed: bool) -> Rewritten {
    let html = &unfinished::escape(html);
    let mut rewriter = tokenize(html, Rewriter { is_listed, ..Rewriter::new(html, site) });
    rewriter.cut_from(0);
    rewriter.end_child();
    Rewritten {
        html: rewriter.out,
        children: rewriter.children,
        securities: rewriter.securities,
        linked: rewriter.linked,
        dropped: rewriter.dropped,
        scripts: rewriter.scripts,
        too_deep: rewriter.too_deep,
    }
}

struct Rewriter<'a> {
    site: &'a SiteContext,
    is_listed: bool,
    out: String,
    open: Vec<OpenElement<'a>>,
    /// Number of `open` elements that are in the output.
    shown: usize,
    raw: RawText<'a>,
    /// Characters since the last tag that the serialiser writes as entities.
    entities: usize,
    current: Option<OpenChild<'a>>,
    children: Vec<BodyChild>,
    securities: Mentions,
    linked: Vec<(usize, ArticleId)>,
    dropped: Option<(String, usize)>,
    scripts: DroppedScripts,
    too_deep: bool,
}

impl<'h> TokenHandler<'h> for Rewriter<'h> {
    fn text(&mut self, text: &str) {
        if !self.too_deep {
            self.add_text(text);
        }
    }

    fn start(&mut self, tag: &StartTag<'h>) -> bool {
        if self.too_deep {
            return false;
        }
        let before = self.out.len();
        let is_raw = self.start_tag(tag);
        if self.out.len() > before {
            self.entities = 0;
        }
        is_raw
    }

    fn end(&mut self, name: Cow<'h, str>) {
        if !self.too_deep {
            self.end_tag(&name);
        }
    }

    fn raw_text(&mut self, tag: &StartTag<'h>, text: &'h str) {
        if !self.too_deep {
            self.raw_content(tag, text);
        }
    }
}

impl<'a> Rewriter<'a> {
    fn new(html: &'a str, site: &'a SiteContext) -> Self {
        Self {
            site,
            is_listed: true,
            out: String::with_capacity(html.len() + html.len() / 8),
            open: Vec::new(),
            shown: 0,
            raw: RawText::new(html),
            entities: 0,
            current: None,
            children: Vec::new(),
            securities: Mentions::default(),
            linked: Vec::new(),
            dropped: None,
            scripts: DroppedScripts::default(),
            too_deep: false,
        }
    }

    fn add_text(&mut self, text: &str) {
        if !text.bytes().all(|b| b.is_ascii_whitespace()) {
            self.enter_cell();
        }
        if self.shown == 0 && self.current.is_none() {
            if text.bytes().all(|b| b.is_ascii_whitespace()) {
                self.out.push_str(text);
                return;
            }
            self.begin_child(self.out.len(), false, true);
        }
        self.entities += bytes::count(text.as_bytes(), |b| (b == b'&') | (b == 0xC2));
        if self.entities > MAX_ENTITIES {
            self.divide(text);
        } else {
            escape_html(text, &mut self.out);
        }
        if let Some(child) = &mut self.current {
            child.text.push_str(text);
        }
    }

    fn divide(&mut self, text: &str) {
        self.entities = 0;
        for part in text.split_inclusive(['&', '\u{A0}']) {
            if self.entities == MAX_ENTITIES {
                self.out.push_str("<wbr>");
                self.entities = 0;
            }
            escape_html(part, &mut self.out);
            self.entities += 1;
        }
        self.out.push_str("<wbr>");
        self.entities = 0;
    }

    /// Returns whether to skip the element's content.
    fn start_tag(&mut self, tag: &StartTag<'a>) -> bool {
        let policy = element::policy(&tag.name);
        match policy {
            Policy::Raw => {
                self.raw_element(tag);
                return self.raw.begins(&tag.name);
            }
            Policy::Ignore => {
                self.skipped_element(tag);
                return false;
            }
            Policy::MediaSource => {
                self.add_media_source(tag);
                return false;
            }
            Policy::Control if !attributes::is_hidden(tag) => self.count_dropped(&tag.name),
            _ => {}
        }
        self.close_implied(&tag.name);
        let security = attributes::security(tag);
        // In the source line it is a part of the source's name, at the end of a longer word a part of that word.
        let is_part_of_name = security.as_ref().is_some_and(|code| {
            let may_be_word_end = code.is_board() && attributes::is_mention(tag);
            self.is_in_source_line() || may_be_word_end && self.is_in_word()
        });
        let security = security.filter(|_| !is_part_of_name);
        if policy == Policy::Void {
            if let Some(code) = security {
                self.securities.add(code, "", None);
            }
            self.void(tag);
            return false;
        }
        let start = self.out.len();
        let media = (policy == Policy::Media && !attributes::is_hidden(tag)).then(|| self.media(tag));
        if let Some(media) = media.as_ref().filter(|_| !self.raw.begins(&tag.name)) {
            // The end tag is missing.
            self.write_media(&tag.name, media);
            return false;
        }
        let is_hidden = match policy {
            Policy::Hide => self.hides_content(tag),
            Policy::Media => true,
            _ => attributes::is_hidden(tag),
        };
        let is_part = element::is_table_part(&tag.name) && tag.name != "table";
        if !is_part && matches!(policy, Policy::Keep | Policy::Block) {
            self.enter_cell();
        }
        if is_part && !self.enter_table_part(&tag.name) {
            return false;
        }
        let mention = security.as_ref().and_then(|code| self.mention(tag, code));
        let hidden = is_hidden.then(|| self.checkpoint());
        let shown = match policy {
            _ if let Some(mention) = &mention => Some(self.open_mention(mention)),
            // A link inside a mention would end the mention's link.
            Policy::Keep if tag.name == "a" && self.is_in_mention() => None,
            // A link of the scraper's site to its own pages.
            Policy::Keep if tag.name == "a" && (is_part_of_name || attributes::is_keyword(tag)) => None,
            Policy::Keep => self.show(tag.name.clone(), tag),
            Policy::Block => self.show(Cow::Borrowed("div"), tag),
            _ => None,
        };
        let href = shown.as_ref().filter(|name| *name == "a").and_then(|_| attributes::get(tag, "href"));
        let security = security.map(|code| NamedSecurity { code, quote: self.quote_page(tag) });
        self.open.push(OpenElement {
            name: tag.name.clone(),
            shown,
            hidden,
            security,
            text_start: self.current.as_ref().map_or(0, |child| child.text.len()),
            href,
            mention,
            media,
            is_mark: attributes::is_footnote_mark(tag),
            start,
        });
        self.too_deep = self.open.len() > element::MAX_DEPTH;
        false
    }

    /// Writes an opening tag. Returns its name, or `None` if nothing was written.
    fn show(&mut self, name: Cow<'a, str>, tag: &StartTag<'a>) -> Option<Cow<'a, str>> {
        let before = self.out.len();
        let is_written = attributes::write(&name, tag, self.site, &mut self.out);
        if is_written {
            if name == "a" {
                let id = attributes::get(tag, "href").and_then(|href| ArticleId::from_url(&href));
                self.linked.extend(id.map(|id| (before, id)));
            }
            self.enter(&name, before);
            self.shown += 1;
        }
        is_written.then_some(name)
    }

    fn void(&mut self, tag: &StartTag<'a>) {
        if tag.name == "col" {
            if self.open.last().is_none_or(|open| open.name != "colgroup") {
                return;
            }
        } else {
            self.enter_cell();
        }
        let before = self.out.len();
        if !attributes::write(&tag.name, tag, self.site, &mut self.out) {
            return;
        }
        self.enter(&tag.name, before);
        if let Some(child) = &mut self.current {
            match &*tag.name {
                "img" if attributes::is_chart(tag) => child.media = child.media.max(Media::Chart),
                "img" | "hr" => child.media = Media::Other,
                _ => child.end_line(),
            }
        }
        if self.shown == 0 && tag.name == "hr" {
            self.end_child();
        }
    }

    fn end_tag(&mut self, name: &str) {
        match element::policy(name) {
            Policy::Raw => return self.raw.ends(name),
            Policy::Ignore | Policy::Void | Policy::MediaSource => return,
            Policy::Media => self.raw.ends(name),
            _ => {}
        }
        let is_table = element::is_table_part(name);
        let found = self.open.iter().rposition(|open| element::is_ended_by(&open.name, name));
        let barrier = self.open.iter().rposition(|open| element::is_barrier(&open.name));
        if let Some(at) = found.filter(|at| is_table || barrier.is_none_or(|barrier| barrier <= *at)) {
            self.close_from(at);
        }
    }

    /// Closes the elements that a start tag implicitly closes.
    fn close_implied(&mut self, name: &str) {
        let stops = element::implied(name);
        if stops.is_empty() {
            return;
        }
        for (closed, scope) in stops {
            let mut found = None;
            for (at, open) in self.open.iter().enumerate().rev() {
                if closed.contains(&&*open.name) {
                    found = Some(at);
                    break;
                }
                if scope.contains(&&*open.name) {
                    break;
                }
            }
            if let Some(at) = found {
                self.close_from(at);
            }
        }
    }

    /// Closes the elements open inside the one at `at`, then that element.
    fn close_from(&mut self, at: usize) {
        self.cut_from(at + 1);
        if let Some(open) = self.open.pop() {
            self.close(open);
        }
    }

    /// Closes the elements from `at` on, whose end tags are missing. A hidden element stays hidden only if
    /// its end tag is optional: a stray `<svg>` would otherwise remove the rest of the body.
    fn cut_from(&mut self, at: usize) {
        while self.open.len() > at {
            let Some(mut open) = self.open.pop() else { return };
            open.hidden = open.hidden.filter(|_| element::may_lack_end(&open.name));
            self.close(open);
        }
    }

    fn close(&mut self, open: OpenElement<'a>) {
        let text =
            self.current.as_ref().map_or("", |child| child.text.get(open.text_start..).unwrap_or_default());
        let text_is_empty = text.trim().is_empty();
        if let Some(NamedSecurity { code, quote }) = open.security {
            self.securities.add(code, text, quote);
        }
        let may_be_mark = open.name == "sup" && open.hidden.is_none();
        if open.is_mark
            || may_be_mark && self.becomes_footnote_mark(open.text_start)
            || open.mention.is_none()
                && open.href.as_deref().is_some_and(|href| self.becomes_note_link(open.text_start, href))
        {
            self.forget_text(open.text_start);
        }
        if let Some(name) = &open.shown {
            let closing = self.out.len();
            self.out.extend(["</", name, ">"]);
            self.entities = 0;
            if let Some(mention) = &open.mention {
                self.close_mention(mention, text_is_empty, closing);
            }
            self.shown -= 1;
            if let Some((child, href)) = self.current.as_mut().zip(open.href) {
                child.links.push(ChildLink { start: open.text_start, end: child.text.len(), href });
            }
            if self.shown > 0
                && element::closes_paragraph(name)
                && let Some(child) = &mut self.current
            {
                child.end_line();
            }
            if self.shown == 0
                && let Some(child) = self.current.as_mut().filter(|child| !child.is_loose)
            {
                if open.hidden.is_some() {
                    // The text of a hidden block names nothing.
                    child.text.clear();
                    child.links.clear();
                }
                self.end_child();
            }
        }
        if let Some(checkpoint) = open.hidden {
            self.roll_back(&checkpoint);
        } else if open.name == "object"
            && self.out.get(open.start..).is_some_and(|html| html.trim().is_empty())
        {
            self.count_dropped("object");
        }
        if let Some(media) = open.media {
            self.write_media(&open.name, &media);
        }
    }
}
