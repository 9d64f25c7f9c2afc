//! Our own files, embedded in the program, each under a name with a hash of its bytes.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};

use super::cache::CachePolicy;

/// A file of ours.
#[derive(Debug)]
pub struct Asset {
    name: String,
    content_type: &'static str,
    bytes: &'static [u8],
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        let hash = xxhash_rust::xxh3::xxh3_64(bytes);
        Self { name: format!("{stem}-{hash:016x}.{extension}"), content_type, bytes }
    }

    /// The name in its address.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The style sheet.
pub static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("style", "css", "text/css; charset=utf-8", include_bytes!("../../assets/style.css"))
});

/// The icon of sites that bring none.
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_bytes!("../../assets/icon.svg")));

/// Answers a request for one of our files.
pub fn get(name: &str) -> Option<Response<Body>> {
    let asset = [&*STYLE, &*ICON].into_iter().find(|asset| asset.name == name)?;
    let mut response = Response::new(Body::from(asset.bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    headers.insert(header::CACHE_CONTROL, CachePolicy::Immutable.header());
    Some(response)
}
