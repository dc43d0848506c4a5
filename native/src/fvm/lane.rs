//! One machine of any engine, and what comes out of it.

use cid::Cid;

use super::host::Link;
use crate::error::{fail, Code, Outcome};

/// Everything that fixes a machine's results.
#[derive(Clone)]
pub struct Config {
    pub network_version: u32,
    pub chain_id: u64,
    pub epoch: i64,
    pub timestamp: u64,
    pub state_root: Cid,
    pub base_fee: u128,
    pub circulating_supply: u128,
    pub tracing: bool,
    pub flush_all_blocks: bool,
    pub actor_debugging: bool,
    /// Conformance vectors only: seal, aggregate and replica-update checks answer true.
    pub assume_proofs_valid: bool,
}

/// The outcome of one message.
#[derive(Default)]
pub struct Applied {
    pub exit_code: u32,
    pub return_data: Vec<u8>,
    pub gas_used: u64,
    pub penalty: u128,
    pub miner_tip: u128,
    pub base_fee_burn: u128,
    pub over_estimation_burn: u128,
    pub refund: u128,
    pub gas_refund: u64,
    pub gas_burned: u64,
    pub failure_info: Option<String>,
    pub events: Option<Vec<u8>>,
    pub events_root: Option<Vec<u8>>,
    pub trace: Option<Vec<u8>>,
}

/// An executor of one of the three engines.
pub trait Lane {
    fn execute(&mut self, message: &[u8], implicit: bool, raw_length: usize) -> anyhow::Result<Applied>;
    fn flush(&mut self) -> anyhow::Result<Cid>;
}

/// A lane with the rule that a failure ends it.
pub struct Machine {
    lane: Option<Box<dyn Lane>>,
    link: std::rc::Rc<Link>,
}

pub struct Flushed {
    pub root: Cid,
    pub blocks: Vec<(Cid, std::sync::Arc<[u8]>)>,
}

impl Machine {
    pub fn create(config: &Config, host: Box<dyn super::host::Host>) -> Outcome<Machine> {
        let link = Link::new(host);
        let lane = super::engines::lane(config, &link).map_err(|error| link.explain(&error))?;
        if let Some(failure) = link.failure() {
            return Err(failure);
        }
        Ok(Machine { lane: Some(lane), link })
    }

    /// Runs one step; whatever goes wrong in it, an error or a panic, leaves no machine behind.
    fn step<T>(&mut self, body: impl FnOnce(&mut dyn Lane) -> anyhow::Result<T>) -> Outcome<T> {
        let Some(mut lane) = self.lane.take() else {
            return Err(fail(Code::FvmClosed, "the machine is closed, or failed before: make a new one"));
        };
        self.link.begin();
        let result = crate::error::contain(|| match body(lane.as_mut()) {
            Ok(value) => match self.link.failure() {
                // An engine may turn a failed callback into an exit code: that must never reach the chain.
                Some(failure) => Err(failure),
                None => Ok(value),
            },
            Err(error) => Err(self.link.explain(&error)),
        });
        match result {
            Ok(value) => {
                self.lane = Some(lane);
                Ok(value)
            }
            Err(failure) => {
                // Dropping an engine that panicked may panic again.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(lane)));
                Err(failure)
            }
        }
    }

    pub fn execute(&mut self, message: &[u8], implicit: bool, raw_length: usize) -> Outcome<Applied> {
        self.step(|lane| lane.execute(message, implicit, raw_length))
    }

    /// The state root, and the blocks written since the last flush.
    pub fn flush(&mut self) -> Outcome<Flushed> {
        let root = self.step(|lane| lane.flush())?;
        Ok(Flushed { root, blocks: self.link.take_pending() })
    }
}
