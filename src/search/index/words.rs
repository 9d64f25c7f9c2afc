//! Our tokens, as the library asks for them.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::search::normalise::normalised;
use crate::search::tokens::{characters, tokens};

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
    /// The index of the first character of each, and that behind its last.
    parts: std::vec::IntoIter<(usize, usize)>,
    token: Token,
}

impl Stream {
    fn new(chars: Vec<char>, parts: Vec<(usize, usize)>) -> Self {
        Self { chars, parts: parts.into_iter(), token: Token::default() }
    }
}

impl Tokenizer for Words {
    type TokenStream<'a> = Stream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream {
        let chars = normalised(text).chars;
        let parts = tokens(&chars).into_iter().map(|token| (token.start, token.end)).collect();
        Stream::new(chars, parts)
    }
}

impl Tokenizer for Characters {
    type TokenStream<'a> = Stream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream {
        let chars = characters(&normalised(text).chars);
        let parts = (0..chars.len()).map(|at| (at, at + 1)).collect();
        Stream::new(chars, parts)
    }
}

impl TokenStream for Stream {
    fn advance(&mut self) -> bool {
        let Some((start, end)) = self.parts.next() else { return false };
        self.token.position = start;
        self.token.text.clear();
        self.token.text.extend(&self.chars[start..end]);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
