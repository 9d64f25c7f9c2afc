//! Errors of buckets. Each is one sentence that names the thing, the cause and the remedy.

use std::error::Error;
use std::io;

use object_store::client::HttpError;

use super::http_client::{MetadataError, StatusError};

/// The reason why a bucket cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum BucketError {
    #[error("{url} has no finews archive; run `finews push SITE {url}` first")]
    Absent { url: String },
    #[error("{url}: the bucket does not exist; create it, or correct its name, the endpoint or the region")]
    NoBucket { url: String },
    /// The store answers 401 or 403, or the credentials have expired.
    #[error("{url}: the store denies access to `{key}` ({code}): {remedy}")]
    Forbidden { url: String, key: String, code: String, remedy: &'static str },
    #[error(
        "{url}: no credentials found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role ({reason})"
    )]
    NoCredentials { url: String, reason: String },
    #[error(
        "{url}: the clock of this machine is wrong by minutes, so the store refuses its signatures; set the clock"
    )]
    WrongClock { url: String },
    #[error("{url}: the bucket is in another region ({reason}); set --region or AWS_REGION")]
    WrongRegion { url: String, reason: String },
    #[error(
        "{url}: the certificate of the store is not trusted ({reason}); set AWS_CA_BUNDLE to the file of its authority"
    )]
    Untrusted { url: String, reason: String },
    /// The network or the store fails for a while.
    #[error("{url}: the store is unreachable ({reason}); check the network, --endpoint and AWS_ENDPOINT_URL")]
    Unreachable { url: String, reason: String },
    /// The store rejects the header `If-None-Match`.
    #[error(
        "{url}: the store has no conditional writes ({reason}); use another store, or a single writer with `finews push --only-writer`"
    )]
    Unconditional { url: String, reason: String },
    #[error("{url}: the request for `{key}` failed: {reason}")]
    Failed { url: String, key: String, reason: String },
    #[error("{url} has format {found}, and this finews reads format {expected}; install a matching finews")]
    OtherFormat { url: String, found: u64, expected: u64 },
    #[error(
        "{url}: `{key}` belongs to site {found}, and the bucket to site {expected}; use one prefix for each site, and push this one to an empty prefix"
    )]
    OtherSite { url: String, key: String, found: String, expected: String },
    #[error(
        "{url}: `{key}` is damaged: {reason}; restore this object from a backup, or push the site to an empty prefix"
    )]
    Damaged { url: String, key: String, reason: String },
    #[error("{url}: {reason}")]
    Settings { url: String, reason: String },
}

impl BucketError {
    /// Returns whether the same request may succeed later without a change by the owner.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// The kind of a request, for the remedy of a denied one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// The negative answer of a store.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The object does not exist.
    Missing,
    /// The object exists, or another request for it is under way.
    Exists,
    Error(BucketError),
}

impl Refusal {
    /// Finds the cause of an error among its sources.
    pub(super) fn new(url: &str, key: &str, access: Access, error: &object_store::Error) -> Self {
        use object_store::Error as E;
        if let Some(status) = source::<StatusError>(error) {
            return Self::Error(of_status(url, key, access, status));
        }
        let (url, key) = (url.to_owned(), key.to_owned());
        if let Some(metadata) = source::<MetadataError>(error) {
            return Self::Error(BucketError::NoCredentials { url, reason: metadata.to_string() });
        }
        if let Some(error) = source::<HttpError>(error) {
            let reason = innermost(error);
            return Self::Error(if reason.contains("certificate") {
                BucketError::Untrusted { url, reason }
            } else {
                BucketError::Unreachable { url, reason }
            });
        }
        match error {
            E::NotFound { .. } => return Self::Missing,
            E::AlreadyExists { .. } | E::Precondition { .. } => return Self::Exists,
            _ => {}
        }
        Self::Error(match source::<io::Error>(error) {
            Some(error) if error.kind() == io::ErrorKind::PermissionDenied => BucketError::Forbidden {
                url,
                key,
                code: error.to_string(),
                remedy: "correct the owner or the mode of the folder",
            },
            Some(error) => BucketError::Unreachable { url, reason: error.to_string() },
            None => BucketError::Failed { url, key, reason: innermost(error) },
        })
    }
}

/// The error of a status that is not one of the expected ones, by the code in its body
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>).
fn of_status(url: &str, key: &str, access: Access, status: &StatusError) -> BucketError {
    let (url, key, reason) = (url.to_owned(), key.to_owned(), status.to_string());
    match (&*status.code, status.status) {
        ("NoSuchBucket", _) => BucketError::NoBucket { url },
        ("RequestTimeTooSkewed", _) => BucketError::WrongClock { url },
        ("AuthorizationHeaderMalformed" | "PermanentRedirect" | "IllegalLocationConstraintException", _)
        | (_, 300..=399) => BucketError::WrongRegion { url, reason },
        ("ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired", _) => {
            let remedy = "the credentials have expired; renew them";
            BucketError::Forbidden { url, key, code: reason, remedy }
        }
        ("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "InvalidToken", _) | (_, 401) => {
            let remedy = "correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
            BucketError::Forbidden { url, key, code: reason, remedy }
        }
        (_, 403) => {
            let remedy = match access {
                Access::Read => {
                    "the credentials lack s3:GetObject, or s3:ListBucket, without which a missing object is denied too"
                }
                Access::Write => "the credentials lack s3:PutObject",
            };
            BucketError::Forbidden { url, key, code: reason, remedy }
        }
        ("NotImplemented", _) | (_, 501) => BucketError::Unconditional { url, reason },
        (_, 408 | 429 | 500..) => BucketError::Unreachable { url, reason },
        _ => BucketError::Failed { url, key, reason },
    }
}

/// The first error of a type among an error and its sources.
fn source<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The text of the last source, which names the cause without the layers above it.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}
