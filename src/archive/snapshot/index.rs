//! Maps a text to candidate posts by the text's hash. The index does not hold the texts, which the posts
//! hold already, so it takes a fraction of the memory of a map from text to post.

use std::collections::HashSet;

use rayon::prelude::*;
use rpds::VectorSync;

use crate::archive::address::hash;
use crate::archive::post::PostId;

/// A power of two: the lowest bits of a hash select the shard.
const SHARDS: usize = 1 << 12;

/// Posts by the hash of a text. The caller must compare the texts.
#[derive(Debug, Clone)]
pub(super) struct HashIndex {
    /// Each shard is sorted. An entry is the upper half of the hash and the post's id.
    shards: VectorSync<Vec<(u32, PostId)>>,
}

impl Default for HashIndex {
    fn default() -> Self {
        Self::from_shards(vec![Vec::new(); SHARDS])
    }
}

impl HashIndex {
    /// Builds an index from the [`hash`]es of many texts at once.
    pub(super) fn from_hashes(hashes: impl Iterator<Item = (u64, PostId)>) -> Self {
        let mut shards: Vec<Vec<(u32, PostId)>> = vec![Vec::new(); SHARDS];
        for (hash, id) in hashes {
            shards[shard(hash)].push((rest(hash), id));
        }
        shards.par_iter_mut().for_each(|shard| {
            shard.sort_unstable();
            shard.shrink_to_fit();
        });
        Self::from_shards(shards)
    }

    fn from_shards(all: Vec<Vec<(u32, PostId)>>) -> Self {
        let mut shards = VectorSync::new_sync();
        for shard in all {
            shards.push_back_mut(shard);
        }
        Self { shards }
    }

    /// The posts that were added with a text. Hash collisions may add a post with another text.
    pub(super) fn find(&self, text: &str) -> impl Iterator<Item = PostId> {
        self.find_hash(hash(text))
    }

    /// Like [`HashIndex::find`], by the hash of the text.
    pub(super) fn find_hash(&self, hash: u64) -> impl Iterator<Item = PostId> {
        let rest = rest(hash);
        let shard = self.shards.get(shard(hash)).map_or(&[][..], Vec::as_slice);
        let start = shard.partition_point(|(other, _)| *other < rest);
        shard[start..].iter().take_while(move |(other, _)| *other == rest).map(|(_, id)| *id)
    }

    /// The posts whose text has the same hash as the text of another post.
    pub(super) fn shared(&self) -> HashSet<PostId> {
        let pairs = self.shards.iter().flat_map(|shard| shard.windows(2));
        let same = pairs.filter(|pair| pair[0].0 == pair[1].0);
        same.flat_map(|pair| [pair[0].1, pair[1].1]).collect()
    }

    pub(super) fn insert(&mut self, text: &str, id: PostId) {
        let hash = hash(text);
        let entry = (rest(hash), id);
        if let Some(shard) = self.shards.get_mut(shard(hash))
            && let Err(place) = shard.binary_search(&entry)
        {
            shard.insert(place, entry);
        }
    }

    /// Removes a post that was added with this text.
    pub(super) fn remove(&mut self, text: &str, id: PostId) {
        let hash = hash(text);
        if let Some(shard) = self.shards.get_mut(shard(hash))
            && let Ok(place) = shard.binary_search(&(rest(hash), id))
        {
            shard.remove(place);
        }
    }
}

fn shard(hash: u64) -> usize {
    hash as usize % SHARDS
}

fn rest(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_posts_are_found_until_removed() {
        let mut index = HashIndex::default();
        for number in 0..10_000 {
            index.insert(&format!("/{}.html", number / 2), PostId::new(number));
        }
        let before = index.clone();
        index.remove("/7.html", PostId::new(14));
        index.remove("/7.html", PostId::new(9));
        assert_eq!(index.find("/7.html").collect::<Vec<_>>(), [PostId::new(15)]);
        assert_eq!(before.find("/7.html").collect::<Vec<_>>(), [PostId::new(14), PostId::new(15)]);
        assert_eq!(index.find("/none.html").count(), 0);
    }

    #[test]
    fn bulk_index_finds_posts_and_shared_texts() {
        let texts = ["/a", "/b", "/a", "/c"];
        let hashes = texts.iter().enumerate().map(|(number, text)| (hash(text), PostId::new(number)));
        let index = HashIndex::from_hashes(hashes);
        assert_eq!(index.find("/a").collect::<Vec<_>>(), [PostId::new(0), PostId::new(2)]);
        let shared = index.shared();
        assert!(shared.contains(&PostId::new(0)) && shared.contains(&PostId::new(2)) && shared.len() == 2);
    }
}
