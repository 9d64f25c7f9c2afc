//! Articles at rest: what only an article's page shows, compressed one by one, with a dictionary
//! trained on the archive itself, since what one scraped body repeats is mostly what all the others
//! hold too.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io;

use serde::{Deserialize, Serialize};
use zstd::zstd_safe::{CCtx, CDict, DCtx, DDict, compress_bound, get_error_name};

use super::body::{self, BodyHtml};

/// The level: higher ones cost the start more than they save.
const LEVEL: i32 = 1;
/// The dictionary's size in bytes; larger ones were no smaller in sum.
const DICTIONARY_SIZE: usize = 64 * 1024;
/// What a byte of zstd may become: a block of 128 KiB has four bytes at least. A damaged length asks for no
/// more memory.
const MOST_OF_A_BYTE: usize = 32 * 1024;
/// Fewer samples than this train no useful dictionary.
const FEWEST_SAMPLES: usize = 64;

/// What only the article's page shows of a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Article<'a> {
    /// The cleaned body.
    pub(super) html: Cow<'a, str>,
    /// The digest that stood at the head of the body.
    pub(super) digest: Option<Cow<'a, str>>,
    /// Where the article was first published.
    pub(super) source_url: Option<Cow<'a, str>>,
}

/// An article, unpacked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// The cleaned body.
    pub html: BodyHtml,
    /// The digest that stood at the head of the body.
    pub digest: Option<String>,
    /// Where the article was first published.
    pub source_url: Option<String>,
}

impl Unpacked {
    /// All its text, a block a line: the digest, then the body.
    pub fn text(&self) -> String {
        let body = body::text(&self.html);
        match &self.digest {
            Some(digest) if body.is_empty() => digest.clone(),
            Some(digest) => format!("{digest}\n{body}"),
            None => body,
        }
    }
}

/// A compressed article. Only the [`Packing`] that packed it can unpack it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackedArticle {
    #[serde(with = "serde_bytes")]
    bytes: Box<[u8]>,
    /// Bytes before compression.
    length: u32,
}

/// How the articles of an archive are packed: with a dictionary, unless they are too few to train one.
#[derive(Default)]
pub struct Packing(Option<Dictionary>);

struct Dictionary {
    bytes: Vec<u8>,
    encoder: CDict<'static>,
    decoder: DDict<'static>,
}

thread_local! {
    // The contexts are large, and made anew for each article they would cost more than the article.
    static ENCODER: RefCell<CCtx<'static>> = RefCell::new(CCtx::create());
    static DECODER: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

impl Packing {
    /// A packing for articles like these; without a dictionary when they are too few.
    pub(super) fn trained<'a>(samples: impl Iterator<Item = Article<'a>>) -> Self {
        let samples: Vec<Vec<u8>> = samples.filter_map(|sample| bytes_of(&sample).ok()).collect();
        if samples.len() < FEWEST_SAMPLES {
            return Self(None);
        }
        // Training fails on samples that have nothing in common; then there is nothing to gain.
        zstd::dict::from_samples(&samples, DICTIONARY_SIZE).ok().and_then(Self::with).unwrap_or_default()
    }

    /// The packing of a dictionary, as [`Packing::dictionary`] gives it; nothing if it is none.
    pub(super) fn with(dictionary: Vec<u8>) -> Option<Self> {
        if dictionary.is_empty() {
            return Some(Self(None));
        }
        let encoder = CDict::try_create(&dictionary, LEVEL)?;
        let decoder = DDict::try_create(&dictionary)?;
        Some(Self(Some(Dictionary { bytes: dictionary, encoder, decoder })))
    }

    /// The dictionary; empty if there is none.
    pub(super) fn dictionary(&self) -> &[u8] {
        self.0.as_ref().map_or(&[], |dictionary| &dictionary.bytes)
    }

    /// Packs an article.
    ///
    /// # Errors
    /// When it is larger than 4 GiB.
    pub(super) fn pack(&self, article: &Article<'_>) -> io::Result<PackedArticle> {
        let plain = bytes_of(article)?;
        let length = u32::try_from(plain.len()).map_err(io::Error::other)?;
        let mut bytes = Vec::with_capacity(compress_bound(plain.len()));
        ENCODER
            .with_borrow_mut(|encoder| match &self.0 {
                Some(dictionary) => encoder.compress_using_cdict(&mut bytes, &plain, &dictionary.encoder),
                None => encoder.compress(&mut bytes, &plain, LEVEL),
            })
            .map_err(|code| io::Error::other(get_error_name(code)))?;
        Ok(PackedArticle { bytes: bytes.as_slice().into(), length })
    }

    /// The article again.
    ///
    /// # Errors
    /// When the bytes are not those that were packed, which only a fault of the memory explains.
    pub fn unpack(&self, packed: &PackedArticle) -> io::Result<Unpacked> {
        let mut plain = Vec::with_capacity((packed.length as usize).min(packed.bytes.len() * MOST_OF_A_BYTE));
        DECODER
            .with_borrow_mut(|decoder| match &self.0 {
                Some(dictionary) => {
                    decoder.decompress_using_ddict(&mut plain, &packed.bytes, &dictionary.decoder)
                }
                None => decoder.decompress(&mut plain, &packed.bytes),
            })
            .map_err(|code| io::Error::other(get_error_name(code)))?;
        let Article { html, digest, source_url } = postcard::from_bytes(&plain)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Unpacked {
            html: BodyHtml::from_stored(html.into_owned()),
            digest: digest.map(Cow::into_owned),
            source_url: source_url.map(Cow::into_owned),
        })
    }
}

fn bytes_of(article: &Article<'_>) -> io::Result<Vec<u8>> {
    let length = article.html.len() + article.digest.as_ref().map_or(0, |digest| digest.len());
    postcard::to_extend(article, Vec::with_capacity(length + 256)).map_err(io::Error::other)
}

impl std::fmt::Debug for Packing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packing").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_dictionary_is_refused() {
        assert!(Packing::with(Vec::new()).is_some());
        assert!(Packing::with(b"any text will do".to_vec()).is_some());
        // It begins as those do that were trained.
        assert!(Packing::with(b"\x37\xA4\x30\xEC and goes on otherwise".to_vec()).is_none());
    }

    #[test]
    fn a_damaged_length_asks_for_no_memory() {
        let packing = Packing::default();
        let html = "甲".repeat(100_000);
        let article = Article { html: Cow::Borrowed(&html), digest: None, source_url: None };
        let mut packed = packing.pack(&article).expect("a packed article");
        packed.length = u32::MAX;
        assert_eq!(packing.unpack(&packed).expect("an article").html.as_str(), html);
        packed.length = 10;
        assert!(packing.unpack(&packed).is_err());
    }
}
