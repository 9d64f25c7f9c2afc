//! The flags of all commands that use a bucket.

use clap::Args;
use finews::bucket::BucketOptions;

/// The place of the store.
#[derive(Debug, Args)]
pub(crate) struct BucketFlags {
    /// URL of the S3-compatible store [env: AWS_ENDPOINT_URL]
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Region of the bucket [env: AWS_REGION]
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
}

impl BucketFlags {
    pub(crate) fn options(&self) -> BucketOptions {
        BucketOptions { endpoint: self.endpoint.clone(), region: self.region.clone() }
    }

    /// Adds the flags that stand before the command. The flags after it have precedence.
    #[must_use]
    pub(crate) fn within(self, outer: Self) -> Self {
        Self { endpoint: self.endpoint.or(outer.endpoint), region: self.region.or(outer.region) }
    }
}
