//! A list of posts in ascending order. Versions of a list share chunks: adding a post to a list of a
//! million copies one chunk.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use crate::archive::post::{PostId, Timestamp};
use crate::archive::snapshot::posts::Posts;

/// Maximum number of posts in a chunk. A change copies one chunk and a pointer to each other chunk. That
/// sum is smallest near the square root of the length of the longest lists.
const CHUNK: usize = if cfg!(test) { 4 } else { 2048 };

/// Ids of posts, in ascending order by date and path.
#[derive(Debug, Clone, Default)]
pub struct List {
    chunks: Vec<Chunk>,
    len: usize,
}

#[derive(Debug, Clone)]
struct Chunk {
    /// The position of its first post in the list.
    start: usize,
    /// Never empty.
    ids: Arc<Vec<PostId>>,
}

impl List {
    /// Builds a list from posts that are already in order.
    pub(super) fn from_sorted(ids: &[PostId]) -> Self {
        let chunk =
            |(index, ids): (usize, &[PostId])| Chunk { start: index * CHUNK, ids: Arc::new(ids.to_vec()) };
        Self { chunks: ids.chunks(CHUNK).enumerate().map(chunk).collect(), len: ids.len() }
    }

    /// A list of `count` posts with the ids `0..count`.
    #[cfg(test)]
    pub(crate) fn from_numbers(count: usize) -> Self {
        Self::from_sorted(&(0..count).map(PostId::new).collect::<Vec<_>>())
    }

    /// The number of posts.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if the list has no posts.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The post at a position, counted from the oldest.
    pub fn get(&self, place: usize) -> Option<PostId> {
        let chunk = &self.chunks[self.chunk_of(place)?];
        chunk.ids.get(place - chunk.start).copied()
    }

    /// The oldest post.
    pub fn first(&self) -> Option<PostId> {
        self.get(0)
    }

    /// The newest post.
    pub fn last(&self) -> Option<PostId> {
        self.chunks.last()?.ids.last().copied()
    }

    /// The posts at a range of positions, oldest first. Positions beyond the end are ignored.
    pub fn range(&self, places: Range<usize>) -> impl DoubleEndedIterator<Item = PostId> {
        let end = places.end.min(self.len);
        let chunks =
            match (self.chunk_of(places.start), end.checked_sub(1).and_then(|last| self.chunk_of(last))) {
                (Some(first), Some(last)) if places.start < end => &self.chunks[first..=last],
                _ => &[],
            };
        chunks.iter().flat_map(move |chunk| {
            let from = places.start.saturating_sub(chunk.start);
            let to = (end - chunk.start).min(chunk.ids.len());
            chunk.ids[from..to].iter().copied()
        })
    }

    /// Every post, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = PostId> {
        self.range(0..self.len)
    }

    /// The posts in chunks that the list does not share with another version of it, oldest first.
    pub(super) fn unshared<'l>(&'l self, other: &Self) -> impl Iterator<Item = PostId> + use<'l> {
        let shared: HashSet<*const Vec<PostId>> =
            other.chunks.iter().map(|chunk| Arc::as_ptr(&chunk.ids)).collect();
        let own = self.chunks.iter().filter(move |chunk| !shared.contains(&Arc::as_ptr(&chunk.ids)));
        own.flat_map(|chunk| chunk.ids.iter().copied())
    }

    /// The `count` newest posts, newest first.
    pub fn newest(&self, count: usize) -> impl Iterator<Item = PostId> {
        self.range(self.len.saturating_sub(count)..self.len).rev()
    }

    /// The position of a post, or `Err` with the position to insert it at.
    pub(super) fn place(&self, posts: &Posts, id: PostId) -> Result<usize, usize> {
        let order = posts.get(id).order();
        let before = |other: &PostId| *other != id && posts.get(*other).order() < order;
        // New posts usually belong at the end, where one comparison is enough.
        if self.last().is_none_or(|last| before(&last)) {
            return Err(self.len);
        }
        let chunk =
            &self.chunks[self.chunks.partition_point(|chunk| before(&chunk.ids[0])).saturating_sub(1)];
        let within = chunk.ids.partition_point(before);
        // The end of a chunk is the start of the next one.
        let place = chunk.start + within;
        if self.get(place) == Some(id) { Ok(place) } else { Err(place) }
    }

    /// The position of the first post dated `moment` or later, or the length of the list. All posts
    /// before `from` must be dated earlier.
    pub(super) fn place_since(&self, posts: &Posts, moment: Timestamp, from: usize) -> usize {
        let before = |id: &PostId| posts.get(*id).date < moment;
        // The position is usually near `from`, so double the step until it overshoots, then bisect.
        let (mut known, mut step) = (from, 1);
        let end = loop {
            match self.get(known + step) {
                Some(id) if before(&id) => (known, step) = (known + step, step * 2),
                Some(_) => break known + step,
                None => break self.len,
            }
        };
        let mut range = known..end;
        while !range.is_empty() {
            let middle = range.start + range.len() / 2;
            match self.get(middle) {
                Some(id) if before(&id) => range.start = middle + 1,
                _ => range.end = middle,
            }
        }
        range.start
    }

    /// Adds a post. The list must not contain it.
    pub(super) fn insert(&mut self, posts: &Posts, id: PostId) {
        let (Ok(place) | Err(place)) = self.place(posts, id);
        let index = match self.chunk_of(place).or(self.chunks.len().checked_sub(1)) {
            // A post after a full last chunk starts a new chunk, and the full chunk stays shared.
            Some(last) if place < self.len || self.chunks[last].ids.len() < CHUNK => last,
            _ => {
                self.chunks.push(Chunk { start: self.len, ids: Arc::new(vec![id]) });
                self.len += 1;
                return;
            }
        };
        let chunk = &mut self.chunks[index];
        let within = place - chunk.start;
        let ids = own(&mut chunk.ids);
        ids.insert(within, id);
        if ids.len() > CHUNK {
            let rest = ids.split_off(CHUNK / 2);
            self.chunks.insert(index + 1, Chunk { start: 0, ids: Arc::new(rest) });
        }
        self.count_from(index);
    }

    /// Removes a post, if the list contains it.
    pub(super) fn remove(&mut self, posts: &Posts, id: PostId) {
        let Ok(place) = self.place(posts, id) else { return };
        let Some(index) = self.chunk_of(place) else { return };
        let chunk = &mut self.chunks[index];
        let within = place - chunk.start;
        own(&mut chunk.ids).remove(within);
        if chunk.ids.is_empty() {
            self.chunks.remove(index);
        }
        self.count_from(index);
    }

    /// The index of the chunk that contains a position.
    fn chunk_of(&self, place: usize) -> Option<usize> {
        (place < self.len).then(|| self.chunks.partition_point(|chunk| chunk.start <= place) - 1)
    }

    /// Recomputes the start positions from a chunk on, and the length.
    fn count_from(&mut self, index: usize) {
        let before = index.checked_sub(1).map(|before| &self.chunks[before]);
        let mut start = before.map_or(0, |chunk| chunk.start + chunk.ids.len());
        for chunk in &mut self.chunks[index..] {
            chunk.start = start;
            start += chunk.ids.len();
        }
        self.len = start;
    }
}

/// Makes a chunk exclusive to this version of the list, with capacity for one more post.
fn own(ids: &mut Arc<Vec<PostId>>) -> &mut Vec<PostId> {
    if Arc::get_mut(ids).is_none() {
        let mut copy = Vec::with_capacity(ids.len() + 1);
        copy.extend_from_slice(ids);
        *ids = Arc::new(copy);
    }
    Arc::make_mut(ids)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::archive::post::Post;

    /// Posts, some with equal dates, so that the path decides their order.
    fn posts(count: usize) -> Posts {
        let mut posts = Posts::default();
        for number in 0..count {
            let path = format!("_posts/2024-01-01-{}.md", number * 7919 % 1009);
            posts.add(Post::sample(&path, (number * 31 % 17) as i64));
        }
        posts
    }

    /// Compares the results of a list with those of a plain vector.
    fn assert_same(list: &List, plain: &[PostId], posts: &Posts) {
        assert_eq!(list.iter().collect::<Vec<_>>(), plain);
        assert_eq!((list.len(), list.is_empty()), (plain.len(), plain.is_empty()));
        assert_eq!((list.first(), list.last()), (plain.first().copied(), plain.last().copied()));
        for place in 0..=plain.len() {
            assert_eq!(list.get(place), plain.get(place).copied());
            let end = (place + 5).min(plain.len());
            assert_eq!(list.range(place..place + 5).collect::<Vec<_>>(), plain[place..end]);
        }
        for (place, id) in plain.iter().enumerate() {
            assert_eq!(list.place(posts, *id), Ok(place));
        }
        for moment in (-1..20).map(Timestamp::from_seconds) {
            let expected = plain.partition_point(|id| posts.get(*id).date < moment);
            for from in [0, expected / 2, expected] {
                assert_eq!(list.place_since(posts, moment, from), expected);
            }
        }
    }

    proptest! {
        #[test]
        fn list_matches_a_sorted_vector(steps in prop::collection::vec((0usize..60, any::<bool>()), 0..120)) {
            let posts = posts(60);
            let (mut list, mut plain) = (List::default(), Vec::<PostId>::new());
            for (number, comes) in steps {
                let id = PostId::new(number);
                let before = list.clone();
                let ids = before.iter().collect::<Vec<_>>();
                let place = plain.binary_search_by(|other| posts.get(*other).order().cmp(&posts.get(id).order()));
                match (comes, place) {
                    (true, Err(place)) => {
                        plain.insert(place, id);
                        list.insert(&posts, id);
                    }
                    (false, Ok(place)) => {
                        plain.remove(place);
                        list.remove(&posts, id);
                    }
                    (false, Err(_)) => list.remove(&posts, id),
                    (true, Ok(_)) => {}
                }
                assert_same(&list, &plain, &posts);
                // The previous version is unchanged.
                prop_assert_eq!(before.iter().collect::<Vec<_>>(), ids);
            }
            assert_same(&List::from_sorted(&plain), &plain, &posts);
        }
    }
}
