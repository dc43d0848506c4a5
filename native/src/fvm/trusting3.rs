//! FVM 3's kernel with proofs taken for valid, for conformance vectors only (see `trusting4.rs`).

use cid::multihash::Multihash;
use cid::Cid;
use fvm3::call_manager::{CallManager, DefaultCallManager};
use fvm3::gas::{Gas, GasTimer, PriceList};
use fvm3::kernel::*;
use fvm3::machine::limiter::MemoryLimiter;
use fvm3_shared::address::Address;
use fvm3_shared::clock::ChainEpoch;
use fvm3_shared::consensus::ConsensusFault;
use fvm3_shared::crypto::signature::{SignatureType, SECP_PUB_LEN, SECP_SIG_LEN, SECP_SIG_MESSAGE_HASH_SIZE};
use fvm3_shared::econ::TokenAmount;
use fvm3_shared::piece::PieceInfo;
use fvm3_shared::randomness::RANDOMNESS_LENGTH;
use fvm3_shared::sector::{
    AggregateSealVerifyProofAndInfos, RegisteredSealProof, ReplicaUpdateInfo, SealVerifyInfo, WindowPoStVerifyInfo,
};
use fvm3_shared::sys::out::network::NetworkContext;
use fvm3_shared::sys::out::vm::MessageContext;
use fvm3_shared::sys::SendFlags;
use fvm3_shared::{ActorID, MethodNum};

use super::forward::forward;
use super::v3::Machine3;

type Manager = DefaultCallManager<Machine3>;
type Inner = fvm3::DefaultKernel<Manager>;

pub struct TrustingKernel(Inner);

impl TrustingKernel {
    fn inner(&self) -> &Inner {
        &self.0
    }

    fn inner_mut(&mut self) -> &mut Inner {
        &mut self.0
    }
}

impl Kernel for TrustingKernel {
    type CallManager = Manager;

    fn into_inner(self) -> (Manager, BlockRegistry) {
        self.0.into_inner()
    }

    fn new(
        manager: Manager,
        blocks: BlockRegistry,
        caller: ActorID,
        actor: ActorID,
        method: MethodNum,
        value: TokenAmount,
        read_only: bool,
    ) -> Self {
        TrustingKernel(Inner::new(manager, blocks, caller, actor, method, value, read_only))
    }

    fn machine(&self) -> &<Manager as CallManager>::Machine {
        self.0.machine()
    }

    fn send<K: Kernel<CallManager = Manager>>(
        &mut self,
        recipient: &Address,
        method: u64,
        params: BlockId,
        value: &TokenAmount,
        gas_limit: Option<Gas>,
        flags: SendFlags,
    ) -> Result<SendResult> {
        self.0.send::<K>(recipient, method, params, value, gas_limit, flags)
    }
}

impl LimiterOps for TrustingKernel {
    type Limiter = <Inner as LimiterOps>::Limiter;
    fn limiter_mut(&mut self) -> &mut Self::Limiter {
        self.0.limiter_mut()
    }
}

// The bound that the engine puts on every limiter, spelled out where a change upstream would show.
const _: fn() = || {
    fn bound<L: MemoryLimiter>() {}
    bound::<<Inner as LimiterOps>::Limiter>();
};

forward!(TrustingKernel: NetworkOps {
    ref network_context() -> Result<NetworkContext>;
    ref tipset_cid(epoch: ChainEpoch) -> Result<Cid>;
});

forward!(TrustingKernel: MessageOps {
    ref msg_context() -> Result<MessageContext>;
});

forward!(TrustingKernel: IpldBlockOps {
    mut block_open(cid: &Cid) -> Result<(BlockId, BlockStat)>;
    mut block_create(codec: u64, data: &[u8]) -> Result<BlockId>;
    mut block_link(id: BlockId, hash_fun: u64, hash_len: u32) -> Result<Cid>;
    ref block_read(id: BlockId, offset: u32, buf: &mut [u8]) -> Result<i32>;
    ref block_stat(id: BlockId) -> Result<BlockStat>;
});

forward!(TrustingKernel: SelfOps {
    ref root() -> Result<Cid>;
    mut set_root(root: Cid) -> Result<()>;
    ref current_balance() -> Result<TokenAmount>;
    mut self_destruct(beneficiary: &Address) -> Result<()>;
});

forward!(TrustingKernel: ActorOps {
    ref resolve_address(address: &Address) -> Result<ActorID>;
    ref lookup_delegated_address(id: ActorID) -> Result<Option<Address>>;
    ref get_actor_code_cid(id: ActorID) -> Result<Cid>;
    ref next_actor_address() -> Result<Address>;
    mut create_actor(code: Cid, id: ActorID, delegated: Option<Address>) -> Result<()>;
    ref get_builtin_actor_type(code: &Cid) -> Result<u32>;
    ref get_code_cid_for_type(kind: u32) -> Result<Cid>;
    ref balance_of(id: ActorID) -> Result<TokenAmount>;
});

forward!(TrustingKernel: CircSupplyOps {
    ref total_fil_circ_supply() -> Result<TokenAmount>;
});

forward!(TrustingKernel: GasOps {
    ref gas_used() -> Gas;
    ref gas_available() -> Gas;
    ref charge_gas(name: &str, compute: Gas) -> Result<GasTimer>;
    ref price_list() -> &PriceList;
});

forward!(TrustingKernel: RandomnessOps {
    ref get_randomness_from_tickets(tag: i64, epoch: ChainEpoch, entropy: &[u8]) -> Result<[u8; RANDOMNESS_LENGTH]>;
    ref get_randomness_from_beacon(tag: i64, epoch: ChainEpoch, entropy: &[u8]) -> Result<[u8; RANDOMNESS_LENGTH]>;
});

forward!(TrustingKernel: DebugOps {
    ref log(line: String) -> ();
    ref debug_enabled() -> bool;
    ref store_artifact(name: &str, data: &[u8]) -> Result<()>;
});

forward!(TrustingKernel: EventOps {
    mut emit_event(raw: &[u8]) -> Result<()>;
});

impl CryptoOps for TrustingKernel {
    fn verify_signature(&self, kind: SignatureType, sig: &[u8], signer: &Address, plaintext: &[u8]) -> Result<bool> {
        self.0.verify_signature(kind, sig, signer, plaintext)
    }

    fn recover_secp_public_key(
        &self,
        hash: &[u8; SECP_SIG_MESSAGE_HASH_SIZE],
        sig: &[u8; SECP_SIG_LEN],
    ) -> Result<[u8; SECP_PUB_LEN]> {
        self.0.recover_secp_public_key(hash, sig)
    }

    fn hash(&self, code: u64, data: &[u8]) -> Result<Multihash<64>> {
        self.0.hash(code, data)
    }

    fn compute_unsealed_sector_cid(&self, proof: RegisteredSealProof, pieces: &[PieceInfo]) -> Result<Cid> {
        self.0.compute_unsealed_sector_cid(proof, pieces)
    }

    /// Checked for real where the network's verifying keys are at hand. A proof that cannot be checked
    /// is not taken for valid: the disputes among the vectors were upheld.
    fn verify_post(&self, info: &WindowPoStVerifyInfo) -> Result<bool> {
        match self.0.verify_post(info) {
            Err(ExecutionError::Syscall(_)) => Ok(false),
            other => other,
        }
    }

    fn verify_consensus_fault(&self, h1: &[u8], h2: &[u8], extra: &[u8]) -> Result<Option<ConsensusFault>> {
        self.0.verify_consensus_fault(h1, h2, extra)
    }

    fn batch_verify_seals(&self, infos: &[SealVerifyInfo]) -> Result<Vec<bool>> {
        Ok(vec![true; infos.len()])
    }

    fn verify_aggregate_seals(&self, aggregate: &AggregateSealVerifyProofAndInfos) -> Result<bool> {
        let charge = self.0.price_list().on_verify_aggregate_seals(aggregate);
        let _ = self.0.charge_gas(&charge.name, charge.total())?;
        Ok(true)
    }

    fn verify_replica_update(&self, replica: &ReplicaUpdateInfo) -> Result<bool> {
        let charge = self.0.price_list().on_verify_replica_update(replica);
        let _ = self.0.charge_gas(&charge.name, charge.total())?;
        Ok(true)
    }
}
