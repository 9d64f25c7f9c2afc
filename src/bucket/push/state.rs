//! The files of the bucket, as the log has them, with the versions of the local files that hold the same bytes. A file of
//! the cache folder keeps them between two runs. Without this file, push reads them from the log.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use futures_util::StreamExt as _;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::archive::file_version::FileVersion;
use crate::bucket::commit::{Commit, StoredFile, decode_pack};
use crate::bucket::download::commits;
use crate::bucket::error::BucketError;
use crate::bucket::log::Bucket;

/// The format of the state file.
const VERSION: u32 = 1;

/// The state of the bucket at a position of its log.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct PushState {
    version: u32,
    site: String,
    /// The position of the last applied commit; 0 before the first one.
    pub(super) seq: u64,
    /// True if the store has passed the check of its conditional writes.
    pub(super) is_fit: bool,
    files: BTreeMap<String, FileVersion>,
}

impl PushState {
    pub(super) fn new(site: &str) -> Self {
        Self { version: VERSION, site: site.to_owned(), ..Self::default() }
    }

    /// Reads the state of a site. A missing, damaged or foreign file gives the state of an empty log.
    pub(super) fn read(file: &Path, site: &str) -> Self {
        let bytes = fs::read(file).unwrap_or_default();
        let content = bytes.split_first_chunk().filter(|(hash, rest)| xxh3_64(rest).to_le_bytes() == **hash);
        let state = content.and_then(|(_, rest)| postcard::from_bytes::<Self>(rest).ok());
        let own = state.filter(|state| state.version == VERSION && state.site == site);
        own.unwrap_or_else(|| Self::new(site))
    }

    /// Writes the state with a hash before it. A reader sees the old file or the new one.
    pub(super) fn write(&self, file: &Path) -> io::Result<()> {
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let content = postcard::to_stdvec(self).map_err(io::Error::other)?;
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(&xxh3_64(&content).to_le_bytes())?;
        new.write_all(&content)?;
        new.persist(file)?;
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) fn get(&self, path: &str) -> Option<&FileVersion> {
        self.files.get(path)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &FileVersion)> {
        self.files.iter().map(|(path, version)| (path.as_str(), version))
    }

    /// Returns the paths at or below a path.
    pub(super) fn at_or_below<'s>(&'s self, path: &'s str) -> impl Iterator<Item = &'s str> {
        // `0` is the character after `/`.
        let below = self.files.range(format!("{path}/")..format!("{path}0"));
        let at = self.files.get_key_value(path);
        at.into_iter().chain(below).map(|(path, _)| path.as_str())
    }

    /// Records a file. It replaces a file in the place of its folder, and a folder in its own place.
    pub(super) fn insert(&mut self, path: String, version: FileVersion) {
        if let Some(known) = self.files.get_mut(&path) {
            *known = version;
            return;
        }
        self.replaced_by(&path).iter().for_each(|path| self.remove(path));
        self.files.insert(path, version);
    }

    /// Returns the files whose place a new file takes: a file in the place of its folder, and the files of a folder in
    /// its own place.
    pub(super) fn replaced_by(&self, path: &str) -> Vec<String> {
        let above = path.match_indices('/').map(|(end, _)| &path[..end]);
        let above = above.filter(|folder| self.files.contains_key(*folder));
        let below = self.at_or_below(path).filter(|other| *other != path);
        above.chain(below).map(str::to_owned).collect()
    }

    pub(super) fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// Applies the commits after the position of the state. If the log has lost that position, all of it is read again.
    pub(super) async fn catch_up(&mut self, bucket: &Bucket) -> Result<(), BucketError> {
        let mut newest = bucket.newest(self.seq.saturating_sub(1)).await?;
        if newest < self.seq {
            *self = Self { is_fit: self.is_fit, ..Self::new(&self.site) };
            newest = bucket.newest(0).await?;
        }
        let mut commits = commits(bucket, self.seq + 1..=newest);
        while let Some(commit) = commits.next().await {
            self.apply(bucket, &commit?).await?;
        }
        Ok(())
    }

    /// Applies the next commit, and returns the paths of its files. After an error, the same commit can be applied
    /// again.
    pub(super) async fn apply(
        &mut self,
        bucket: &Bucket,
        commit: &Commit,
    ) -> Result<Vec<String>, BucketError> {
        let mut written = Vec::new();
        for pack in &commit.header.packs {
            let bytes = bucket.pack(pack).await?;
            let mut insert = |file: StoredFile| {
                self.insert_copy(&file);
                written.push(file.path);
                Ok(())
            };
            decode_pack(&bytes, &mut insert).map_err(|error| bucket.damaged(&pack.key, error.to_string()))?;
        }
        commit.files.iter().for_each(|file| self.insert_copy(file));
        written.extend(commit.files.iter().map(|file| file.path.clone()));
        commit.header.gone.iter().for_each(|path| self.remove(path));
        self.seq = commit.header.seq;
        Ok(written)
    }

    fn insert_copy(&mut self, file: &StoredFile) {
        self.insert(file.path.clone(), FileVersion::from_copy(file.modified, &file.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(paths: &[&str]) -> PushState {
        let mut state = PushState::new("s");
        paths.iter().for_each(|path| state.insert((*path).into(), FileVersion::default()));
        state
    }

    #[test]
    fn file_replaces_folder_and_folder_replaces_file() {
        let table: [(&[&str], &[&str]); 5] = [
            (&["a", "a-b", "a/b"], &["a-b", "a/b"]),
            (&["a/b", "a/c/d", "a0", "a"], &["a", "a0"]),
            (&["a/b/c", "a/b"], &["a/b"]),
            (&["a/b", "a/b/c"], &["a/b/c"]),
            (&["a", "a"], &["a"]),
        ];
        for (paths, expected) in table {
            let state = state(paths);
            assert_eq!(state.files().map(|(path, _)| path).collect::<Vec<_>>(), expected, "{paths:?}");
        }
        assert_eq!(state(&["a/b", "a-b", "a/c"]).at_or_below("a").collect::<Vec<_>>(), ["a/b", "a/c"]);
    }

    #[test]
    fn state_file_of_the_same_site_is_used_unless_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("cache/state");
        let written = PushState { seq: 7, is_fit: true, ..state(&["a", "b/c"]) };
        written.write(&file).expect("a file");
        let read = |site: &str| {
            let state = PushState::read(&file, site);
            (state.seq, state.is_fit, state.len())
        };
        assert_eq!(read("s"), (7, true, 2));
        assert_eq!(read("other"), (0, false, 0));
        let mut bytes = fs::read(&file).expect("a file");
        *bytes.last_mut().expect("a byte") ^= 1;
        fs::write(&file, &bytes).expect("a file");
        assert_eq!(read("s"), (0, false, 0));
        fs::write(&file, "short").expect("a file");
        assert_eq!(read("s"), (0, false, 0));
    }
}
