//! Checks of the proofs that storage providers publish, and the making of them (`proving`, `sealing`). Proof types are the numbers of the actors'
//! registered proof enums (builtin-actors, go-state-types `abi/sector.go`).

pub mod lanes;
pub mod parameters;
pub mod pieces;
pub mod post;
pub mod proving;
pub mod seal;
pub mod sealing;

use std::sync::Mutex;

use cid::Cid;
use filecoin_proofs_api as api;
use fvm4_shared::address::Address;
use fvm4_shared::commcid;
use fvm4_shared::sector::{RegisteredAggregateProof, RegisteredPoStProof, RegisteredSealProof, RegisteredUpdateProof};
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::error::{exact, fail, guard, Code, Outcome, Result};
use crate::fvm::cid_of;

/// Proofs are a few hundred bytes, aggregates some tens of KiB; the miner actor stops at 81,960.
const MAX_PROOF: usize = 1 << 17;

fn number(value: &BigInt, what: &str) -> Outcome<u64> {
    match value.get_u64() {
        (false, value, true) => Ok(value),
        _ => Err(fail(Code::Argument, format!("{what} must be an integer from 0 to 2^64-1"))),
    }
}

/// The prover's id as the circuits take it: the bytes of the ID address without its protocol.
fn prover(miner: &BigInt) -> Outcome<api::ProverId> {
    let address = Address::new_id(number(miner, "the miner's actor id")?);
    let bytes = address.payload().to_raw_bytes();
    let mut id = api::ProverId::default();
    id[..bytes.len()].copy_from_slice(&bytes);
    Ok(id)
}

fn proof_error(error: impl std::fmt::Display) -> crate::error::Fail {
    fail(Code::Proof, format!("the proof cannot be checked: {error}"))
}

fn seal_type(value: i64) -> Outcome<api::RegisteredSealProof> {
    RegisteredSealProof::from(value).try_into().map_err(|_| fail(Code::Proof, format!("seal proof type {value} is not known")))
}

fn post_type(value: i64) -> Outcome<api::RegisteredPoStProof> {
    RegisteredPoStProof::from(value).try_into().map_err(|_| fail(Code::Proof, format!("PoSt proof type {value} is not known")))
}

fn update_type(value: i64) -> Outcome<api::RegisteredUpdateProof> {
    RegisteredUpdateProof::from(value).try_into().map_err(|_| fail(Code::Proof, format!("update proof type {value} is not known")))
}

fn aggregation_type(value: i64) -> Outcome<api::RegisteredAggregationProof> {
    RegisteredAggregateProof::from(value)
        .try_into()
        .map_err(|_| fail(Code::Proof, format!("aggregation type {value} is not known")))
}

fn sealed(cid: &[u8]) -> Outcome<[u8; 32]> {
    let cid: Cid = cid_of(cid, "the sealed CID")?;
    commcid::cid_to_replica_commitment_v1(&cid).map_err(|error| fail(Code::Proof, format!("{cid} is no sealed CID: {error}")))
}

fn unsealed(cid: &[u8]) -> Outcome<[u8; 32]> {
    let cid: Cid = cid_of(cid, "the unsealed CID")?;
    commcid::cid_to_data_commitment_v1(&cid).map_err(|error| fail(Code::Proof, format!("{cid} is no unsealed CID: {error}")))
}

fn random(bytes: &[u8], what: &str) -> Outcome<[u8; 32]> {
    exact(bytes, what, Code::Proof)
}

fn proof_bytes(bytes: &[u8]) -> Outcome<Vec<u8>> {
    if bytes.len() > MAX_PROOF {
        return Err(fail(Code::Proof, format!("a proof of {} bytes is longer than any real one", bytes.len())));
    }
    Ok(bytes.to_vec())
}

/// The directory that is in use once something has read parameters.
static PARAMETERS: Mutex<Option<String>> = Mutex::new(None);

/// Where verifying keys and proving parameters lie. The proofs library reads the setting once, at its
/// first use, so a second directory in one process is refused.
#[napi]
pub fn set_proof_parameter_dir(dir: String) -> Result<()> {
    guard(|| {
        let mut current = PARAMETERS
            .lock()
            .map_err(|_| fail(Code::Proof, "the setting of the proof parameters is broken: restart the process"))?;
        match current.as_deref() {
            Some(now) if now != dir => Err(fail(
                Code::Proof,
                format!("proof parameters are already read from {now}: only one directory can be used in a process"),
            )),
            Some(_) => Ok(()),
            None => {
                std::env::set_var("FIL_PROOFS_PARAMETER_CACHE", &dir);
                *current = Some(dir);
                Ok(())
            }
        }
    })
}

/// Where phase 1 of sealing keeps the graph of a sector size; read once, at the first use, and left as it is where the
/// environment names a folder.
#[napi]
pub fn set_proof_parent_dir(dir: String) {
    if std::env::var_os("FIL_PROOFS_PARENT_CACHE").is_none() {
        std::env::set_var("FIL_PROOFS_PARENT_CACHE", dir);
    }
}
