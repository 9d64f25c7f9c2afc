//! The tokens equal html5ever's for any text.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use proptest::prelude::*;

use super::*;
use crate::archive::body::properties::{PIECES, soup};

/// Tokens as text, with the parts of a text joined. The content of scripts is left out.
#[derive(Default)]
struct Record {
    tokens: Vec<String>,
    in_text: bool,
    in_raw: bool,
}

impl Record {
    fn add(&mut self, token: String) {
        self.tokens.push(token);
        self.in_text = false;
    }

    fn start(&mut self, name: &str, attributes: impl Iterator<Item = (String, String)>) -> bool {
        let mut once: Vec<(String, String)> = Vec::new();
        for (name, value) in attributes {
            if once.iter().all(|(other, _)| *other != name) {
                once.push((name, value));
            }
        }
        self.add(format!("<{name}> {once:?}"));
        self.in_raw = element::is_raw(name);
        self.in_raw
    }
}

impl<'h> TokenHandler<'h> for Record {
    fn text(&mut self, text: &str) {
        match self.tokens.last_mut().filter(|_| self.in_text) {
            Some(before) => before.push_str(text),
            None => self.add(text.to_owned()),
        }
        self.in_text = true;
    }

    fn start(&mut self, tag: &StartTag<'h>) -> bool {
        let attributes = tag
            .attributes
            .iter()
            .map(|(name, value)| (lower(name).into_owned(), references::resolve_value(value).into_owned()));
        self.start(&tag.name, attributes)
    }

    fn end(&mut self, name: Cow<'h, str>) {
        self.add(format!("</{name}>"));
    }
}

struct Sink(RefCell<Record>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut record = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) if !record.in_raw => record.text(&text),
            Token::TagToken(tag) if tag.kind == TagKind::EndTag => {
                record.in_raw = false;
                TokenHandler::end(&mut *record, tag.name.to_string().into());
            }
            Token::TagToken(tag) => {
                let pair = |a: &html5ever::Attribute| (a.name.local.to_string(), a.value.to_string());
                if record.start(&tag.name, tag.attrs.iter().map(pair)) {
                    return TokenSinkResult::RawData(match &*tag.name {
                        "script" => RawKind::ScriptData,
                        "title" | "textarea" => RawKind::Rcdata,
                        _ => RawKind::Rawtext,
                    });
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

fn by_html5ever(html: &str) -> Vec<String> {
    let tokenizer = Tokenizer::new(Sink(RefCell::default()), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner().tokens
}

fn pieces() -> Vec<&'static str> {
    const MORE: &[&str] = &[
        "<script>",
        "</script>",
        "<script ",
        "</SCRIPT/",
        "<!--",
        "-->",
        "--!>",
        "-",
        "<a ",
        "<A HREF=",
        "=",
        "'",
        "\"",
        " b",
        "/",
        ">",
        "&ampx",
        "&notit;",
        "&#x41",
        "&#0;",
        "&amp=",
        "&",
        "\r",
        "\r\n",
        "\u{0}",
        "\u{FEFF}",
        "</",
        "<!",
        "<?",
        "\u{C}",
    ];
    [PIECES, MORE, MORE].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tokens_match_html5ever(html in soup(pieces())) {
        prop_assert_eq!(tokenize(&html, Record::default()).tokens, by_html5ever(&html), "{:?}", html);
    }
}
