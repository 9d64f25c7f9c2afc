//! Feeds: Atom (RFC 4287) at the URLs of jekyll-feed, and JSON Feed 1.1
//! (<https://www.jsonfeed.org/version/1.1/>) beside each. Archive documents (RFC 5005, section 4)
//! lead back to the oldest post.

mod id;
mod json;

use std::borrow::Cow;

use askama::Template;

use crate::archive::snapshot::{Group, List};
use crate::archive::{Post, PostId, Snapshot};
use crate::search::query::Query;
use crate::search::{Follower, Order, SearchIndex};
use crate::web::http::cache::{CachePolicy, ContentType};
use crate::web::http::reply::{PageError, Reply, render};
use crate::web::http::request::PageRequest;
use crate::web::pages::search as search_page;
use crate::web::paths::Route;
use crate::web::view::site::Site;
use crate::web::view::{absolute, timeline};

/// The format of a feed document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedFormat {
    /// Atom, RFC 4287.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl FeedFormat {
    /// The file extension in the feed's URL.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Atom => "xml",
            Self::Json => "json",
        }
    }
}

/// The posts of a feed, as its URL names them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FeedOf<'a> {
    /// All listed posts.
    All,
    /// The posts of a category.
    Source(Cow<'a, str>),
    /// The posts of a tag.
    Tag(Cow<'a, str>),
    /// The posts that mention a security or sector.
    Security(Cow<'a, str>),
}

impl<'a> FeedOf<'a> {
    /// Returns the feeds of all groups that a post belongs to.
    pub fn containing(archive: &'a Snapshot, post: &'a Post) -> impl Iterator<Item = Self> {
        let sources = post.categories().iter().map(|name| Self::Source(archive.name(*name).into()));
        let tags = post.tags().iter().map(|name| Self::Tag(archive.name(*name).into()));
        let securities =
            post.securities.iter().map(|mention| Self::Security(archive.name(mention.code).into()));
        sources.chain(tags).chain(securities)
    }

    /// Returns the list of the feed's posts; `None` if the archive has no such group.
    pub fn posts<'s>(&self, archive: &'s Snapshot) -> Option<&'s List> {
        match self {
            Self::All => Some(archive.listed()),
            _ => self.group(archive).map(Group::posts),
        }
    }

    /// Returns the group of the feed's posts; `None` for the feed of all posts.
    fn group<'s>(&self, archive: &'s Snapshot) -> Option<&'s Group> {
        match self {
            Self::All => None,
            Self::Source(name) => archive.category(name),
            Self::Tag(name) => archive.tag(name),
            Self::Security(code) => archive.security(code),
        }
    }

    /// The page with the same posts.
    fn page(&self) -> Route<'_> {
        match self {
            Self::All => Route::Home,
            Self::Source(name) => Route::source(name),
            Self::Tag(name) => Route::tag(name),
            Self::Security(code) => Route::security(code),
        }
    }
}

/// The content of a feed document, in either format.
#[derive(Template)]
#[template(path = "feed.xml")]
struct Feed<'a> {
    site: &'a Site,
    /// URLs of this document and of the newest one.
    this: String,
    current: String,
    /// URL of the page with the same posts.
    about: String,
    title: String,
    style: String,
    /// Entries of an archive document never move.
    is_archive: bool,
    older: Option<String>,
    newer: Option<String>,
    /// The hub that announces new entries; `None` in archive documents.
    hub: Option<&'a str>,
    updated: String,
    entries: Vec<FeedEntry<'a>>,
}

/// A post in a feed.
struct FeedEntry<'a> {
    /// The id that jekyll-feed generated: feed readers recognise entries by it.
    id: String,
    url: String,
    title: String,
    lang: Option<&'a str>,
    published: String,
    updated: String,
    author: &'a str,
    terms: Vec<&'a str>,
    summary: &'a str,
    content: Option<String>,
    /// The URL of the original publication.
    original: Option<String>,
}

/// The place of a feed document in a list of posts, and its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct FeedPosition {
    /// The number of an archive document, from 1 for the oldest; `None` for the newest posts.
    archive: Option<usize>,
    older: Option<usize>,
    newer: Option<usize>,
}

impl FeedPosition {
    /// Returns the place of a document in a list with this many posts. Archive documents are full,
    /// so they never change. The posts outside of them are among the newest, since that document is
    /// as large as an archive document.
    fn new(archive: Option<usize>, posts: usize, size: usize) -> Option<Self> {
        let archives = posts / size;
        match archive {
            None => Some(Self { archive, older: (posts > size).then_some(archives), newer: None }),
            Some(n) if (1..=archives).contains(&n) => Some(Self {
                archive,
                older: (n > 1).then_some(n - 1),
                newer: (n < archives).then_some(n + 1),
            }),
            Some(_) => None,
        }
    }

    fn posts(self, list: &List, size: usize) -> Vec<PostId> {
        match self.archive {
            None => list.newest(size).collect(),
            Some(n) => list.range((n - 1) * size..n * size).rev().collect(),
        }
    }
}

/// Serves a feed, or one of its archive documents with `?page=`.
pub fn get(request: &PageRequest<'_>, of: &FeedOf<'_>, format: FeedFormat) -> Option<Reply> {
    let list = of.posts(request.archive)?;
    // Empty for the feed of all posts.
    let label = of.group(request.archive).map_or("", Group::label);
    let size = request.site.feed_posts;
    let archive = match request.field("page") {
        Some(page) => Some(page.parse().ok()?),
        None => None,
    };
    let position = FeedPosition::new(archive, list.len(), size)?;
    let posts = position.posts(list, size);
    let mut fingerprint = request.fingerprint("feed").with((format, position, label, of.page().to_string()));
    for id in &posts {
        fingerprint.add(timeline::version(request, *id));
    }
    let policy = if archive.is_some() { CachePolicy::Numbered } else { CachePolicy::Revalidate };
    let route = Route::Feed(of.clone(), format);
    Some(request.conditional(content_type(format), policy, fingerprint.finish(), || {
        let address = |archive: Option<usize>| match archive {
            None => request.site.absolute(&route),
            Some(n) => format!("{}?page={n}", request.site.absolute(&route)),
        };
        let site = request.site;
        let feed = Feed {
            this: address(archive),
            current: address(None),
            about: site.absolute(of.page()),
            title: title(&site.title, label),
            is_archive: archive.is_some(),
            older: position.older.map(|n| address(Some(n))),
            newer: position.newer.map(|n| address(Some(n))),
            hub: site.hub.as_deref().filter(|_| archive.is_none()),
            ..Feed::new(request, &posts)?
        };
        feed.write(format)
    }))
}

/// Serves the feed of a search: the newest posts that match the query field `q`.
/// Returns `None` without the field.
pub fn search(
    request: &PageRequest<'_>,
    search: &Follower,
    generation: u64,
    format: FeedFormat,
) -> Option<Reply> {
    let typed = request.typed_query()?;
    let fingerprint = request.fingerprint("search feed").with((format, &typed, search.version(), generation));
    Some(request.conditional(content_type(format), CachePolicy::Revalidate, fingerprint.finish(), || {
        let size = request.site.feed_posts;
        let query = Query::new(&typed);
        let find = |index: &SearchIndex| index.search(request.archive, &query, Order::Newest, None, size);
        let posts = search.read(find)?.unwrap_or_default().posts;
        let site = request.site;
        let this = site.absolute(search_page::feed_path(&typed, format));
        let feed = Feed {
            current: this.clone(),
            this,
            about: site.absolute(search_page::path(&typed)),
            title: title(&site.title, &site.texts.results_for(&typed)),
            ..Feed::new(request, &posts)?
        };
        feed.write(format)
    }))
}

fn content_type(format: FeedFormat) -> ContentType {
    match format {
        FeedFormat::Atom => ContentType::FEED,
        FeedFormat::Json => ContentType::JSON_FEED,
    }
}

impl<'a> Feed<'a> {
    /// Creates a feed of posts, newest first. The caller sets titles and URLs.
    fn new(request: &PageRequest<'a>, posts: &[PostId]) -> std::io::Result<Self> {
        let entries = posts.iter().map(|id| entry(request, request.archive.post(*id)));
        let updated = posts.iter().map(|id| request.archive.post(*id).updated()).max();
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
            entries: entries.collect::<std::io::Result<Vec<_>>>()?,
        })
    }

    fn write(&self, format: FeedFormat) -> Result<Vec<u8>, PageError> {
        match format {
            FeedFormat::Atom => render(self),
            FeedFormat::Json => Ok(json::write(self)),
        }
    }
}

/// Returns the title of a feed, in jekyll-feed's format.
fn title(site: &str, label: &str) -> String {
    if label.is_empty() { site.to_owned() } else { format!("{site} | {label}") }
}

/// The date of the last change of a feed without entries.
const NEVER: &str = "1970-01-01T00:00:00+00:00";

fn entry<'a>(request: &PageRequest<'a>, post: &'a Post) -> std::io::Result<FeedEntry<'a>> {
    let (site, archive) = (request.site, request.archive);
    let article = archive.article(post)?;
    let url = site.absolute(post.url());
    let author = post.author().map(|name| archive.name(name));
    let names = post.categories().iter().chain(post.tags());
    Ok(FeedEntry {
        id: site.absolute(id::normalised(post.id())),
        title: post.headline().into_owned(),
        lang: post.lang().map(|lang| archive.name(lang)),
        published: post.date.to_rfc3339(archive.zone()),
        updated: post.updated().to_rfc3339(archive.zone()),
        author: author.or(archive.source(post).map(Group::label)).unwrap_or(&site.title),
        terms: names.map(|name| archive.name(*name)).collect(),
        summary: post.excerpt(),
        content: (!site.feed_excerpts).then(|| absolute::body(article.html.as_str(), &url).into_owned()),
        original: article.source_url.clone(),
        url,
    })
}

/// The links to a feed in the head of a page.
#[derive(Debug)]
pub struct FeedLink {
    /// The title of the feed.
    pub title: String,
    /// The URL of the Atom feed.
    pub atom: String,
    /// The URL of the JSON feed.
    pub json: String,
}

impl FeedLink {
    /// Creates the links to a feed. `label` is the name of its posts for readers, and empty for all posts.
    pub fn new(site: &str, label: &str, baseurl: &str, of: FeedOf<'_>) -> Self {
        let href = |format| format!("{baseurl}{}", Route::Feed(of.clone(), format));
        Self { title: title(site, label), atom: href(FeedFormat::Atom), json: href(FeedFormat::Json) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_feed_and_full_archives_cover_all_posts() {
        for posts in 0..45 {
            let list = List::from_numbers(posts);
            let newest = FeedPosition::new(None, posts, 10).expect("the newest");
            let mut seen: Vec<PostId> = newest.posts(&list, 10);
            let mut older = newest.older;
            while let Some(n) = older {
                let position = FeedPosition::new(Some(n), posts, 10).expect("an archive");
                let archive = position.posts(&list, 10);
                assert_eq!(archive.len(), 10, "{posts}: {n}");
                seen.extend(archive);
                older = position.older;
            }
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), posts);
            assert_eq!(FeedPosition::new(Some(posts / 10 + 1), posts, 10), None);
        }
    }
}
