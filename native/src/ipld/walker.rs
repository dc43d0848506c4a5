//! A walk over a graph of blocks whose visited set and queue stay out of JavaScript's heap.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use cid::Cid;

use super::cbor;
use crate::error::{fail, Code, Outcome};

pub const DAG_CBOR: u64 = 0x71;
const IDENTITY: u64 = 0;

/// The set's keys are hashes already.
#[derive(Default)]
pub struct Taken(u64);

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u128(&mut self, value: u128) {
        self.0 = value as u64;
    }
}

pub struct Walker {
    /// 16 bytes of a keyed hash of each CID: with a secret key nobody can build two CIDs that meet.
    seen: HashSet<u128, BuildHasherDefault<Taken>>,
    key: [u8; 32],
    /// Last in, first out: depth first keeps the queue short.
    queue: Vec<Cid>,
    max_queue: usize,
    /// Codecs whose blocks are not in any store (sector commitments).
    skip: Vec<u64>,
}

impl Walker {
    pub fn new(max_queue: usize, skip: Vec<u64>) -> Outcome<Self> {
        let mut key = [0u8; 32];
        fill_random(&mut key)?;
        Ok(Walker { seen: HashSet::default(), key, queue: Vec::new(), max_queue, skip })
    }

    fn mark(&self, cid: &Cid) -> u128 {
        let mut bytes = [0u8; 128];
        let mut rest = &mut bytes[..];
        let length = cid.write_bytes(&mut rest).unwrap_or(0);
        let digest = blake2b_simd::Params::new().hash_length(16).key(&self.key).hash(&bytes[..length]);
        let mut out = [0u8; 16];
        out.copy_from_slice(digest.as_bytes());
        u128::from_le_bytes(out)
    }

    /// Queues a CID that was not seen before; true when it was new.
    pub fn push(&mut self, cid: Cid) -> Outcome<bool> {
        if cid.hash().code() == IDENTITY || self.skip.contains(&cid.codec()) {
            return Ok(false);
        }
        let mark = self.mark(&cid);
        if self.seen.contains(&mark) {
            return Ok(false);
        }
        if self.queue.len() >= self.max_queue {
            return Err(fail(Code::Ipld, format!("more than {} blocks wait in a walk", self.max_queue)));
        }
        self.seen.insert(mark);
        self.queue.push(cid);
        Ok(true)
    }

    pub fn next(&mut self, count: usize) -> Vec<Cid> {
        let from = self.queue.len().saturating_sub(count);
        let mut out = self.queue.split_off(from);
        out.reverse();
        out
    }

    /// Queues the links of a block; blocks of other codecs than dag-cbor have none. Returns how many were new.
    pub fn feed(&mut self, cid: &Cid, data: &[u8]) -> Outcome<u32> {
        if cid.codec() != DAG_CBOR {
            return Ok(0);
        }
        let links = cbor::links(data)
            .map_err(|failure| fail(failure.code, format!("block {cid} cannot be read: {}", failure.message)))?;
        let mut new = 0;
        // Last link first, so that the first one is on top.
        for link in links.into_iter().rev() {
            new += u32::from(self.push(link)?);
        }
        Ok(new)
    }

    pub fn seen(&self, cid: &Cid) -> bool {
        self.seen.contains(&self.mark(cid))
    }

    pub fn seen_count(&self) -> usize {
        self.seen.len()
    }

    pub fn queued(&self) -> usize {
        self.queue.len()
    }
}

fn fill_random(out: &mut [u8]) -> Outcome<()> {
    use std::io::Read;
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(out))
        .map_err(|error| fail(Code::Ipld, format!("random bytes cannot be read: {error}")))
}
