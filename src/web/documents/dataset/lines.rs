//! Produces the lines of a month in parts, oldest post first.

use std::io::{self, Write};
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::archive::Snapshot;
use crate::archive::json_line::{JsonLine, LineContent};

/// Uncompressed size of a part in bytes; the last line of a part may exceed it.
const PART: usize = 256 * 1024;

/// The lines of a range of the list of all posts. New posts are last, so the file of a month that grows
/// begins with its former content.
pub(crate) struct MonthLines {
    archive: Arc<Snapshot>,
    places: Range<usize>,
    /// `None` for an uncompressed file.
    gzip: Option<GzEncoder<Vec<u8>>>,
    is_done: bool,
}

impl MonthLines {
    pub(crate) fn new(archive: Arc<Snapshot>, places: Range<usize>, is_gzip: bool) -> Self {
        let gzip = is_gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast()));
        Self { archive, places, gzip, is_done: false }
    }

    /// Returns whether all parts are produced.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Returns the next part, which may be empty.
    ///
    /// # Errors
    /// Fails if a stored article is damaged.
    pub(crate) fn next_part(&mut self) -> io::Result<Vec<u8>> {
        let mut part = Vec::with_capacity(PART + PART / 4);
        while part.len() < PART
            && let Some(place) = self.places.next()
        {
            let Some(id) = self.archive.listed().get(place) else { continue };
            JsonLine::new(&self.archive, self.archive.post(id), LineContent::Text)?.write(&mut part)?;
        }
        self.is_done = self.places.is_empty();
        let Some(gzip) = &mut self.gzip else { return Ok(part) };
        gzip.write_all(&part)?;
        if self.is_done {
            gzip.try_finish()?;
        }
        Ok(mem::take(gzip.get_mut()))
    }
}
