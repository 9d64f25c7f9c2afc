//! Who is told of new posts: a WebSub hub (<https://www.w3.org/TR/websub/>, section 6), which tells those who
//! follow a feed, and an address of the owner's choice, which may tell a search engine. Neither is waited
//! for: each is told by a thread of its own.

mod outlet;

use std::collections::HashSet;
use std::iter;
use std::sync::{Mutex, PoisonError};

use super::feeds::{FeedOf, Format};
use super::paths::Route;
use super::site::Site;
use crate::archive::snapshot::List;
use crate::archive::{PostId, Snapshot};
use crate::config::Config;
use outlet::{Outlet, Patience};

/// What an outlet is told, and how it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A hub: the addresses of the feeds that have new posts, as a form.
    Hub,
    /// The owner's address: the addresses of new posts, as JSON.
    Owner,
}

/// Tells of new posts.
#[derive(Default)]
pub struct Announcer {
    outlets: Mutex<Vec<Outlet>>,
}

impl Announcer {
    /// Tells whoever a configuration names.
    pub fn new(config: &Config) -> Self {
        let announcer = Self::default();
        announcer.set(config);
        announcer
    }

    /// Tells whoever another configuration names from now on. Who is in both is still told what it was not
    /// told yet.
    pub fn set(&self, config: &Config) {
        // What is told are whole URLs.
        let named = |address: &Option<String>| address.clone().filter(|_| !config.url.is_empty());
        let named = [(Kind::Hub, named(&config.hub)), (Kind::Owner, named(&config.on_publish))];
        let mut outlets = self.outlets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *outlets);
        for (kind, address) in named {
            let Some(address) = address else { continue };
            let kept = before.iter().position(|outlet| outlet.is(kind, &address));
            outlets.push(match kept {
                Some(index) => before.swap_remove(index),
                None => Outlet::open(kind, address, Patience::default()),
            });
        }
    }

    /// Tells of posts that have appeared in lists.
    pub(super) fn publish(&self, site: &Site, archive: &Snapshot, new: &[PostId]) {
        let outlets = self.outlets.lock().unwrap_or_else(PoisonError::into_inner);
        for outlet in outlets.iter() {
            outlet.tell(match outlet.kind() {
                Kind::Hub => feeds_with(site, archive, new),
                Kind::Owner => addresses(site, archive, new),
            });
        }
    }
}

/// The addresses of posts that search engines may show.
fn addresses(site: &Site, archive: &Snapshot, new: &[PostId]) -> Vec<String> {
    let posts = new.iter().map(|id| archive.post(*id));
    posts.filter(|post| post.is_to_be_found()).map(|post| site.absolute(post.url())).collect()
}

/// The addresses of the feeds whose newest entries are other ones than before. Posts that were found late
/// are in archives only.
fn feeds_with(site: &Site, archive: &Snapshot, new: &[PostId]) -> Vec<String> {
    let is_new: HashSet<PostId> = new.iter().copied().collect();
    let of_groups = new.iter().flat_map(|id| FeedOf::that_hold(archive, archive.post(*id)));
    let mut seen = HashSet::new();
    let mut feeds = Vec::new();
    for of in iter::once(FeedOf::All).chain(of_groups) {
        let shows_new = |list: &List| list.newest(site.feed_posts).any(|id| is_new.contains(&id));
        if seen.insert(of.clone()) && of.posts(archive).is_some_and(shows_new) {
            let address = |format| site.absolute(Route::Feed(of.clone(), format));
            feeds.extend([address(Format::Atom), address(Format::Json)]);
        }
    }
    feeds
}
