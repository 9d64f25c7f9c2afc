//! Bytes on the wire: which content coding a client takes (RFC 9110, section 12.5.3), and the coding.

use std::cell::RefCell;
use std::io::Write;

use axum::http::{HeaderMap, HeaderValue, header};
use libdeflater::{CompressionLvl, Compressor, Decompressor};

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Brotli, RFC 7932, in as few bytes as it can.
    Brotli,
    /// Brotli, made quickly. The bytes are others, and so must their ETag be.
    QuickBrotli,
    /// gzip, RFC 1952.
    Gzip,
    /// As it is.
    Identity,
}

/// The content codings that a client takes. What it takes unasked, as it is, is always among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    gzip: bool,
    brotli: bool,
}

impl Accepted {
    /// Those that a request names.
    pub fn of(headers: &HeaderMap) -> Self {
        let (mut brotli, mut gzip, mut any) = (None, None, None);
        for value in headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
            for (name, weight) in value.split(',').map(weighted) {
                if name.eq_ignore_ascii_case("br") {
                    brotli = Some(weight);
                } else if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
                    gzip = Some(weight);
                } else if name == "*" {
                    any = Some(weight);
                }
            }
        }
        // Who takes anything at all is given what everybody has.
        let (brotli, gzip) = (brotli.unwrap_or(0.0), gzip.or(any).unwrap_or(0.0));
        // Of two that it likes equally we choose.
        Self { gzip: gzip > 0.0 && gzip >= brotli, brotli: brotli > 0.0 && brotli >= gzip }
    }

    /// Whether Brotli is among them.
    pub fn brotli(self) -> bool {
        self.brotli
    }

    /// What a page made on the spot is packed with: gzip, which takes the least time.
    pub fn quickest(self) -> Encoding {
        match self {
            Self { gzip: true, .. } => Encoding::Gzip,
            Self { brotli: true, .. } => Encoding::QuickBrotli,
            _ => Encoding::Identity,
        }
    }

    /// What gives the fewest bytes.
    pub fn smallest(self) -> Encoding {
        if self.brotli { Encoding::Brotli } else { self.quickest() }
    }

    /// Those that a page may have been sent in.
    pub fn all(self) -> impl Iterator<Item = Encoding> {
        [Some(self.quickest()), self.brotli.then_some(Encoding::Brotli)].into_iter().flatten()
    }
}

impl Encoding {
    /// The header's value; none for identity.
    pub fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Brotli | Self::QuickBrotli => Some(HeaderValue::from_static("br")),
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Identity => None,
        }
    }

    /// The coding's part of an ETag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::QuickBrotli => "bq",
            Self::Gzip => "gz",
            Self::Identity => "id",
        }
    }

    /// The bytes in this coding.
    pub fn encode(self, bytes: Vec<u8>) -> Vec<u8> {
        match self {
            Self::Identity => bytes,
            Self::Gzip => gzip(&bytes),
            Self::Brotli => brotli(&bytes, BROTLI_SMALL),
            Self::QuickBrotli => brotli(&bytes, BROTLI_QUICK),
        }
    }
}

fn weighted(item: &str) -> (&str, f32) {
    let mut parts = item.split(';');
    let name = parts.next().unwrap_or("").trim();
    let weight = parts
        .filter_map(|part| part.trim().strip_prefix("q=").or_else(|| part.trim().strip_prefix("Q=")))
        .find_map(|weight| weight.trim().parse().ok())
        .unwrap_or(1.0);
    (name, weight)
}

/// About 1.04 times the bytes of gzip's level 6, at a third of its time.
const GZIP_LEVEL: i32 = 1;
/// For who takes nothing else: higher ones cost several times as much for a page made on the spot.
const BROTLI_QUICK: u32 = 4;
/// For pages that are sent often.
const BROTLI_SMALL: u32 = 9;
/// No page of ours is near this size.
const LARGEST_PAGE: usize = 64 << 20;

thread_local! {
    // A compressor is several hundred kilobytes, which would cost more to make than the page.
    static COMPRESSOR: RefCell<Compressor> =
        RefCell::new(Compressor::new(CompressionLvl::new(GZIP_LEVEL).unwrap_or_default()));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        let mut out = vec![0; compressor.gzip_compress_bound(bytes.len())];
        let length = compressor.gzip_compress(bytes, &mut out).unwrap_or(0);
        // Most of the bound is never needed.
        out[..length].to_vec()
    })
}

/// The bytes of what [`Encoding::Gzip`] made, or nothing if it did not.
pub fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
    // RFC 1952, section 2.3.1: the last four bytes are the length.
    let length = u32::from_le_bytes(*bytes.last_chunk()?) as usize;
    let mut out = vec![0; Some(length).filter(|length| *length <= LARGEST_PAGE)?];
    let written = Decompressor::new().gzip_decompress(bytes, &mut out).ok()?;
    (written == length).then_some(out)
}

fn brotli(bytes: &[u8], quality: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 3);
    let mut writer = brotli::CompressorWriter::new(&mut out, 16 * 1024, quality, 20);
    // Writing to memory does not fail.
    let _ = writer.write_all(bytes);
    drop(writer);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_accepted_coding_is_chosen() {
        let table = [
            ("", Encoding::Identity),
            ("gzip", Encoding::Gzip),
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("br;q=0, gzip", Encoding::Gzip),
            ("gzip;q=1.0, br;q=0.5", Encoding::Gzip),
            ("GZIP", Encoding::Gzip),
            ("identity", Encoding::Identity),
            ("*", Encoding::Gzip),
            ("*;q=0", Encoding::Identity),
            ("gzip;q=0, *", Encoding::Identity),
            ("zstd", Encoding::Identity),
        ];
        for (accept, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accept));
            assert_eq!(Accepted::of(&headers).smallest(), expected, "{accept}");
        }
        assert_eq!(Accepted::of(&HeaderMap::new()).smallest(), Encoding::Identity);
    }
}
