//! html5ever's tokenizer, and what it needs to know of scripts. Used by the rewriting pass and
//! for bodies that keep nothing but their text.

use std::cell::RefCell;

use html5ever::LocalName;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::element::{self, Policy};
use super::literal::escape_html;
use super::unfinished;

/// The text of a body without its markup, in paragraphs.
pub(super) fn text_only(html: &str) -> String {
    let html = &unfinished::escape(html);
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
pub(super) trait Reader {
    fn token(&mut self, token: Token) -> TokenSinkResult<()>;
}

struct Sink<R>(RefCell<R>);

impl<R: Reader> TokenSink for Sink<R> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        self.0.borrow_mut().token(token)
    }
}

pub(super) fn tokenize<R: Reader>(html: &str, reader: R) -> R {
    let tokenizer = Tokenizer::new(Sink(RefCell::new(reader)), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

/// Skips the content of scripts and the like, if it ends at all.
pub(super) struct RawText<'h> {
    html: &'h str,
    pub(super) within: Option<LocalName>,
    /// How many closing tags an element has left.
    left: Vec<(LocalName, usize)>,
}

impl<'h> RawText<'h> {
    pub(super) fn new(html: &'h str) -> Self {
        Self { html, within: None, left: Vec::new() }
    }

    /// Whether what begins with this tag is to be skipped.
    pub(super) fn begins(&mut self, name: &LocalName) -> bool {
        let ends = *self.left(name) > 0;
        if ends {
            self.within = Some(name.clone());
        }
        ends
    }

    pub(super) fn ends(&mut self, name: &LocalName) {
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
                self.out.push('\n');
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}
