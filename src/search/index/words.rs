//! Our tokens, as the library asks for them.

use tantivy::tokenizer::{TokenStream, Tokenizer};

use crate::search::normalise::normalised;
use crate::search::tokens::{Token, characters, tokens};

/// What the library calls our tokens.
pub(super) const WORDS: &str = "finews";
/// What the library calls single characters.
pub(super) const CHARACTERS: &str = "finews-characters";

/// Gives the library our tokens.
#[derive(Clone)]
pub(super) struct Words;

/// Gives the library the Han characters of a text.
#[derive(Clone)]
pub(super) struct Characters;

/// Parts of a text.
pub(super) struct Stream {
    chars: Vec<char>,
    tokens: std::vec::IntoIter<Token>,
    /// The one that was given last.
    token: tantivy::tokenizer::Token,
}

impl Stream {
    fn new(chars: Vec<char>, tokens: Vec<Token>) -> Self {
        Self { chars, tokens: tokens.into_iter(), token: tantivy::tokenizer::Token::default() }
    }
}

impl Tokenizer for Words {
    type TokenStream<'a> = Stream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream {
        let chars = normalised(text).chars;
        let tokens = tokens(&chars);
        Stream::new(chars, tokens)
    }
}

impl Tokenizer for Characters {
    type TokenStream<'a> = Stream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream {
        let chars = characters(&normalised(text).chars);
        let tokens = (0..chars.len()).map(|start| Token { start, end: start + 1 }).collect();
        Stream::new(chars, tokens)
    }
}

impl TokenStream for Stream {
    fn advance(&mut self) -> bool {
        let Some(Token { start, end }) = self.tokens.next() else { return false };
        self.token.position = start;
        self.token.text.clear();
        self.token.text.extend(&self.chars[start..end]);
        true
    }

    fn token(&self) -> &tantivy::tokenizer::Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut tantivy::tokenizer::Token {
        &mut self.token
    }
}
