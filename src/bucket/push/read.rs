//! Reads a file that may have changed, and decides whether it enters the log: the log holds good versions only, because
//! replicas have no other version of a post.

use std::path::Path;
use std::time::Duration;

use crate::archive::file_version::{self, FileVersion, LARGEST_FILE, RESTED_AFTER};
use crate::archive::jekyll::files::{SiteFile, SiteFileKind, Walk};
use crate::archive::problem::Problem;
use crate::archive::read::Reader;
use crate::bucket::commit::StoredFile;
use crate::config::{Config, ConfigError};

/// The maximum size of a file that is no post. A push holds a whole file in memory.
const LARGEST_SITE_FILE: u64 = 256 << 20;

/// The time without a change after which a post without the end of its front matter, and an empty file, are complete.
const COMPLETE_AFTER: Duration = Duration::from_secs(2);

/// The result of reading a file.
pub(super) enum FileReading {
    Changed(StoredFile, FileVersion),
    /// The bytes are those of the bucket, and the times are new.
    Touched(FileVersion),
    /// The file is no good version of a post, or cannot be read.
    Rejected(Vec<Problem>),
    /// The file may be incomplete for this time.
    Unsettled(Duration),
    /// The file changes during each read.
    Growing,
    /// The file has the name of a temporary file among posts.
    Omitted,
    Gone,
}

/// Reads the files of a site by its rules.
pub(super) struct SiteFileReader<'a> {
    walk: Walk<'a>,
    posts: Reader<'a>,
}

impl<'a> SiteFileReader<'a> {
    pub(super) fn new(config: &'a Config) -> Result<Self, ConfigError> {
        Ok(Self { walk: Walk::new(config), posts: Reader::new(config)? })
    }

    /// Reads a file like [`Self::read`], and once more when it is complete.
    pub(super) fn read_complete(&self, path: &str, place: &Path, known: Option<&FileVersion>) -> FileReading {
        let reading = self.read(path, place, known);
        let wait = match reading {
            FileReading::Unsettled(wait) => wait,
            FileReading::Growing => RESTED_AFTER,
            _ => return reading,
        };
        std::thread::sleep(wait + Duration::from_millis(50));
        self.read(path, place, known)
    }

    /// Reads a file whose times or size differ from those of the `known` version in the bucket.
    pub(super) fn read(&self, path: &str, place: &Path, known: Option<&FileVersion>) -> FileReading {
        let classified = self.walk.classify(place).filter(|(kind, _)| *kind == SiteFileKind::Post);
        let post = classified.map(|(_, file)| file);
        if post.as_ref().is_some_and(SiteFile::is_temporary) {
            return FileReading::Omitted;
        }
        let largest = if post.is_some() { LARGEST_FILE } else { LARGEST_SITE_FILE };
        let content = match file_version::read_up_to(place, largest) {
            Ok(content) => content,
            Err(_) if !place.exists() => return FileReading::Gone,
            Err(defect) => return FileReading::Rejected(vec![defect.in_file(path)]),
        };
        let version = content.file_version;
        if content.torn {
            return FileReading::Growing;
        }
        if known.is_some_and(|known| known.has_bytes_of(&version)) {
            return FileReading::Touched(version);
        }
        let rest = COMPLETE_AFTER.saturating_sub(version.age());
        let mut may_be_incomplete = content.bytes.is_empty();
        if let Some(file) = post {
            let parsed = self.posts.post(&file, &content, &|_| None);
            if parsed.draft.is_none() {
                let problems = parsed.defects.into_iter().map(|defect| defect.in_file(path));
                return FileReading::Rejected(problems.collect());
            }
            may_be_incomplete = parsed.unclosed;
        }
        if may_be_incomplete && !rest.is_zero() {
            return FileReading::Unsettled(rest);
        }
        let (modified, bytes) = (version.modified_at(), content.bytes.into());
        FileReading::Changed(StoredFile { path: path.to_owned(), modified, bytes }, version)
    }
}
