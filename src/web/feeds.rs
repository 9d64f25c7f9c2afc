//! Feeds: Atom (RFC 4287) at the addresses of jekyll-feed, and JSON Feed 1.1
//! (<https://www.jsonfeed.org/version/1.1/>) beside each, back to the oldest post in archives (RFC 5005,
//! section 4).

mod id;
mod json;

use std::borrow::Cow;

use askama::Template;

use super::absolute;
use super::cache::{CachePolicy, ContentType};
use super::pages::search as search_page;
use super::paths::Route;
use super::reply::{Failure, Reply, Visit, render};
use super::site::Site;
use super::timeline;
use crate::archive::snapshot::{Group, List};
use crate::archive::{Post, PostId, Snapshot};
use crate::search::query::Query;
use crate::search::{Follower, Index, Order};

/// In which format a feed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Atom.
    Atom,
    /// JSON Feed.
    Json,
}

impl Format {
    /// The extension of its address.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Atom => "xml",
            Self::Json => "json",
        }
    }
}

/// Whose posts a feed holds, by what its address names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FeedOf<'a> {
    /// All that lists show.
    All,
    /// Those of a category.
    Source(Cow<'a, str>),
    /// Those of a tag.
    Tag(Cow<'a, str>),
    /// Those that mention a security or sector.
    Security(Cow<'a, str>),
}

impl<'a> FeedOf<'a> {
    /// The feeds of a post's groups.
    pub fn that_hold(archive: &'a Snapshot, post: &'a Post) -> impl Iterator<Item = Self> {
        let sources = post.categories().iter().map(|name| Self::Source(archive.name(*name).into()));
        let tags = post.tags().iter().map(|name| Self::Tag(archive.name(*name).into()));
        let securities =
            post.securities.iter().map(|mention| Self::Security(archive.name(mention.code).into()));
        sources.chain(tags).chain(securities)
    }

    /// The posts of which it holds the newest.
    pub fn posts<'s>(&self, archive: &'s Snapshot) -> Option<&'s List> {
        match self {
            Self::All => Some(archive.listed()),
            _ => self.group(archive).map(Group::posts),
        }
    }

    /// The group whose posts it holds, if it does not hold all.
    fn group<'s>(&self, archive: &'s Snapshot) -> Option<&'s Group> {
        match self {
            Self::All => None,
            Self::Source(name) => archive.category(name),
            Self::Tag(name) => archive.tag(name),
            Self::Security(code) => archive.security(code),
        }
    }

    /// The page of the same posts.
    fn page(&self) -> Route<'_> {
        match self {
            Self::All => Route::Home,
            Self::Source(name) => Route::source(name),
            Self::Tag(name) => Route::tag(name),
            Self::Security(code) => Route::security(code),
        }
    }
}

/// A feed in either format.
#[derive(Template)]
#[template(path = "feed.xml")]
struct Feed<'a> {
    site: &'a Site,
    /// Its own address, of this page and of the newest.
    this: String,
    current: String,
    /// The page that it follows.
    about: String,
    title: String,
    style: String,
    /// An archive's entries never change place.
    is_archive: bool,
    older: Option<String>,
    newer: Option<String>,
    /// The hub that tells of new entries; archives have none.
    hub: Option<&'a str>,
    updated: String,
    entries: Vec<Entry<'a>>,
}

/// A post in a feed.
struct Entry<'a> {
    /// As jekyll-feed made it: readers know entries by it.
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
    /// Where it was first published.
    original: Option<String>,
}

/// Which posts of a list a document holds, and which documents are beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    /// The number of an archive, the oldest being 1; none for the newest posts.
    archive: Option<usize>,
    older: Option<usize>,
    newer: Option<usize>,
}

impl Place {
    /// The place of a document in a list of so many posts. Archives are full, so that they stay as they
    /// are; the posts that are in none yet are among the newest, as these are as many as an archive's.
    fn of(archive: Option<usize>, posts: usize, size: usize) -> Option<Self> {
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

/// Answers a feed, or one of its archives with `?page=`.
pub fn get(visit: &Visit<'_>, of: &FeedOf<'_>, format: Format) -> Option<Reply> {
    let list = of.posts(visit.archive)?;
    // Nothing for the whole site.
    let label = of.group(visit.archive).map_or("", Group::label);
    let size = visit.site.feed_posts;
    let archive = match visit.field("page") {
        Some(page) => Some(page.parse().ok()?),
        None => None,
    };
    let place = Place::of(archive, list.len(), size)?;
    let posts = place.posts(list, size);
    let mut fingerprint = visit.fingerprint("feed").with((format, place, label, of.page().to_string()));
    for id in &posts {
        fingerprint.add(timeline::version(visit, *id));
    }
    let policy = if archive.is_some() { CachePolicy::Numbered } else { CachePolicy::Revalidate };
    let route = Route::Feed(of.clone(), format);
    Some(visit.conditional(content_type(format), policy, fingerprint.finish(), || {
        let address = |archive: Option<usize>| match archive {
            None => visit.site.absolute(&route),
            Some(n) => format!("{}?page={n}", visit.site.absolute(&route)),
        };
        let site = visit.site;
        let feed = Feed {
            this: address(archive),
            current: address(None),
            about: site.absolute(of.page()),
            title: title(&site.title, label),
            is_archive: archive.is_some(),
            older: place.older.map(|n| address(Some(n))),
            newer: place.newer.map(|n| address(Some(n))),
            hub: site.hub.as_deref().filter(|_| archive.is_none()),
            ..Feed::of(visit, &posts)?
        };
        feed.write(format)
    }))
}

/// Answers the feed of a search: the newest posts that hold what the field `q` asks for. Nothing without
/// that.
pub fn search(visit: &Visit<'_>, search: &Follower, generation: u64, format: Format) -> Option<Reply> {
    let typed = visit.asked()?;
    let fingerprint = visit.fingerprint("search feed").with((format, &typed, search.version(), generation));
    Some(visit.conditional(content_type(format), CachePolicy::Revalidate, fingerprint.finish(), || {
        let size = visit.site.feed_posts;
        let query = Query::new(&typed);
        let find = |index: &Index| index.search(visit.archive, &query, Order::Newest, None, size);
        let posts = search.ask(find)?.unwrap_or_default().posts;
        let site = visit.site;
        let this = site.absolute(search_page::feed_path(&typed, format));
        let feed = Feed {
            current: this.clone(),
            this,
            about: site.absolute(search_page::path(&typed)),
            title: title(&site.title, &site.words.results_for(&typed)),
            ..Feed::of(visit, &posts)?
        };
        feed.write(format)
    }))
}

fn content_type(format: Format) -> ContentType {
    match format {
        Format::Atom => ContentType::FEED,
        Format::Json => ContentType::JSON_FEED,
    }
}

impl<'a> Feed<'a> {
    /// A feed of some posts, newest first, of which nothing else is known.
    fn of(visit: &Visit<'a>, posts: &[PostId]) -> std::io::Result<Self> {
        let entries = posts.iter().map(|id| entry(visit, visit.archive.post(*id)));
        let updated = posts.iter().map(|id| visit.archive.post(*id).updated()).max();
        Ok(Self {
            site: visit.site,
            this: String::new(),
            current: String::new(),
            about: String::new(),
            title: String::new(),
            style: visit.site.feed_style(),
            is_archive: false,
            older: None,
            newer: None,
            hub: None,
            updated: updated.map_or_else(|| NEVER.to_owned(), |at| at.to_rfc3339(visit.archive.zone())),
            entries: entries.collect::<std::io::Result<Vec<_>>>()?,
        })
    }

    fn write(&self, format: Format) -> Result<Vec<u8>, Failure> {
        match format {
            Format::Atom => render(self),
            Format::Json => Ok(json::write(self)),
        }
    }
}

/// What a feed is called, as jekyll-feed does it.
fn title(site: &str, label: &str) -> String {
    if label.is_empty() { site.to_owned() } else { format!("{site} | {label}") }
}

/// When a feed without entries was changed.
const NEVER: &str = "1970-01-01T00:00:00+00:00";

fn entry<'a>(visit: &Visit<'a>, post: &'a Post) -> std::io::Result<Entry<'a>> {
    let (site, archive) = (visit.site, visit.archive);
    let article = archive.article(post)?;
    let url = site.absolute(post.url());
    let author = post.author().map(|name| archive.name(name));
    let names = post.categories().iter().chain(post.tags());
    Ok(Entry {
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

/// The links to a feed that the head of a page names.
#[derive(Debug)]
pub struct FeedLink {
    /// What it is called.
    pub title: String,
    /// The Atom feed.
    pub atom: String,
    /// The JSON feed.
    pub json: String,
}

impl FeedLink {
    /// The links to a feed of posts that readers call so; of the whole site without a name.
    pub fn new(site: &str, label: &str, baseurl: &str, of: FeedOf<'_>) -> Self {
        let href = |format| format!("{baseurl}{}", Route::Feed(of.clone(), format));
        Self { title: title(site, label), atom: href(Format::Atom), json: href(Format::Json) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_post_is_among_the_newest_or_in_an_archive_and_archives_are_full() {
        for posts in 0..45 {
            let list = List::of_numbers(posts);
            let newest = Place::of(None, posts, 10).expect("the newest");
            let mut seen: Vec<PostId> = newest.posts(&list, 10);
            let mut older = newest.older;
            while let Some(n) = older {
                let place = Place::of(Some(n), posts, 10).expect("an archive");
                let archive = place.posts(&list, 10);
                assert_eq!(archive.len(), 10, "{posts}: {n}");
                seen.extend(archive);
                older = place.older;
            }
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), posts);
            assert_eq!(Place::of(Some(posts / 10 + 1), posts, 10), None);
        }
    }
}
