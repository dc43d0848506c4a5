//! FVM 4: network versions 21 to 29.

use std::rc::Rc;

use anyhow::Context;
use cid::Cid;
use fvm4::call_manager::DefaultCallManager;
use fvm4::executor::{ApplyKind, ApplyRet, DefaultExecutor, Executor};
use fvm4::kernel::filecoin::DefaultFilecoinKernel;
use fvm4::kernel::Kernel;
use fvm4::machine::{DefaultMachine, NetworkConfig};
use fvm4::trace::ExecutionEvent;
use fvm4_shared::chainid::ChainID;
use fvm4_shared::econ::TokenAmount;
use fvm4_shared::message::Message;

use super::host::{Link, Outside, Store};
use super::lane::{Applied, Config, Lane};
use super::trace::{self, Step};
use super::trusting4::TrustingKernel;

pub type Machine4 = DefaultMachine<Store, Outside>;
type Normal = DefaultFilecoinKernel<DefaultCallManager<Machine4>>;

pub fn lane(config: &Config, link: &Rc<Link>) -> anyhow::Result<Box<dyn Lane>> {
    let mut network = NetworkConfig::new(config.network_version.into());
    network.chain_id(ChainID::from(config.chain_id));
    if config.actor_debugging {
        network.enable_actor_debugging();
    }
    let mut context = network.for_epoch(config.epoch, config.timestamp, config.state_root);
    context.set_base_fee(TokenAmount::from_atto(config.base_fee));
    context.set_circulating_supply(TokenAmount::from_atto(config.circulating_supply));
    if config.tracing {
        context.enable_tracing();
    }
    if config.flush_all_blocks {
        context.enable_flush_all_blocks();
    }
    let pool = super::engines::engine4().get(&network)?;
    let machine = Machine4::new(&context, Store(link.clone()), Outside(link.clone()))?;
    Ok(if config.assume_proofs_valid {
        Box::new(Lane4(DefaultExecutor::<TrustingKernel>::new(pool, machine)?))
    } else {
        Box::new(Lane4(DefaultExecutor::<Normal>::new(pool, machine)?))
    })
}

struct Lane4<K: Kernel>(DefaultExecutor<K>);

impl<K: Kernel> Lane for Lane4<K>
where
    DefaultExecutor<K>: Executor,
{
    fn execute(&mut self, message: &[u8], implicit: bool, raw_length: usize) -> anyhow::Result<Applied> {
        let message: Message = fvm_ipld_encoding::from_slice(message).context("the message is not valid CBOR")?;
        let kind = if implicit { ApplyKind::Implicit } else { ApplyKind::Explicit };
        applied(self.0.execute_message(message, kind, raw_length)?)
    }

    fn flush(&mut self) -> anyhow::Result<Cid> {
        Executor::flush(&mut self.0)
    }
}

fn atto(amount: &TokenAmount, what: &str) -> anyhow::Result<u128> {
    u128::try_from(amount.atto()).with_context(|| format!("{what} is not within 128 bits"))
}

fn applied(ret: ApplyRet) -> anyhow::Result<Applied> {
    Ok(Applied {
        exit_code: ret.msg_receipt.exit_code.value(),
        return_data: ret.msg_receipt.return_data.into(),
        gas_used: ret.msg_receipt.gas_used,
        penalty: atto(&ret.penalty, "the penalty")?,
        miner_tip: atto(&ret.miner_tip, "the miner tip")?,
        base_fee_burn: atto(&ret.base_fee_burn, "the base fee burn")?,
        over_estimation_burn: atto(&ret.over_estimation_burn, "the over-estimation burn")?,
        refund: atto(&ret.refund, "the refund")?,
        gas_refund: ret.gas_refund,
        gas_burned: ret.gas_burned,
        failure_info: ret.failure_info.map(|info| info.to_string()),
        events: if ret.events.is_empty() { None } else { Some(fvm_ipld_encoding::to_vec(&ret.events)?) },
        events_root: ret.msg_receipt.events_root.map(|cid| cid.to_bytes()),
        trace: trace::encode(ret.exec_trace.into_iter().filter_map(step)),
    })
}

fn step(event: ExecutionEvent) -> Option<Step> {
    Some(match event {
        ExecutionEvent::GasCharge(charge) => Step::Gas {
            total: charge.total().round_up(),
            compute: charge.compute_gas.round_up(),
            other: charge.other_gas.round_up(),
            nanos: charge.elapsed.get().map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)),
            name: charge.name,
        },
        ExecutionEvent::Call { from, to, method, params, value, gas_limit, read_only } => {
            let params = params.unwrap_or_default();
            Step::Call {
                from,
                to: to.to_bytes(),
                method,
                params: params.data,
                codec: params.codec,
                value: super::amount_bytes(value.atto()),
                gas_limit,
                read_only,
            }
        }
        ExecutionEvent::CallReturn(code, data) => {
            let data = data.unwrap_or_default();
            Step::Return { code: code.value(), data: data.data, codec: data.codec }
        }
        ExecutionEvent::CallError(error) => {
            Step::Return { code: trace::undispatched(error.1 as u32), data: vec![], codec: 0 }
        }
        ExecutionEvent::InvokeActor { id, state } => {
            Step::Invoked { id, state: fvm_ipld_encoding::to_vec(&state).ok()? }
        }
        ExecutionEvent::Log(line) => Step::Log(line),
        ExecutionEvent::Ipld { op, cid, size } => Step::Ipld { op: op as u64, cid, size: size as u64 },
        // The enum is open: an event this code does not know is not in Lotus's form either.
        _ => return None,
    })
}
