//! FVM 3: network versions 18 to 20.

use std::rc::Rc;

use anyhow::Context;
use cid::Cid;
use fvm3::call_manager::DefaultCallManager;
use fvm3::executor::{ApplyKind, ApplyRet, DefaultExecutor, Executor};
use fvm3::kernel::Kernel;
use fvm3::machine::{DefaultMachine, NetworkConfig};
use fvm3::trace::ExecutionEvent;
use fvm3::DefaultKernel;
use fvm3_shared::address::Address;
use fvm3_shared::chainid::ChainID;
use fvm3_shared::econ::TokenAmount;
use fvm3_shared::message::Message;

use super::host::{Link, Outside, Store};
use super::lane::{Applied, Config, Lane};
use super::trace::{self, Step};
use super::trusting3::TrustingKernel;

pub type Machine3 = DefaultMachine<Store, Outside>;
pub type Normal = DefaultKernel<DefaultCallManager<Machine3>>;

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
    let pool = super::engines::engine3().get(&network)?;
    let machine = Machine3::new(&context, Store(link.clone()), Outside(link.clone()))?;
    Ok(if config.assume_proofs_valid {
        Box::new(Lane3(DefaultExecutor::<TrustingKernel>::new(pool, machine)?))
    } else {
        Box::new(Lane3(DefaultExecutor::<Normal>::new(pool, machine)?))
    })
}

struct Lane3<K: Kernel>(DefaultExecutor<K>);

impl<K: Kernel> Lane for Lane3<K>
where
    DefaultExecutor<K>: Executor,
{
    fn execute(&mut self, message: &[u8], implicit: bool, raw_length: usize) -> anyhow::Result<Applied> {
        let kind = if implicit { ApplyKind::Implicit } else { ApplyKind::Explicit };
        applied(self.0.execute_message(decode(message)?, kind, raw_length)?)
    }

    fn flush(&mut self) -> anyhow::Result<Cid> {
        Executor::flush(&mut self.0)
    }
}

/// Read with the newest engine's rules, like Lotus's FFI, then handed over field by field.
fn decode(bytes: &[u8]) -> anyhow::Result<Message> {
    let message: fvm4_shared::message::Message =
        fvm_ipld_encoding::from_slice(bytes).context("the message is not valid CBOR")?;
    Ok(Message {
        version: message.version,
        from: Address::from_bytes(&message.from.to_bytes()).context("unsupported from address")?,
        to: Address::from_bytes(&message.to.to_bytes()).context("unsupported to address")?,
        sequence: message.sequence,
        value: TokenAmount::from_atto(message.value.atto().clone()),
        method_num: message.method_num,
        params: message.params,
        gas_limit: message.gas_limit,
        gas_fee_cap: TokenAmount::from_atto(message.gas_fee_cap.atto().clone()),
        gas_premium: TokenAmount::from_atto(message.gas_premium.atto().clone()),
    })
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
        _ => return None,
    })
}
