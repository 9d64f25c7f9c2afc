//! Tokenizers for tantivy.

use tantivy::tokenizer::{TokenStream, Tokenizer};

use crate::search::normalise::normalised;
use crate::search::tokens::{Token, characters, tokens};

/// The name of the [`WordTokenizer`] in the schema.
pub(super) const WORDS: &str = "finews";
/// The name of the [`CharacterTokenizer`] in the schema.
pub(super) const CHARACTERS: &str = "finews-characters";

/// Splits a text into its [`tokens`].
#[derive(Clone)]
pub(super) struct WordTokenizer;

/// Splits a text into its distinct Han characters.
#[derive(Clone)]
pub(super) struct CharacterTokenizer;

/// The tokens of one text.
pub(super) struct SearchTokenStream {
    chars: Vec<char>,
    tokens: std::vec::IntoIter<Token>,
    /// The current token.
    token: tantivy::tokenizer::Token,
}

impl SearchTokenStream {
    fn new(chars: Vec<char>, tokens: Vec<Token>) -> Self {
        Self { chars, tokens: tokens.into_iter(), token: tantivy::tokenizer::Token::default() }
    }
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = SearchTokenStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SearchTokenStream {
        let chars = normalised(text).chars;
        let tokens = tokens(&chars);
        SearchTokenStream::new(chars, tokens)
    }
}

impl Tokenizer for CharacterTokenizer {
    type TokenStream<'a> = SearchTokenStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SearchTokenStream {
        let chars = characters(&normalised(text).chars);
        let tokens = (0..chars.len()).map(|start| Token { start, end: start + 1 }).collect();
        SearchTokenStream::new(chars, tokens)
    }
}

impl TokenStream for SearchTokenStream {
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
