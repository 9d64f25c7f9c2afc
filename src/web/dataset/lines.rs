//! A month's lines, oldest post first, part by part.

use std::io::{self, Write};
use std::mem;
use std::ops::Range;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::archive::Snapshot;
use crate::archive::line::{Line, With};

/// A part is made of this many bytes, or a little more.
const PART: usize = 256 * 1024;

/// The lines of posts at some places of the list of all. As new posts come last, the file of a month that
/// goes on begins with what it was before.
pub(super) struct Lines {
    archive: Arc<Snapshot>,
    places: Range<usize>,
    /// None for a file that is sent as it is.
    gzip: Option<GzEncoder<Vec<u8>>>,
    is_done: bool,
}

impl Lines {
    pub(super) fn new(archive: Arc<Snapshot>, places: Range<usize>, is_gzip: bool) -> Self {
        let gzip = is_gzip.then(|| GzEncoder::new(Vec::new(), Compression::fast()));
        Self { archive, places, gzip, is_done: false }
    }

    /// Whether there are no more parts.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// The next part, which may be empty.
    ///
    /// # Errors
    /// When a stored article is damaged.
    pub(super) fn next_part(&mut self) -> io::Result<Vec<u8>> {
        let mut part = Vec::with_capacity(PART + PART / 4);
        while part.len() < PART
            && let Some(place) = self.places.next()
        {
            let Some(id) = self.archive.listed().get(place) else { continue };
            Line::new(&self.archive, self.archive.post(id), With::Text)?.write(&mut part)?;
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
