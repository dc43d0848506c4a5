//! FVM 2's kernel with proofs taken for valid, for conformance vectors only (see `trusting4.rs`).
//!
//! This engine's own kernel sends with itself as the receiver's kernel, so the send is done here:
//! the inner kernel is taken apart, and put together again around the call manager.

use cid::Cid;
use fvm2::call_manager::{CallManager, DefaultCallManager, InvocationResult, NO_DATA_BLOCK_ID};
use fvm2::gas::{Gas, PriceList};
use fvm2::kernel::*;
use fvm2_shared::address::Address;
use fvm2_shared::clock::ChainEpoch;
use fvm2_shared::consensus::ConsensusFault;
use fvm2_shared::crypto::signature::{SignatureType, SECP_PUB_LEN, SECP_SIG_LEN, SECP_SIG_MESSAGE_HASH_SIZE};
use fvm2_shared::econ::TokenAmount;
use fvm2_shared::error::ErrorNumber;
use fvm2_shared::piece::PieceInfo;
use fvm2_shared::randomness::RANDOMNESS_LENGTH;
use fvm2_shared::sector::{
    AggregateSealVerifyProofAndInfos, RegisteredSealProof, ReplicaUpdateInfo, SealVerifyInfo, WindowPoStVerifyInfo,
};
use fvm2_shared::version::NetworkVersion;
use fvm2_shared::{ActorID, MethodNum};
use multihash_codetable::Multihash;

use super::forward::forward;
use super::v2::Machine2;

type Manager = DefaultCallManager<Machine2>;
type Inner = fvm2::DefaultKernel<Manager>;

pub struct TrustingKernel {
    /// Empty only while a send is under way.
    inner: Option<Inner>,
    caller: ActorID,
    actor: ActorID,
    method: MethodNum,
    value: TokenAmount,
}

impl TrustingKernel {
    fn inner(&self) -> &Inner {
        self.inner.as_ref().expect("a kernel is used while it sends")
    }

    fn inner_mut(&mut self) -> &mut Inner {
        self.inner.as_mut().expect("a kernel is used while it sends")
    }

    fn charge(&mut self, charge: fvm2::gas::GasCharge) -> Result<()> {
        self.inner_mut().charge_gas(&charge.name, charge.total())
    }
}

impl Kernel for TrustingKernel {
    type CallManager = Manager;

    fn into_inner(self) -> (Manager, BlockRegistry) {
        self.inner.expect("a kernel is used while it sends").into_inner()
    }

    fn new(
        manager: Manager,
        blocks: BlockRegistry,
        caller: ActorID,
        actor: ActorID,
        method: MethodNum,
        value: TokenAmount,
    ) -> Self {
        let inner = Inner::new(manager, blocks, caller, actor, method, value.clone());
        TrustingKernel { inner: Some(inner), caller, actor, method, value }
    }
}

impl SendOps for TrustingKernel {
    fn send(&mut self, recipient: &Address, method: MethodNum, params: BlockId, value: &TokenAmount) -> Result<SendResult> {
        let (mut manager, mut blocks) =
            self.inner.take().expect("a kernel is used while it sends").into_inner();
        let result = send_through(&mut manager, &mut blocks, self.actor, recipient, method, params, value);
        self.inner =
            Some(Inner::new(manager, blocks, self.caller, self.actor, self.method, self.value.clone()));
        result
    }
}

fn send_through(
    manager: &mut Manager,
    blocks: &mut BlockRegistry,
    from: ActorID,
    recipient: &Address,
    method: MethodNum,
    params: BlockId,
    value: &TokenAmount,
) -> Result<SendResult> {
    let params = if params == NO_DATA_BLOCK_ID { None } else { Some(blocks.get(params)?.clone()) };
    // Room for the answer is made sure of before the call, not after it.
    if blocks.is_full() {
        return Err(SyscallError::new(ErrorNumber::LimitExceeded, "cannot store return block").into());
    }
    match manager.with_transaction(|m| m.send::<TrustingKernel>(from, *recipient, method, params, value))? {
        InvocationResult::Return(None) => {
            Ok(SendResult::Return(NO_DATA_BLOCK_ID, BlockStat { codec: 0, size: 0 }))
        }
        InvocationResult::Return(Some(block)) => {
            let stat = block.stat();
            Ok(SendResult::Return(blocks.put(block).or_fatal()?, stat))
        }
        InvocationResult::Failure(code) => Ok(SendResult::Abort(code)),
    }
}

forward!(TrustingKernel: NetworkOps {
    ref network_epoch() -> ChainEpoch;
    ref network_version() -> NetworkVersion;
    ref network_base_fee() -> &TokenAmount;
});

forward!(TrustingKernel: MessageOps {
    ref msg_caller() -> ActorID;
    ref msg_receiver() -> ActorID;
    ref msg_method_number() -> MethodNum;
    ref msg_value_received() -> TokenAmount;
});

forward!(TrustingKernel: IpldBlockOps {
    mut block_open(cid: &Cid) -> Result<(BlockId, BlockStat)>;
    mut block_create(codec: u64, data: &[u8]) -> Result<BlockId>;
    mut block_link(id: BlockId, hash_fun: u64, hash_len: u32) -> Result<Cid>;
    mut block_read(id: BlockId, offset: u32, buf: &mut [u8]) -> Result<i32>;
    mut block_stat(id: BlockId) -> Result<BlockStat>;
});

forward!(TrustingKernel: SelfOps {
    ref root() -> Result<Cid>;
    mut set_root(root: Cid) -> Result<()>;
    ref current_balance() -> Result<TokenAmount>;
    mut self_destruct(beneficiary: &Address) -> Result<()>;
});

forward!(TrustingKernel: ActorOps {
    ref resolve_address(address: &Address) -> Result<Option<ActorID>>;
    ref get_actor_code_cid(id: ActorID) -> Result<Option<Cid>>;
    mut new_actor_address() -> Result<Address>;
    mut create_actor(code: Cid, id: ActorID) -> Result<()>;
    ref get_builtin_actor_type(code: &Cid) -> u32;
    ref get_code_cid_for_type(kind: u32) -> Result<Cid>;
});

forward!(TrustingKernel: CircSupplyOps {
    ref total_fil_circ_supply() -> Result<TokenAmount>;
});

forward!(TrustingKernel: GasOps {
    ref gas_used() -> Gas;
    ref gas_available() -> Gas;
    mut charge_gas(name: &str, compute: Gas) -> Result<()>;
    ref price_list() -> &PriceList;
});

forward!(TrustingKernel: RandomnessOps {
    mut get_randomness_from_tickets(tag: i64, epoch: ChainEpoch, entropy: &[u8]) -> Result<[u8; RANDOMNESS_LENGTH]>;
    mut get_randomness_from_beacon(tag: i64, epoch: ChainEpoch, entropy: &[u8]) -> Result<[u8; RANDOMNESS_LENGTH]>;
});

forward!(TrustingKernel: DebugOps {
    mut log(line: String) -> ();
    ref debug_enabled() -> bool;
    ref store_artifact(name: &str, data: &[u8]) -> Result<()>;
});

impl CryptoOps for TrustingKernel {
    fn verify_signature(&mut self, kind: SignatureType, sig: &[u8], signer: &Address, plaintext: &[u8]) -> Result<bool> {
        self.inner_mut().verify_signature(kind, sig, signer, plaintext)
    }

    fn recover_secp_public_key(
        &mut self,
        hash: &[u8; SECP_SIG_MESSAGE_HASH_SIZE],
        sig: &[u8; SECP_SIG_LEN],
    ) -> Result<[u8; SECP_PUB_LEN]> {
        self.inner_mut().recover_secp_public_key(hash, sig)
    }

    fn hash(&mut self, code: u64, data: &[u8]) -> Result<Multihash> {
        self.inner_mut().hash(code, data)
    }

    fn compute_unsealed_sector_cid(&mut self, proof: RegisteredSealProof, pieces: &[PieceInfo]) -> Result<Cid> {
        self.inner_mut().compute_unsealed_sector_cid(proof, pieces)
    }

    fn verify_seal(&mut self, info: &SealVerifyInfo) -> Result<bool> {
        let charge = self.inner().price_list().on_verify_seal(info);
        self.charge(charge)?;
        Ok(true)
    }

    /// Checked for real where the network's verifying keys are at hand. A proof that cannot be checked
    /// is not taken for valid: the disputes among the vectors were upheld.
    fn verify_post(&mut self, info: &WindowPoStVerifyInfo) -> Result<bool> {
        match self.inner_mut().verify_post(info) {
            Err(ExecutionError::Syscall(_)) => Ok(false),
            other => other,
        }
    }

    fn verify_consensus_fault(&mut self, h1: &[u8], h2: &[u8], extra: &[u8]) -> Result<Option<ConsensusFault>> {
        self.inner_mut().verify_consensus_fault(h1, h2, extra)
    }

    fn batch_verify_seals(&mut self, infos: &[SealVerifyInfo]) -> Result<Vec<bool>> {
        Ok(vec![true; infos.len()])
    }

    fn verify_aggregate_seals(&mut self, aggregate: &AggregateSealVerifyProofAndInfos) -> Result<bool> {
        let charge = self.inner().price_list().on_verify_aggregate_seals(aggregate);
        self.charge(charge)?;
        Ok(true)
    }

    fn verify_replica_update(&mut self, replica: &ReplicaUpdateInfo) -> Result<bool> {
        let charge = self.inner().price_list().on_verify_replica_update(replica);
        self.charge(charge)?;
        Ok(true)
    }
}
