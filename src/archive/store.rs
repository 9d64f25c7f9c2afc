//! The prepared archive on disk. After a restart, the server can load it instead of a million files.
//!
//! The store is one file: bytes that identify its origin, then sections, each with a length and a checksum. The
//! sections hold the folders that are archives of posts, a header, and the posts. The store is written to a
//! temporary file and renamed, and used only if it is intact.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::archive::compressed::ArticleCodec;
use crate::archive::file_version::FileVersion;
use crate::archive::names::{Interner, Names};
use crate::archive::page::OwnPage;
use crate::archive::post::{Post, PostId, Timestamp};
use crate::archive::problem::{FileProblems, Problem};
use crate::archive::snapshot::{Contents, Snapshot, SnapshotRules};
use crate::config::Config;
use crate::program;

/// The first bytes of every store. The number changes with the format of the rest.
const MAGIC: &[u8; 16] = b"finews archive 4";
/// Length of the bytes before the first section: the format, and a hash of the settings.
const START: usize = MAGIC.len() + 8;
/// Number of posts per section.
const SECTION: usize = 2048;

/// Held while an archive is written. Writes must not overlap, because they all go to the same file.
static WRITING: Mutex<()> = Mutex::new(());

/// Waits at most `limit` for a running write of an archive. Returns false if the write is still running.
pub fn finish_writing(limit: Duration) -> bool {
    let start = Instant::now();
    while matches!(WRITING.try_lock(), Err(TryLockError::WouldBlock)) {
        if start.elapsed() >= limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

/// The location of a site's prepared archive.
#[derive(Debug, Clone)]
pub struct Store {
    file: PathBuf,
    /// A hash of the settings and the build, because either can change the archive.
    key: u64,
}

/// The reason why a store was not used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store does not exist yet.
    #[error("the file does not exist yet")]
    Missing,
    /// The file cannot be read.
    #[error("cannot read the file: {0}")]
    Unreadable(#[from] io::Error),
    /// Another build of finews, or this one with other settings, wrote the store.
    #[error("written by another build of finews or with other settings")]
    Foreign,
    /// The store is corrupt or truncated.
    #[error("the file is corrupt or truncated")]
    Damaged,
}

/// Everything except the posts.
#[derive(Serialize, Deserialize)]
struct StoreHeader {
    names: Vec<String>,
    dictionary: Vec<u8>,
    pages: Vec<OwnPage>,
    problems: Vec<Problem>,
    posts: u64,
}

impl Store {
    /// The store of a site. Several sites may share the folder.
    pub fn new(folder: &Path, config: &Config) -> Self {
        let site = xxh3_64(config.root.as_os_str().as_encoded_bytes());
        let mut key = Xxh3::new();
        (program::id(), &config.source, &config.archives, &config.variables).hash(&mut key);
        Self { file: folder.join(format!("{site:016x}.archive")), key: key.finish() }
    }

    /// The path of the store's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The folders that were archives of posts when the store was written, whatever the settings were. Returns
    /// none if they cannot be read.
    pub(super) fn archives(&self) -> Vec<String> {
        let read = || -> Result<Vec<String>, StoreError> {
            let mut file = File::open(&self.file)?;
            let length = file.metadata()?.len();
            let mut start = [0; START];
            file.read_exact(&mut start)?;
            if !start.starts_with(MAGIC) {
                return Err(StoreError::Foreign);
            }
            decoded(&section(&mut file, length)?)
        };
        read().unwrap_or_default()
    }

    /// Loads the stored archive as a snapshot at `moment`.
    ///
    /// # Errors
    /// If there is no store, or it cannot be used.
    pub(super) fn load(&self, rules: SnapshotRules, moment: Timestamp) -> Result<Snapshot, StoreError> {
        let file = File::open(&self.file).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Missing,
            _ => error.into(),
        })?;
        let length = file.metadata()?.len();
        self.read(BufReader::with_capacity(1 << 20, file), length, rules, moment)
    }

    /// Reads an archive from a store of `length` bytes, as a snapshot at `moment`.
    ///
    /// # Errors
    /// If the store cannot be used.
    pub fn read(
        &self,
        file: impl Read + Send,
        length: u64,
        rules: SnapshotRules,
        moment: Timestamp,
    ) -> Result<Snapshot, StoreError> {
        Ok(Snapshot::from_contents(rules, self.contents(file, length)?, moment))
    }

    /// Reads all sections of a store. `longest`, the size of the store, limits the length of a section: a
    /// corrupt length must not cause a huge allocation.
    fn contents(&self, mut file: impl Read + Send, longest: u64) -> Result<Contents, StoreError> {
        let mut start = [0; START];
        file.read_exact(&mut start).map_err(|_| StoreError::Damaged)?;
        if start[..MAGIC.len()] != MAGIC[..] || start[MAGIC.len()..] != self.key.to_le_bytes() {
            return Err(StoreError::Foreign);
        }
        // The settings contain these folders, so the key covers them.
        let _: Vec<String> = decoded(&section(&mut file, longest)?)?;
        let header: StoreHeader = decoded(&section(&mut file, longest)?)?;
        let sections = usize::try_from(header.posts).unwrap_or(usize::MAX).div_ceil(SECTION);
        let read = std::iter::from_fn(|| Some(section(&mut file, longest))).take(sections).par_bridge();
        let posts: Vec<Vec<Post>> =
            read.map(|section| decoded(&section?)).collect::<Result<_, StoreError>>()?;
        let posts: Vec<Post> = posts.into_iter().flatten().collect();
        if posts.len() as u64 != header.posts {
            return Err(StoreError::Damaged);
        }
        Ok(Contents {
            names: names(&header.names),
            codec: Arc::new(ArticleCodec::with_dictionary(header.dictionary).ok_or(StoreError::Damaged)?),
            posts,
            pages: header.pages,
            problems: problems_by_file(header.problems),
        })
    }

    /// Writes an archive to the store. Posts in `stamp_only_changes` get the new version of their file.
    ///
    /// # Errors
    /// If the store cannot be written. The previous store is kept.
    pub(super) fn save(
        &self,
        archive: &Snapshot,
        stamp_only_changes: &HashMap<PostId, FileVersion>,
    ) -> io::Result<()> {
        let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let aside = self.file.with_extension("new");
        let written =
            self.write(&aside, archive, stamp_only_changes).and_then(|()| fs::rename(&aside, &self.file));
        if written.is_err() {
            // The partial file may be what fills the disk.
            let _ = fs::remove_file(&aside);
        }
        written
    }

    fn write(
        &self,
        aside: &Path,
        archive: &Snapshot,
        stamp_only_changes: &HashMap<PostId, FileVersion>,
    ) -> io::Result<()> {
        if let Some(folder) = aside.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = BufWriter::with_capacity(1 << 20, File::create(aside)?);
        file.write_all(MAGIC)?;
        file.write_all(&self.key.to_le_bytes())?;
        put(&mut file, &archive.post_folders().found())?;
        let posts: Vec<(PostId, &Post)> = archive.every_post_with_id().collect();
        let header = StoreHeader {
            names: archive.names().iter().map(ToOwned::to_owned).collect(),
            dictionary: archive.codec().dictionary().to_vec(),
            pages: archive.pages().to_vec(),
            problems: archive.file_problems().cloned().collect(),
            posts: posts.len() as u64,
        };
        put(&mut file, &header)?;
        for section in posts.chunks(SECTION) {
            let section =
                section.iter().map(|(id, post)| with_file_version(post, stamp_only_changes.get(id)));
            put(&mut file, &section.collect::<Vec<_>>())?;
        }
        file.into_inner()?.sync_all()
    }
}

/// A post with the current version of its file.
fn with_file_version<'a>(post: &'a Post, newer: Option<&FileVersion>) -> Cow<'a, Post> {
    match newer {
        Some(file_version) => {
            let mut post = post.clone();
            post.file_version = *file_version;
            Cow::Owned(post)
        }
        None => Cow::Borrowed(post),
    }
}

/// Writes a section: length, checksum, bytes.
fn put(file: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let bytes = postcard::to_stdvec(value).map_err(io::Error::other)?;
    file.write_all(&(bytes.len() as u64).to_le_bytes())?;
    file.write_all(&xxh3_64(&bytes).to_le_bytes())?;
    file.write_all(&bytes)
}

/// Reads the next section: its checksum and bytes.
fn section(file: &mut impl Read, longest: u64) -> Result<(u64, Vec<u8>), StoreError> {
    let mut number = || -> Result<u64, StoreError> {
        let mut bytes = [0; 8];
        file.read_exact(&mut bytes).map_err(|_| StoreError::Damaged)?;
        Ok(u64::from_le_bytes(bytes))
    };
    let (length, checksum) = (number()?, number()?);
    if length > longest {
        return Err(StoreError::Damaged);
    }
    let mut bytes = Vec::with_capacity(length as usize);
    let read = file.take(length).read_to_end(&mut bytes)?;
    if read as u64 == length { Ok((checksum, bytes)) } else { Err(StoreError::Damaged) }
}

fn decoded<T: DeserializeOwned>((checksum, bytes): &(u64, Vec<u8>)) -> Result<T, StoreError> {
    if xxh3_64(bytes) != *checksum {
        return Err(StoreError::Damaged);
    }
    postcard::from_bytes(bytes).map_err(|_| StoreError::Damaged)
}

fn names(texts: &[String]) -> Names {
    let names = Interner::default();
    texts.iter().for_each(|text| {
        names.intern(text);
    });
    names.into_names()
}

fn problems_by_file(problems: Vec<Problem>) -> Vec<FileProblems> {
    let mut files: Vec<FileProblems> = Vec::new();
    for problem in problems {
        match files.last_mut() {
            Some((path, found)) if **path == *problem.path => found.push(problem),
            _ => files.push((Arc::from(&*problem.path), vec![problem])),
        }
    }
    files
}
