//! Commits and packs as bytes: `tar.zst` archives. The programs tar and zstd restore the files without finews.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tar::{Archive, Builder, Entry, EntryType, Header};
use zstd::stream::{read, write};

/// The path of the header in a commit. No file of a site is below this folder.
const HEADER_PATH: &str = ".finews/commit.json";
const RESERVED_FOLDER: &str = ".finews";

/// The size of a block of an archive, and the most empty bytes at its end: GNU tar fills up 10 KiB.
const BLOCK: usize = 512;
const MOST_PADDING: u64 = 1 << 16;

/// The most bytes that are reserved for a file before it is read: the maximum size of a pushed file. A buffer that grows
/// would take more than the size of the file.
const MOST_RESERVED: usize = 256 << 20;

/// A file of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// The path relative to the site, with `/` between its parts.
    pub path: String,
    /// The time of the last change of the file.
    pub modified: SystemTime,
    /// The content.
    pub bytes: Bytes,
}

/// A pack that a commit names. Its files precede the commit's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackRef {
    /// The key of the object, below `pack/`.
    pub key: String,
    /// The size of the object.
    pub bytes: u64,
    /// The hash of the object, in hexadecimal digits.
    pub sha256: String,
    /// The number of files.
    pub files: u64,
}

/// The first entry of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitHeader {
    /// The id of the draft. A writer recognises its own commit by it.
    pub id: String,
    /// The position in the log, from 1.
    pub seq: u64,
    /// The id of the site.
    pub site: String,
    /// The time of the writer. Only `seq` orders commits.
    pub at: DateTime<Utc>,
    /// The machine that wrote the commit.
    pub by: String,
    /// The paths that are removed, after the files are written.
    pub gone: Vec<String>,
    /// The packs whose files precede those of the commit, in order.
    pub packs: Vec<PackRef>,
}

/// A change of the site: files in packs, then its own files, then removed paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Position, writer, packs and removed paths.
    pub header: CommitHeader,
    /// The files outside the packs.
    pub files: Vec<StoredFile>,
}

/// A change that has no position yet. A draft enters the log at most once, however often it is appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitDraft {
    id: String,
    /// The paths to remove.
    pub gone: Vec<String>,
    /// The packs that [`Bucket::put_pack`](super::Bucket::put_pack) wrote for this draft.
    pub packs: Vec<PackRef>,
    /// The files outside the packs.
    pub files: Vec<StoredFile>,
    /// The name of this machine.
    pub by: String,
}

impl CommitDraft {
    /// Creates an empty draft with a new id.
    pub fn new(by: impl Into<String>) -> Self {
        Self { id: random_id(), gone: Vec::new(), packs: Vec::new(), files: Vec::new(), by: by.into() }
    }

    /// The id of the draft, which its commit keeps.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the header of the draft at a position of the log.
    pub(super) fn header(&self, seq: u64, site: &str) -> CommitHeader {
        let Self { id, gone, packs, files: _, by } = self.clone();
        CommitHeader { id, seq, site: site.to_owned(), at: Utc::now(), by, gone, packs }
    }
}

/// The reason why the files of a pack were not all passed on.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The bytes are no pack; the reason.
    #[error("{0}")]
    Damaged(String),
    /// The receiver of the files failed.
    #[error("{0}")]
    Write(#[from] io::Error),
}

impl From<String> for PackError {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

/// Returns 32 random hexadecimal digits.
pub(super) fn random_id() -> String {
    // The keys of the hashers come from the random numbers of the system.
    let half = || RandomState::new().hash_one((std::process::id(), SystemTime::now()));
    format!("{:016x}{:016x}", half(), half())
}

/// Returns the reason why a path cannot be stored, if there is one.
pub fn path_error(path: &str) -> Option<&'static str> {
    if path.contains('\0') {
        return Some("has a NUL character");
    }
    for part in path.split('/') {
        match part {
            "" => return Some("is absolute or has an empty part"),
            "." | ".." => return Some("has the part `.` or `..`"),
            _ => {}
        }
    }
    let first = path.split('/').next();
    (first == Some(RESERVED_FOLDER)).then_some("is in the reserved folder `.finews`")
}

/// Encodes a commit.
///
/// # Errors
/// Fails if a path cannot be stored.
pub fn encode_commit(header: &CommitHeader, files: &[StoredFile]) -> io::Result<Bytes> {
    let mut archive = new_archive()?;
    append(&mut archive, HEADER_PATH, header.at.into(), &serde_json::to_vec(header)?)?;
    append_files(archive, files)
}

/// Encodes a pack.
///
/// # Errors
/// Fails if a path cannot be stored.
pub fn encode_pack(files: &[StoredFile]) -> io::Result<Bytes> {
    append_files(new_archive()?, files)
}

/// Decodes a commit. The error is the reason why the bytes are no commit.
pub fn decode_commit(bytes: &[u8]) -> Result<Commit, String> {
    let mut header = None;
    let mut files = Vec::new();
    read_archive(bytes, |file| {
        if header.is_some() {
            files.push(checked(file)?);
        } else if file.path == HEADER_PATH {
            header = Some(decode_header(&file.bytes)?);
        } else {
            return Err(format!("its first entry is `{}`, not `{HEADER_PATH}`", file.path));
        }
        Ok(())
    })?;
    let header = header.ok_or_else(|| format!("it has no `{HEADER_PATH}`"))?;
    Ok(Commit { header, files })
}

/// Reads the id of a commit from its first bytes, without their check; `None` if they are too few.
pub(super) fn decode_id(start: &[u8]) -> Option<String> {
    let mut archive = Archive::new(read::Decoder::with_buffer(start).ok()?);
    let file = read_entry(&mut archive.entries().ok()?.next()?.ok()?).ok()?;
    Some(decode_header(&file.bytes).ok()?.id)
}

/// Decodes a pack, passes its files on one by one, and returns their number.
pub fn decode_pack(
    bytes: &[u8],
    receive: &mut dyn FnMut(StoredFile) -> io::Result<()>,
) -> Result<u64, PackError> {
    let mut count = 0;
    read_archive(bytes, |file| {
        receive(checked(file)?)?;
        count += 1;
        Ok::<(), PackError>(())
    })?;
    Ok(count)
}

type ArchiveWriter = Builder<write::Encoder<'static, Vec<u8>>>;

fn new_archive() -> io::Result<ArchiveWriter> {
    let mut encoder = write::Encoder::new(Vec::new(), zstd::DEFAULT_COMPRESSION_LEVEL)?;
    encoder.include_checksum(true)?;
    Ok(Builder::new(encoder))
}

fn append_files(mut archive: ArchiveWriter, files: &[StoredFile]) -> io::Result<Bytes> {
    for StoredFile { path, modified, bytes } in files {
        if let Some(reason) = path_error(path) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("the path `{path}` {reason}")));
        }
        append(&mut archive, path, *modified, bytes)?;
    }
    Ok(archive.into_inner()?.finish()?.into())
}

fn append(archive: &mut ArchiveWriter, path: &str, modified: SystemTime, bytes: &[u8]) -> io::Result<()> {
    let (is_negative, since) = match modified.duration_since(UNIX_EPOCH) {
        Ok(since) => (false, since),
        Err(error) => (true, error.duration()),
    };
    // The field of the header has whole seconds from 1970 on. The record of the extended header replaces it.
    if is_negative || since.subsec_nanos() > 0 {
        let sign = if is_negative { "-" } else { "" };
        let decimal = format!("{sign}{}.{:09}", since.as_secs(), since.subsec_nanos());
        archive.append_pax_extensions([("mtime", decimal.as_bytes())])?;
    }
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(if is_negative { 0 } else { since.as_secs() });
    header.set_size(bytes.len() as u64);
    archive.append_data(&mut header, path, bytes)
}

/// Passes each file of an archive on, and checks the archive to its last byte.
fn read_archive<E: From<String>>(
    bytes: &[u8],
    mut receive: impl FnMut(StoredFile) -> Result<(), E>,
) -> Result<(), E> {
    let reason = |error: io::Error| error.to_string();
    let decoder = read::Decoder::with_buffer(bytes).map_err(reason)?.single_frame();
    let mut archive = Archive::new(decoder);
    for entry in archive.entries().map_err(reason)? {
        receive(read_entry(&mut entry.map_err(reason)?)?)?;
    }
    let mut decoder = archive.into_inner();
    let mut rest = Vec::new();
    decoder.by_ref().take(MOST_PADDING).read_to_end(&mut rest).map_err(reason)?;
    decoder.finish_frame().map_err(reason)?;
    // The archive ends with two empty blocks, and the reader of entries takes the first one.
    if rest.len() < BLOCK || rest.iter().any(|byte| *byte != 0) {
        return Err("the end of the archive is missing".to_owned().into());
    }
    if !decoder.into_inner().is_empty() {
        return Err("bytes follow the end of the archive".to_owned().into());
    }
    Ok(())
}

fn read_entry<R: Read>(entry: &mut Entry<'_, R>) -> Result<StoredFile, String> {
    let path = String::from_utf8(entry.path_bytes().into_owned())
        .map_err(|error| format!("the path `{}` is not UTF-8", String::from_utf8_lossy(error.as_bytes())))?;
    if entry.header().entry_type() != EntryType::Regular {
        return Err(format!("the entry `{path}` is not a regular file"));
    }
    let modified = modified(entry).ok_or_else(|| format!("the time of the entry `{path}` is invalid"))?;
    let size = entry.size();
    let mut bytes = Vec::with_capacity(reserved(size));
    entry.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 != size {
        return Err(format!("the entry `{path}` is cut off"));
    }
    Ok(StoredFile { path, modified, bytes: bytes.into() })
}

/// The capacity of a buffer for content of this size, which may be wrong.
pub(super) fn reserved(size: u64) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX).min(MOST_RESERVED)
}

fn checked(file: StoredFile) -> Result<StoredFile, String> {
    match path_error(&file.path) {
        None => Ok(file),
        Some(reason) => Err(format!("the path `{}` {reason}", file.path)),
    }
}

fn decode_header(json: &[u8]) -> Result<CommitHeader, String> {
    let header: CommitHeader =
        serde_json::from_slice(json).map_err(|error| format!("`{HEADER_PATH}`: {error}"))?;
    for path in &header.gone {
        if let Some(reason) = path_error(path) {
            return Err(format!("the removed path `{path}` {reason}"));
        }
    }
    let is_key = |key: &str| key.starts_with("pack/") && path_error(key).is_none();
    match header.packs.iter().find(|pack| !is_key(&pack.key)) {
        Some(pack) => Err(format!("`{}` is not the key of a pack", pack.key)),
        None => Ok(header),
    }
}

/// The time of an entry: the record of its extended header, else the field of its header.
fn modified<R: Read>(entry: &mut Entry<'_, R>) -> Option<SystemTime> {
    if let Some(records) = entry.pax_extensions().ok()? {
        for record in records {
            let record = record.ok()?;
            if record.key_bytes() == b"mtime" {
                return parse_time(record.value().ok()?);
            }
        }
    }
    let seconds = entry.header().mtime().ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Parses decimal seconds since 1970, such as `-1.5`.
fn parse_time(text: &str) -> Option<SystemTime> {
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if seconds.is_empty() || !is_number(seconds) || !is_number(fraction) {
        return None;
    }
    let nanoseconds = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanoseconds = nanoseconds.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let since = Duration::new(seconds.parse().ok()?, nanoseconds);
    if is_negative { UNIX_EPOCH.checked_sub(since) } else { UNIX_EPOCH.checked_add(since) }
}

#[cfg(test)]
mod tests;
