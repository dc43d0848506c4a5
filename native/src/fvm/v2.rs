//! FVM 2: network versions 16 and 17.

use std::rc::Rc;

use anyhow::{anyhow, Context};
use cid::Cid;
use fvm2::call_manager::DefaultCallManager;
use fvm2::executor::{ApplyKind, ApplyRet, DefaultExecutor, Executor};
use fvm2::kernel::Kernel;
use fvm2::machine::{DefaultMachine, NetworkConfig};
use fvm2::trace::ExecutionEvent;
use fvm2::DefaultKernel;
use fvm2_shared::address::Address;
use fvm2_shared::econ::TokenAmount;
use fvm2_shared::message::Message;
use fvm_ipld_encoding::{RawBytes, DAG_CBOR};

use super::host::{Link, Outside, Store};
use super::lane::{Applied, Config, Lane};
use super::trace::{self, Step};
use super::trusting2::TrustingKernel;

pub type Machine2 = DefaultMachine<Store, Outside>;
type Normal = DefaultKernel<DefaultCallManager<Machine2>>;

pub fn network(network_version: u32, debugging: bool) -> anyhow::Result<NetworkConfig> {
    let version = network_version
        .try_into()
        .map_err(|_| anyhow!("network version {network_version} is not known to FVM 2"))?;
    let mut network = NetworkConfig::new(version);
    if debugging {
        network.enable_actor_debugging();
    }
    Ok(network)
}

pub fn lane(config: &Config, link: &Rc<Link>) -> anyhow::Result<Box<dyn Lane>> {
    let network = network(config.network_version, config.actor_debugging)?;
    let mut context = network.for_epoch(config.epoch, config.state_root);
    context.set_base_fee(TokenAmount::from_atto(config.base_fee));
    context.set_circulating_supply(TokenAmount::from_atto(config.circulating_supply));
    if config.tracing {
        context.enable_tracing();
    }
    let engine = super::engines::engine2().get(&network)?;
    let machine = Machine2::new(&engine, &context, Store(link.clone()), Outside(link.clone()))?;
    Ok(if config.assume_proofs_valid {
        Box::new(Lane2(DefaultExecutor::<TrustingKernel>::new(machine)))
    } else {
        Box::new(Lane2(DefaultExecutor::<Normal>::new(machine)))
    })
}

struct Lane2<K: Kernel>(DefaultExecutor<K>);

impl<K: Kernel> Lane for Lane2<K>
where
    DefaultExecutor<K>: Executor,
{
    fn execute(&mut self, message: &[u8], implicit: bool, raw_length: usize) -> anyhow::Result<Applied> {
        let message = decode(message)?;
        let gas_limit = u64::try_from(message.gas_limit).unwrap_or(0);
        let kind = if implicit { ApplyKind::Implicit } else { ApplyKind::Explicit };
        applied(self.0.execute_message(message, kind, raw_length)?, gas_limit)
    }

    fn flush(&mut self) -> anyhow::Result<Cid> {
        Executor::flush(&mut self.0)
    }
}

fn decode(bytes: &[u8]) -> anyhow::Result<Message> {
    let message: fvm4_shared::message::Message =
        fvm_ipld_encoding::from_slice(bytes).context("the message is not valid CBOR")?;
    Ok(Message {
        version: message.version.try_into().context("invalid message version")?,
        from: Address::from_bytes(&message.from.to_bytes()).context("unsupported from address")?,
        to: Address::from_bytes(&message.to.to_bytes()).context("unsupported to address")?,
        sequence: message.sequence,
        value: TokenAmount::from_atto(message.value.atto().clone()),
        method_num: message.method_num,
        params: message.params,
        gas_limit: message.gas_limit.try_into().context("invalid gas limit")?,
        gas_fee_cap: TokenAmount::from_atto(message.gas_fee_cap.atto().clone()),
        gas_premium: TokenAmount::from_atto(message.gas_premium.atto().clone()),
    })
}

fn atto(amount: &TokenAmount, what: &str) -> anyhow::Result<u128> {
    u128::try_from(amount.atto()).with_context(|| format!("{what} is not within 128 bits"))
}

fn gas(amount: i64, what: &str) -> anyhow::Result<u64> {
    u64::try_from(amount).with_context(|| format!("{what} is negative"))
}

fn applied(ret: ApplyRet, gas_limit: u64) -> anyhow::Result<Applied> {
    Ok(Applied {
        exit_code: ret.msg_receipt.exit_code.value(),
        return_data: ret.msg_receipt.return_data.into(),
        gas_used: gas(ret.msg_receipt.gas_used, "the gas used")?,
        penalty: atto(&ret.penalty, "the penalty")?,
        miner_tip: atto(&ret.miner_tip, "the miner tip")?,
        base_fee_burn: atto(&ret.base_fee_burn, "the base fee burn")?,
        over_estimation_burn: atto(&ret.over_estimation_burn, "the over-estimation burn")?,
        refund: atto(&ret.refund, "the refund")?,
        gas_refund: gas(ret.gas_refund, "the gas refund")?,
        gas_burned: gas(ret.gas_burned, "the gas burned")?,
        failure_info: ret.failure_info.map(|info| info.to_string()),
        events: None,
        events_root: None,
        trace: trace::encode(ret.exec_trace.into_iter().filter_map(|event| step(event, gas_limit))),
    })
}

/// This engine does not tell codecs: data, where there is any, is DAG-CBOR.
fn block(bytes: RawBytes) -> (Vec<u8>, u64) {
    let data: Vec<u8> = bytes.into();
    let codec = if data.is_empty() { 0 } else { DAG_CBOR };
    (data, codec)
}

fn step(event: ExecutionEvent, gas_limit: u64) -> Option<Step> {
    Some(match event {
        ExecutionEvent::GasCharge(charge) => {
            // Refunds are charges below zero here; Lotus's trace shows them as zero.
            let positive = |milligas: i64| u64::try_from(milligas).unwrap_or(0);
            let compute = positive(charge.compute_gas.as_milligas());
            let other = positive(charge.storage_gas.as_milligas());
            Step::Gas {
                name: charge.name,
                total: (compute + other).div_ceil(1000),
                compute: compute.div_ceil(1000),
                other: other.div_ceil(1000),
                nanos: 0,
            }
        }
        ExecutionEvent::Call { from, to, method, params, value } => {
            let (params, codec) = block(params);
            Step::Call {
                from,
                to: to.to_bytes(),
                method,
                params,
                codec,
                value: super::amount_bytes(value.atto()),
                gas_limit,
                read_only: false,
            }
        }
        ExecutionEvent::CallReturn(data) => {
            let (data, codec) = block(data);
            Step::Return { code: 0, data, codec }
        }
        ExecutionEvent::CallAbort(code) => Step::Return { code: code.value(), data: vec![], codec: 0 },
        ExecutionEvent::CallError(error) => {
            Step::Return { code: trace::undispatched(error.1 as u32), data: vec![], codec: 0 }
        }
        _ => return None,
    })
}
