//! Posts that were published close to a post: about the same securities, and by the same source.

use std::time::Duration;

use crate::archive::post::PostId;
use crate::archive::snapshot::Snapshot;
use crate::archive::snapshot::group::Group;
use crate::archive::snapshot::group::kind::GroupKind;
use crate::archive::snapshot::list::List;

/// Posts are around another only within this distance in time: a week.
const NEAR: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Number of posts examined on either side of a post in each list.
const REACH: usize = 8;
/// Limit on the securities examined per post, because some posts name every security of a market.
const SECURITIES: usize = 12;

impl Snapshot {
    /// Returns at most `count` posts within a week of a post in two lists, each with the nearest in time first: posts
    /// that mention one of its story's securities, and other posts of `source`. Skips the posts in `except`, which the
    /// page already shows.
    pub fn around(
        &self,
        id: PostId,
        source: Option<&Group>,
        except: &[PostId],
        count: usize,
    ) -> [Vec<PostId>; 2] {
        let mentions = self.mentions(&self.story(id));
        let mentions = mentions.iter().take(SECURITIES);
        let groups = mentions.filter_map(|mention| self.groups(GroupKind::Security).get(mention.code));
        let mut about: Vec<PostId> = groups.flat_map(|group| self.beside(group.posts(), id)).collect();
        self.sort_by_distance(id, &mut about);
        let mut same: Vec<PostId> =
            source.into_iter().flat_map(|group| self.beside(group.posts(), id)).collect();
        self.sort_by_distance(id, &mut same);
        let mut found: Vec<PostId> = Vec::with_capacity(count);
        [about, same].map(|posts| {
            let before = found.len();
            for other in posts {
                let is_new = other != id && !except.contains(&other) && !found.contains(&other);
                if is_new && found.len() < count {
                    found.push(other);
                }
            }
            found[before..].to_vec()
        })
    }

    /// The posts of a list closest to a post. The list need not contain that post.
    fn beside<'l>(&'l self, list: &'l List, id: PostId) -> impl Iterator<Item = PostId> + 'l {
        let (Ok(place) | Err(place)) = list.place(&self.posts, id);
        let near = list.range(place.saturating_sub(REACH)..place.saturating_add(REACH + 1));
        near.filter(move |other| self.distance(id, *other) <= NEAR)
    }

    fn distance(&self, one: PostId, other: PostId) -> Duration {
        let (one, other) = (self.post(one).date, self.post(other).date);
        one.since(other).max(other.since(one))
    }

    fn sort_by_distance(&self, id: PostId, posts: &mut [PostId]) {
        posts.sort_by_cached_key(|other| (self.distance(id, *other), self.post(*other).path()));
    }
}
