//! The index on disk: what is in it, and the posts that it finds. Posts themselves are not in it: it gives
//! their keys, and whoever asks has the archive that they are in.

mod asked;
mod facets;
mod merging;
mod segments;
mod top;
mod words;
mod writer;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tantivy::directory::error::OpenReadError;
use tantivy::directory::{INDEX_WRITER_LOCK, MmapDirectory};
use tantivy::query::{EnableScoring, Query as _};
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{
    DocSet, IndexReader, IndexSettings, IndexSortByField, Order as Direction, ReloadPolicy, TERMINATED,
    TantivyError,
};

use super::query::Query;
use super::snippet::Needles;
use crate::archive::{PostId, Snapshot, Timestamp};
pub use asked::meant;
use asked::{Ends, asked, may_be_cut};
use facets::Tally;
pub use facets::{Facet, Facets};
use segments::Segments;
pub use top::Cursor;
use top::Top;
use words::{CHARACTERS, Characters, WORDS, Words};
pub use writer::{BATCH, Writer};

/// Another schema, or other tokens, is another index: its folder carries this.
const VERSION: u32 = 4;
/// Counts are exact up to this. Beyond it only the newest of what is found is counted, and ranked.
pub const MOST_COUNTED: usize = 10_000;
/// After this time a search ends with the newest of what it would have found, as one that finds too much does.
const LONGEST: Duration = Duration::from_secs(2);
/// Titles that are read to see whether they hold what cannot be asked of the index.
const MOST_READ: usize = 1_000;
/// After this time a post is worth three quarters of what a new one is that fits as well.
const FADED_AFTER: f32 = 365.0 * 86_400.0;

/// An index of an archive.
pub struct Index {
    folder: PathBuf,
    fields: Fields,
    index: tantivy::Index,
    /// Its files.
    directory: MmapDirectory,
    reader: IndexReader,
    /// What was last committed.
    segments: ArcSwap<Segments>,
}

#[derive(Clone, Copy)]
struct Fields {
    key: Field,
    version: Field,
    date: Field,
    title: Field,
    text: Field,
    /// Their Han characters: who looks for one would else have to look through all pairs with it.
    title_characters: Field,
    text_characters: Field,
    source: Field,
    tag: Field,
    stock: Field,
}

/// In which order posts are found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// Those that fit best first; of those that fit as well, the newer.
    Best,
}

/// What a query finds.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Found {
    /// A page of posts.
    pub posts: Vec<PostId>,
    /// How many there are in all.
    pub count: usize,
    /// Whether there are more than were counted.
    pub is_more: bool,
    /// Whether the words at the ends of what was looked for are parts of words in them, since whole they are
    /// nowhere.
    pub is_cut: bool,
    /// Where the next page goes on.
    pub next: Option<Cursor>,
    /// What the posts that were counted have in common.
    pub facets: Facets,
}

impl Index {
    /// Opens the index in a folder, or makes one. One that is damaged is made anew, since all of it can be
    /// made of the archive; those of older versions are removed, if no process writes them.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path) -> io::Result<Arc<Self>> {
        let path = folder.join(format!("search-{VERSION}"));
        std::fs::create_dir_all(&path)?;
        for entry in std::fs::read_dir(folder)?.flatten() {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("search-")?.parse::<u32>().ok());
            let is_old = number.is_some_and(|number| number < VERSION);
            if is_old && !is_written(&entry.path()) && std::fs::remove_dir_all(entry.path()).is_ok() {
                tracing::info!("the search index of an older version is removed: {}", entry.path().display());
            }
        }
        let index = match Self::open_in(&path) {
            Ok(index) => index,
            Err(error) if is_refused(&error) || is_written(&path) => return Err(io::Error::other(error)),
            Err(error) => {
                tracing::warn!("the search index in {} is made anew: {error}", path.display());
                Self::remove(folder)?;
                std::fs::create_dir_all(&path)?;
                Self::open_in(&path).map_err(io::Error::other)?
            }
        };
        Ok(Arc::new(index))
    }

    /// Removes the index in a folder, unless a process writes it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn remove(folder: &Path) -> io::Result<()> {
        let path = folder.join(format!("search-{VERSION}"));
        if is_written(&path) || !path.exists() { Ok(()) } else { std::fs::remove_dir_all(&path) }
    }

    /// A file that is not as it was written. All of them are read.
    pub fn damaged_file(&self) -> Option<PathBuf> {
        // What is removed meanwhile was merged into another.
        self.index.validate_checksum().ok()?.into_iter().next()
    }

    fn open_in(folder: &Path) -> tantivy::Result<Self> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(WORDS)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let words = TextOptions::default().set_indexing_options(indexing);
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(CHARACTERS)
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false);
        let characters = TextOptions::default().set_indexing_options(indexing);
        let fields = Fields {
            key: schema.add_u64_field("key", INDEXED | FAST),
            version: schema.add_u64_field("version", FAST),
            date: schema.add_i64_field("date", FAST),
            title: schema.add_text_field("title", words.clone()),
            text: schema.add_text_field("text", words),
            title_characters: schema.add_text_field("title_characters", characters.clone()),
            text_characters: schema.add_text_field("text_characters", characters),
            source: schema.add_u64_field("source", INDEXED | FAST),
            tag: schema.add_u64_field("tag", INDEXED),
            stock: schema.add_u64_field("stock", INDEXED | FAST),
        };
        // Newest first.
        let by_date = IndexSortByField { field: "date".into(), order: Direction::Desc };
        let settings = IndexSettings { sort_by_field: Some(by_date), ..IndexSettings::default() };
        let builder = tantivy::Index::builder().schema(schema.build()).settings(settings);
        let directory = MmapDirectory::open(folder)?;
        let index = builder.open_or_create(directory.clone())?;
        index.tokenizers().register(WORDS, Words);
        index.tokenizers().register(CHARACTERS, Characters);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let segments = ArcSwap::from_pointee(Segments::of(&reader)?);
        Ok(Self { folder: folder.to_owned(), fields, index, directory, reader, segments })
    }

    /// Shows readers what was committed.
    fn reload(&self) -> tantivy::Result<()> {
        self.reader.reload()?;
        self.segments.store(Arc::new(Segments::of(&self.reader)?));
        // The directory remembers each file that it has mapped, also those that merges have removed, and forgets
        // them only here: some kilobytes a commit.
        let _ = self.directory.get_cache_info();
        Ok(())
    }

    /// The folder that it is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// How many posts are in it.
    pub fn len(&self) -> usize {
        self.segments.load().searcher.num_docs() as usize
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What changes whenever it finds something else.
    pub fn generation(&self) -> u64 {
        self.segments.load().generation
    }

    /// The version of each post that is in the index, by its key.
    fn known(&self) -> HashMap<u64, u64> {
        let segments = self.segments.load();
        let mut known = HashMap::with_capacity(segments.searcher.num_docs() as usize);
        for segment in segments.newest_first() {
            let alive = segments.reader(segment).doc_ids_alive();
            known.extend(alive.filter_map(|doc| segment.keys.first(doc).zip(segment.versions.first(doc))));
        }
        known
    }

    /// The posts of an archive that hold what is asked for: `limit` of them, behind those of the page
    /// before. If none holds the words at its ends whole, those whose titles hold them as parts of words.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn search(
        &self,
        archive: &Snapshot,
        query: &Query,
        order: Order,
        after: Option<Cursor>,
        limit: usize,
    ) -> io::Result<Found> {
        if query.is_empty() || limit == 0 {
            return Ok(Found::default());
        }
        let found = self.find(archive, query, Ends::Whole, order, after, limit)?;
        if found.count == 0 && !found.is_more && may_be_cut(query) {
            self.find_cut(archive, query, order, after, limit)
        } else {
            Ok(found)
        }
    }

    /// Posts whose titles hold what is asked for with the words at its ends as parts of words.
    fn find_cut(
        &self,
        archive: &Snapshot,
        query: &Query,
        order: Order,
        after: Option<Cursor>,
        limit: usize,
    ) -> io::Result<Found> {
        let needles = Needles::of(query, true);
        let mut found = self.find(archive, query, Ends::Cut, order, None, MOST_READ)?;
        found.posts.retain(|id| needles.are_in([archive.post(*id).title()]));
        let key = |id: &PostId| archive.post(*id).key();
        // A post that is gone since has left its place to the next.
        let place = |last: Cursor| {
            found.posts.iter().position(|id| key(id) == last.key()).map_or(last.place(), |at| at + 1)
        };
        let start = after.map_or(0, place).min(found.posts.len());
        let end = found.posts.len().min(start + limit);
        let page = &found.posts[start..end];
        let next = page.last().filter(|_| end < found.posts.len()).map(|last| Cursor::at(end - 1, key(last)));
        Ok(Found {
            posts: page.to_vec(),
            count: found.posts.len(),
            is_more: found.next.is_some(),
            is_cut: true,
            next,
            facets: Facets::default(),
        })
    }

    /// How many posts hold what is asked for, counted no further than a search does.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn count(&self, archive: &Snapshot, query: &Query) -> io::Result<usize> {
        Ok(self.find(archive, query, Ends::Whole, Order::Best, None, 1)?.count)
    }

    fn find(
        &self,
        archive: &Snapshot,
        query: &Query,
        ends: Ends,
        order: Order,
        after: Option<Cursor>,
        limit: usize,
    ) -> io::Result<Found> {
        let segments = self.segments.load();
        let searcher = &segments.searcher;
        let scoring = match order {
            Order::Newest => EnableScoring::disabled_from_searcher(searcher),
            Order::Best => EnableScoring::enabled_from_statistics_provider(&**segments, searcher),
        };
        let weight = asked(self.fields, archive, query, ends).weight(scoring).map_err(io::Error::other)?;
        let start = |day| Timestamp::start_of(day, archive.zone()).seconds();
        let from = query.from.map_or(i64::MIN, start);
        let beyond = query.to.and_then(|day| day.succ_opt()).map_or(i64::MAX, start);
        // The same all day, so that the order of one page is that of the next.
        let now = start(archive.today());
        // One more, to know whether there is another page.
        let (mut top, mut tally) = (Top::new(limit + 1, after), Tally::default());
        let (mut is_more, begun) = (false, Instant::now());
        for (number, segment) in segments.newest_first().enumerate() {
            let enough = tally.len() > MOST_COUNTED;
            let is_late = begun.elapsed() > LONGEST;
            if is_late || enough && (order == Order::Best || top.is_beyond(segment.newest)) {
                is_more = true;
                break;
            }
            let is_passed = enough && top.is_past(segment.oldest);
            if segment.newest < from || segment.oldest >= beyond || is_passed {
                continue;
            }
            let reader = segments.reader(segment);
            let mut scorer = weight.scorer(reader, 1.0).map_err(io::Error::other)?;
            let mut doc = scorer.doc();
            while doc != TERMINATED {
                let date = segment.dates.first(doc).unwrap_or_default();
                if (from..beyond).contains(&date) && !reader.is_deleted(doc) {
                    // Newest first, so that nothing better follows.
                    let enough = tally.len() > MOST_COUNTED;
                    if enough && (order == Order::Best || top.is_beyond(date)) {
                        is_more = true;
                        break;
                    }
                    let rank = match order {
                        Order::Newest => date,
                        Order::Best => rank(scorer.score(), now - date),
                    };
                    top.offer(rank, || segment.keys.first(doc).unwrap_or_default());
                    tally.count((number, segment), doc, date);
                }
                doc = scorer.advance();
            }
        }
        let count = tally.len();
        is_more |= count > MOST_COUNTED;
        let (keys, next) = top.finish();
        let posts =
            keys.into_iter().filter_map(|key| archive.of_key(key)).filter(|id| archive.is_listed(*id));
        Ok(Found {
            posts: posts.collect(),
            count: count.min(MOST_COUNTED),
            is_more,
            is_cut: false,
            next,
            facets: tally.facets(archive, &segments),
        })
    }
}

/// Whether a process writes the index in a folder: it holds a lock on a file of the library's.
fn is_written(folder: &Path) -> bool {
    let lock = std::fs::File::open(folder.join(INDEX_WRITER_LOCK.filepath.as_path()));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
}

/// Whether the system refused something, which says nothing of what the files hold.
pub(super) fn is_of_system(error: &io::Error) -> bool {
    error.raw_os_error().is_some() || library_error(error).is_some_and(is_refused)
}

/// Whether the files surely hold what makes no sense, or some are missing.
pub(super) fn is_of_damage(error: &io::Error) -> bool {
    let is_it = |error: &TantivyError| {
        let is_of_file = matches!(error, TantivyError::DataCorruption(_) | TantivyError::OpenReadError(_));
        is_of_file && !is_refused(error)
    };
    library_error(error).is_some_and(is_it)
}

fn library_error(error: &io::Error) -> Option<&TantivyError> {
    error.get_ref()?.downcast_ref()
}

fn is_refused(error: &TantivyError) -> bool {
    let error = match error {
        TantivyError::IoError(error)
        | TantivyError::OpenReadError(OpenReadError::IoError { io_error: error, .. }) => error,
        _ => return false,
    };
    error.raw_os_error().is_some()
}

/// How well a post fits, from how well its text does and its age in seconds.
fn rank(score: f32, age: i64) -> i64 {
    let years = age.max(0) as f32 / FADED_AFTER;
    let worth = score * (1.0 + 1.0 / (1.0 + years)) / 2.0;
    // Floats that are not negative are in the order of their bits.
    i64::from(worth.max(0.0).to_bits())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_fits_as_well_the_newer_is_better_and_a_title_beats_a_year() {
        let year = FADED_AFTER as i64;
        assert!(rank(2.0, 0) > rank(2.0, year) && rank(2.0, year) > rank(2.0, 10 * year));
        assert!(rank(6.0, 20 * year) > rank(2.0, 0));
        assert_eq!(rank(2.0, -5), rank(2.0, 0));
    }
}
