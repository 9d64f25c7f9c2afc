//! Builds a [`Post`] from its file: reads the [`Draft`], interns its names and compresses its article.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::archive::address;
use crate::archive::body::Security;
use crate::archive::compressed::ArticleCodec;
use crate::archive::file_version::{self, FileContent, FileVersion};
use crate::archive::jekyll::files::SiteFile;
use crate::archive::names::{Interner, Names};
use crate::archive::post::{Mention, Post, PostTexts, RareFields};
use crate::archive::problem::{Code, Defect};
use crate::archive::read::draft::Draft;
use crate::archive::read::{Links, Reader};
use crate::archive::snapshot::ReservedPaths;

/// A file without its closing fence, and a temporary file, may still be being written until it is unchanged for
/// this long.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// The result of reading one post file.
#[derive(Default)]
pub(in crate::archive) struct ReadResult {
    pub(in crate::archive) post: Option<Post>,
    pub(in crate::archive) defects: Vec<Defect>,
    /// The version of the file; the default if it could not be read.
    pub(in crate::archive) file_version: FileVersion,
    /// Set if the file is still being written: the time to wait before the next attempt.
    pub(in crate::archive) retry_after: Option<Duration>,
}

impl ReadResult {
    /// The result for a temporary, backup or compressed file, whose content does not matter.
    fn from_temporary(file_version: FileVersion) -> Self {
        let rest = SETTLED_AFTER.saturating_sub(file_version.age());
        if !rest.is_zero() {
            return Self { file_version, retry_after: Some(rest), ..Self::default() };
        }
        let message = "the name is that of a temporary, backup or compressed file; finews does not serve it, but Jekyll would";
        let defects = vec![Defect::warning(Code::TemporaryFile, message)];
        Self { file_version, defects, ..Self::default() }
    }
}

/// Builds posts from the rules of a site and the state that all posts share.
pub(in crate::archive) struct PostBuilder<'a> {
    pub(in crate::archive) reader: Reader<'a>,
    pub(in crate::archive) names: Interner,
    pub(in crate::archive) codec: Arc<ArticleCodec>,
    reserved_paths: ReservedPaths,
}

impl<'a> PostBuilder<'a> {
    /// Creates a builder that adds to known names.
    pub(in crate::archive) fn new(
        reader: Reader<'a>,
        names: Names,
        codec: Arc<ArticleCodec>,
        reserved_paths: ReservedPaths,
    ) -> Self {
        Self { reader, names: Interner::new(names), codec, reserved_paths }
    }

    /// Reads a post file and builds its post.
    pub(in crate::archive) fn read(&self, file: &SiteFile, links: &Links<'_>) -> ReadResult {
        let path = file.file(&self.reader.config.root);
        if file.is_temporary() {
            return FileVersion::from_path(&path)
                .map_or_else(|_| ReadResult::default(), ReadResult::from_temporary);
        }
        match file_version::read(&path) {
            Ok(content) => self.build(file, &content, links),
            Err(defect) => ReadResult { defects: vec![defect], ..ReadResult::default() },
        }
    }

    /// Builds the post of a file whose content was read.
    pub(in crate::archive) fn build(
        &self,
        file: &SiteFile,
        content: &FileContent,
        links: &Links<'_>,
    ) -> ReadResult {
        let parsed = self.reader.post(file, content, links);
        let mut defects = parsed.defects;
        let post = parsed.draft.and_then(|draft| {
            let post = self.post(&draft, content.file_version);
            post.map_err(|error| defects.push(Defect::error(Code::TooLarge, error.to_string()))).ok()
        });
        let rest = SETTLED_AFTER.saturating_sub(content.file_version.age());
        let mut retry_after = (parsed.unclosed && !rest.is_zero()).then_some(rest);
        if content.torn {
            retry_after = Some(file_version::RESTED_AFTER);
        }
        if retry_after.is_some() {
            defects.push(Defect::warning(Code::HalfWritten, "the file is still being written"));
        }
        ReadResult { post, defects, file_version: content.file_version, retry_after }
    }

    /// Builds a post from a draft.
    ///
    /// # Errors
    /// Returns an error if the article cannot be compressed.
    fn post(&self, draft: &Draft, file_version: FileVersion) -> io::Result<Post> {
        let (body, names) = (&draft.body, &self.names);
        let path = address::decoded(&draft.url);
        let categories = names.intern_all(&draft.categories);
        let count = categories.len().min(usize::from(u16::MAX));
        let mention = |security: &Security| Mention {
            code: names.intern(security.code.as_str()),
            name: names.intern(&security.name),
        };
        Ok(Post {
            texts: PostTexts::new([&draft.path, &draft.url, &draft.title, &body.excerpt, &draft.id]),
            date: draft.date,
            visibility: draft.visibility,
            reserved: (self.reserved_paths.always)(&path),
            list_like: (self.reserved_paths.list_like)(&path),
            linking: draft.linking,
            names: categories.into_iter().take(count).chain(names.intern_all(&draft.tags)).collect(),
            categories: count as u16,
            source_name: body.source_name.as_deref().map(|name| names.intern(name)),
            securities: body.securities.iter().map(mention).collect(),
            body: self.codec.compress(&draft.article())?,
            length: u32::try_from(body.text_len).unwrap_or(u32::MAX),
            hash: draft.version(),
            rare: self.rare_fields(draft),
            file_version,
        })
    }

    fn rare_fields(&self, draft: &Draft) -> Option<Box<RareFields>> {
        let intern = |name: &str| self.names.intern(name);
        let former = draft.redirect_from.iter().chain(&draft.other_day_url);
        let rare = RareFields {
            modified: draft.modified,
            lang: draft.lang.as_deref().map(intern),
            authors: draft.authors.as_deref().map(intern),
            head: draft.head.clone(),
            former: former.map(|path| address::former(path)).collect(),
            away: draft.away.clone(),
            out_of_sitemap: !draft.sitemap,
            linked: draft.body.linked.as_slice().into(),
        };
        (rare != RareFields::default()).then(|| Box::new(rare))
    }
}
