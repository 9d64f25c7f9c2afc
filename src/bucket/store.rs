//! A bucket as a store of objects: the requests that the log needs, with new credentials after a denied one.

use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, PutMode};

use super::clients::{ClientMaker, StoreClient, StoreClients, Variables, environment};
use super::error::{Access, BucketError, Refusal};
use super::http_client::Pace;
use super::url::{BucketOptions, BucketScheme, BucketUrl};

/// A client of this age may have outdated credentials. A younger one has just fetched them.
const OUTDATED: Duration = Duration::from_secs(1);

/// The answer to a conditional write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Created {
    Written,
    /// The object exists, which does not tell its writer: a repeated request meets its own object.
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
        Self { name, prefix, maker: None, clients: Mutex::new(StoreClients::from_client(client)) }
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
    pub(super) async fn size(&self, key: &str) -> Result<Option<u64>, BucketError> {
        let head = |client: StoreClient, path: Path| async move {
            let options = GetOptions { head: true, ..GetOptions::default() };
            client.get_opts(&path, options).await.map(|found| found.meta.size)
        };
        optional(self.request(Pace::Normal, key, Access::Read, head).await, self, key)
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
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).get(pace)
    }

    /// Makes new clients, because a client keeps its credentials until they expire. Returns false if there is no use.
    fn renew(&self) -> bool {
        let Some(maker) = &self.maker else { return false };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if clients.age() < OUTDATED {
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

#[cfg(test)]
mod tests;
