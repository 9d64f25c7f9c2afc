//! The content of a feed document: the posts as entries, and the links between documents.

use askama::Template;

use crate::archive::{Post, PostId, Timestamp};
use crate::config::Author;
use crate::web::documents::feeds::id;
use crate::web::http::request::PageRequest;
use crate::web::view::site::Site;
use crate::web::view::{absolute, metadata, timeline};

/// The content of a feed document, in either format.
#[derive(Template)]
#[template(path = "feed.xml")]
pub(super) struct Feed<'a> {
    pub(super) site: &'a Site,
    /// URLs of this document and of the newest one.
    pub(super) this: String,
    pub(super) current: String,
    /// URL of the page with the same posts.
    pub(super) about: String,
    pub(super) title: String,
    pub(super) style: String,
    /// Entries of an archive document never move.
    pub(super) is_archive: bool,
    pub(super) older: Option<String>,
    pub(super) newer: Option<String>,
    /// The hub that announces new entries; `None` in archive documents.
    pub(super) hub: Option<&'a str>,
    pub(super) updated: String,
    /// The authors of entries without their own.
    pub(super) authors: Vec<Author<'a>>,
    pub(super) entries: Vec<FeedEntry<'a>>,
}

/// A post in a feed.
pub(super) struct FeedEntry<'a> {
    /// The id that jekyll-feed generated: feed readers recognise entries by it.
    pub(super) id: String,
    pub(super) url: String,
    pub(super) title: String,
    pub(super) lang: Option<&'a str>,
    pub(super) published: String,
    pub(super) updated: String,
    /// The authors of the post, else of the site; empty without any.
    pub(super) authors: Vec<Author<'a>>,
    pub(super) terms: Vec<&'a str>,
    pub(super) summary: &'a str,
    /// The absolute URL of the image in the front matter.
    pub(super) image: Option<String>,
    pub(super) content: Option<String>,
    /// The URL of the original publication.
    pub(super) original: Option<String>,
}

/// The newest time that a feed of these posts shows.
fn last_update(request: &PageRequest<'_>, posts: &[PostId]) -> Option<Timestamp> {
    posts.iter().map(|id| request.archive.post(*id).updated()).max()
}

impl<'a> Feed<'a> {
    /// Creates a feed of posts, newest first. The caller sets titles and URLs.
    pub(super) fn new(request: &PageRequest<'a>, posts: &[PostId]) -> std::io::Result<Self> {
        let entries = posts.iter().map(|id| entry(request, request.archive.post(*id)));
        let updated = last_update(request, posts);
        let mut authors: Vec<_> = Author::from_lines(&request.site.authors).collect();
        if authors.is_empty() {
            // Atom requires an author of each entry or of the feed.
            authors.push(Author { name: &request.site.title, email: "", uri: "" });
        }
        Ok(Self {
            site: request.site,
            this: String::new(),
            current: String::new(),
            about: String::new(),
            title: String::new(),
            style: request.site.feed_style(),
            is_archive: false,
            older: None,
            newer: None,
            hub: None,
            updated: updated.map_or_else(|| NEVER.to_owned(), |at| at.to_rfc3339(request.archive.zone())),
            authors,
            entries: entries.collect::<std::io::Result<Vec<_>>>()?,
        })
    }
}

/// The date of the last change of a feed without entries.
const NEVER: &str = "1970-01-01T00:00:00+00:00";

fn entry<'a>(request: &PageRequest<'a>, post: &'a Post) -> std::io::Result<FeedEntry<'a>> {
    let (site, archive) = (request.site, request.archive);
    let article = archive.article(post)?;
    let url = site.absolute(post.url());
    let image = post.head().map(|head| &*head.image).filter(|image| !image.is_empty());
    let names = post.categories().iter().chain(post.tags());
    Ok(FeedEntry {
        id: site.absolute(id::normalised(post.id())),
        title: timeline::headline(request, post).into_owned(),
        lang: post.lang().map(|lang| archive.name(lang)),
        published: post.date.to_rfc3339(archive.zone()),
        updated: post.updated().to_rfc3339(archive.zone()),
        authors: metadata::authors(request, post),
        terms: names.map(|name| archive.name(*name)).collect(),
        summary: post.description(),
        image: image.map(|image| site.absolute_image(image)),
        content: (!site.feed_excerpts).then(|| absolute::body(&article.html, &url)),
        original: article.source_url.clone(),
        url,
    })
}
