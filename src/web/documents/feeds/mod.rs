//! Feeds: Atom (RFC 4287) at the URLs of jekyll-feed, and JSON Feed 1.1
//! (<https://www.jsonfeed.org/version/1.1/>) beside each. Archive documents (RFC 5005, section 4)
//! lead back to the oldest post.

mod document;
mod id;
mod json;

use crate::archive::PostId;
use crate::archive::snapshot::{Group, List};
use crate::search::query::Query;
use crate::search::{Follower, Order, SearchIndex};
use crate::web::documents::feeds::document::Feed;
use crate::web::http::cache::{CachePolicy, ContentType};
use crate::web::http::reply::{PageError, Reply, render};
use crate::web::http::request::PageRequest;
use crate::web::paths::feed::{FeedFormat, FeedOf};
use crate::web::paths::{Route, search as search_paths};
use crate::web::view::feed_link::feed_title;
use crate::web::view::timeline;

impl FeedOf<'_> {
    /// The page with the same posts.
    fn page(&self) -> Route<'_> {
        match self {
            Self::All => Route::Home,
            Self::Group(kind, name) => Route::group(*kind, name),
        }
    }
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
    let archive = request.field("page").map(|page| page.parse::<usize>()).transpose().ok()?;
    let position = FeedPosition::new(archive, list.len(), size)?;
    let posts = position.posts(list, size);
    let mut fingerprint = request.fingerprint("feed").with((format, position, label, of.page().to_string()));
    for id in &posts {
        fingerprint.add(timeline::version(request, *id));
        fingerprint.add(request.archive.local_links(request.archive.post(*id)));
    }
    let policy = if archive.is_some() { CachePolicy::Numbered } else { CachePolicy::Revalidate };
    let route = Route::Feed(of.clone(), format);
    let address = |archive: Option<usize>| match archive {
        None => request.site.absolute(&route),
        Some(n) => format!("{}?page={n}", request.site.absolute(&route)),
    };
    let this = address(archive);
    Some(request.dated(&this, content_type(format), policy, fingerprint.finish(), || {
        let site = request.site;
        let feed = Feed {
            this: this.clone(),
            current: address(None),
            about: site.absolute(of.page()),
            title: feed_title(&site.title, label),
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
    let state = request.fingerprint("search feed").with((format, &typed, search.version(), generation));
    let this = request.site.absolute(search_paths::feed_path(&typed, format));
    // Clients choose the query, so times of search feeds would displace those of the site's feeds.
    Some(request.searched(content_type(format), CachePolicy::Revalidate, state.finish(), || {
        let size = request.site.feed_posts;
        let query = Query::new(&typed);
        let find = |index: &SearchIndex| index.search(request.archive, &query, Order::Newest, None, size);
        let posts = search.read(find)?.unwrap_or_default().posts;
        let site = request.site;
        let feed = Feed {
            current: this.clone(),
            this: this.clone(),
            about: site.absolute(search_paths::path(&typed, Order::Best, None)),
            title: feed_title(&site.title, &site.texts.results_for(&typed)),
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

impl Feed<'_> {
    fn write(&self, format: FeedFormat) -> Result<Vec<u8>, PageError> {
        match format {
            FeedFormat::Atom => render(self),
            FeedFormat::Json => Ok(json::write(self)),
        }
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
