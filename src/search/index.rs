//! The index on disk: what is in it, how it follows the archive, and what it finds. Posts themselves are
//! not in it: it gives their keys, and whoever asks has the archive that they are in.

use std::collections::HashMap;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use tantivy::collector::{Count, TopDocs};
use tantivy::directory::MmapDirectory;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, EmptyQuery, Occur, PhraseQuery, RangeQuery, RegexPhraseQuery,
    RegexQuery, TermQuery,
};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{
    DocAddress, IndexReader, IndexWriter, Order as Direction, ReloadPolicy, TantivyDocument, Term,
};

use super::normalise::normalised;
use super::query::{Filter, Query};
use super::tokens::{self, Run, runs};
use crate::archive::snapshot::Group;
use crate::archive::{Post, PostId, Snapshot, Timestamp};

/// Another schema, or other tokens, is another index: its folder carries this.
const VERSION: u32 = 1;
/// Bytes that the writer fills before it writes a segment.
const WRITER_MEMORY: usize = 64 << 20;
/// A word in the title says more than one in the text.
const TITLE_WEIGHT: f32 = 3.0;
/// Pairs that begin with one character.
const MOST_EXPANSIONS: u32 = 1 << 16;
/// What the library calls our tokens.
const TOKENIZER: &str = "finews";

/// An index of an archive.
pub struct Index {
    fields: Fields,
    index: tantivy::Index,
    reader: IndexReader,
    /// None until it follows an archive.
    writing: Mutex<Option<Writing>>,
}

/// Who writes, and what is written: the version of each post by its key.
struct Writing {
    writer: IndexWriter,
    known: HashMap<u64, u64>,
}

#[derive(Clone, Copy)]
struct Fields {
    key: Field,
    version: Field,
    date: Field,
    title: Field,
    text: Field,
    source: Field,
    tag: Field,
    stock: Field,
}

/// In which order posts are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    Newest,
    /// Those that fit best first.
    Best,
}

/// What a query finds.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Found {
    /// A page of posts.
    pub posts: Vec<PostId>,
    /// How many there are in all.
    pub count: usize,
}

impl Index {
    /// Opens the index in a folder, or makes one. One that cannot be read is made anew, since all of it can
    /// be made of the archive; those of other versions are removed.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let own = format!("search-{VERSION}");
        let path = folder.join(&own);
        std::fs::create_dir_all(&path)?;
        for entry in std::fs::read_dir(folder)?.flatten() {
            let name = entry.file_name();
            let is_other = name.to_str().is_some_and(|name| name.starts_with("search-") && name != own);
            if is_other && std::fs::remove_dir_all(entry.path()).is_ok() {
                tracing::info!("the search index of another version is removed: {}", entry.path().display());
            }
        }
        Self::open_in(&path).or_else(|error| {
            tracing::warn!("the search index in {} is made anew: {error}", path.display());
            std::fs::remove_dir_all(&path)?;
            std::fs::create_dir_all(&path)?;
            Self::open_in(&path).map_err(io::Error::other)
        })
    }

    fn open_in(folder: &Path) -> tantivy::Result<Self> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(TOKENIZER)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let words = TextOptions::default().set_indexing_options(indexing);
        let fields = Fields {
            key: schema.add_u64_field("key", INDEXED | FAST),
            version: schema.add_u64_field("version", FAST),
            date: schema.add_i64_field("date", FAST),
            title: schema.add_text_field("title", words.clone()),
            text: schema.add_text_field("text", words),
            source: schema.add_text_field("source", STRING),
            tag: schema.add_text_field("tag", STRING),
            stock: schema.add_text_field("stock", STRING),
        };
        let index = tantivy::Index::open_or_create(MmapDirectory::open(folder)?, schema.build())?;
        index.tokenizers().register(TOKENIZER, Words);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let index = Self { fields, index, reader, writing: Mutex::default() };
        // What is damaged is found now rather than by a reader.
        index.known()?;
        Ok(index)
    }

    /// Makes the index hold what lists of an archive show, each post in its version. `progress` hears how
    /// many of how many posts are in it.
    ///
    /// # Errors
    /// When it cannot be written, or an article is damaged; it then holds what it did.
    pub fn follow(&self, archive: &Snapshot, progress: &dyn Fn(usize, usize)) -> io::Result<()> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken out, so that after a failure all begins anew.
        let mut now = match writing.take() {
            Some(writing) => writing,
            None => self.begin().map_err(io::Error::other)?,
        };
        self.write(&mut now, archive, progress)?;
        *writing = Some(now);
        Ok(())
    }

    fn begin(&self) -> tantivy::Result<Writing> {
        let writer = self.index.writer_with_num_threads(1, WRITER_MEMORY)?;
        Ok(Writing { writer, known: self.known()? })
    }

    fn write(
        &self,
        now: &mut Writing,
        archive: &Snapshot,
        progress: &dyn Fn(usize, usize),
    ) -> io::Result<()> {
        let posts = || archive.listed().iter().map(|id| archive.post(id));
        let current: HashMap<u64, u64> = posts().map(|post| (post.key(), post.hash)).collect();
        let is_known = |post: &&Post| now.known.get(&post.key()) == Some(&post.hash);
        let missing: Vec<&Post> = posts().filter(|post| !is_known(post)).collect();
        let gone: Vec<u64> = now.known.keys().filter(|key| !current.contains_key(key)).copied().collect();
        if missing.is_empty() && gone.is_empty() {
            return Ok(());
        }
        for key in missing.iter().map(|post| post.key()).chain(gone) {
            now.writer.delete_term(Term::from_field_u64(self.fields.key, key));
        }
        let before = current.len() - missing.len();
        for (count, post) in missing.into_iter().enumerate() {
            now.writer.add_document(self.document(archive, post)?).map_err(io::Error::other)?;
            progress(before + count + 1, current.len());
        }
        now.writer.commit().map_err(io::Error::other)?;
        now.known = current;
        self.reader.reload().map_err(io::Error::other)
    }

    /// The version of each post that is in the index, by its key.
    fn known(&self) -> tantivy::Result<HashMap<u64, u64>> {
        let searcher = self.reader.searcher();
        let mut known = HashMap::with_capacity(searcher.num_docs() as usize);
        for segment in searcher.segment_readers() {
            let (keys, versions) = (segment.fast_fields().u64("key")?, segment.fast_fields().u64("version")?);
            for doc in segment.doc_ids_alive() {
                known.extend(keys.first(doc).zip(versions.first(doc)));
            }
        }
        Ok(known)
    }

    fn document(&self, archive: &Snapshot, post: &Post) -> io::Result<TantivyDocument> {
        let fields = self.fields;
        let mut document = TantivyDocument::new();
        document.add_u64(fields.key, post.key());
        document.add_u64(fields.version, post.hash);
        document.add_i64(fields.date, post.date.seconds());
        document.add_text(fields.title, post.title());
        document.add_text(fields.text, archive.article(post)?.text());
        let names = [(fields.source, post.categories()), (fields.tag, post.tags())];
        for (field, names) in names {
            names.iter().for_each(|name| document.add_text(field, archive.name(*name)));
        }
        for mention in &post.securities {
            document.add_text(fields.stock, archive.name(mention.code));
        }
        Ok(document)
    }

    /// The posts of an archive that hold what is asked for: `limit` of them behind the first `skipped`.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn search(
        &self,
        archive: &Snapshot,
        query: &Query,
        order: Order,
        skipped: usize,
        limit: usize,
    ) -> io::Result<Found> {
        if query.is_empty() || limit == 0 {
            return Ok(Found::default());
        }
        let searcher = self.reader.searcher();
        let asked = self.asked(archive, query);
        let top = TopDocs::with_limit(limit).and_offset(skipped);
        let (found, count): (Vec<DocAddress>, usize) = match order {
            Order::Newest => {
                let top = top.order_by_fast_field::<i64>("date", Direction::Desc);
                let (found, count) = searcher.search(&asked, &(top, Count)).map_err(io::Error::other)?;
                (found.into_iter().map(|(_, address)| address).collect(), count)
            }
            Order::Best => {
                let (found, count) =
                    searcher.search(&asked, &(top.order_by_score(), Count)).map_err(io::Error::other)?;
                (found.into_iter().map(|(_, address)| address).collect(), count)
            }
        };
        let mut posts = Vec::with_capacity(found.len());
        for address in found {
            let segment = searcher.segment_reader(address.segment_ord);
            let keys = segment.fast_fields().u64("key").map_err(io::Error::other)?;
            posts.extend(keys.first(address.doc_id).and_then(|key| archive.of_key(key)));
        }
        Ok(Found { posts, count })
    }

    /// What is asked of the index: all that is required, and nothing of what is excluded.
    fn asked(&self, archive: &Snapshot, query: &Query) -> BooleanQuery {
        let mut all: Vec<(Occur, Box<dyn tantivy::query::Query>)> = Vec::new();
        for text in &query.texts {
            all.push((Occur::Must, self.anywhere(text)));
        }
        for text in &query.without {
            all.push((Occur::MustNot, self.anywhere(text)));
        }
        for (filter, value) in &query.filters {
            all.push((Occur::Must, self.filtered(archive, *filter, value)));
        }
        if query.from.is_some() || query.to.is_some() {
            let term = |at: Timestamp| Term::from_field_i64(self.fields.date, at.seconds());
            let start = |day| term(Timestamp::start_of(day, archive.zone()));
            let from = query.from.map_or(Bound::Unbounded, |day| Bound::Included(start(day)));
            let next = query.to.and_then(|day| day.succ_opt());
            let to = next.map_or(Bound::Unbounded, |day| Bound::Excluded(start(day)));
            all.push((Occur::Must, Box::new(RangeQuery::new(from, to))));
        }
        if all.iter().all(|(occur, _)| *occur == Occur::MustNot) {
            all.push((Occur::Must, Box::new(AllQuery)));
        }
        BooleanQuery::new(all)
    }

    /// A text in the title or in the body.
    fn anywhere(&self, text: &str) -> Box<dyn tantivy::query::Query> {
        let title = BoostQuery::new(exactly(self.fields.title, text), TITLE_WEIGHT);
        let text = exactly(self.fields.text, text);
        Box::new(BooleanQuery::union(vec![Box::new(title), text]))
    }

    /// Posts of the groups that a filter names; none if it names none.
    fn filtered(&self, archive: &Snapshot, filter: Filter, value: &str) -> Box<dyn tantivy::query::Query> {
        let (field, groups) = match filter {
            Filter::Source => (self.fields.source, archive.categories()),
            Filter::Tag => (self.fields.tag, archive.tags()),
            Filter::Stock => (self.fields.stock, archive.securities()),
        };
        let asked = normalised(value).chars;
        let is_it = |text: &str| normalised(text).chars == asked;
        let is_meant = |group: &&Group| {
            let name = archive.name(group.name());
            let number = name.split_once('.').map(|(number, _)| number).filter(|_| filter == Filter::Stock);
            is_it(name)
                || is_it(group.label())
                || number.is_some_and(is_it)
                || archive.is_called(group, is_it)
        };
        let terms = groups.iter().filter(is_meant).map(|group| archive.name(group.name()));
        let terms: Vec<Box<dyn tantivy::query::Query>> = terms
            .map(|name| {
                Box::new(TermQuery::new(Term::from_field_text(field, name), IndexRecordOption::Basic)) as _
            })
            .collect();
        if terms.is_empty() { Box::new(EmptyQuery) } else { Box::new(BooleanQuery::union(terms)) }
    }
}

/// A text as it is, in a field: its runs one behind the other, at the distances that they have in it.
fn exactly(field: Field, text: &str) -> Box<dyn tantivy::query::Query> {
    let chars = normalised(text).chars;
    let term = |start: usize, end: usize| {
        let text: String = chars[start..end].iter().collect();
        (start, Term::from_field_text(field, &text))
    };
    let (mut terms, mut has_single) = (Vec::new(), false);
    for Run { start, end, is_han } in runs(&chars) {
        if !is_han {
            terms.push(term(start, end));
        } else if end - start >= 2 {
            // Every other pair, and the last: together they are all of it.
            terms.extend((start..end - 1).step_by(2).map(|start| term(start, start + 2)));
            if (end - start) % 2 == 1 {
                terms.push(term(end - 2, end));
            }
        } else {
            has_single = true;
        }
    }
    match terms.len() {
        _ if has_single => with_singles(field, &chars),
        0 => Box::new(EmptyQuery),
        1 => Box::new(TermQuery::new(terms.remove(0).1, IndexRecordOption::WithFreqs)),
        _ => Box::new(PhraseQuery::new_with_offset(terms)),
    }
}

/// The same of a text in which a Han character stands by itself: in a post it may be the first of a pair or
/// the last of a run.
fn with_singles(field: Field, chars: &[char]) -> Box<dyn tantivy::query::Query> {
    let mut patterns = Vec::new();
    for Run { start, end, is_han } in runs(chars) {
        // Letters, digits and Han characters stand for themselves in a pattern.
        let text = |start: usize, end: usize| chars[start..end].iter().collect::<String>();
        match end - start {
            _ if !is_han => patterns.push((start, text(start, end))),
            1 => patterns.push((start, format!("{}.?", chars[start]))),
            _ => patterns.extend((start..end - 1).map(|start| (start, text(start, start + 2)))),
        }
    }
    if let [(_, pattern)] = &patterns[..] {
        return RegexQuery::from_pattern(pattern, field)
            .map_or_else(|_| Box::new(EmptyQuery) as _, |query| Box::new(query) as _);
    }
    let mut phrase = RegexPhraseQuery::new_with_offset(field, patterns);
    phrase.set_max_expansions(MOST_EXPANSIONS);
    Box::new(phrase)
}

/// Gives the library our tokens.
#[derive(Clone)]
struct Words;

struct Stream {
    chars: Vec<char>,
    tokens: Vec<tokens::Token>,
    next: usize,
    token: Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = Stream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Stream {
        let chars = normalised(text).chars;
        let tokens = tokens::tokens(&chars).collect();
        Stream { chars, tokens, next: 0, token: Token::default() }
    }
}

impl TokenStream for Stream {
    fn advance(&mut self) -> bool {
        let Some(token) = self.tokens.get(self.next) else { return false };
        self.next += 1;
        self.token.position = token.start;
        self.token.text.clear();
        self.token.text.extend(&self.chars[token.start..token.end]);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
