//! The arguments of all commands that use a bucket.

use clap::Args;
use finews::bucket::url::BucketOptions;

/// The settings of the connection to a bucket.
#[derive(Debug, Clone, Args)]
pub(crate) struct BucketArgs {
    /// URL of a bucket's service, other than AWS [env: AWS_ENDPOINT_URL]
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Region of a bucket [env: AWS_REGION]
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
}

impl BucketArgs {
    pub(crate) fn options(&self) -> BucketOptions {
        BucketOptions { endpoint: self.endpoint.clone(), region: self.region.clone() }
    }

    /// Adds the flags that stand before the command. The flags after it have precedence.
    #[must_use]
    pub(crate) fn within(self, outer: Self) -> Self {
        Self { endpoint: self.endpoint.or(outer.endpoint), region: self.region.or(outer.region) }
    }
}
