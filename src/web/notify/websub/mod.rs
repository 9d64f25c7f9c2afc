//! Notifies other servers of new posts: a WebSub hub (<https://www.w3.org/TR/websub/>, section 6), which
//! notifies the subscribers of a feed, and a URL that the operator chooses, which may notify a search engine.
//! Each has its own thread, so publishing never waits for them.

mod notifier;
mod receiver;

use std::collections::HashSet;
use std::iter;
use std::sync::{Mutex, PoisonError};

use crate::archive::snapshot::List;
use crate::archive::{PostId, Snapshot};
use crate::config::Config;
use crate::web::notify::websub::notifier::{Notifier, RetryPolicy};
use crate::web::notify::websub::receiver::ReceiverKind;
use crate::web::paths::Route;
use crate::web::paths::feed::{FeedFormat, FeedOf};
use crate::web::view::site::Site;

/// Notifies the configured receivers of new posts.
#[derive(Default)]
pub struct Notifiers {
    notifiers: Mutex<Vec<Notifier>>,
}

impl Notifiers {
    /// Creates the notifiers of the receivers in a configuration.
    pub fn new(config: &Config) -> Self {
        let notifiers = Self::default();
        notifiers.reconfigure(config);
        notifiers
    }

    /// Switches to the receivers in another configuration. A receiver that is in both keeps its queue.
    pub fn reconfigure(&self, config: &Config) {
        let Config { source, site, server, .. } = config;
        // Notifications hold absolute URLs, so they need the site's `url`.
        let is_on = server.announce.0 && !source.url.is_empty();
        let named = |address: &Option<String>| address.clone().filter(|_| is_on);
        let named = [(ReceiverKind::Hub, named(&site.hub)), (ReceiverKind::Owner, named(&site.on_publish))];
        let mut notifiers = self.notifiers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *notifiers);
        for (kind, address) in named {
            let Some(address) = address else { continue };
            let kept = before.iter().position(|notifier| notifier.is_for(kind, &address));
            notifiers.push(match kept {
                Some(index) => before.swap_remove(index),
                None => Notifier::start(kind, address, RetryPolicy::default()),
            });
        }
    }

    /// Notifies each receiver of posts that have appeared in lists.
    pub(crate) fn publish(&self, site: &Site, archive: &Snapshot, new: &[PostId]) {
        let notifiers = self.notifiers.lock().unwrap_or_else(PoisonError::into_inner);
        for notifier in notifiers.iter() {
            notifier.enqueue(match notifier.kind() {
                ReceiverKind::Hub => feeds_with(site, archive, new),
                ReceiverKind::Owner => addresses(site, archive, new),
            });
        }
    }
}

/// Returns the URLs of the posts that search engines may index.
fn addresses(site: &Site, archive: &Snapshot, new: &[PostId]) -> Vec<String> {
    let posts = new.iter().map(|id| archive.post(*id));
    posts.filter(|post| post.is_to_be_found()).map(|post| site.absolute(post.url())).collect()
}

/// Returns the URLs of the feeds with a new post among their newest entries. A post that is found late
/// appears only in the archives of a feed, so it needs no notification.
fn feeds_with(site: &Site, archive: &Snapshot, new: &[PostId]) -> Vec<String> {
    let is_new: HashSet<PostId> = new.iter().copied().collect();
    let of_groups = new.iter().flat_map(|id| FeedOf::containing(archive, *id));
    let mut seen = HashSet::new();
    let mut feeds = Vec::new();
    for of in iter::once(FeedOf::All).chain(of_groups) {
        let shows_new = |list: &List| list.newest(site.feed_posts).any(|id| is_new.contains(&id));
        if seen.insert(of.clone()) && of.posts(archive).is_some_and(shows_new) {
            let address = |format| site.absolute(Route::Feed(of.clone(), format));
            feeds.extend([address(FeedFormat::Atom), address(FeedFormat::Json)]);
        }
    }
    feeds
}
