//! Content codings: which ones a client accepts (RFC 9110, section 12.5.3), and how to encode a body.

use std::cell::RefCell;
use std::io::Write;

use axum::http::{HeaderMap, HeaderValue, header};
use libdeflater::{CompressionLvl, Compressor, Decompressor};

/// A content coding of a response body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Brotli, RFC 7932, for the smallest body.
    Brotli,
    /// Brotli at a fast level. Its bytes differ from [`Self::Brotli`], so its ETag must differ too.
    QuickBrotli,
    /// gzip, RFC 1952.
    Gzip,
    /// No encoding.
    Identity,
}

/// The content codings that a client prefers. A body without encoding is always accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AcceptedEncodings {
    gzip: bool,
    brotli: bool,
}

impl AcceptedEncodings {
    /// Reads the `Accept-Encoding` headers of a request.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
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
        // A wildcard stands for gzip, which every client supports.
        let (brotli, gzip) = (brotli.unwrap_or(0.0), gzip.or(any).unwrap_or(0.0));
        // The server chooses between codings of equal weight.
        Self { gzip: gzip > 0.0 && gzip >= brotli, brotli: brotli > 0.0 && brotli >= gzip }
    }

    /// Returns whether the client accepts Brotli and does not prefer gzip.
    pub(crate) fn brotli(self) -> bool {
        self.brotli
    }

    /// The coding for a page that is rendered on request: gzip if possible, which takes the least time.
    pub(crate) fn quickest(self) -> Encoding {
        match self {
            Self { gzip: true, .. } => Encoding::Gzip,
            Self { brotli: true, .. } => Encoding::QuickBrotli,
            _ => Encoding::Identity,
        }
    }

    /// The coding with the fewest bytes.
    pub(crate) fn smallest(self) -> Encoding {
        if self.brotli { Encoding::Brotli } else { self.quickest() }
    }

    /// The codings that an earlier response with the page may have used.
    pub(crate) fn all(self) -> impl Iterator<Item = Encoding> {
        [Some(self.quickest()), self.brotli.then_some(Encoding::Brotli)].into_iter().flatten()
    }
}

impl Encoding {
    /// The value of the `Content-Encoding` header; `None` for identity.
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

    /// Encodes bytes with this coding.
    pub(crate) fn encode(self, bytes: Vec<u8>) -> Vec<u8> {
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
    let given =
        parts.filter_map(|part| part.split_once('=')).find(|(key, _)| key.trim().eq_ignore_ascii_case("q"));
    // A weight that is no number between 0 and 1 makes the coding unusable.
    let weight = given.map_or(1.0, |(_, weight)| parse_weight(weight.trim()).unwrap_or(0.0));
    (name, weight)
}

/// Parses a weight (RFC 9110, section 12.4.2): 0 to 1 with at most three decimals.
fn parse_weight(text: &str) -> Option<f32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_sound = matches!(whole, "0" | "1") && decimals.len() <= 3;
    let is_number = decimals.bytes().all(|digit| digit.is_ascii_digit());
    let weight: f32 = text.parse().ok()?;
    (is_sound && is_number && weight <= 1.0).then_some(weight)
}

/// The output has about 1.04 times the bytes of gzip's level 6, at a third of its time.
const GZIP_LEVEL: i32 = 1;
/// For clients that accept only Brotli. Higher levels take several times as long,
/// too long while the client waits.
const BROTLI_QUICK: u32 = 4;
/// For pages that are sent often.
const BROTLI_SMALL: u32 = 9;
/// Upper limit of a decoded page in bytes. Real pages are far smaller.
const LARGEST_PAGE: usize = 64 << 20;

thread_local! {
    // A compressor takes several hundred kilobytes; creating one would cost more than the page.
    static COMPRESSOR: RefCell<Compressor> =
        RefCell::new(Compressor::new(CompressionLvl::new(GZIP_LEVEL).unwrap_or_default()));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        let mut out = vec![0; compressor.gzip_compress_bound(bytes.len())];
        let length = compressor.gzip_compress(bytes, &mut out).unwrap_or(0);
        // Most of the bound is unused.
        out[..length].to_vec()
    })
}

/// Decodes the output of [`Encoding::Gzip`]; `None` for other bytes.
pub(crate) fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
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
    fn best_accepted_encoding_is_chosen() {
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
            ("gzip;q=0.001", Encoding::Gzip),
            ("gzip; Q = 0.", Encoding::Identity),
            ("gzip;q=1.000;x=y", Encoding::Gzip),
            ("gzip;q=foo", Encoding::Identity),
            ("gzip;q=", Encoding::Identity),
            ("gzip;q=-1", Encoding::Identity),
            ("gzip;q=1.1", Encoding::Identity),
            ("gzip;q=0.1234", Encoding::Identity),
            ("gzip;q=1e0", Encoding::Identity),
            ("gzip;q=inf", Encoding::Identity),
            ("gzip;q=NaN, br", Encoding::Brotli),
            ("br;q=foo, gzip", Encoding::Gzip),
            ("gzip;q=foo, *", Encoding::Identity),
            ("*;q=foo", Encoding::Identity),
        ];
        for (accept, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accept));
            assert_eq!(AcceptedEncodings::from_headers(&headers).smallest(), expected, "{accept}");
        }
        assert_eq!(AcceptedEncodings::from_headers(&HeaderMap::new()).smallest(), Encoding::Identity);
    }
}
