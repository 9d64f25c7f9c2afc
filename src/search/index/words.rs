//! Our tokens, as the library asks for them.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::search::normalise::normalised;
use crate::search::tokens;

/// What the library calls our tokens.
pub(super) const TOKENIZER: &str = "finews";

/// Gives the library our tokens.
#[derive(Clone)]
pub(super) struct Words;

pub(super) struct Stream {
    chars: Vec<char>,
    tokens: Vec<tokens::Token>,
    next: usize,
    token: Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = Stream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream {
        let chars = normalised(text).chars;
        let tokens = tokens::tokens(&chars).collect();
        Stream { chars, tokens, next: 0, token: Token::default() }
    }
}

impl TokenStream for Stream {
    fn advance(&mut self) -> bool {
        let Some(token) = self.tokens.get(self.next) else { return false };
        self.next += 1;
        self.token.position = token.start;
        self.token.text.clear();
        self.token.text.extend(&self.chars[token.start..token.end]);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
