//! The index on disk. It stores the keys of posts, not the posts: callers look a key up in their snapshot.

mod facets;
mod fields;
mod merging;
mod segments;
mod tantivy_query;
mod tokenizers;
mod top_results;
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
use tantivy::schema::Schema;
use tantivy::{
    DocSet, IndexReader, IndexSettings, IndexSortByField, Order as Direction, ReloadPolicy, TERMINATED,
    TantivyError,
};

use crate::archive::{PostId, Snapshot, Timestamp};
use crate::search::index::facets::FacetCounter;
use crate::search::index::fields::Fields;
use crate::search::index::segments::Segments;
use crate::search::index::tantivy_query::{WordEdges, build_query, may_be_cut};
use crate::search::index::tokenizers::{CHARACTERS, CharacterTokenizer, WORDS, WordTokenizer};
use crate::search::index::top_results::TopResults;
use crate::search::query::Query;
use crate::search::snippet::Needles;

pub use crate::search::index::facets::{Facet, Facets, MOST_COUNTED};
pub use crate::search::index::tantivy_query::matching_groups;
pub use crate::search::index::top_results::Cursor;
pub use crate::search::index::writer::{BATCH, Writer};

/// Version of the schema, the tokens and the indexed texts. A change of one needs a new index, so the folder name
/// carries it.
const VERSION: u32 = 6;
/// The name of the index folder without the version.
const FOLDER: &str = "search-";
/// Time limit of a search. A search that exceeds it returns only the newest matches, like one with too many.
const LONGEST: Duration = Duration::from_secs(2);
/// Maximum titles that a search for parts of words checks. The index alone cannot confirm such a match.
const MOST_READ: usize = 1_000;
/// Age in seconds at which the rank of a post is three quarters of that of a new post with the same score.
const FADED_AFTER: f32 = 365.0 * 86_400.0;

/// The index of an archive, shared by the searching threads and one writer.
pub struct SearchIndex {
    folder: PathBuf,
    fields: Fields,
    index: tantivy::Index,
    /// The directory of the index files, kept to prune its list of memory maps.
    directory: MmapDirectory,
    reader: IndexReader,
    /// The last commit.
    segments: ArcSwap<Segments>,
}

/// Sort order of results.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// Newest first.
    #[default]
    Newest,
    /// Highest rank first; posts of equal rank, newest first.
    Best,
}

/// The result of a search.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct SearchResults {
    /// One page of posts, in the requested [`Order`].
    pub posts: Vec<PostId>,
    /// Number of matching posts, at most [`MOST_COUNTED`].
    pub count: usize,
    /// True if there are more matches than `count`.
    pub is_more: bool,
    /// True if the texts match only with the words at their ends as parts of words: no post contains them
    /// whole.
    pub is_cut: bool,
    /// The start of the next page, if there is one.
    pub next: Option<Cursor>,
    /// Sources, months and securities of the counted posts.
    pub facets: Facets,
}

impl SearchIndex {
    /// Opens the index in a folder, or creates it. A damaged index is replaced by an empty one, since the
    /// archive contains everything to build it again. Indexes of older versions are removed unless a process
    /// writes them.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn open(folder: &Path) -> io::Result<Arc<Self>> {
        let path = index_folder(folder);
        std::fs::create_dir_all(&path)?;
        for entry in std::fs::read_dir(folder)?.flatten() {
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix(FOLDER)?.parse::<u32>().ok());
            let is_old = number.is_some_and(|number| number < VERSION);
            if is_old && !is_written(&entry.path()) && std::fs::remove_dir_all(entry.path()).is_ok() {
                tracing::info!("removed the search index of an older version: {}", entry.path().display());
            }
        }
        let index = match Self::open_in(&path) {
            Ok(index) => index,
            Err(error) if is_refused(&error) || is_written(&path) => return Err(io::Error::other(error)),
            Err(error) => {
                tracing::warn!("search index in {} cannot be opened; rebuilding it: {error}", path.display());
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
        let path = index_folder(folder);
        if is_written(&path) || !path.exists() { Ok(()) } else { std::fs::remove_dir_all(&path) }
    }

    /// Returns a file whose checksum does not match. Reads every file of the index.
    pub(crate) fn damaged_file(&self) -> Option<PathBuf> {
        // A merge may remove a file during the check. Another file then has its content, so the error is
        // ignored.
        self.index.validate_checksum().ok()?.into_iter().next()
    }

    fn open_in(folder: &Path) -> tantivy::Result<Self> {
        let mut schema = Schema::builder();
        let fields = Fields::new(&mut schema);
        // Newest first, so that a search can stop early.
        let by_date = IndexSortByField { field: "date".into(), order: Direction::Desc };
        let settings = IndexSettings { sort_by_field: Some(by_date), ..IndexSettings::default() };
        let builder = tantivy::Index::builder().schema(schema.build()).settings(settings);
        let directory = MmapDirectory::open(folder)?;
        let index = builder.open_or_create(directory.clone())?;
        index.tokenizers().register(WORDS, WordTokenizer);
        index.tokenizers().register(CHARACTERS, CharacterTokenizer);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let segments = ArcSwap::from_pointee(Segments::new(&reader)?);
        Ok(Self { folder: folder.to_owned(), fields, index, directory, reader, segments })
    }

    /// Makes the last commit visible to searches.
    fn reload(&self) -> tantivy::Result<()> {
        self.reader.reload()?;
        self.segments.store(Arc::new(Segments::new(&self.reader)?));
        // The directory keeps an entry for each mapped file, even for files that merges have removed. Only
        // this call drops them; without it each commit costs some kilobytes.
        let _ = self.directory.get_cache_info();
        Ok(())
    }

    /// The folder of the index files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Number of indexed posts.
    pub fn len(&self) -> usize {
        self.segments.load().searcher.num_docs() as usize
    }

    /// True if no post is indexed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A number that changes with each commit that searches see. Unique within this process.
    pub fn generation(&self) -> u64 {
        self.segments.load().generation
    }

    /// The content hash of each indexed post, by the key of the post.
    fn known(&self) -> HashMap<u64, u64> {
        let segments = self.segments.load();
        let mut known = HashMap::with_capacity(segments.searcher.num_docs() as usize);
        for segment in segments.newest_first() {
            let alive = segments.reader(segment).doc_ids_alive();
            known.extend(alive.filter_map(|doc| segment.keys.first(doc).zip(segment.versions.first(doc))));
        }
        known
    }

    /// Searches an archive: returns up to `limit` posts, starting after the previous page. If no post
    /// matches, a second search looks for the words at the ends of the texts as parts of words in titles.
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
    ) -> io::Result<SearchResults> {
        if query.is_empty() || limit == 0 {
            return Ok(SearchResults::default());
        }
        let found = self.find(archive, query, WordEdges::Whole, order, after, limit)?;
        if found.count == 0 && !found.is_more && query.texts.iter().any(|text| may_be_cut(text)) {
            self.find_cut(archive, query, order, after, limit)
        } else {
            Ok(found)
        }
    }

    /// Finds posts whose titles contain the texts that begin or end with a word, with these words as parts of
    /// words. The other texts match as in [`WordEdges::Whole`].
    fn find_cut(
        &self,
        archive: &Snapshot,
        query: &Query,
        order: Order,
        after: Option<Cursor>,
        limit: usize,
    ) -> io::Result<SearchResults> {
        let cut = query.texts.iter().filter(|text| may_be_cut(text)).cloned().collect();
        let needles = Needles::new(&Query { texts: cut, ..Query::default() }, true);
        let mut found = self.find(archive, query, WordEdges::Cut, order, None, MOST_READ)?;
        found.posts.retain(|id| needles.are_in([archive.post(*id).title()]));
        let key = |id: &PostId| archive.post(*id).key();
        // If that post has been removed, the next one has taken its position.
        let place = |last: Cursor| {
            found.posts.iter().position(|id| key(id) == last.key()).map_or(last.place(), |at| at + 1)
        };
        let start = after.map_or(0, place).min(found.posts.len());
        let end = found.posts.len().min(start + limit);
        let page = &found.posts[start..end];
        let next = page
            .last()
            .filter(|_| end < found.posts.len())
            .map(|last| Cursor::from_place(end - 1, key(last)));
        Ok(SearchResults {
            posts: page.to_vec(),
            count: found.posts.len(),
            is_more: found.next.is_some(),
            is_cut: true,
            next,
            facets: Facets::default(),
        })
    }

    /// Number of posts that match a query, counted up to the same limit as in a search.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn count(&self, archive: &Snapshot, query: &Query) -> io::Result<usize> {
        Ok(self.find(archive, query, WordEdges::Whole, Order::Best, None, 1)?.count)
    }

    fn find(
        &self,
        archive: &Snapshot,
        query: &Query,
        ends: WordEdges,
        order: Order,
        after: Option<Cursor>,
        limit: usize,
    ) -> io::Result<SearchResults> {
        let segments = self.segments.load();
        let searcher = &segments.searcher;
        let scoring = match order {
            Order::Newest => EnableScoring::disabled_from_searcher(searcher),
            Order::Best => EnableScoring::enabled_from_statistics_provider(&**segments, searcher),
        };
        let weight =
            build_query(self.fields, archive, query, ends).weight(scoring).map_err(io::Error::other)?;
        let start = |day| Timestamp::start_of_day(day, archive.zone()).seconds();
        let from = query.from.map_or(i64::MIN, start);
        let beyond = query.to.and_then(|day| day.succ_opt()).map_or(i64::MAX, start);
        // The start of the day rather than the current time, so that ranks stay the same from page to page.
        let now = start(archive.today());
        // One extra post shows whether there is another page.
        let (mut top, mut counter) = (TopResults::new(limit + 1, after), FacetCounter::default());
        let (mut is_more, begun) = (false, Instant::now());
        for (number, segment) in segments.newest_first().enumerate() {
            let enough = counter.len() > MOST_COUNTED;
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
                    // Documents are sorted newest first, so the rest is older.
                    let enough = counter.len() > MOST_COUNTED;
                    if enough && (order == Order::Best || top.is_beyond(date)) {
                        is_more = true;
                        break;
                    }
                    let rank = match order {
                        Order::Newest => date,
                        Order::Best => rank(scorer.score(), now - date),
                    };
                    top.offer(rank, || segment.keys.first(doc).unwrap_or_default());
                    counter.count((number, segment), doc, date);
                }
                doc = scorer.advance();
            }
        }
        let count = counter.len();
        is_more |= count > MOST_COUNTED;
        let (keys, next) = top.finish();
        let posts =
            keys.into_iter().filter_map(|key| archive.by_key(key)).filter(|id| archive.is_listed(*id));
        Ok(SearchResults {
            posts: posts.collect(),
            count: count.min(MOST_COUNTED),
            is_more,
            is_cut: false,
            next,
            facets: counter.facets(archive, &segments),
        })
    }
}

/// Returns the folder of the index files within the folder that the owner names.
fn index_folder(folder: &Path) -> PathBuf {
    folder.join(format!("{FOLDER}{VERSION}"))
}

/// Returns whether a process writes the index in a folder: the writer holds tantivy's lock file.
fn is_written(folder: &Path) -> bool {
    let lock = std::fs::File::open(folder.join(INDEX_WRITER_LOCK.filepath.as_path()));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
}

/// Returns whether the operating system reported the error. Such an error does not mean that the files are
/// damaged.
pub(super) fn is_of_system(error: &io::Error) -> bool {
    error.raw_os_error().is_some() || library_error(error).is_some_and(is_refused)
}

/// Returns whether the error proves that files are damaged or missing.
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

/// Combines the text score of a post with its age in seconds. A newer post ranks higher at the same score.
fn rank(score: f32, age: i64) -> i64 {
    let years = age.max(0) as f32 / FADED_AFTER;
    let worth = score * (1.0 + 1.0 / (1.0 + years)) / 2.0;
    // The bits of non-negative floats sort like the floats.
    i64::from(worth.max(0.0).to_bits())
}

#[cfg(test)]
mod tests {
    use crate::search::index::*;

    #[test]
    fn rank_prefers_newer_posts_but_a_high_score_beats_age() {
        let year = FADED_AFTER as i64;
        assert!(rank(2.0, 0) > rank(2.0, year) && rank(2.0, year) > rank(2.0, 10 * year));
        assert!(rank(6.0, 20 * year) > rank(2.0, 0));
        assert_eq!(rank(2.0, -5), rank(2.0, 0));
    }
}
