//! The clients of an S3-compatible store, made from the URL, the options and the variables of the AWS tools.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::{Duration, Instant};

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::{BackoffConfig, ObjectStore, RetryConfig};
use url::Url;

use super::error::BucketError;
use super::http_client::{Pace, UreqConnector};
use super::url::{BucketOptions, BucketUrl};

/// The variable of the AWS tools for a file of certificate authorities.
const AUTHORITIES: &str = "AWS_CA_BUNDLE";

pub(super) type StoreClient = Arc<dyn ObjectStore>;

/// Environment variables: names and values.
pub(super) type Variables = Vec<(String, String)>;

#[derive(Debug, Clone)]
pub(super) struct StoreClients {
    normal: StoreClient,
    probe: StoreClient,
    since: Instant,
}

impl StoreClients {
    /// Uses one client for all requests.
    pub(super) fn from_client(client: StoreClient) -> Self {
        Self { normal: Arc::clone(&client), probe: client, since: Instant::now() }
    }

    pub(super) fn get(&self, pace: Pace) -> StoreClient {
        Arc::clone(match pace {
            Pace::Normal => &self.normal,
            Pace::Probe => &self.probe,
        })
    }

    pub(super) fn age(&self) -> Duration {
        self.since.elapsed()
    }
}

/// The settings of an S3 client. The clients that it makes share their connections.
#[derive(Debug)]
pub(super) struct ClientMaker {
    url: BucketUrl,
    options: BucketOptions,
    variables: Variables,
    normal: UreqConnector,
    probe: UreqConnector,
}

impl ClientMaker {
    pub(super) fn new(
        url: BucketUrl,
        options: BucketOptions,
        variables: Variables,
    ) -> Result<Self, BucketError> {
        let settings = |reason: String| BucketError::Settings { url: url.to_string(), reason };
        check_settings(&options, &variables).map_err(settings)?;
        let authorities = match variables.iter().find(|(name, _)| name == AUTHORITIES) {
            None => None,
            Some((_, file)) => Some(
                std::fs::read(file)
                    .map_err(|error| settings(format!("{AUTHORITIES}: cannot read {file}: {error}")))?,
            ),
        };
        let connector = |pace| {
            UreqConnector::new(pace, authorities.as_deref())
                .map_err(|error| settings(format!("{AUTHORITIES}: {error}")))
        };
        let (normal, probe) = (connector(Pace::Normal)?, connector(Pace::Probe)?);
        Ok(Self { url, options, variables, normal, probe })
    }

    pub(super) fn make(&self) -> Result<StoreClients, BucketError> {
        let few = RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(2),
                base: 2.0,
            },
            max_retries: 4,
            retry_timeout: Duration::from_secs(30),
        };
        let never = RetryConfig { max_retries: 0, ..few.clone() };
        Ok(StoreClients {
            normal: self.client(self.normal.clone(), few)?,
            probe: self.client(self.probe.clone(), never)?,
            since: Instant::now(),
        })
    }

    fn client(&self, connector: UreqConnector, retry: RetryConfig) -> Result<StoreClient, BucketError> {
        let mut builder = AmazonS3Builder::new();
        for (name, value) in &self.variables {
            if let Some(key) = config_key(name) {
                builder = builder.with_config(key, value);
            }
        }
        if let Some(region) = &self.options.region {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = &self.options.endpoint {
            // This key has precedence over AWS_ENDPOINT_URL.
            builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
        }
        let client = builder
            .with_bucket_name(&self.url.bucket)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            // Some stores lack the removal of many objects at once.
            .with_disable_bulk_delete(true)
            .with_http_connector(connector)
            .with_retry(retry)
            .build()
            .map_err(|error| BucketError::Settings {
                url: self.url.to_string(),
                reason: error.to_string(),
            })?;
        Ok(Arc::new(client))
    }
}

/// The variables of the AWS tools. An empty one counts as absent, because compose files set such variables. Files of
/// secrets add a line break.
pub(super) fn environment() -> Variables {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?.trim().to_owned()))
    };
    let variables = std::env::vars_os().filter_map(text);
    variables.filter(|(name, value)| name.starts_with("AWS_") && !value.is_empty()).collect()
}

fn config_key(variable: &str) -> Option<AmazonS3ConfigKey> {
    variable.to_ascii_lowercase().parse().ok()
}

/// Rejects the values with which object_store panics, and half of a pair.
fn check_settings(options: &BucketOptions, variables: &Variables) -> Result<(), String> {
    use AmazonS3ConfigKey as Key;
    let flags =
        [("--endpoint", Key::Endpoint, &options.endpoint), ("--region", Key::Region, &options.region)];
    let flags = flags.into_iter().filter_map(|(name, key, value)| Some((name, key, value.as_deref()?)));
    let variables =
        variables.iter().filter_map(|(name, value)| Some((name.as_str(), config_key(name)?, value.as_str())));
    let (mut has_id, mut has_secret) = (false, false);
    for (name, key, value) in flags.chain(variables) {
        match key {
            Key::Endpoint | Key::S3Endpoint | Key::StsEndpoint | Key::MetadataEndpoint
                if !is_endpoint(value) =>
            {
                return Err(format!(
                    "{name}: `{value}` is invalid; expected a URL such as http://127.0.0.1:8333"
                ));
            }
            Key::Region | Key::DefaultRegion
                if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') =>
            {
                return Err(format!("{name}: `{value}` is invalid; expected a name such as eu-central-1"));
            }
            Key::AccessKeyId | Key::SecretAccessKey | Key::Token => {
                has_id |= key == Key::AccessKeyId;
                has_secret |= key == Key::SecretAccessKey;
                if !value.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(format!("{name} has a space, a line break or a character that is not ASCII"));
                }
            }
            _ => {}
        }
    }
    match (has_id, has_secret) {
        (true, false) => Err("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY".into()),
        (false, true) => Err("AWS_SECRET_ACCESS_KEY is set without AWS_ACCESS_KEY_ID".into()),
        _ => Ok(()),
    }
}

/// Returns whether a text is the URL of a store: an HTTP URL with a host, without a query.
fn is_endpoint(text: &str) -> bool {
    let url = Url::parse(text).ok();
    url.is_some_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
    }) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_settings_are_named() {
        let url: BucketUrl = "s3://news".parse().expect("a URL");
        /// Variables, the flag `--endpoint`, and a part of the message.
        type Row = (&'static [(&'static str, &'static str)], &'static str, &'static str);
        let table: [Row; 15] = [
            (&[("AWS_ACCESS_KEY_ID", "key")], "", "without AWS_SECRET_ACCESS_KEY"),
            (&[("AWS_SECRET_ACCESS_KEY", "secret")], "", "without AWS_ACCESS_KEY_ID"),
            (
                &[("AWS_ACCESS_KEY_ID", "k\ney"), ("AWS_SECRET_ACCESS_KEY", "secret")],
                "",
                "AWS_ACCESS_KEY_ID has a space",
            ),
            (&[("AWS_SESSION_TOKEN", "密")], "", "AWS_SESSION_TOKEN has a space"),
            (&[("AWS_REGION", "eu central")], "", "AWS_REGION: `eu central` is invalid"),
            (&[("AWS_DEFAULT_REGION", "a.b/")], "", "AWS_DEFAULT_REGION: `a.b/` is invalid"),
            (&[("AWS_ENDPOINT_URL", "127.0.0.1:8333")], "", "AWS_ENDPOINT_URL: `127.0.0.1:8333` is invalid"),
            (&[("AWS_ENDPOINT_URL_S3", "http://")], "", "AWS_ENDPOINT_URL_S3: `http://` is invalid"),
            (&[], "localhost", "--endpoint: `localhost` is invalid"),
            (&[], "ftp://a", "--endpoint: `ftp://a` is invalid"),
            (&[], "http://a b", "--endpoint: `http://a b` is invalid"),
            (&[], "http://a/?b", "--endpoint: `http://a/?b` is invalid"),
            (
                &[],
                "s3.eu-central-1.amazonaws.com",
                "is invalid; expected a URL such as http://127.0.0.1:8333",
            ),
            (&[(AUTHORITIES, "/absent.pem")], "", "AWS_CA_BUNDLE: cannot read /absent.pem"),
            (&[(AUTHORITIES, "/dev/null")], "", "AWS_CA_BUNDLE: the file has no certificate"),
        ];
        for (variables, endpoint, expected) in table {
            let variables =
                variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let endpoint = Some(endpoint.to_owned()).filter(|endpoint| !endpoint.is_empty());
            let options = BucketOptions { endpoint, region: None };
            let error = ClientMaker::new(url.clone(), options, variables).expect_err(expected);
            assert!(matches!(error, BucketError::Settings { .. }), "{error:?}");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
