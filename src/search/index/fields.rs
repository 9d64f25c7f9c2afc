//! The fields of the index.

use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, SchemaBuilder, TextFieldIndexing, TextOptions,
};
use xxhash_rust::xxh3::xxh3_64;

use crate::archive::snapshot::{ByKind, GroupKind};
use crate::search::index::tokenizers::{CHARACTERS, WORDS};

/// The fields of a document, which stands for one post.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub(super) key: Field,
    pub(super) version: Field,
    pub(super) date: Field,
    pub(super) title: Field,
    pub(super) text: Field,
    /// Single Han characters. Without these fields a search for one character would scan all pairs that
    /// contain it.
    pub(super) title_characters: Field,
    pub(super) text_characters: Field,
    /// The hashed names of the post's groups.
    pub(super) groups: ByKind<Field>,
}

impl Fields {
    /// Adds the fields to a schema.
    pub(super) fn new(schema: &mut SchemaBuilder) -> Self {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(WORDS)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let words = TextOptions::default().set_indexing_options(indexing);
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(CHARACTERS)
            .set_index_option(IndexRecordOption::Basic)
            .set_fieldnorms(false);
        let characters = TextOptions::default().set_indexing_options(indexing);
        Self {
            key: schema.add_u64_field("key", INDEXED | FAST),
            version: schema.add_u64_field("version", FAST),
            date: schema.add_i64_field("date", FAST),
            title: schema.add_text_field("title", words.clone()),
            text: schema.add_text_field("text", words),
            title_characters: schema.add_text_field("title_characters", characters.clone()),
            text_characters: schema.add_text_field("text_characters", characters),
            groups: ByKind::from_fn(|kind| match kind {
                GroupKind::Source => schema.add_u64_field("source", INDEXED | FAST),
                GroupKind::Tag => schema.add_u64_field("tag", INDEXED),
                GroupKind::Security => schema.add_u64_field("stock", INDEXED | FAST),
            }),
        }
    }
}

/// Returns the hash that stands for the name of a source, tag or security.
pub(super) fn name_hash(name: &str) -> u64 {
    xxh3_64(name.as_bytes())
}
