//! The URL of a bucket, as the command line names it, and the options that belong to it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use object_store::path::Path as ObjectPath;
use url::Url;

/// The kind of store that a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketScheme {
    /// `s3://bucket/prefix`: an S3-compatible store.
    S3,
    /// `file:///folder`: a bucket in a folder, for trials, tests and network disks.
    File,
}

/// A bucket, and the folder of the archive in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketUrl {
    pub(super) scheme: BucketScheme,
    /// The name of the bucket, or the absolute path of the folder.
    pub(super) bucket: String,
    /// The folder of the archive in the bucket, without slashes at its ends; empty for a whole bucket and for a folder.
    pub(super) prefix: String,
}

/// The place of the store, if the variables `AWS_ENDPOINT_URL` and `AWS_REGION` do not name it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketOptions {
    /// The URL of an S3-compatible store, such as `http://127.0.0.1:8333`.
    pub endpoint: Option<String>,
    /// The region of the bucket, such as `eu-central-1`.
    pub region: Option<String>,
}

/// The reason why a text is not the URL of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` is invalid: {reason}; expected s3://bucket, s3://bucket/prefix or file:///folder")]
pub struct InvalidBucketUrl {
    url: String,
    reason: String,
}

impl BucketUrl {
    /// Returns whether an argument is meant as a URL, not as the path of a folder.
    pub fn is_url(argument: &str) -> bool {
        argument.contains("://")
    }
}

impl FromStr for BucketUrl {
    type Err = InvalidBucketUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = match text.split_once("://") {
            Some(("s3", rest)) => s3(rest),
            Some(("file", _)) => file(text),
            Some((scheme, _)) => Err(format!("the scheme `{scheme}` is unknown")),
            None => Err("it has no scheme".into()),
        };
        parsed.map_err(|reason| InvalidBucketUrl { url: text.into(), reason })
    }
}

impl fmt::Display for BucketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            BucketScheme::S3 if self.prefix.is_empty() => write!(f, "s3://{}", self.bucket),
            BucketScheme::S3 => write!(f, "s3://{}/{}", self.bucket, self.prefix),
            BucketScheme::File => match Url::from_file_path(Path::new(&self.bucket)) {
                Ok(url) => write!(f, "{url}"),
                Err(()) => write!(f, "file://{}", self.bucket),
            },
        }
    }
}

fn s3(rest: &str) -> Result<BucketUrl, String> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let is_part_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if bucket.is_empty() || !bucket.bytes().all(is_part_of_name) {
        return Err("the name of a bucket has letters, digits, dots and hyphens only".into());
    }
    let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
    if prefix.starts_with('/') || ObjectPath::parse(prefix).is_err() {
        return Err("the prefix has an empty part, `.`, `..` or a control character".into());
    }
    Ok(BucketUrl { scheme: BucketScheme::S3, bucket: bucket.into(), prefix: prefix.into() })
}

fn file(text: &str) -> Result<BucketUrl, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("in the path of a folder, `?` is written %3F and `#` %23".into());
    }
    let folder = url.to_file_path().map_err(|()| "the path of a folder begins with three slashes")?;
    let folder = folder.to_str().ok_or("the path of a folder is UTF-8")?;
    match folder.trim_end_matches('/') {
        "" => Err("the root folder cannot be a bucket".into()),
        folder => Ok(BucketUrl { scheme: BucketScheme::File, bucket: folder.into(), prefix: String::new() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_bucket_urls_keep_their_spelling() {
        let table = [
            ("s3://news", "s3://news"),
            ("s3://news/", "s3://news"),
            ("s3://news/a/b", "s3://news/a/b"),
            ("s3://news/a/b/", "s3://news/a/b"),
            ("s3://my.news-2_x/中文 a", "s3://my.news-2_x/中文 a"),
            ("file:///srv/news", "file:///srv/news"),
            ("file:///srv/news/", "file:///srv/news"),
            ("file:///srv/my%20news", "file:///srv/my%20news"),
            ("file:///srv/my news", "file:///srv/my%20news"),
            ("file:///srv/../news", "file:///news"),
            ("file://localhost/srv/news", "file:///srv/news"),
        ];
        for (text, spelling) in table {
            let url: BucketUrl = text.parse().expect(text);
            assert_eq!(url.to_string(), spelling, "{text}");
            assert_eq!(spelling.parse(), Ok(url), "{text}");
            assert!(BucketUrl::is_url(text), "{text}");
        }
    }

    #[test]
    fn invalid_bucket_urls_name_their_reason() {
        let table = [
            ("s3://", "name of a bucket"),
            ("s3:///prefix", "name of a bucket"),
            ("s3://key:secret@news", "name of a bucket"),
            ("s3://news:9000/a", "name of a bucket"),
            ("s3://news//a", "empty part"),
            ("s3://news/a//b", "empty part"),
            ("s3://news/a/../b", "empty part"),
            ("s3://news/a\nb", "control character"),
            ("S3://news", "scheme `S3`"),
            ("gs://news", "scheme `gs`"),
            ("https://news.s3.amazonaws.com", "scheme `https`"),
            ("news", "no scheme"),
            ("file://news", "three slashes"),
            ("file://", "root folder"),
            ("file:///", "root folder"),
            ("file:///srv/a?b", "%3F"),
            ("file:///srv/a#b", "%23"),
        ];
        for (text, reason) in table {
            let error = text.parse::<BucketUrl>().expect_err(text).to_string();
            assert!(error.contains(reason) && error.contains("expected s3://"), "{text:?}: {error}");
        }
    }

    #[test]
    fn folder_names_are_no_urls() {
        for argument in [".", "/srv/news", "s3", "s3:news", "file:news"] {
            assert!(!BucketUrl::is_url(argument), "{argument}");
        }
    }
}
