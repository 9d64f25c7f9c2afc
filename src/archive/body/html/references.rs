//! Character references: `&amp;`, `&#20013;`. The common ones are resolved here, all others by html5ever's
//! tokenizer. Used by `tokens` and `text`.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use crate::archive::body::html::bytes;

/// Passes a text to `part` in pieces, with its references resolved and its NULs dropped.
pub(crate) fn resolve_text(text: &str, mut part: impl FnMut(&str)) {
    let text = line_breaks(text);
    for text in text.split('\0') {
        match usual(text, &mut part) {
            Ok(()) => {}
            Err(rest) => resolve(rest, |token| {
                if let Token::CharacterTokens(text) = token {
                    part(&text);
                }
            }),
        }
    }
}

/// Resolves an attribute's value, given as written, with its quotes.
pub(crate) fn resolve_value(written: &str) -> Cow<'_, str> {
    let quote = written.starts_with(['"', '\'']);
    let value = if quote { &written[1..written.len() - 1] } else { written };
    if bytes::find(value.as_bytes(), b"&\r\0").is_none() {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let whole = line_breaks(value).replace('\0', "\u{FFFD}");
    if usual(&whole, &mut |part| out.push_str(part)).is_ok() {
        return Cow::Owned(out);
    }
    out.clear();
    let mark = if quote { &written[..1] } else { "" };
    resolve(&format!("<a a={mark}{whole}{mark}>"), |token| {
        if let Token::TagToken(tag) = token {
            tag.attrs.iter().for_each(|attribute| out.push_str(&attribute.value));
        }
    });
    Cow::Owned(out)
}

/// Normalises line breaks as HTML does.
fn line_breaks(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Resolves the references that serialised HTML holds, and any `&` that cannot start a name. At any other
/// reference it stops and returns the rest of the text as the error.
fn usual<'t>(text: &'t str, part: &mut impl FnMut(&str)) -> Result<(), &'t str> {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        if at > 0 {
            part(&rest[..at]);
        }
        rest = &rest[at..];
        let (len, c) = match serialised(rest) {
            Some(found) => found,
            None if !rest[1..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '#') => (1, "&"),
            None => return Err(rest),
        };
        part(c);
        rest = &rest[len..];
    }
    if !rest.is_empty() {
        part(rest);
    }
    Ok(())
}

/// The length and character of the reference at the start of a text, if serialised HTML holds it.
fn serialised(text: &str) -> Option<(usize, &'static str)> {
    let known = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\u{A0}"), ("&quot;", "\"")];
    let found = known.iter().find(|(reference, _)| text.starts_with(reference));
    found.map(|(reference, c)| (reference.len(), *c))
}

fn resolve(html: &str, give: impl FnMut(Token)) {
    struct Sink<F>(RefCell<F>);
    impl<F: FnMut(Token)> TokenSink for Sink<F> {
        type Handle = ();

        fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
            (self.0.borrow_mut())(token);
            TokenSinkResult::Continue
        }
    }
    let options = TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() };
    let tokenizer = Tokenizer::new(Sink(RefCell::new(give)), options);
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
}
