//! The log stays linear whatever the network does, and its errors name the object and the remedy.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::memory::InMemory;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult,
};
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::task::yield_now;

use super::*;
use crate::bucket::commit::{PackRef, StoredFile};

/// The faults of a network, in parts of a thousand.
#[derive(Debug, Clone, Copy)]
struct Faults {
    /// The request is lost.
    lost: u64,
    /// The write succeeds, and its answer is lost.
    unanswered: u64,
    /// The write succeeds, and a repetition of it is refused.
    repeated: u64,
    /// The write is refused, and nothing exists.
    refused: u64,
    /// A bit of the bytes that are read is flipped.
    flipped: u64,
    /// The body that is read ends early.
    cut: u64,
}

const NO_FAULTS: Faults = Faults { lost: 0, unanswered: 0, repeated: 0, refused: 0, flipped: 0, cut: 0 };
const BAD_NETWORK: Faults =
    Faults { lost: 150, unanswered: 150, repeated: 50, refused: 50, flipped: 20, cut: 50 };

/// A store in memory behind a network with faults, and with or without conditional writes.
#[derive(Debug)]
struct FaultyStore {
    store: Arc<InMemory>,
    faults: Faults,
    is_conditional: bool,
    random: Mutex<u64>,
}

impl FaultyStore {
    fn new(store: &Arc<InMemory>, faults: Faults, seed: u64) -> Arc<Self> {
        // The state of xorshift is never zero.
        let random = Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        Arc::new(Self { store: Arc::clone(store), faults, is_conditional: true, random })
    }

    fn random(&self, below: u64) -> u64 {
        let mut state = self.random.lock().expect("the state");
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 11) % below
    }

    /// Lets the other tasks run for a while.
    async fn delay(&self) {
        for _ in 0..self.random(4) {
            yield_now().await;
        }
    }

    /// Draws one of some faults, each with its chance in a thousand.
    fn fault<const N: usize>(&self, faults: [u64; N]) -> Option<usize> {
        let drawn = self.random(1000);
        let mut sum = 0;
        faults.iter().position(|parts| {
            sum += parts;
            drawn < sum
        })
    }
}

fn lost() -> Error {
    let source = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    Error::Generic { store: "faulty", source: Box::new(source) }
}

fn exists(location: &Path) -> Error {
    Error::AlreadyExists { path: location.to_string(), source: "status 412".into() }
}

impl fmt::Display for FaultyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty")
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        mut options: PutOptions,
    ) -> object_store::Result<PutResult> {
        if !self.is_conditional {
            options.mode = PutMode::Overwrite;
        }
        self.delay().await;
        let Faults { lost: before, unanswered, repeated, refused, .. } = self.faults;
        let fault = self.fault([before, unanswered, repeated, refused]);
        match fault {
            Some(0) => return Err(lost()),
            Some(3) => return Err(exists(location)),
            _ => {}
        }
        let written = self.store.put_opts(location, payload, options).await;
        self.delay().await;
        match fault {
            Some(1) => Err(lost()),
            Some(2) => Err(exists(location)),
            _ => written,
        }
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.delay().await;
        let fault = self.fault([self.faults.lost, self.faults.flipped, self.faults.cut]);
        if fault == Some(0) {
            return Err(lost());
        }
        let is_head = options.head;
        let found = self.store.get_opts(location, options).await?;
        self.delay().await;
        if fault.is_none() || is_head {
            return Ok(found);
        }
        let (meta, range, attributes) = (found.meta.clone(), found.range.clone(), found.attributes.clone());
        let mut bytes = found.bytes().await?.to_vec();
        let parts = if fault == Some(1) && !bytes.is_empty() {
            let bit = self.random(bytes.len() as u64 * 8) as usize;
            bytes[bit / 8] ^= 1 << (bit % 8);
            vec![Ok(Bytes::from(bytes))]
        } else {
            bytes.truncate(bytes.len() / 2);
            vec![Ok(Bytes::from(bytes)), Err(lost())]
        };
        let payload = GetResultPayload::Stream(stream::iter(parts).boxed());
        Ok(GetResult { payload, meta, range, attributes, extensions: Default::default() })
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.store.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.store.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(location, options).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
        self.store.copy_opts(from, to, options).await
    }
}

const SITE: &str = "0123456789abcdef0123456789abcdef";
const WRITERS: usize = 2;
const READERS: usize = 3;
const DRAFTS: usize = 3;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

fn draft(path: &str) -> CommitDraft {
    let file = StoredFile {
        path: path.into(),
        modified: SystemTime::UNIX_EPOCH,
        bytes: path.as_bytes().to_vec().into(),
    };
    let mut draft = CommitDraft::new("host");
    draft.files.push(file);
    draft
}

/// Appends drafts until each is in the log, and returns their ids in order.
async fn write(bucket: Bucket, name: usize) -> Vec<String> {
    let mut ids = Vec::new();
    let mut seq = 1;
    for number in 0..DRAFTS {
        let draft = draft(&format!("_posts/{name}-{number}.md"));
        loop {
            match bucket.append(seq, &draft).await {
                Ok(Appended::Written) => break,
                Ok(Appended::Other(other)) => assert_eq!(other.header.seq, seq),
                // The same draft at the same position, because it may be in the log.
                Err(_) => continue,
            }
            seq += 1;
        }
        seq += 1;
        ids.push(draft.id().to_owned());
    }
    ids
}

/// Follows the log to its end, and returns the ids and paths of its commits.
async fn read(bucket: Bucket) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while found.len() < WRITERS * DRAFTS {
        let seq = found.len() as u64 + 1;
        let answer = if seq.is_multiple_of(2) { bucket.commit(seq).await } else { bucket.probe(seq).await };
        match answer {
            Ok(Some(commit)) => {
                assert_eq!(commit.header.seq, seq);
                assert_eq!(commit.files[0].bytes, commit.files[0].path);
                found.push((commit.header.id, commit.files[0].path.clone()));
            }
            Ok(None) | Err(_) => yield_now().await,
        }
    }
    found
}

/// Lets writers and readers work at once over a bad network, and asserts that all see one log.
async fn race(seed: u64) {
    let memory = Arc::new(InMemory::new());
    let bucket = |number: usize| {
        let seed = seed.wrapping_mul(31).wrapping_add(number as u64);
        Bucket::from_store(FaultyStore::new(&memory, BAD_NETWORK, seed), SITE)
    };
    let writers: Vec<_> = (0..WRITERS).map(|name| tokio::spawn(write(bucket(name), name))).collect();
    let readers: Vec<_> = (0..READERS).map(|name| tokio::spawn(read(bucket(WRITERS + name)))).collect();
    let mut written = Vec::new();
    for writer in writers {
        written.push(writer.await.expect("a writer"));
    }
    let quiet = Bucket::from_store(FaultyStore::new(&memory, NO_FAULTS, seed), SITE);
    assert_eq!(
        quiet.newest(0).await.expect("the newest"),
        (WRITERS * DRAFTS) as u64,
        "gaps, or more commits"
    );
    let log = read(quiet).await;
    for reader in readers {
        assert_eq!(reader.await.expect("a reader"), log);
    }
    let ids: HashSet<&String> = log.iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), log.len(), "each draft once");
    for (name, own) in written.iter().enumerate() {
        let in_log: Vec<&String> = log.iter().map(|(id, _)| id).filter(|id| own.contains(id)).collect();
        assert_eq!(in_log, own.iter().collect::<Vec<_>>(), "the order of writer {name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    // `PROPTEST_CASES=10000 cargo test --release --lib log_is_linear` runs the long form.
    #[test]
    fn log_is_linear_over_a_bad_network(seed in any::<u64>()) {
        run(race(seed));
    }
}

#[test]
fn same_draft_enters_the_log_once() {
    run(async {
        let bucket = Bucket::from_store(Arc::new(InMemory::new()), SITE);
        let (first, second) = (draft("a"), draft("b"));
        assert!(matches!(bucket.append(1, &first).await, Ok(Appended::Written)));
        assert!(matches!(bucket.append(1, &first).await, Ok(Appended::Written)));
        let Ok(Appended::Other(other)) = bucket.append(1, &second).await else {
            panic!("the position is taken")
        };
        assert_eq!((&*other.header.id, &other.files), (first.id(), &first.files));
        assert!(matches!(bucket.append(2, &second).await, Ok(Appended::Written)));
        assert_eq!(bucket.newest(0).await.expect("the newest"), 2);
    });
}

#[test]
fn newest_commit_is_found_with_few_requests() {
    #[derive(Debug)]
    struct CountingStore(InMemory, AtomicUsize);
    impl fmt::Display for CountingStore {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("counting")
        }
    }
    #[async_trait]
    impl ObjectStore for CountingStore {
        async fn put_opts(
            &self,
            location: &Path,
            payload: PutPayload,
            options: PutOptions,
        ) -> object_store::Result<PutResult> {
            self.0.put_opts(location, payload, options).await
        }
        async fn put_multipart_opts(
            &self,
            location: &Path,
            options: PutMultipartOptions,
        ) -> object_store::Result<Box<dyn MultipartUpload>> {
            self.0.put_multipart_opts(location, options).await
        }
        async fn get_opts(&self, location: &Path, options: GetOptions) -> object_store::Result<GetResult> {
            assert!(options.head, "only heads are asked for");
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.get_opts(location, options).await
        }
        fn delete_stream(
            &self,
            locations: BoxStream<'static, object_store::Result<Path>>,
        ) -> BoxStream<'static, object_store::Result<Path>> {
            self.0.delete_stream(locations)
        }
        fn list(&self, _prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
            panic!("the log is never listed")
        }
        async fn list_with_delimiter(&self, _prefix: Option<&Path>) -> object_store::Result<ListResult> {
            panic!("the log is never listed")
        }
        async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> object_store::Result<()> {
            self.0.copy_opts(from, to, options).await
        }
    }
    run(async {
        let store = Arc::new(CountingStore(InMemory::new(), AtomicUsize::new(0)));
        let bucket = Bucket::from_store(Arc::clone(&store) as _, SITE);
        let mut count = 0;
        for newest in [0, 1, 2, 3, 4, 7, 8, 9, 100, 1000] {
            while count < newest {
                count += 1;
                let path = Path::from(commit_key(count));
                store
                    .put_opts(&path, PutPayload::from_static(b"x"), PutOptions::default())
                    .await
                    .expect("an object");
            }
            for known in [0, newest / 2, newest] {
                store.1.store(0, Ordering::Relaxed);
                assert_eq!(bucket.newest(known).await.expect("the newest"), newest, "from {known}");
                let requests = store.1.load(Ordering::Relaxed);
                assert!(requests <= 24, "{requests} requests from {known} to {newest}");
                // The commit after the known one, and three behind a possible gap.
                assert!(known < newest || requests == 4, "{requests} requests without news");
            }
        }
    });
}

#[test]
fn commits_are_recognised_by_their_ids() {
    run(async {
        let bucket = Bucket::from_store(Arc::new(InMemory::new()), SITE);
        let mut large = draft("a");
        let noise = |number: u32| number.wrapping_mul(2_654_435_761).to_le_bytes();
        large.files[0].bytes = (0..200_000).flat_map(noise).collect::<Vec<u8>>().into();
        for (seq, draft) in [(1, &large), (2, &draft("b"))] {
            bucket.append(seq, draft).await.expect("a commit");
            for (id, expected) in [(draft.id(), true), ("", true), ("another", false)] {
                assert_eq!(bucket.has_commit(seq, id).await.expect("an answer"), expected, "{seq} {id}");
            }
        }
        assert!(!bucket.has_commit(3, "").await.expect("an answer"));
    });
}

#[test]
fn missing_commit_before_others_is_an_error() {
    run(async {
        let table: [(&[u64], u64, Option<u64>); 7] = [
            (&[1, 3], 1, Some(2)),
            (&[2], 0, Some(1)),
            (&[1, 2, 3, 5, 6, 7, 8, 9, 10], 3, Some(4)),
            (&[1, 2, 6], 1, Some(3)),
            (&[1, 2, 18], 2, Some(3)),
            (&[1, 2, 3], 1, None),
            (&[], 0, None),
        ];
        for (present, known, missing) in table {
            let store = Arc::new(InMemory::new());
            for seq in present {
                let (path, content) = (Path::from(commit_key(*seq)), PutPayload::from_static(b"x"));
                store.put_opts(&path, content, PutOptions::default()).await.expect("an object");
            }
            let found = Bucket::from_store(store, SITE).newest(known).await;
            match (found, missing) {
                (Err(error @ BucketError::Damaged { .. }), Some(seq)) => {
                    let (text, key) = (error.to_string(), commit_key(seq));
                    assert!(text.contains(&key) && text.contains("later commits exist"), "{text}");
                }
                (Ok(newest), None) => assert_eq!(newest, present.len() as u64),
                (found, _) => panic!("{present:?}: {found:?}"),
            }
        }
    });
}

#[test]
fn packs_are_written_once_and_checked() {
    run(async {
        let bucket = Bucket::from_store(Arc::new(InMemory::new()), SITE);
        let mut state = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .take(9 << 20)
        .collect();
        let files = [StoredFile { path: "a".into(), modified: SystemTime::UNIX_EPOCH, bytes: noise.into() }];
        let pack = bucket.put_pack(3, &files).await.expect("a pack");
        assert_eq!(bucket.put_pack(3, &files).await.expect("the same pack"), pack);
        assert_eq!(pack.key, format!("pack/{:020}-{}.tar.zst", 3, &pack.sha256[..16]));
        let bytes = bucket.pack(&pack).await.expect("bytes");
        assert_eq!((bytes.len() as u64, pack.files), (pack.bytes, 1));
        let mut found = Vec::new();
        commit::decode_pack(&bytes, &mut |file| {
            found.push(file);
            Ok(())
        })
        .expect("files");
        assert!(found == files);
        for (wrong, reason) in [
            (PackRef { sha256: "0".repeat(64), ..pack.clone() }, "SHA-256"),
            (PackRef { bytes: 5, ..pack.clone() }, "bytes, not 5"),
            (PackRef { key: "pack/absent".into(), ..pack.clone() }, "missing"),
        ] {
            let error = bucket.pack(&wrong).await.expect_err(reason);
            assert!(matches!(&error, BucketError::Damaged { key, .. } if *key == wrong.key), "{error:?}");
            assert!(error.to_string().contains(reason), "{error}");
        }
    });
}

#[test]
fn stores_that_ignore_conditions_are_not_fit() {
    run(async {
        let memory = Arc::new(InMemory::new());
        let bad_network = Faults { unanswered: 150, repeated: 50, refused: 50, ..NO_FAULTS };
        for (faults, is_conditional) in [(NO_FAULTS, true), (bad_network, true), (NO_FAULTS, false)] {
            let mut store = Arc::into_inner(FaultyStore::new(&memory, faults, 5)).expect("one owner");
            store.is_conditional = is_conditional;
            let bucket = Bucket::from_store(Arc::new(store), SITE);
            assert_eq!(bucket.is_fit().await.expect("an answer"), is_conditional);
            let left = memory.list(None).try_collect::<Vec<_>>().await.expect("a list");
            assert!(left.is_empty(), "the objects of the races are removed: {left:?}");
        }
    });
}

#[test]
fn folder_is_a_bucket() {
    run(async {
        let folder = TempDir::new().expect("a folder");
        let place = folder.path().join("my bucket");
        let url: BucketUrl = format!("file://{}", place.display()).parse().expect("a URL");
        let options = BucketOptions::default();
        let error = Bucket::open(&url, &options).await.expect_err("no folder").to_string();
        assert_eq!(error, format!("{url} has no finews archive; run `finews push SITE {url}` first"));
        fs::create_dir(&place).expect("a folder");
        assert!(matches!(Bucket::open(&url, &options).await, Err(BucketError::Absent { .. })));

        let created = Bucket::open_or_create(&url, &options).await.expect("a bucket");
        let bucket = Bucket::open(&url, &options).await.expect("the same bucket");
        assert_eq!((bucket.site(), bucket.name()), (created.site(), &*url.to_string()));
        assert_eq!(
            Bucket::open_or_create(&url, &options).await.expect("the same bucket").site(),
            created.site()
        );
        assert!(bucket.is_fit().await.expect("an answer"));
        assert_eq!(fs::read_dir(place.join("probe")).expect("a folder").count(), 0);

        assert_eq!(bucket.newest(0).await.expect("the newest"), 0);
        assert_eq!(bucket.commit(1).await.expect("an answer"), None);
        assert_eq!(bucket.probe(1).await.expect("an answer"), None);
        let first = draft("a");
        assert!(matches!(bucket.append(1, &first).await, Ok(Appended::Written)));
        assert!(matches!(bucket.append(1, &draft("b")).await, Ok(Appended::Other(_))));
        assert_eq!(bucket.probe(1).await.expect("an answer").expect("a commit").files, first.files);
        let (log, packs) = bucket.sizes().await.expect("sizes");
        assert_eq!((log.objects, packs.objects), (1, 0));

        let file = place.join(commit_key(1));
        let good = fs::read(&file).expect("a commit");
        let mut flipped = good.clone();
        flipped[good.len() / 2] ^= 1;
        fs::write(&file, flipped).expect("a damaged commit");
        let error = bucket.commit(1).await.expect_err("damaged");
        assert!(matches!(&error, BucketError::Damaged { key, .. } if *key == commit_key(1)), "{error:?}");
        assert!(!error.is_temporary());
        let error = bucket.append(1, &draft("b")).await.expect_err("damaged");
        assert!(matches!(error, BucketError::Damaged { .. }), "{error:?}");
        fs::write(place.join(commit_key(2)), &good).expect("a commit at another position");
        let error = bucket.commit(2).await.expect_err("another number").to_string();
        assert!(error.contains("number 1"), "{error}");
    });
}

#[test]
fn folder_without_its_archive_is_unreachable() {
    run(async {
        let disk = TempDir::new().expect("a folder");
        let url: BucketUrl = format!("file://{}/disk/news", disk.path().display()).parse().expect("a URL");
        let options = BucketOptions::default();
        let error = Bucket::open_or_create(&url, &options).await.expect_err("no disk").to_string();
        assert!(error.contains("the folder above it does not exist"), "{error}");
        assert!(!disk.path().join("disk").exists());

        fs::create_dir(disk.path().join("disk")).expect("a folder");
        let bucket = Bucket::open_or_create(&url, &options).await.expect("a bucket");
        bucket.append(1, &draft("a")).await.expect("a commit");
        let place = disk.path().join("disk/news");
        fs::rename(&place, disk.path().join("away")).expect("a folder");
        for is_empty in [false, true] {
            if is_empty {
                fs::create_dir(&place).expect("a folder");
            }
            let errors = [
                bucket.probe(2).await.expect_err("away"),
                bucket.commit(1).await.expect_err("away"),
                bucket.newest(0).await.expect_err("away"),
                bucket.append(2, &draft("b")).await.expect_err("away"),
                bucket.put_pack(2, &draft("b").files).await.expect_err("away"),
            ];
            for error in errors {
                assert!(error.is_temporary() && error.to_string().contains("`finews.json`"), "{error}");
            }
            assert!(!place.join("log").exists() && !place.join("pack").exists());
        }
        fs::remove_dir(&place).expect("no folder");
        fs::rename(disk.path().join("away"), &place).expect("a folder");
        assert_eq!(bucket.newest(0).await.expect("the newest"), 1);
    });
}

#[test]
fn invalid_identities_are_named() {
    run(async {
        let folder = TempDir::new().expect("a folder");
        let url: BucketUrl = format!("file://{}", folder.path().display()).parse().expect("a URL");
        let table = [
            (r#"{"format":2,"pages":[]}"#, "format 2, and this finews reads format 1"),
            (r#"{"format":1,"site":"x"}"#, "32 hexadecimal digits"),
            (r#"{"format":1}"#, "`finews.json` is damaged"),
            ("", "`finews.json` is damaged"),
            ("[]", "`finews.json` is damaged"),
        ];
        for (json, reason) in table {
            fs::write(folder.path().join("finews.json"), json).expect("a file");
            for opened in [
                Bucket::open(&url, &BucketOptions::default()).await,
                Bucket::open_or_create(&url, &BucketOptions::default()).await,
            ] {
                let error = opened.expect_err(json).to_string();
                assert!(error.contains(reason), "{json}: {error}");
            }
        }
        let site = |digit: &str| format!(r#"{{"format":1,"site":"{}","later":true}}"#, digit.repeat(32));
        fs::write(folder.path().join("finews.json"), site("a")).expect("a file");
        let bucket = Bucket::open(&url, &BucketOptions::default()).await.expect("a bucket");
        bucket.append(1, &draft("a")).await.expect("a commit");
        fs::write(folder.path().join("finews.json"), site("b")).expect("a file");
        let bucket = Bucket::open(&url, &BucketOptions::default()).await.expect("a bucket");
        let error = bucket.commit(1).await.expect_err("another site");
        assert!(matches!(error, BucketError::OtherSite { .. }), "{error:?}");
    });
}
