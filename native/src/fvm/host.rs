//! What a machine asks of its node, and the store that it sees.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::anyhow;
use cid::Cid;
use fvm_ipld_blockstore::Blockstore;

use super::cache;
use crate::error::{fail, Code, Fail};

/// Multihash code of "identity": the digest is the data.
const IDENTITY: u64 = 0;

/// A question that only the node can answer.
pub enum Ask {
    Block(Cid),
    ChainRandomness(i64),
    BeaconRandomness(i64),
    TipsetCid(i64),
    ConsensusFault(Vec<u8>, Vec<u8>, Vec<u8>),
}

pub struct Fault {
    pub target: u64,
    pub epoch: i64,
    /// 1 double-fork mining, 2 parent grinding, 3 time offset.
    pub kind: u8,
}

pub enum Answer {
    /// For a block: not in the store. For the others: the machine reports an illegal argument to the actor.
    Nothing,
    Block(Vec<u8>),
    Digest([u8; 32]),
    Tipset(Cid),
    ConsensusFault(Option<Fault>, i64),
    /// The node failed; the run must not go on.
    Failed(String),
}

pub trait Host {
    fn ask(&self, question: Ask) -> Answer;
}

/// State shared by a machine's store and its externs.
pub struct Link {
    host: Box<dyn Host>,
    /// The first failure of a callback: fatal whatever the machine made of it.
    failure: RefCell<Option<Fail>>,
    /// The last block that the node did not have.
    missing: RefCell<Option<Cid>>,
    /// Blocks this machine has written so far, and those among them not yet handed over.
    written: RefCell<HashMap<Cid, Arc<[u8]>>>,
    pending: RefCell<Vec<(Cid, Arc<[u8]>)>>,
}

impl Link {
    pub fn new(host: Box<dyn Host>) -> Rc<Self> {
        Rc::new(Link {
            host,
            failure: RefCell::default(),
            missing: RefCell::default(),
            written: RefCell::default(),
            pending: RefCell::default(),
        })
    }

    /// The coded failure behind an engine error, in order of what explains it best.
    pub fn explain(&self, error: &anyhow::Error) -> Fail {
        if let Some(failure) = self.failure.borrow().as_ref() {
            return failure.clone();
        }
        match self.missing.borrow().as_ref() {
            Some(cid) => fail(Code::FvmStoreMissing, format!("the machine stopped: block {cid} is not in the store ({error:#})")),
            None => fail(Code::Fvm, format!("the machine failed: {error:#}")),
        }
    }

    pub fn failure(&self) -> Option<Fail> {
        self.failure.borrow().clone()
    }

    pub fn begin(&self) {
        *self.missing.borrow_mut() = None;
    }

    pub fn take_pending(&self) -> Vec<(Cid, Arc<[u8]>)> {
        std::mem::take(&mut *self.pending.borrow_mut())
    }

    fn failed(&self, what: &str, text: String) -> anyhow::Error {
        let mut failure = self.failure.borrow_mut();
        if failure.is_none() {
            *failure = Some(fail(Code::FvmExtern, format!("{what} failed: {text}")));
        }
        anyhow!("{what} failed: {text}")
    }

    fn digest(&self, what: &str, question: Ask) -> anyhow::Result<[u8; 32]> {
        match self.host.ask(question) {
            Answer::Digest(digest) => Ok(digest),
            Answer::Nothing => Err(anyhow!("{what} is not known")),
            Answer::Failed(text) => Err(self.failed(what, text)),
            _ => Err(self.failed(what, "an answer of the wrong kind".into())),
        }
    }

    pub fn chain_randomness(&self, epoch: i64) -> anyhow::Result<[u8; 32]> {
        self.digest(&format!("chain randomness of epoch {epoch}"), Ask::ChainRandomness(epoch))
    }

    pub fn beacon_randomness(&self, epoch: i64) -> anyhow::Result<[u8; 32]> {
        self.digest(&format!("beacon randomness of epoch {epoch}"), Ask::BeaconRandomness(epoch))
    }

    pub fn tipset_cid(&self, epoch: i64) -> anyhow::Result<Cid> {
        let what = format!("the tipset CID of epoch {epoch}");
        match self.host.ask(Ask::TipsetCid(epoch)) {
            Answer::Tipset(cid) => Ok(cid),
            Answer::Nothing => Err(anyhow!("{what} is not known")),
            Answer::Failed(text) => Err(self.failed(&what, text)),
            _ => Err(self.failed(&what, "an answer of the wrong kind".into())),
        }
    }

    pub fn consensus_fault(&self, h1: &[u8], h2: &[u8], extra: &[u8]) -> anyhow::Result<(Option<Fault>, i64)> {
        let what = "the check of a consensus fault";
        match self.host.ask(Ask::ConsensusFault(h1.to_vec(), h2.to_vec(), extra.to_vec())) {
            Answer::ConsensusFault(fault, gas) => Ok((fault, gas)),
            Answer::Nothing => Err(anyhow!("{what} has no answer")),
            Answer::Failed(text) => Err(self.failed(what, text)),
            _ => Err(self.failed(what, "an answer of the wrong kind".into())),
        }
    }

    /// A block: inlined in its CID, written by this machine, cached, or from the node.
    pub fn block(&self, key: &Cid) -> anyhow::Result<Option<Vec<u8>>> {
        if key.hash().code() == IDENTITY {
            return Ok(Some(key.hash().digest().to_vec()));
        }
        if let Some(data) = self.written.borrow().get(key) {
            return Ok(Some(data.to_vec()));
        }
        if let Some(data) = cache::shared().get(key) {
            return Ok(Some(data.to_vec()));
        }
        match self.host.ask(Ask::Block(*key)) {
            Answer::Block(data) => {
                cache::shared().put(*key, Arc::from(data.as_slice()));
                Ok(Some(data))
            }
            Answer::Nothing => {
                *self.missing.borrow_mut() = Some(*key);
                Ok(None)
            }
            Answer::Failed(text) => Err(self.failed(&format!("reading block {key}"), text)),
            _ => Err(self.failed(&format!("reading block {key}"), "an answer of the wrong kind".into())),
        }
    }

    fn write(&self, key: Cid, data: &[u8]) {
        let mut written = self.written.borrow_mut();
        if written.contains_key(&key) {
            return;
        }
        let data: Arc<[u8]> = Arc::from(data);
        written.insert(key, data.clone());
        self.pending.borrow_mut().push((key, data.clone()));
        cache::shared().put(key, data);
    }
}

/// The blockstore that the engines see.
#[derive(Clone)]
pub struct Store(pub Rc<Link>);

impl Blockstore for Store {
    fn get(&self, key: &Cid) -> anyhow::Result<Option<Vec<u8>>> {
        self.0.block(key)
    }

    fn put_keyed(&self, key: &Cid, block: &[u8]) -> anyhow::Result<()> {
        self.0.write(*key, block);
        Ok(())
    }
}

/// The externs that the engines see.
#[derive(Clone)]
pub struct Outside(pub Rc<Link>);

/// The three engines have the same traits in crates of their own.
macro_rules! externs_of {
    ($fvm:ident, $shared:ident) => {
        impl $fvm::externs::Externs for Outside {}

        impl $fvm::externs::Rand for Outside {
            fn get_chain_randomness(&self, round: i64) -> anyhow::Result<[u8; 32]> {
                self.0.chain_randomness(round)
            }
            fn get_beacon_randomness(&self, round: i64) -> anyhow::Result<[u8; 32]> {
                self.0.beacon_randomness(round)
            }
        }

        impl $fvm::externs::Consensus for Outside {
            fn verify_consensus_fault(
                &self,
                h1: &[u8],
                h2: &[u8],
                extra: &[u8],
            ) -> anyhow::Result<(Option<$shared::consensus::ConsensusFault>, i64)> {
                use $shared::consensus::{ConsensusFault, ConsensusFaultType};
                let (fault, gas) = self.0.consensus_fault(h1, h2, extra)?;
                let fault = match fault {
                    None => None,
                    Some(fault) => Some(ConsensusFault {
                        target: $shared::address::Address::new_id(fault.target),
                        epoch: fault.epoch,
                        fault_type: match fault.kind {
                            1 => ConsensusFaultType::DoubleForkMining,
                            2 => ConsensusFaultType::ParentGrinding,
                            3 => ConsensusFaultType::TimeOffsetMining,
                            other => {
                                return Err(self.0.failed("the check of a consensus fault", format!("fault type {other}")))
                            }
                        },
                    }),
                };
                Ok((fault, gas))
            }
        }
    };
}

externs_of!(fvm2, fvm2_shared);
externs_of!(fvm3, fvm3_shared);
externs_of!(fvm4, fvm4_shared);

impl fvm3::externs::Chain for Outside {
    fn get_tipset_cid(&self, epoch: i64) -> anyhow::Result<Cid> {
        self.0.tipset_cid(epoch)
    }
}

impl fvm4::externs::Chain for Outside {
    fn get_tipset_cid(&self, epoch: i64) -> anyhow::Result<Cid> {
        self.0.tipset_cid(epoch)
    }
}
