//! The process-wide engines, one per major version of the FVM, shared by all threads: they hold the
//! compiled wasm of the actors. Which network version runs on which: filecoin-ffi `rust/src/fvm/engine.rs`.

use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::OnceLock;

use anyhow::anyhow;
use cid::Cid;
use fvm_ipld_blockstore::Blockstore;

use super::host::Link;
use super::lane::{Config, Lane};
use crate::error::{fail, Code, Outcome};

/// Messages that may execute at the same time on one engine. Each reserves address space for a whole
/// call stack, so the limit is Lotus's (LOTUS_FVM_CONCURRENCY, 1 to 256).
const MAX_CONCURRENCY: u32 = 256;

static CONCURRENCY: AtomicU32 = AtomicU32::new(0);
static ENGINE2: OnceLock<fvm2::machine::MultiEngine> = OnceLock::new();
static ENGINE3: OnceLock<fvm3::engine::MultiEngine> = OnceLock::new();
static ENGINE4: OnceLock<fvm4::engine::MultiEngine> = OnceLock::new();

fn concurrency() -> u32 {
    match CONCURRENCY.load(Ordering::Relaxed) {
        0 => std::thread::available_parallelism().map_or(8, |n| n.get() as u32).min(MAX_CONCURRENCY),
        n => n,
    }
}

/// Sets how many messages may execute at once; only before an engine exists.
pub fn configure(value: u32) -> Outcome<()> {
    if !(1..=MAX_CONCURRENCY).contains(&value) {
        return Err(fail(Code::Argument, format!("the engine's concurrency must be 1 to {MAX_CONCURRENCY}, not {value}")));
    }
    if value != concurrency() && (ENGINE3.get().is_some() || ENGINE4.get().is_some()) {
        return Err(fail(Code::Argument, "the engine's concurrency can be set only before the first machine is made"));
    }
    CONCURRENCY.store(value, Ordering::Relaxed);
    Ok(())
}

pub fn engine2() -> &'static fvm2::machine::MultiEngine {
    ENGINE2.get_or_init(fvm2::machine::MultiEngine::new)
}

pub fn engine3() -> &'static fvm3::engine::MultiEngine {
    ENGINE3.get_or_init(|| fvm3::engine::MultiEngine::new(concurrency()))
}

pub fn engine4() -> &'static fvm4::engine::MultiEngine {
    ENGINE4.get_or_init(|| fvm4::engine::MultiEngine::new(concurrency()))
}

fn unsupported(network_version: u32) -> anyhow::Error {
    anyhow!("network version {network_version} is not supported: the engines cover 16 to 29")
}

/// Makes an executor for the configured network version.
pub fn lane(config: &Config, link: &Rc<Link>) -> anyhow::Result<Box<dyn Lane>> {
    match config.network_version {
        16 | 17 => super::v2::lane(config, link),
        18..=20 => super::v3::lane(config, link),
        21..=29 => super::v4::lane(config, link),
        other => Err(unsupported(other)),
    }
}

/// Compiles actors ahead of their first use; returns when all are ready.
pub fn preload(network_version: u32, codes: &[Cid], store: &impl Blockstore) -> anyhow::Result<()> {
    match network_version {
        16 | 17 => engine2().get(&super::v2::network(network_version, false)?)?.preload(store, codes),
        18..=20 => {
            let config = fvm3::machine::NetworkConfig::new(network_version.into());
            engine3().get(&config)?.acquire().preload(store, codes).map(|_| ())
        }
        21..=29 => {
            let config = fvm4::machine::NetworkConfig::new(network_version.into());
            engine4().get(&config)?.acquire().preload_all(store, codes).map(|_| ())
        }
        other => Err(unsupported(other)),
    }
}
