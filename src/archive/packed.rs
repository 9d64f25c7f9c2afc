//! Bodies at rest: compressed one by one, with a dictionary trained on the archive itself,
//! since what one scraped body repeats is mostly what all the others hold too.

use std::io;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use super::body::BodyHtml;

/// The level: higher ones cost the start more than they save.
const LEVEL: i32 = 1;
/// The dictionary's size in bytes; larger ones were no smaller in sum.
const DICTIONARY_SIZE: usize = 64 * 1024;
/// Fewer samples than this train no useful dictionary.
const FEWEST_SAMPLES: usize = 64;

/// A compressed body. Only the [`Packing`] that packed it can unpack it.
#[derive(Debug, Clone)]
pub struct PackedBody {
    bytes: Box<[u8]>,
    /// Bytes of the body's HTML.
    length: u32,
}

/// How the bodies of an archive are packed: with a dictionary, unless they are too few to train one.
pub struct Packing(Option<Dictionary>);

/// A dictionary in the two forms that compression and decompression want.
struct Dictionary {
    encoder: EncoderDictionary<'static>,
    decoder: DecoderDictionary<'static>,
}

impl Packing {
    /// A packing for bodies like these; without a dictionary when they are too few.
    pub(super) fn trained<'a>(samples: impl IntoIterator<Item = &'a BodyHtml>) -> Self {
        let samples: Vec<&[u8]> = samples.into_iter().map(|body| body.as_str().as_bytes()).collect();
        if samples.len() < FEWEST_SAMPLES {
            return Self(None);
        }
        // Training fails on samples that have nothing in common; then there is nothing to gain.
        let trained =
            zstd::dict::from_samples(&samples, DICTIONARY_SIZE).ok().filter(|bytes| !bytes.is_empty());
        Self(trained.map(|bytes| Dictionary {
            encoder: EncoderDictionary::copy(&bytes, LEVEL),
            decoder: DecoderDictionary::copy(&bytes),
        }))
    }

    /// A compressor for many bodies.
    ///
    /// # Errors
    /// When there is no memory for one.
    pub fn packer(&self) -> io::Result<Packer<'_>> {
        match &self.0 {
            Some(dictionary) => Compressor::with_prepared_dictionary(&dictionary.encoder),
            None => Compressor::new(LEVEL),
        }
        .map(Packer)
    }

    /// The body again.
    ///
    /// # Errors
    /// When the bytes are not what [`Packer::pack`] made, which only a fault of the memory explains.
    pub fn unpack(&self, packed: &PackedBody) -> io::Result<BodyHtml> {
        let mut decompressor = match &self.0 {
            Some(dictionary) => Decompressor::with_prepared_dictionary(&dictionary.decoder)?,
            None => Decompressor::new()?,
        };
        let bytes = decompressor.decompress(&packed.bytes, packed.length as usize)?;
        let html =
            String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(BodyHtml::from_stored(html))
    }
}

impl std::fmt::Debug for Packing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packing").finish_non_exhaustive()
    }
}

/// Compresses bodies, one thread at a time.
pub struct Packer<'a>(Compressor<'a>);

impl Packer<'_> {
    /// Packs a body.
    ///
    /// # Errors
    /// When it is larger than 4 GiB.
    pub fn pack(&mut self, body: &BodyHtml) -> io::Result<PackedBody> {
        let html = body.as_str().as_bytes();
        let length = u32::try_from(html.len()).map_err(io::Error::other)?;
        Ok(PackedBody { bytes: self.0.compress(html)?.into(), length })
    }
}
