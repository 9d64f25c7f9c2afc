//! One pass over a body's tags before ammonia builds its tree: every element is closed where
//! HTML would close it, links and images are rewritten, hidden parts vanish, securities are
//! collected, and the body's children are measured for lifting. It also counts how deep the
//! body is, since the tree builder's time is quadratic in that.

use std::cell::RefCell;

use html5ever::LocalName;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::element::{self, Policy};
use super::lift::{self, Kind, Link, Top};
use super::literal::escape_html;
use super::security::{self, Security, SecurityCode};
use super::{SiteContext, attributes};

/// A body with more elements open at once loses its markup.
pub(super) const MAX_DEPTH: usize = 256;

/// A body's HTML after the pass.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    pub(super) html: String,
    pub(super) tops: Vec<Top>,
    pub(super) securities: Vec<Security>,
    pub(super) too_deep: bool,
}

/// Rewrites a body.
pub(super) fn rewrite(html: &str, site: &SiteContext) -> Rewritten {
    let mut pass = tokenize(html, Pass::new(html, site));
    pass.close_from(0);
    pass.end_top();
    Rewritten { html: pass.out, tops: pass.tops, securities: pass.securities, too_deep: pass.too_deep }
}

/// The text of a body without its markup, in paragraphs.
pub(super) fn text_only(html: &str) -> String {
    let text = tokenize(html, Text { raw: RawText::new(html), out: String::with_capacity(html.len()) }).out;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.fold(String::with_capacity(text.len()), |mut out, line| {
        out.push_str("<p>");
        escape_html(line, &mut out);
        out.push_str("</p>\n");
        out
    })
}

/// What reads tokens; the answer says in which state the tokenizer goes on.
trait Reader {
    fn token(&mut self, token: Token) -> TokenSinkResult<()>;
}

struct Sink<R>(RefCell<R>);

impl<R: Reader> TokenSink for Sink<R> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        self.0.borrow_mut().token(token)
    }
}

fn tokenize<R: Reader>(html: &str, reader: R) -> R {
    let tokenizer = Tokenizer::new(Sink(RefCell::new(reader)), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

/// Skips the content of scripts and the like, if it ends at all.
struct RawText<'h> {
    html: &'h str,
    within: Option<LocalName>,
    /// How many closing tags an element has left.
    left: Vec<(LocalName, usize)>,
}

impl<'h> RawText<'h> {
    fn new(html: &'h str) -> Self {
        Self { html, within: None, left: Vec::new() }
    }

    /// Whether what begins with this tag is to be skipped.
    fn begins(&mut self, name: &LocalName) -> bool {
        let ends = *self.left(name) > 0;
        if ends {
            self.within = Some(name.clone());
        }
        ends
    }

    fn ends(&mut self, name: &LocalName) {
        let left = self.left(name);
        *left = left.saturating_sub(1);
        self.within = None;
    }

    fn left(&mut self, name: &LocalName) -> &mut usize {
        let at = self.left.iter().position(|(other, _)| other == name).unwrap_or_else(|| {
            let closers = self.html.match_indices("</").filter(|(i, _)| {
                let rest = &self.html.as_bytes()[i + 2..];
                rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
            });
            self.left.push((name.clone(), closers.count()));
            self.left.len() - 1
        });
        &mut self.left[at].1
    }
}

struct Text<'h> {
    raw: RawText<'h>,
    out: String,
}

impl Reader for Text<'_> {
    fn token(&mut self, token: Token) -> TokenSinkResult<()> {
        match token {
            Token::CharacterTokens(text) if self.raw.within.is_none() => self.out.push_str(&text),
            Token::TagToken(tag) if element::policy(&tag.name) == Policy::Raw => {
                if tag.kind == TagKind::EndTag {
                    self.raw.ends(&tag.name);
                } else if self.raw.begins(&tag.name) {
                    return TokenSinkResult::RawData(element::raw_kind(&tag.name));
                }
            }
            Token::TagToken(tag) if element::closes_paragraph(&tag.name) || &*tag.name == "br" => {
                self.out.push('\n')
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// An element that is open.
struct Open {
    name: LocalName,
    /// What it is called in the output, if it is there.
    shown: Option<LocalName>,
    /// What to go back to at its end, if it is hidden.
    hidden: Option<Mark>,
    security: Option<SecurityCode>,
    /// Where its text begins in the text of its top.
    text_start: usize,
    /// The target of a link.
    href: Option<String>,
}

/// A moment of the pass.
struct Mark {
    out: usize,
    tops: usize,
    top: Option<(usize, usize, bool)>,
    depth: usize,
}

/// The child of the body that is being read.
struct Current {
    start: usize,
    is_quote: bool,
    /// Loose text and spans.
    is_loose: bool,
    text: String,
    links: Vec<Link>,
    has_media: bool,
}

struct Pass<'a> {
    site: &'a SiteContext,
    out: String,
    open: Vec<Open>,
    /// How many of them are in the output.
    shown: usize,
    raw: RawText<'a>,
    current: Option<Current>,
    tops: Vec<Top>,
    securities: Vec<Security>,
    too_deep: bool,
}

impl Reader for Pass<'_> {
    fn token(&mut self, token: Token) -> TokenSinkResult<()> {
        if self.too_deep {
            return TokenSinkResult::Continue;
        }
        match token {
            Token::CharacterTokens(text) if self.raw.within.is_none() => self.text(&text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                if let Some(kind) = self.start(&tag) {
                    return TokenSinkResult::RawData(kind);
                }
            }
            Token::TagToken(tag) => self.end(&tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl<'a> Pass<'a> {
    fn new(html: &'a str, site: &'a SiteContext) -> Self {
        Self {
            site,
            out: String::with_capacity(html.len() + html.len() / 8),
            open: Vec::new(),
            shown: 0,
            raw: RawText::new(html),
            current: None,
            tops: Vec::new(),
            securities: Vec::new(),
            too_deep: false,
        }
    }

    fn text(&mut self, text: &str) {
        if self.shown == 0 && self.current.is_none() {
            if text.bytes().all(|b| b.is_ascii_whitespace()) {
                self.out.push_str(text);
                return;
            }
            self.begin_top(false, true);
        }
        escape_html(text, &mut self.out);
        if let Some(top) = &mut self.current {
            top.text.push_str(text);
        }
    }

    fn start(&mut self, tag: &Tag) -> Option<RawKind> {
        let policy = element::policy(&tag.name);
        match policy {
            Policy::Raw if self.raw.begins(&tag.name) => return Some(element::raw_kind(&tag.name)),
            Policy::Raw | Policy::Ignore => return None,
            _ => {}
        }
        self.close_implied(&tag.name);
        let security = attributes::security(tag);
        if policy == Policy::Void {
            if let Some(code) = security {
                security::mention(&mut self.securities, code, "");
            }
            self.void(tag);
            return None;
        }
        let is_hidden = policy == Policy::Hide || attributes::is_hidden(tag);
        let hidden = is_hidden.then(|| self.mark());
        let shown = match policy {
            Policy::Keep
                if element::is_misplaced(&tag.name, self.open.iter().rev().map(|open| &*open.name)) =>
            {
                None
            }
            Policy::Keep => self.show(&tag.name, tag),
            Policy::Block => self.show(&LocalName::from("div"), tag),
            _ => None,
        };
        let href = shown.as_ref().filter(|name| &***name == "a").and_then(|_| attributes::get(tag, "href"));
        self.open.push(Open {
            name: tag.name.clone(),
            shown,
            hidden,
            security,
            text_start: self.current.as_ref().map_or(0, |top| top.text.len()),
            href: href.map(str::to_owned),
        });
        self.too_deep = self.open.len() > MAX_DEPTH;
        None
    }

    /// Writes an opening tag.
    fn show(&mut self, name: &LocalName, tag: &Tag) -> Option<LocalName> {
        if &**name == "a" && attributes::get(tag, "href").is_none() {
            return None;
        }
        self.enter(name);
        attributes::write(name, tag, self.site, &mut self.out);
        self.shown += 1;
        Some(name.clone())
    }

    fn void(&mut self, tag: &Tag) {
        let before = (self.out.len(), self.current.is_some());
        self.enter(&tag.name);
        if !attributes::write(&tag.name, tag, self.site, &mut self.out) {
            self.out.truncate(before.0);
            if !before.1 {
                self.current = None;
            }
            return;
        }
        if let Some(top) = &mut self.current {
            match &*tag.name {
                "img" | "hr" => top.has_media = true,
                _ => top.text.push('\n'),
            }
        }
        if self.shown == 0 && &*tag.name == "hr" {
            self.end_top();
        }
    }

    /// Begins the child of the body that an element belongs to.
    fn enter(&mut self, name: &LocalName) {
        if self.shown > 0 {
            if let Some(top) = &mut self.current {
                top.has_media |= &**name == "table";
            }
            return;
        }
        if element::closes_paragraph(name) {
            self.end_top();
            self.begin_top(&**name == "blockquote", false);
            if let Some(top) = &mut self.current {
                top.has_media = &**name == "table";
            }
        } else if self.current.is_none() {
            self.begin_top(false, true);
        }
    }

    fn end(&mut self, name: &LocalName) {
        match element::policy(name) {
            Policy::Raw => return self.raw.ends(name),
            Policy::Ignore | Policy::Void => return,
            _ => {}
        }
        let is_table = element::is_table_part(name);
        let found = self.open.iter().rposition(|open| element::is_ended_by(&open.name, name));
        let barrier = self.open.iter().rposition(|open| element::is_barrier(&open.name));
        if let Some(at) = found.filter(|at| is_table || barrier.is_none_or(|barrier| barrier <= *at)) {
            self.close_from(at);
        }
    }

    /// Closes what a start tag closes by itself.
    fn close_implied(&mut self, name: &LocalName) {
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

    fn close_from(&mut self, at: usize) {
        while self.open.len() > at {
            let Some(open) = self.open.pop() else { return };
            self.close(open);
        }
    }

    fn close(&mut self, open: Open) {
        let text =
            self.current.as_ref().map_or("", |top| top.text.get(open.text_start..).unwrap_or_default());
        if let Some(code) = open.security {
            security::mention(&mut self.securities, code, text);
        }
        if let Some(name) = &open.shown {
            self.out.extend(["</", name, ">"]);
            self.shown -= 1;
            if let Some((top, href)) = self.current.as_mut().zip(open.href) {
                top.links.push(Link { start: open.text_start, end: top.text.len(), href });
            }
            if self.shown == 0 && self.current.as_ref().is_some_and(|top| !top.is_loose) {
                self.end_top();
            }
        }
        if let Some(mark) = open.hidden {
            self.go_back(&mark);
        }
    }

    fn begin_top(&mut self, is_quote: bool, is_loose: bool) {
        self.current = Some(Current {
            start: self.out.len(),
            is_quote,
            is_loose,
            text: String::new(),
            links: Vec::new(),
            has_media: false,
        });
    }

    fn end_top(&mut self) {
        if let Some(top) = self.current.take() {
            let kind = lift::kind(&top.text, &top.links, top.is_quote, top.has_media);
            self.tops.push(Top { start: top.start, end: self.out.len(), kind });
        }
    }

    fn mark(&self) -> Mark {
        let top = self.current.as_ref().map(|top| (top.text.len(), top.links.len(), top.has_media));
        Mark { out: self.out.len(), tops: self.tops.len(), top, depth: self.shown }
    }

    /// Takes back what a hidden element wrote.
    fn go_back(&mut self, mark: &Mark) {
        self.out.truncate(mark.out);
        let had_more_tops = self.tops.len() > mark.tops;
        self.tops.truncate(mark.tops);
        match (mark.top, &mut self.current) {
            (Some((text, links, has_media)), Some(top)) if !had_more_tops => {
                top.text.truncate(text);
                top.links.truncate(links);
                top.has_media = has_media;
            }
            (None, _) if mark.depth == 0 => self.current = None,
            // What stood before it is one child with what follows.
            _ => {
                let start = self.tops.last().map_or(0, |top| top.end);
                self.current = None;
                self.tops.push(Top { start, end: self.out.len(), kind: Kind::Other(None) });
            }
        }
    }
}
