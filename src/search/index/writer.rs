//! Brings the index up to date with the archive.

use std::io;
use std::sync::Arc;

use tantivy::directory::error::LockError;
use tantivy::indexer::IndexWriterOptions;
use tantivy::{IndexWriter, TantivyDocument, TantivyError, Term};

use crate::archive::snapshot::GroupKind;
use crate::archive::{PostId, Snapshot};
use crate::search::index::SearchIndex;
use crate::search::index::fields::name_hash;
use crate::search::index::merging::SmallSegments;

/// Memory in bytes that the writer fills before it writes a segment.
const MEMORY: usize = 64 << 20;
/// Posts of one commit while a backlog is indexed. A killed program loses at most this much work, and a new
/// post waits for at most this many others.
pub const BATCH: usize = 10_000;

/// The only writer of an index; it holds the lock of the folder.
pub struct Writer {
    index: Arc<SearchIndex>,
    writer: IndexWriter,
    /// The last archive that was indexed; `None` before the first comparison with the index.
    followed: Option<Arc<Snapshot>>,
    /// Keys of the posts to add, newest last.
    backlog: Vec<u64>,
    batch: usize,
}

impl Writer {
    /// Creates the writer of an index, with a number of posts per commit such as [`BATCH`]. Returns `None` if
    /// another process writes the index.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn new(index: &Arc<SearchIndex>, batch: usize) -> io::Result<Option<Self>> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(MEMORY)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter = match index.index.writer_with_options(options) {
            Ok(writer) => writer,
            Err(TantivyError::LockFailure(LockError::LockBusy, _)) => return Ok(None),
            Err(error) => return Err(io::Error::other(error)),
        };
        writer.set_merge_policy(Box::new(SmallSegments));
        // Partial files of a killed or failed process would fill the disk.
        writer.garbage_collect_files().wait().map_err(io::Error::other)?;
        Ok(Some(Self { index: Arc::clone(index), writer, followed: None, backlog: Vec::new(), batch }))
    }

    /// The index that this writer changes.
    pub fn index(&self) -> &Arc<SearchIndex> {
        &self.index
    }

    /// Updates the index to the posts that lists of an archive show. Removes posts that are gone and adds one
    /// batch of missing posts; posts that changed since the last call come first. Returns how many posts are
    /// still missing.
    ///
    /// # Errors
    /// When the index cannot be written. It then keeps the last commit, and the caller must create a new
    /// writer.
    pub fn follow(&mut self, archive: &Arc<Snapshot>) -> io::Result<usize> {
        let key_term = |key: u64| Term::from_field_u64(self.index.fields.key, key);
        let mut changes = 0;
        match self.followed.replace(Arc::clone(archive)) {
            Some(before) => {
                let since = archive.listed_since(&before);
                for key in since.gone {
                    self.writer.delete_term(key_term(key));
                    changes += 1;
                }
                self.backlog.extend(since.new.into_iter().map(|id| archive.post(id).key()));
            }
            None => {
                let mut known = self.index.known();
                let missing = archive.listed().iter().filter(|id| {
                    let version = archive.version(&archive.story(*id));
                    known.remove(&archive.post(*id).key()) != Some(version)
                });
                self.backlog = missing.map(|id| archive.post(id).key()).collect();
                for key in known.into_keys() {
                    self.writer.delete_term(key_term(key));
                    changes += 1;
                }
            }
        }
        for _ in 0..self.batch.min(self.backlog.len()) {
            let post = self.backlog.pop().and_then(|key| archive.by_key(key));
            if let Some(id) = post.filter(|id| archive.is_listed(*id)) {
                self.add(archive, id)?;
                changes += 1;
            }
        }
        if changes > 0 {
            self.writer.commit().map_err(io::Error::other)?;
            self.index.reload().map_err(io::Error::other)?;
        }
        Ok(self.backlog.len())
    }

    /// Adds a post in place of its previous version. Its text includes the names in its byline. The posts that it leads
    /// are found by its text and their digests, bylines, sources, tags and securities.
    fn add(&self, archive: &Snapshot, id: PostId) -> io::Result<()> {
        let fields = self.index.fields;
        let (post, story) = (archive.post(id), archive.story(id));
        let mut document = TantivyDocument::new();
        document.add_u64(fields.key, post.key());
        document.add_u64(fields.version, archive.version(&story));
        document.add_i64(fields.date, post.date.seconds());
        document.add_text(fields.title, post.title());
        document.add_text(fields.title_characters, post.title());
        match archive.article(post).map(|article| article.text()) {
            Ok(mut text) => {
                let followers = story.followers.iter().map(|id| archive.article(archive.post(*id)));
                for digest in followers.filter_map(|article| article.ok()?.digest) {
                    text.extend(["\n", &digest]);
                }
                for post in story.posts().map(|id| archive.post(id)) {
                    let publisher = post.source_name.map(|name| archive.name(name));
                    let authors = archive.authors(post).map(|author| author.name);
                    for name in publisher.into_iter().chain(authors) {
                        text.extend(["\n", name]);
                    }
                }
                document.add_text(fields.text, &text);
                document.add_text(fields.text_characters, &text);
            }
            // Other posts remain searchable in full.
            Err(error) => {
                tracing::error!(%error, "cannot read the text of {}; only its title is indexed", post.path());
            }
        }
        for kind in GroupKind::ALL {
            for name in archive.group_names(&story, kind) {
                document.add_u64(fields.groups[kind], name_hash(archive.name(name)));
            }
        }
        self.writer.delete_term(Term::from_field_u64(fields.key, post.key()));
        self.writer.add_document(document).map_err(io::Error::other)?;
        Ok(())
    }
}
