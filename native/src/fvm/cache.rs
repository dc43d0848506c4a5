//! A process-wide cache of blocks, bounded in bytes, in front of every machine's store.
//!
//! Blocks are content-addressed, so an entry can never be stale and all workers may share them.
//! Sharded, because several workers read at the same time; each shard is an exact LRU list.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cid::Cid;

const SHARDS: usize = 16;
/// What an entry costs beside its data: the key twice, the list's links, the map's slot.
const ENTRY_OVERHEAD: usize = 256;
/// A block larger than this share of a shard would push everything else out.
const MAX_SHARE: usize = 4;
const DEFAULT_BYTES: usize = 256 << 20;
const NONE: usize = usize::MAX;

struct Entry {
    key: Cid,
    data: Arc<[u8]>,
    newer: usize,
    older: usize,
}

struct Shard {
    map: HashMap<Cid, usize>,
    entries: Vec<Entry>,
    free: Vec<usize>,
    newest: usize,
    oldest: usize,
    bytes: usize,
}

impl Shard {
    fn new() -> Self {
        Shard { map: HashMap::new(), entries: Vec::new(), free: Vec::new(), newest: NONE, oldest: NONE, bytes: 0 }
    }

    fn unlink(&mut self, at: usize) {
        let (newer, older) = (self.entries[at].newer, self.entries[at].older);
        if newer == NONE {
            self.newest = older;
        } else {
            self.entries[newer].older = older;
        }
        if older == NONE {
            self.oldest = newer;
        } else {
            self.entries[older].newer = newer;
        }
    }

    fn link_newest(&mut self, at: usize) {
        self.entries[at].newer = NONE;
        self.entries[at].older = self.newest;
        if self.newest != NONE {
            let newest = self.newest;
            self.entries[newest].newer = at;
        } else {
            self.oldest = at;
        }
        self.newest = at;
    }

    fn get(&mut self, key: &Cid) -> Option<Arc<[u8]>> {
        let at = *self.map.get(key)?;
        if self.newest != at {
            self.unlink(at);
            self.link_newest(at);
        }
        Some(self.entries[at].data.clone())
    }

    fn put(&mut self, key: Cid, data: Arc<[u8]>, limit: usize) {
        let size = data.len() + ENTRY_OVERHEAD;
        if size > limit / MAX_SHARE || self.map.contains_key(&key) {
            return;
        }
        let entry = Entry { key, data, newer: NONE, older: NONE };
        let at = match self.free.pop() {
            Some(at) => {
                self.entries[at] = entry;
                at
            }
            None => {
                self.entries.push(entry);
                self.entries.len() - 1
            }
        };
        self.map.insert(key, at);
        self.link_newest(at);
        self.bytes += size;
        self.shrink(limit);
    }

    fn shrink(&mut self, limit: usize) {
        while self.bytes > limit && self.oldest != NONE {
            let at = self.oldest;
            self.unlink(at);
            let data = std::mem::replace(&mut self.entries[at].data, Arc::from(&[][..]));
            self.bytes -= data.len() + ENTRY_OVERHEAD;
            let key = self.entries[at].key;
            self.map.remove(&key);
            self.free.push(at);
        }
    }
}

pub struct BlockCache {
    shards: Vec<Mutex<Shard>>,
    limit: AtomicUsize,
    hits: AtomicU64,
    misses: AtomicU64,
}

pub struct Stats {
    pub bytes: u64,
    pub blocks: u64,
    pub limit: u64,
    pub hits: u64,
    pub misses: u64,
}

impl BlockCache {
    pub fn new(limit: usize) -> Self {
        BlockCache {
            shards: (0..SHARDS).map(|_| Mutex::new(Shard::new())).collect(),
            limit: AtomicUsize::new(limit),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    fn shard(&self, key: &Cid) -> std::sync::MutexGuard<'_, Shard> {
        // The last byte of a digest is as good as any hash of it.
        let at = key.hash().digest().last().copied().unwrap_or(0) as usize % SHARDS;
        // A poisoned shard is still a map of immutable blocks.
        self.shards[at].lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn get(&self, key: &Cid) -> Option<Arc<[u8]>> {
        let found = self.shard(key).get(key);
        if found.is_some() { &self.hits } else { &self.misses }.fetch_add(1, Ordering::Relaxed);
        found
    }

    pub fn put(&self, key: Cid, data: Arc<[u8]>) {
        let limit = self.limit.load(Ordering::Relaxed) / SHARDS;
        self.shard(&key).put(key, data, limit);
    }

    pub fn set_limit(&self, bytes: usize) {
        self.limit.store(bytes, Ordering::Relaxed);
        for shard in &self.shards {
            shard.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).shrink(bytes / SHARDS);
        }
    }

    pub fn stats(&self) -> Stats {
        let (mut bytes, mut blocks) = (0u64, 0u64);
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            bytes += shard.bytes as u64;
            blocks += shard.map.len() as u64;
        }
        Stats {
            bytes,
            blocks,
            limit: self.limit.load(Ordering::Relaxed) as u64,
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }
}

/// The one cache of this process.
pub fn shared() -> &'static BlockCache {
    static CACHE: std::sync::OnceLock<BlockCache> = std::sync::OnceLock::new();
    CACHE.get_or_init(|| BlockCache::new(DEFAULT_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use multihash_codetable::{Code, MultihashDigest};

    fn key(n: u32) -> Cid {
        Cid::new_v1(0x55, Code::Blake2b256.digest(&n.to_le_bytes()))
    }

    #[test]
    fn keeps_to_its_limit_and_drops_the_oldest() {
        let cache = BlockCache::new(SHARDS * 8 * 1024);
        for n in 0..1000 {
            cache.put(key(n), Arc::from(vec![0u8; 256]));
            assert!(cache.stats().bytes <= (SHARDS * 8 * 1024) as u64);
            // Block 0 is read all the time and must survive.
            assert!(cache.get(&key(0)).is_some());
        }
        assert!(cache.get(&key(1)).is_none());
        assert!(cache.get(&key(999)).is_some());
        cache.set_limit(0);
        assert_eq!((cache.stats().bytes, cache.stats().blocks), (0, 0));
    }

    #[test]
    fn refuses_a_block_that_would_push_everything_out() {
        let cache = BlockCache::new(SHARDS * 8 * 1024);
        cache.put(key(1), Arc::from(vec![0u8; 4096]));
        assert!(cache.get(&key(1)).is_none());
    }
}
