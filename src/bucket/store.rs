//! A bucket as a store of objects: the requests that the log needs, with new credentials after a denied one.

use std::ffi::OsString;
use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{BackoffConfig, GetOptions, GetRange, ObjectStore, PutMode, RetryConfig};

use super::error::{Access, BucketError, Refusal};
use super::http_client::{Pace, UreqConnector};
use super::url::{BucketOptions, BucketScheme, BucketUrl};

/// A client of this age may have outdated credentials. A younger one has just fetched them.
const OUTDATED: Duration = Duration::from_secs(1);

/// The variable of the AWS tools for a file of certificate authorities.
const AUTHORITIES: &str = "AWS_CA_BUNDLE";

type StoreClient = Arc<dyn ObjectStore>;

/// Environment variables: names and values.
type Variables = Vec<(String, String)>;

/// The answer to a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Created {
    Written,
    /// The object exists. This request may have written it, because a repeated request meets its own object.
    Exists,
}

/// The number of objects below a prefix, and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ObjectSizes {
    /// The number of objects.
    pub objects: u64,
    /// The sum of their sizes.
    pub bytes: u64,
}

/// The objects below the prefix of a bucket.
#[derive(Debug)]
pub(super) struct BucketStore {
    /// The URL, for messages.
    name: String,
    prefix: Path,
    /// The maker of new clients; `None` if the clients were passed in.
    maker: Option<ClientMaker>,
    clients: Mutex<StoreClients>,
}

#[derive(Debug, Clone)]
struct StoreClients {
    normal: StoreClient,
    probe: StoreClient,
    since: Instant,
}

/// The settings of an S3 client. The clients that it makes share their connections.
#[derive(Debug)]
struct ClientMaker {
    url: BucketUrl,
    options: BucketOptions,
    variables: Variables,
    normal: UreqConnector,
    probe: UreqConnector,
}

impl BucketStore {
    pub(super) fn open(url: &BucketUrl, options: &BucketOptions) -> Result<Self, BucketError> {
        Self::with_variables(url, options, environment())
    }

    /// Opens a store with these variables instead of those of the process.
    fn with_variables(
        url: &BucketUrl,
        options: &BucketOptions,
        variables: Variables,
    ) -> Result<Self, BucketError> {
        let name = url.to_string();
        if url.scheme == BucketScheme::File {
            let folder = FilePath::new(&url.bucket);
            if !folder.exists() {
                return Err(BucketError::Absent { url: name });
            }
            let folder = LocalFileSystem::new_with_prefix(folder)
                .map_err(|error| BucketError::Settings { url: name.clone(), reason: error.to_string() })?;
            return Ok(Self::new(name, Path::ROOT, Arc::new(folder.with_fsync(true))));
        }
        let maker = ClientMaker::new(url.clone(), options.clone(), variables)?;
        let prefix = Path::parse(&url.prefix)
            .map_err(|error| BucketError::Settings { url: name.clone(), reason: error.to_string() })?;
        let clients = Mutex::new(maker.make()?);
        Ok(Self { name, prefix, maker: Some(maker), clients })
    }

    /// Uses a client that exists, for all requests.
    pub(super) fn new(name: String, prefix: Path, client: StoreClient) -> Self {
        let clients = StoreClients { normal: Arc::clone(&client), probe: client, since: Instant::now() };
        Self { name, prefix, maker: None, clients: Mutex::new(clients) }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Reads an object, or a range of it.
    pub(super) async fn get(
        &self,
        pace: Pace,
        key: &str,
        range: Option<Range<u64>>,
    ) -> Result<Option<Bytes>, BucketError> {
        let read = |client: StoreClient, path: Path| {
            let options = GetOptions { range: range.clone().map(GetRange::Bounded), ..GetOptions::default() };
            async move { client.get_opts(&path, options).await?.bytes().await }
        };
        optional(self.request(pace, key, Access::Read, read).await, self, key)
    }

    /// The size of an object.
    pub(super) async fn size(&self, pace: Pace, key: &str) -> Result<Option<u64>, BucketError> {
        let head = |client: StoreClient, path: Path| async move {
            let options = GetOptions { head: true, ..GetOptions::default() };
            client.get_opts(&path, options).await.map(|found| found.meta.size)
        };
        optional(self.request(pace, key, Access::Read, head).await, self, key)
    }

    /// Writes an object if the key is free.
    pub(super) async fn create(&self, key: &str, bytes: Bytes) -> Result<Created, BucketError> {
        let put = |client: StoreClient, path: Path| {
            let payload = bytes.clone().into();
            async move { client.put_opts(&path, payload, PutMode::Create.into()).await }
        };
        match self.request(Pace::Normal, key, Access::Write, put).await {
            Ok(_) => Ok(Created::Written),
            Err(Refusal::Exists) => Ok(Created::Exists),
            Err(Refusal::Missing) => Err(BucketError::NoBucket { url: self.name.clone() }),
            Err(Refusal::Error(error)) => Err(error),
        }
    }

    /// Removes an object. The log itself never does.
    pub(super) async fn delete(&self, key: &str) -> Result<(), BucketError> {
        let delete = |client: StoreClient, path: Path| async move {
            let paths = stream::once(std::future::ready(Ok(path))).boxed();
            client.delete_stream(paths).try_for_each(|_| std::future::ready(Ok(()))).await
        };
        let deleted = self.request(Pace::Normal, key, Access::Write, delete).await;
        optional(deleted, self, key).map(|_| ())
    }

    /// Counts the objects below a folder. This lists the bucket, so only commands for people call it.
    pub(super) async fn sizes(&self, folder: &str) -> Result<ObjectSizes, BucketError> {
        let list = |client: StoreClient, path: Path| async move {
            let add = |sum: ObjectSizes, object: object_store::ObjectMeta| {
                let sum = ObjectSizes { objects: sum.objects + 1, bytes: sum.bytes + object.size };
                std::future::ready(Ok(sum))
            };
            client.list(Some(&path)).try_fold(ObjectSizes::default(), add).await
        };
        let sizes = self.request(Pace::Normal, folder, Access::Read, list).await;
        optional(sizes, self, folder).map(Option::unwrap_or_default)
    }

    /// Sends a request, and sends it again with new credentials if the store denies it.
    async fn request<T, F>(
        &self,
        pace: Pace,
        key: &str,
        access: Access,
        send: impl Fn(StoreClient, Path) -> F,
    ) -> Result<T, Refusal>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        let path = Path::from_iter(self.prefix.parts().chain(Path::from(key).parts()));
        let refusal = |error: object_store::Error| Refusal::new(&self.name, key, access, &error);
        let first = send(self.client(pace), path.clone()).await.map_err(refusal);
        if matches!(&first, Err(Refusal::Error(BucketError::Forbidden { .. }))) && self.renew() {
            return send(self.client(pace), path).await.map_err(refusal);
        }
        first
    }

    fn client(&self, pace: Pace) -> StoreClient {
        let clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(match pace {
            Pace::Normal => &clients.normal,
            Pace::Probe => &clients.probe,
        })
    }

    /// Makes new clients, because a client keeps its credentials until they expire. Returns false if there is no use.
    fn renew(&self) -> bool {
        let Some(maker) = &self.maker else { return false };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.since.elapsed() < OUTDATED {
            return false;
        }
        match maker.make() {
            Ok(new) => {
                *clients = new;
                true
            }
            Err(_) => false,
        }
    }
}

/// The variables of the AWS tools. An empty one counts as absent, because compose files set such variables. Files of
/// secrets add a line break.
fn environment() -> Variables {
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
            Key::Endpoint | Key::S3Endpoint | Key::StsEndpoint | Key::MetadataEndpoint => {
                if !is_endpoint(value) {
                    return Err(format!(
                        "{name}: `{value}` is invalid; expected a URL such as http://127.0.0.1:8333"
                    ));
                }
            }
            Key::Region | Key::DefaultRegion => {
                if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
                    return Err(format!(
                        "{name}: `{value}` is invalid; expected a name such as eu-central-1"
                    ));
                }
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
    let url = url::Url::parse(text).ok();
    url.is_some_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
    }) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A missing object as `None`.
fn optional<T>(answer: Result<T, Refusal>, store: &BucketStore, key: &str) -> Result<Option<T>, BucketError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(Refusal::Missing) => Ok(None),
        Err(Refusal::Error(error)) => Err(error),
        Err(Refusal::Exists) => Err(BucketError::Failed {
            url: store.name.clone(),
            key: key.to_owned(),
            reason: "the store answers a read like a conditional write".into(),
        }),
    }
}

impl ClientMaker {
    fn new(url: BucketUrl, options: BucketOptions, variables: Variables) -> Result<Self, BucketError> {
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

    fn make(&self) -> Result<StoreClients, BucketError> {
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

#[cfg(test)]
mod tests;
