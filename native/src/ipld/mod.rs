//! Bulk work on blocks that JavaScript would be slow at.

pub mod car;
pub mod cbor;
pub mod hamt;
pub mod walker;

use cid::Cid;
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::error::{fail, guard, Code, Fail, Job, Outcome, Result};
use crate::fvm::cid_of;
use crate::fvm::host::Link;
use crate::fvm::js_host::JsHost;
use walker::Walker;

#[napi(object, object_from_js = false)]
pub struct NativeScan {
    pub consumed: u32,
    pub entries: Uint32Array,
}

/// Finds (and with `verify` checks) the whole sections at the start of `chunk`, on the thread pool.
#[napi(ts_return_type = "Promise<NativeScan>")]
pub fn scan_car(chunk: Uint8Array, verify: bool, max_section: u32, base: f64) -> AsyncTask<Job<car::Scan, NativeScan>> {
    // A copy: JavaScript may reuse its array while the pool works. It costs a hundredth of the hashing.
    let chunk = chunk.to_vec();
    Job::task(
        move || {
            if chunk.len() > u32::MAX as usize {
                return Err(fail(Code::Argument, "a piece of a CAR file must be smaller than 4 GiB"));
            }
            car::scan(&chunk, verify, max_section as usize, base)
        },
        |scan| NativeScan { consumed: scan.consumed as u32, entries: scan.entries.into() },
    )
}

/// CIDs one after the other, with their lengths.
#[napi(object, object_from_js = false)]
pub struct NativeCids {
    pub bytes: Uint8Array,
    pub lengths: Uint32Array,
}

fn pack(cids: &[Cid]) -> Outcome<NativeCids> {
    let mut bytes = Vec::with_capacity(cids.len() * 38);
    let mut lengths = Vec::with_capacity(cids.len());
    for cid in cids {
        let length = cid.write_bytes(&mut bytes).map_err(|error| fail(Code::Ipld, error.to_string()))?;
        lengths.push(length as u32);
    }
    Ok(NativeCids { bytes: bytes.into(), lengths: lengths.into() })
}

/// The links of a dag-cbor block.
#[napi]
pub fn cbor_links(data: &[u8]) -> Result<NativeCids> {
    guard(|| pack(&cbor::links(data)?))
}

/// Throws unless `data` is one value of canonical DAG-CBOR that nests at most `maxDepth` deep.
#[napi]
pub fn validate_cbor(data: &[u8], max_depth: u32) -> Result<()> {
    guard(|| cbor::validate(data, max_depth as usize))
}

/// True when `data` hashes to the CID.
#[napi]
pub fn cid_matches(cid: &[u8], data: &[u8]) -> Result<bool> {
    guard(|| car::matches(&cid_of(cid, "the block's name")?, data))
}

/// A walk over a graph: what was seen, and what is still to be read.
#[napi]
pub struct NativeWalker {
    walker: Option<Walker>,
}

impl NativeWalker {
    fn open(&self) -> Outcome<&Walker> {
        self.walker.as_ref().ok_or_else(walker_closed)
    }

    fn open_mut(&mut self) -> Outcome<&mut Walker> {
        self.walker.as_mut().ok_or_else(walker_closed)
    }
}

fn walker_closed() -> Fail {
    fail(Code::Ipld, "the walk is closed: make a new one")
}

#[napi]
impl NativeWalker {
    #[napi(constructor)]
    pub fn new(max_queue: u32, skip_codecs: Vec<u32>) -> Result<Self> {
        guard(|| {
            let skip = skip_codecs.into_iter().map(u64::from).collect();
            Ok(NativeWalker { walker: Some(Walker::new(max_queue as usize, skip)?) })
        })
    }

    /// Queues CIDs that were not seen before; returns how many were new.
    #[napi]
    pub fn push(&mut self, cids: Vec<Uint8Array>) -> Result<u32> {
        guard(|| {
            let walker = self.open_mut()?;
            let mut new = 0;
            for cid in &cids {
                new += u32::from(walker.push(cid_of(cid, "what is to be walked")?)?);
            }
            Ok(new)
        })
    }

    /// Takes up to `count` CIDs off the queue.
    #[napi]
    pub fn next(&mut self, count: u32) -> Result<NativeCids> {
        guard(|| pack(&self.open_mut()?.next(count as usize)))
    }

    /// Queues the unseen links of blocks; `cids` and `blocks` go in pairs. Returns how many were new.
    #[napi]
    pub fn feed(&mut self, cids: Vec<Uint8Array>, blocks: Vec<Uint8Array>) -> Result<u32> {
        guard(|| {
            if cids.len() != blocks.len() {
                return Err(fail(Code::Argument, "each block needs its CID"));
            }
            let walker = self.open_mut()?;
            let mut new = 0;
            for (cid, block) in cids.iter().zip(&blocks) {
                new += walker.feed(&cid_of(cid, "a block's name")?, block)?;
            }
            Ok(new)
        })
    }

    /// True when the CID was queued at any time.
    #[napi]
    pub fn seen(&self, cid: &[u8]) -> Result<bool> {
        guard(|| Ok(self.open()?.seen(&cid_of(cid, "the argument")?)))
    }

    #[napi]
    pub fn seen_count(&self) -> Result<f64> {
        guard(|| Ok(self.open()?.seen_count() as f64))
    }

    #[napi]
    pub fn queued(&self) -> Result<f64> {
        guard(|| Ok(self.open()?.queued() as f64))
    }

    /// Frees the visited set and the queue; closing twice does nothing.
    #[napi]
    pub fn close(&mut self) -> Result<()> {
        guard(|| {
            self.walker = None;
            Ok(())
        })
    }
}

/// HAMT entries: keys and values one after the other, `lengths` in pairs.
#[napi(object, object_from_js = false)]
pub struct NativeEntries {
    pub keys: Uint8Array,
    pub values: Uint8Array,
    pub lengths: Uint32Array,
}

/// AMT entries: values one after the other.
#[napi(object, object_from_js = false)]
pub struct NativeItems {
    pub indexes: BigUint64Array,
    pub values: Uint8Array,
    pub lengths: Uint32Array,
}

fn read<T>(env: Env, store: Object, walk: impl FnOnce(hamt::Source) -> Outcome<T>) -> Outcome<T> {
    // SAFETY: both belong to this call, and the host is gone when it ends.
    let link = Link::new(Box::new(unsafe { JsHost::blocks_only(env.raw(), store.raw())? }));
    let source = |cid: &Cid| match link.block(cid) {
        Ok(Some(data)) => Ok(data),
        Ok(None) => Err(fail(Code::IpldMissing, format!("block {cid} is not in the store"))),
        Err(error) => Err(Fail { code: Code::Ipld, message: format!("{error:#}") }),
    };
    walk(&source)
}

fn limits(max_entries: u32, max_bytes: f64) -> hamt::Limits {
    // Offsets into the packed values are 32 bits wide on the other side.
    hamt::Limits { max_entries: max_entries as usize, max_bytes: max_bytes.clamp(0.0, u32::MAX as f64) as usize }
}

/// All entries of a HAMT. `store` has a method getBlock(cid); the block cache is asked first.
#[napi]
pub fn hamt_entries(env: Env, root: &[u8], bit_width: u32, store: Object, max_entries: u32, max_bytes: f64) -> Result<NativeEntries> {
    guard(|| {
        let root = cid_of(root, "the HAMT's root")?;
        let found = read(env, store, |source| hamt::hamt(root, bit_width, &limits(max_entries, max_bytes), source))?;
        Ok(NativeEntries { keys: found.keys.into(), values: found.values.into(), lengths: found.lengths.into() })
    })
}

/// All entries of an AMT. `bitWidth` 0: whatever the root says.
#[napi]
pub fn amt_entries(
    env: Env,
    root: &[u8],
    version: u32,
    bit_width: u32,
    store: Object,
    max_entries: u32,
    max_bytes: f64,
) -> Result<NativeItems> {
    guard(|| {
        let root = cid_of(root, "the AMT's root")?;
        let width = if bit_width == 0 { None } else { Some(bit_width) };
        let found = read(env, store, |source| hamt::amt(root, version, width, &limits(max_entries, max_bytes), source))?;
        Ok(NativeItems { indexes: found.indexes.into(), values: found.values.into(), lengths: found.lengths.into() })
    })
}
