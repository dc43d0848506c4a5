//! The class that JavaScript holds, and the process-wide settings.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use cid::Cid;
use fvm_ipld_blockstore::Blockstore;
use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::cache;
use super::host::{Answer, Ask, Host};
use super::js_host::JsHost;
use super::lane::{Applied, Config, Flushed, Machine};
use super::remote::{stack_left, RemoteMachine, ENOUGH};
use crate::error::{fail, guard, Code, Job, Outcome, Result};

/// A message on the chain is at most 64 KiB (Lotus `MaxMessageSize`); StateCall and genesis may send
/// larger ones, wasm code among them.
const MAX_MESSAGE: usize = 32 << 20;

/// What fixes a machine's results; amounts in attoFIL.
#[napi(object, object_to_js = false)]
pub struct NativeMachineConfig {
    pub network_version: u32,
    pub chain_id: BigInt,
    pub epoch: i64,
    pub timestamp: BigInt,
    pub state_root: Uint8Array,
    pub base_fee: BigInt,
    pub circulating_supply: BigInt,
    pub tracing: bool,
    pub flush_all_blocks: bool,
    pub actor_debugging: bool,
    pub assume_proofs_valid: bool,
}

/// The outcome of one message; amounts in attoFIL.
#[napi(object, object_from_js = false)]
pub struct NativeApplyResult {
    pub exit_code: u32,
    pub return_data: Uint8Array,
    pub gas_used: BigInt,
    pub penalty: BigInt,
    pub miner_tip: BigInt,
    pub base_fee_burn: BigInt,
    pub over_estimation_burn: BigInt,
    pub refund: BigInt,
    pub gas_refund: BigInt,
    pub gas_burned: BigInt,
    pub failure_info: Option<String>,
    pub events: Option<Uint8Array>,
    pub events_root: Option<Uint8Array>,
    pub trace: Option<Uint8Array>,
}

/// Blocks packed one after the other: `index` holds each one's CID length and data length.
#[napi(object, object_from_js = false)]
pub struct NativeFlush {
    pub state_root: Uint8Array,
    pub cids: Uint8Array,
    pub data: Uint8Array,
    pub index: Uint32Array,
}

#[napi(object, object_from_js = false)]
pub struct NativeCacheStats {
    pub bytes: f64,
    pub blocks: f64,
    pub limit_bytes: f64,
    pub hits: f64,
    pub misses: f64,
}

fn u64_of(value: &BigInt, what: &str) -> Outcome<u64> {
    match value.get_u64() {
        (false, value, true) => Ok(value),
        _ => Err(fail(Code::Argument, format!("{what} must be an integer from 0 to 2^64-1"))),
    }
}

fn u128_of(value: &BigInt, what: &str) -> Outcome<u128> {
    if value.sign_bit && value.words.iter().any(|w| *w != 0) || value.words.len() > 2 {
        return Err(fail(Code::Argument, format!("{what} must be an integer from 0 to 2^128-1")));
    }
    let word = |at: usize| u128::from(value.words.get(at).copied().unwrap_or(0));
    Ok(word(0) | word(1) << 64)
}

fn big(value: u128) -> BigInt {
    let high = (value >> 64) as u64;
    let words = if high == 0 { vec![value as u64] } else { vec![value as u64, high] };
    BigInt { sign_bit: false, words }
}

pub fn cid_of(bytes: &[u8], what: &str) -> Outcome<Cid> {
    Cid::try_from(bytes).map_err(|error| fail(Code::Argument, format!("{what} is not a CID: {error}")))
}

/// Lets one JavaScript host answer both kinds of machine.
struct NearHost(Rc<dyn Host>);

impl Host for NearHost {
    fn ask(&self, question: Ask) -> Answer {
        self.0.ask(question)
    }
}

thread_local! {
    /// True while a machine runs on this thread.
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Marks the thread as running a machine. A callback that makes or runs a second one would wait for an
/// engine's slot while the first one keeps one: with every slot taken so, the process would stand still.
struct Turn;

impl Turn {
    fn begin() -> Outcome<Turn> {
        if RUNNING.replace(true) {
            return Err(fail(Code::Fvm, "a machine is already running on this thread: a callback must not make or use one"));
        }
        Ok(Turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        RUNNING.set(false);
    }
}

enum Driver {
    Near(Machine),
    Far(RemoteMachine),
}

impl Driver {
    fn execute(&mut self, message: &[u8], implicit: bool, raw_length: usize) -> Outcome<Applied> {
        match self {
            Driver::Near(machine) => machine.execute(message, implicit, raw_length),
            Driver::Far(machine) => machine.execute(message, implicit, raw_length),
        }
    }

    fn flush(&mut self) -> Outcome<Flushed> {
        match self {
            Driver::Near(machine) => machine.flush(),
            Driver::Far(machine) => machine.flush(),
        }
    }
}

/// A machine over one state root. It belongs to the thread that made it and answers synchronously.
#[napi]
pub struct NativeMachine {
    driver: RefCell<Option<Driver>>,
}

#[napi]
impl NativeMachine {
    #[napi(constructor)]
    pub fn new(env: Env, config: NativeMachineConfig, externs: Object) -> Result<Self> {
        guard(|| {
            let _turn = Turn::begin()?;
            let config = Config {
                network_version: config.network_version,
                chain_id: u64_of(&config.chain_id, "the chain id")?,
                epoch: config.epoch,
                timestamp: u64_of(&config.timestamp, "the timestamp")?,
                state_root: cid_of(&config.state_root, "the state root")?,
                base_fee: u128_of(&config.base_fee, "the base fee")?,
                circulating_supply: u128_of(&config.circulating_supply, "the circulating supply")?,
                tracing: config.tracing,
                flush_all_blocks: config.flush_all_blocks,
                actor_debugging: config.actor_debugging,
                assume_proofs_valid: config.assume_proofs_valid,
            };
            // SAFETY: both belong to this call.
            let host: Rc<dyn Host> = Rc::new(unsafe { JsHost::new(env.raw(), externs.raw())? });
            let driver = if stack_left() >= ENOUGH {
                Driver::Near(Machine::create(&config, Box::new(NearHost(host)))?)
            } else {
                Driver::Far(RemoteMachine::create(config, host)?)
            };
            Ok(NativeMachine { driver: RefCell::new(Some(driver)) })
        })
    }

    fn with<T>(&self, body: impl FnOnce(&mut Driver) -> Outcome<T>) -> Outcome<T> {
        let _turn = Turn::begin()?;
        let mut driver = self
            .driver
            .try_borrow_mut()
            .map_err(|_| fail(Code::Fvm, "the machine is already running: a callback must not use it"))?;
        match driver.as_mut() {
            Some(driver) => body(driver),
            None => Err(fail(Code::FvmClosed, "the machine is closed: make a new one")),
        }
    }

    /// `message`: the unsigned message in CBOR; `rawLength`: its size on the chain, signature included.
    #[napi]
    pub fn execute(&self, message: &[u8], implicit: bool, raw_length: u32) -> Result<NativeApplyResult> {
        guard(|| {
            if message.len() > MAX_MESSAGE {
                return Err(fail(Code::Argument, format!("a message of more than {MAX_MESSAGE} bytes is not executed")));
            }
            let out = self.with(|driver| driver.execute(message, implicit, raw_length as usize))?;
            Ok(NativeApplyResult {
                exit_code: out.exit_code,
                return_data: out.return_data.into(),
                gas_used: out.gas_used.into(),
                penalty: big(out.penalty),
                miner_tip: big(out.miner_tip),
                base_fee_burn: big(out.base_fee_burn),
                over_estimation_burn: big(out.over_estimation_burn),
                refund: big(out.refund),
                gas_refund: out.gas_refund.into(),
                gas_burned: out.gas_burned.into(),
                failure_info: out.failure_info,
                events: out.events.map(Into::into),
                events_root: out.events_root.map(Into::into),
                trace: out.trace.map(Into::into),
            })
        })
    }

    /// Writes out the state tree and hands over the blocks made since the last flush.
    #[napi]
    pub fn flush(&self) -> Result<NativeFlush> {
        guard(|| {
            let flushed = self.with(|driver| driver.flush())?;
            let total: usize = flushed.blocks.iter().map(|(_, data)| data.len()).sum();
            let mut cids = Vec::with_capacity(flushed.blocks.len() * 38);
            let mut data = Vec::with_capacity(total);
            let mut index = Vec::with_capacity(flushed.blocks.len() * 2);
            for (cid, block) in &flushed.blocks {
                let before = cids.len();
                cid.write_bytes(&mut cids).map_err(|error| fail(Code::Fvm, error.to_string()))?;
                index.push((cids.len() - before) as u32);
                index.push(block.len() as u32);
                data.extend_from_slice(block);
            }
            Ok(NativeFlush {
                state_root: flushed.root.to_bytes().into(),
                cids: cids.into(),
                data: data.into(),
                index: index.into(),
            })
        })
    }

    /// Frees the machine; closing twice does nothing.
    #[napi]
    pub fn close(&self) -> Result<()> {
        guard(|| {
            let driver = self
                .driver
                .try_borrow_mut()
                .map_err(|_| fail(Code::Fvm, "the machine is running: a callback must not close it"))?
                .take();
            drop(driver);
            Ok(())
        })
    }
}

/// How many messages may execute at once in this process (1 to 256); before the first machine only.
#[napi]
pub fn configure_engine(concurrency: u32) -> Result<()> {
    guard(|| super::engines::configure(concurrency))
}

/// Bounds the process-wide block cache; 0 turns it off.
#[napi]
pub fn set_block_cache_bytes(bytes: f64) -> Result<()> {
    guard(|| {
        if !(0.0..=(1u64 << 42) as f64).contains(&bytes) {
            return Err(fail(Code::Argument, "the block cache must have 0 to 2^42 bytes"));
        }
        cache::shared().set_limit(bytes as usize);
        Ok(())
    })
}

#[napi]
pub fn block_cache_stats() -> Result<NativeCacheStats> {
    guard(|| {
        let stats = cache::shared().stats();
        Ok(NativeCacheStats {
            bytes: stats.bytes as f64,
            blocks: stats.blocks as f64,
            limit_bytes: stats.limit as f64,
            hits: stats.hits as f64,
            misses: stats.misses as f64,
        })
    })
}

struct Given(HashMap<Cid, Vec<u8>>);

impl Blockstore for Given {
    fn get(&self, key: &Cid) -> anyhow::Result<Option<Vec<u8>>> {
        Ok(self.0.get(key).cloned())
    }

    fn put_keyed(&self, _: &Cid, _: &[u8]) -> anyhow::Result<()> {
        anyhow::bail!("actors are only read while they are compiled")
    }
}

/// Compiles actors on the thread pool. `codes` and `wasm` go in pairs.
#[napi(ts_return_type = "Promise<void>")]
pub fn preload_actors(network_version: u32, codes: Vec<Uint8Array>, wasm: Vec<Uint8Array>) -> AsyncTask<Job<(), ()>> {
    let codes: Vec<Vec<u8>> = codes.iter().map(|c| c.to_vec()).collect();
    let wasm: Vec<Vec<u8>> = wasm.iter().map(|w| w.to_vec()).collect();
    Job::task(
        move || {
            if codes.len() != wasm.len() {
                return Err(fail(Code::Argument, "each actor's code CID needs its wasm"));
            }
            let mut cids = Vec::with_capacity(codes.len());
            let mut given = HashMap::new();
            for (code, wasm) in codes.iter().zip(wasm) {
                let cid = cid_of(code, "an actor's code")?;
                cids.push(cid);
                given.insert(cid, wasm);
            }
            super::engines::preload(network_version, &cids, &Given(given))
                .map_err(|error| fail(Code::Fvm, format!("the actors cannot be compiled: {error:#}")))
        },
        |()| (),
    )
}
