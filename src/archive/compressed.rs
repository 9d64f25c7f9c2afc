//! Compressed articles: the content that only an article's page shows. Each article is compressed
//! by itself, with a dictionary trained on the archive, because scraped bodies mostly repeat text
//! that the others also contain.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io;

use serde::{Deserialize, Serialize};
use zstd::zstd_safe::{CCtx, CDict, DCtx, DDict, compress_bound, get_error_name};

use crate::archive::body::{self, BodyHtml};

/// The zstd level; higher levels slow down the start more than they save.
const LEVEL: i32 = 1;
/// The dictionary's size in bytes; larger dictionaries did not reduce the total size.
const DICTIONARY_SIZE: usize = 64 * 1024;
/// The maximum output per compressed byte: a zstd block of 128 KiB takes at least four bytes. The limit
/// bounds the allocation if a stored length is damaged.
const MOST_OF_A_BYTE: usize = 32 * 1024;
/// The minimum number of samples that train a useful dictionary.
const FEWEST_SAMPLES: usize = 64;

/// The content of a post that only its article page shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ArticleFields<'a> {
    /// The cleaned body.
    pub(super) html: Cow<'a, str>,
    /// The digest from the head of the body.
    pub(super) digest: Option<Cow<'a, str>>,
    /// The URL of the original publication.
    pub(super) source_url: Option<Cow<'a, str>>,
    /// The quote page of each security of the post, in their order; empty texts for those without one.
    pub(super) quotes: Vec<Cow<'a, str>>,
}

/// A decompressed article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArticleContent {
    /// The cleaned body.
    pub html: BodyHtml,
    /// The digest from the head of the body.
    pub digest: Option<String>,
    /// The URL of the original publication.
    pub source_url: Option<String>,
    /// The quote page of each security of the post, in their order; empty texts for those without one.
    pub quotes: Vec<String>,
}

impl ArticleContent {
    /// Returns the whole text, one line per block: the digest, then the body.
    pub fn text(&self) -> String {
        let body = body::text(&self.html);
        match &self.digest {
            Some(digest) if body.is_empty() => digest.clone(),
            Some(digest) => format!("{digest}\n{body}"),
            None => body,
        }
    }
}

/// A compressed article. Only the `ArticleCodec` that compressed it can decompress it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompressedArticle {
    #[serde(with = "serde_bytes")]
    bytes: Box<[u8]>,
    /// Size in bytes before compression.
    length: u32,
}

/// The compression of articles: with a dictionary, unless they are too few to train one.
#[derive(Default)]
pub(crate) struct ArticleCodec(Option<Dictionary>);

struct Dictionary {
    bytes: Vec<u8>,
    encoder: CDict<'static>,
    decoder: DDict<'static>,
}

thread_local! {
    // The contexts are large: a new one per article would cost more than the article itself.
    static ENCODER: RefCell<CCtx<'static>> = RefCell::new(CCtx::create());
    static DECODER: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

impl ArticleCodec {
    /// Trains a codec on sample articles; uses no dictionary if the samples are too few.
    pub(super) fn trained<'a>(samples: impl Iterator<Item = ArticleFields<'a>>) -> Self {
        let samples: Vec<Vec<u8>> = samples.filter_map(|sample| bytes_of(&sample).ok()).collect();
        if samples.len() < FEWEST_SAMPLES {
            return Self(None);
        }
        // Training fails on samples without common content, where a dictionary would save nothing.
        zstd::dict::from_samples(&samples, DICTIONARY_SIZE)
            .ok()
            .and_then(Self::with_dictionary)
            .unwrap_or_default()
    }

    /// Creates a codec from the bytes of [`ArticleCodec::dictionary`]; `None` if they are not a dictionary.
    pub(super) fn with_dictionary(dictionary: Vec<u8>) -> Option<Self> {
        if dictionary.is_empty() {
            return Some(Self(None));
        }
        let encoder = CDict::try_create(&dictionary, LEVEL)?;
        let decoder = DDict::try_create(&dictionary)?;
        Some(Self(Some(Dictionary { bytes: dictionary, encoder, decoder })))
    }

    /// Returns the bytes of the dictionary; empty without a dictionary.
    pub(super) fn dictionary(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |dictionary| &dictionary.bytes)
    }

    /// Compresses an article with the context of this thread.
    ///
    /// # Errors
    /// Returns an error if the article is larger than 4 GiB.
    pub(super) fn compress(&self, article: &ArticleFields<'_>) -> io::Result<CompressedArticle> {
        let plain = bytes_of(article)?;
        let length = u32::try_from(plain.len()).map_err(io::Error::other)?;
        let mut bytes = Vec::with_capacity(compress_bound(plain.len()));
        ENCODER
            .with_borrow_mut(|encoder| match &self.0 {
                Some(dictionary) => encoder.compress_using_cdict(&mut bytes, &plain, &dictionary.encoder),
                None => encoder.compress(&mut bytes, &plain, LEVEL),
            })
            .map_err(|code| io::Error::other(get_error_name(code)))?;
        Ok(CompressedArticle { bytes: bytes.as_slice().into(), length })
    }

    /// Decompresses an article with the context of this thread.
    ///
    /// # Errors
    /// Returns an error if the bytes are not those that were compressed, which only faulty memory explains.
    pub(crate) fn decompress(&self, compressed: &CompressedArticle) -> io::Result<ArticleContent> {
        let mut plain =
            Vec::with_capacity((compressed.length as usize).min(compressed.bytes.len() * MOST_OF_A_BYTE));
        DECODER
            .with_borrow_mut(|decoder| match &self.0 {
                Some(dictionary) => {
                    decoder.decompress_using_ddict(&mut plain, &compressed.bytes, &dictionary.decoder)
                }
                None => decoder.decompress(&mut plain, &compressed.bytes),
            })
            .map_err(|code| io::Error::other(get_error_name(code)))?;
        let ArticleFields { html, digest, source_url, quotes } = postcard::from_bytes(&plain)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(ArticleContent {
            html: BodyHtml::from_stored(html.into_owned()),
            digest: digest.map(Cow::into_owned),
            source_url: source_url.map(Cow::into_owned),
            quotes: quotes.into_iter().map(Cow::into_owned).collect(),
        })
    }
}

fn bytes_of(article: &ArticleFields<'_>) -> io::Result<Vec<u8>> {
    let length = article.html.len() + article.digest.as_ref().map_or(0, |digest| digest.len());
    postcard::to_extend(article, Vec::with_capacity(length + 256)).map_err(io::Error::other)
}

impl std::fmt::Debug for ArticleCodec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArticleCodec").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_dictionary_is_rejected() {
        assert!(ArticleCodec::with_dictionary(Vec::new()).is_some());
        assert!(ArticleCodec::with_dictionary(b"any text will do".to_vec()).is_some());
        // These bytes begin like a trained dictionary.
        assert!(ArticleCodec::with_dictionary(b"\x37\xA4\x30\xEC and goes on otherwise".to_vec()).is_none());
    }

    #[test]
    fn oversized_length_still_decompresses_short_one_fails() {
        let codec = ArticleCodec::default();
        let html = "甲".repeat(100_000);
        let article =
            ArticleFields { html: Cow::Borrowed(&html), digest: None, source_url: None, quotes: Vec::new() };
        let mut compressed = codec.compress(&article).expect("a compressed article");
        compressed.length = u32::MAX;
        assert_eq!(codec.decompress(&compressed).expect("an article").html.as_str(), html);
        compressed.length = 10;
        assert!(codec.decompress(&compressed).is_err());
    }
}
