//! Seals, aggregates of seals, and replica updates.

use api::SectorId;
use filecoin_proofs_api as api;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use rayon::prelude::*;

use super::{aggregation_type, number, proof_bytes, proof_error, prover, random, seal_type, sealed, unsealed, update_type};
use crate::error::{fail, Code, Job, Outcome};

/// An aggregate covers at most 819 sectors (FIP-0013), a batch somewhat more in no network.
const MAX_SECTORS: usize = 4096;

#[napi(object, object_to_js = false)]
pub struct NativeSealInfo {
    pub proof_type: i64,
    pub sealed_cid: Uint8Array,
    pub unsealed_cid: Uint8Array,
    pub miner: BigInt,
    pub sector: BigInt,
    /// The ticket, 32 bytes.
    pub randomness: Uint8Array,
    /// The seed, 32 bytes.
    pub interactive_randomness: Uint8Array,
    pub proof: Uint8Array,
}

#[napi(object, object_to_js = false)]
pub struct NativeAggregateSector {
    pub sector: BigInt,
    pub sealed_cid: Uint8Array,
    pub unsealed_cid: Uint8Array,
    pub randomness: Uint8Array,
    pub interactive_randomness: Uint8Array,
}

#[napi(object, object_to_js = false)]
pub struct NativeAggregateInfo {
    pub seal_proof_type: i64,
    pub aggregate_proof_type: i64,
    pub miner: BigInt,
    pub proof: Uint8Array,
    pub sectors: Vec<NativeAggregateSector>,
}

#[napi(object, object_to_js = false)]
pub struct NativeUpdateInfo {
    pub proof_type: i64,
    pub old_sealed_cid: Uint8Array,
    pub new_sealed_cid: Uint8Array,
    pub new_unsealed_cid: Uint8Array,
    pub proof: Uint8Array,
}

struct Sector {
    id: SectorId,
    replica: [u8; 32],
    data: [u8; 32],
    ticket: [u8; 32],
    seed: [u8; 32],
}

struct Seal {
    kind: api::RegisteredSealProof,
    prover: api::ProverId,
    sector: Sector,
    proof: Vec<u8>,
}

/// Arguments are read on the JavaScript thread; a bad one rejects the promise like a failed check.
fn seal_of(info: &NativeSealInfo) -> Outcome<Seal> {
    Ok(Seal {
        kind: seal_type(info.proof_type)?,
        prover: prover(&info.miner)?,
        sector: Sector {
            id: SectorId::from(number(&info.sector, "the sector number")?),
            replica: sealed(&info.sealed_cid)?,
            data: unsealed(&info.unsealed_cid)?,
            ticket: random(&info.randomness, "the seal's randomness")?,
            seed: random(&info.interactive_randomness, "the seal's interactive randomness")?,
        },
        proof: proof_bytes(&info.proof)?,
    })
}

#[napi(ts_return_type = "Promise<boolean>")]
pub fn verify_seal(info: NativeSealInfo) -> AsyncTask<Job<bool, bool>> {
    let seal = seal_of(&info);
    Job::task(
        move || {
            let seal = seal?;
            let s = seal.sector;
            api::seal::verify_seal(seal.kind, s.replica, s.data, seal.prover, s.id, s.ticket, s.seed, &seal.proof)
                .map_err(proof_error)
        },
        |ok| ok,
    )
}

struct Aggregate {
    kind: api::RegisteredSealProof,
    aggregation: api::RegisteredAggregationProof,
    prover: api::ProverId,
    proof: Vec<u8>,
    sectors: Vec<Sector>,
}

fn aggregate_of(info: &NativeAggregateInfo) -> Outcome<Aggregate> {
    if info.sectors.is_empty() || info.sectors.len() > MAX_SECTORS {
        return Err(fail(Code::Proof, format!("an aggregate is of 1 to {MAX_SECTORS} sectors, not {}", info.sectors.len())));
    }
    let mut sectors = Vec::with_capacity(info.sectors.len());
    for sector in &info.sectors {
        sectors.push(Sector {
            id: SectorId::from(number(&sector.sector, "the sector number")?),
            replica: sealed(&sector.sealed_cid)?,
            data: unsealed(&sector.unsealed_cid)?,
            ticket: random(&sector.randomness, "a seal's randomness")?,
            seed: random(&sector.interactive_randomness, "a seal's interactive randomness")?,
        });
    }
    Ok(Aggregate {
        kind: seal_type(info.seal_proof_type)?,
        aggregation: aggregation_type(info.aggregate_proof_type)?,
        prover: prover(&info.miner)?,
        proof: proof_bytes(&info.proof)?,
        sectors,
    })
}

#[napi(ts_return_type = "Promise<boolean>")]
pub fn verify_aggregate_seals(info: NativeAggregateInfo) -> AsyncTask<Job<bool, bool>> {
    let aggregate = aggregate_of(&info);
    Job::task(
        move || {
            let Aggregate { kind, aggregation, prover, proof, sectors } = aggregate?;
            let per_sector: Vec<_> = sectors
                .par_iter()
                .map(|s| api::seal::get_seal_inputs(kind, s.replica, s.data, prover, s.id, s.ticket, s.seed))
                .collect::<std::result::Result<_, _>>()
                .map_err(proof_error)?;
            let replicas: Vec<[u8; 32]> = sectors.iter().map(|s| s.replica).collect();
            let seeds: Vec<[u8; 32]> = sectors.iter().map(|s| s.seed).collect();
            let inputs = per_sector.into_iter().flatten().collect();
            api::seal::verify_aggregate_seal_commit_proofs(kind, aggregation, proof, &replicas, &seeds, inputs)
                .map_err(proof_error)
        },
        |ok| ok,
    )
}

struct Update {
    kind: api::RegisteredUpdateProof,
    old_replica: [u8; 32],
    new_replica: [u8; 32],
    new_data: [u8; 32],
    proof: Vec<u8>,
}

fn update_of(info: &NativeUpdateInfo) -> Outcome<Update> {
    Ok(Update {
        kind: update_type(info.proof_type)?,
        old_replica: sealed(&info.old_sealed_cid)?,
        new_replica: sealed(&info.new_sealed_cid)?,
        new_data: unsealed(&info.new_unsealed_cid)?,
        proof: proof_bytes(&info.proof)?,
    })
}

#[napi(ts_return_type = "Promise<boolean>")]
pub fn verify_replica_update(info: NativeUpdateInfo) -> AsyncTask<Job<bool, bool>> {
    let update = update_of(&info);
    Job::task(
        move || {
            let u = update?;
            api::update::verify_empty_sector_update_proof(u.kind, &u.proof, u.old_replica, u.new_replica, u.new_data)
                .map_err(proof_error)
        },
        |ok| ok,
    )
}
