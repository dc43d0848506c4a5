//! Proofs of spacetime over sectors that lie here. The cheap half (vanilla proofs: openings of Merkle trees, read from
//! the sectors' files) is apart from the SNARK, so that a sector that cannot be read costs nothing but itself.

use std::path::PathBuf;

use api::{PrivateReplicaInfo, SectorId};
use filecoin_hashers::{HashFunction, Hasher};
use filecoin_proofs::types::FallbackPoStSectorProof;
use filecoin_proofs::{as_safe_commitment, with_shape, DefaultTreeHasher, MerkleTreeTrait};
use filecoin_proofs_api as api;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use storage_proofs_core::proof::ProofScheme;
use storage_proofs_post::fallback::{self, FallbackPoSt, PublicSector};

use super::lanes::{submit, NativeCancel, VANILLA, WINDOW, WINNING};
use super::post::{field_element, winning, MAX_SECTORS};
use super::{number, post_type, prover, sealed};
use crate::error::{fail, Code, Fail, Outcome, Result};

/// A winning PoSt opens 66 leaves of one sector, a window PoSt 10 of each.
const MAX_CHALLENGES: usize = 1024;
/// The longest real one, 66 openings of a 64 GiB sector, has some 200 KiB.
const MAX_VANILLA: usize = 4 << 20;
/// CommC and CommRLast.
const P_AUX: &str = "p_aux";
const P_AUX_BYTES: usize = 64;

fn making(error: impl std::fmt::Display) -> Fail {
    fail(Code::Proof, format!("the proof cannot be made: {error:#}"))
}

#[napi(object, object_to_js = false)]
pub struct NativeVanillaInput {
    pub proof_type: i64,
    pub sector: BigInt,
    pub sealed_cid: Uint8Array,
    pub cache_path: String,
    pub sealed_path: String,
    pub challenges: BigUint64Array,
}

struct Vanilla {
    kind: api::RegisteredPoStProof,
    sector: u64,
    comm_r: [u8; 32],
    cache: PathBuf,
    sealed: PathBuf,
    challenges: Vec<u64>,
}

fn vanilla_of(input: &NativeVanillaInput) -> Outcome<Vanilla> {
    let kind = post_type(input.proof_type)?;
    let challenges = input.challenges.to_vec();
    if challenges.is_empty() || challenges.len() > MAX_CHALLENGES {
        return Err(fail(Code::Proof, format!("a sector is opened at 1 to {MAX_CHALLENGES} leaves, not {}", challenges.len())));
    }
    let leaves = u64::from(kind.sector_size()) / 32;
    if let Some(beyond) = challenges.iter().find(|leaf| **leaf >= leaves) {
        return Err(fail(Code::Proof, format!("the sector has {leaves} leaves, there is none of number {beyond}")));
    }
    Ok(Vanilla {
        kind,
        sector: number(&input.sector, "the sector number")?,
        comm_r: sealed(&input.sealed_cid)?,
        cache: PathBuf::from(&input.cache_path),
        sealed: PathBuf::from(&input.sealed_path),
        challenges,
    })
}

/// The library takes p_aux at its word, and the mismatch would only show in the SNARK, where no sector is named.
fn check_p_aux(job: &Vanilla) -> Outcome<()> {
    let path = job.cache.join(P_AUX);
    let bytes = std::fs::read(&path).map_err(|error| fail(Code::Proof, format!("{} cannot be read: {error}", path.display())))?;
    if bytes.len() != P_AUX_BYTES {
        return Err(fail(Code::Proof, format!("{} has {} bytes instead of {P_AUX_BYTES}", path.display(), bytes.len())));
    }
    type Domain = <DefaultTreeHasher as Hasher>::Domain;
    let half = |range: std::ops::Range<usize>| -> Outcome<Domain> {
        let mut raw = [0u8; 32];
        raw.copy_from_slice(&bytes[range]);
        as_safe_commitment(&raw, P_AUX).map_err(making)
    };
    let found: [u8; 32] = <DefaultTreeHasher as Hasher>::Function::hash2(&half(0..32)?, &half(32..64)?).into();
    if found != job.comm_r {
        return Err(fail(Code::Proof, format!("{} does not belong to the sealed CID of the sector", path.display())));
    }
    Ok(())
}

fn make_vanilla(job: &Vanilla) -> Outcome<Vec<u8>> {
    check_p_aux(job)?;
    let length = std::fs::metadata(&job.sealed)
        .map_err(|error| fail(Code::Proof, format!("{} cannot be read: {error}", job.sealed.display())))?
        .len();
    let size = u64::from(job.kind.sector_size());
    if length != size {
        return Err(fail(Code::Proof, format!("{} has {length} bytes instead of {size}", job.sealed.display())));
    }
    let replica = PrivateReplicaInfo::new(job.kind, job.comm_r, job.cache.clone(), job.sealed.clone());
    api::post::generate_single_vanilla_proof(job.kind, SectorId::from(job.sector), &replica, &job.challenges).map_err(making)
}

/// The openings of one sector at the challenged leaves, in the library's own form. Errors name the sector.
#[napi(ts_return_type = "Promise<Uint8Array>")]
pub fn vanilla_proof<'env>(
    env: &'env Env,
    input: NativeVanillaInput,
    cancel: Option<&NativeCancel>,
) -> Result<Object<'env>> {
    let job = vanilla_of(&input);
    let lane = match &job {
        Ok(job) if winning(job.kind) => &WINNING,
        _ => &VANILLA,
    };
    submit(
        env,
        lane,
        cancel,
        move || {
            let job = job?;
            // A panic of the library (files of an impossible shape) is a fault of the sector and no more.
            crate::error::contain(|| make_vanilla(&job))
                .map_err(|e| fail(Code::Proof, format!("sector {}: {}", job.sector, e.message)))
        },
        Uint8Array::from,
    )
}

#[napi(object, object_to_js = false)]
pub struct NativeSnarkInput {
    pub proof_type: i64,
    pub miner: BigInt,
    /// 32 bytes as drawn; the two bits that do not fit the field are cleared here.
    pub randomness: Uint8Array,
    pub vanilla_proofs: Vec<Uint8Array>,
    /// For a window PoSt: prove this partition alone (`vanilla_proofs` are its sectors').
    pub partition: Option<u32>,
}

#[napi(object, object_from_js = false)]
pub struct NativeProof {
    pub proof_type: i64,
    pub proof: Uint8Array,
}

struct Snark {
    kind: api::RegisteredPoStProof,
    proof_type: i64,
    prover: api::ProverId,
    randomness: [u8; 32],
    vanilla: Vec<Vec<u8>>,
    partition: Option<usize>,
}

/// A vanilla proof begins with its sector's number.
fn sector_of(vanilla: &[u8]) -> Outcome<u64> {
    let head = vanilla.get(..8).and_then(|head| <[u8; 8]>::try_from(head).ok());
    head.map(u64::from_le_bytes).ok_or_else(|| fail(Code::Proof, "a vanilla proof is cut off"))
}

fn snark_of(input: &NativeSnarkInput) -> Outcome<Snark> {
    let kind = post_type(input.proof_type)?;
    if input.vanilla_proofs.is_empty() || input.vanilla_proofs.len() > MAX_SECTORS {
        let count = input.vanilla_proofs.len();
        return Err(fail(Code::Proof, format!("a PoSt is over 1 to {MAX_SECTORS} sectors, not {count}")));
    }
    if let Some(long) = input.vanilla_proofs.iter().find(|vanilla| vanilla.len() > MAX_VANILLA) {
        return Err(fail(Code::Proof, format!("a vanilla proof of {} bytes is longer than any real one", long.len())));
    }
    let mut vanilla = input.vanilla_proofs.iter().map(|v| Ok((sector_of(v)?, v.to_vec()))).collect::<Outcome<Vec<_>>>()?;
    if !winning(kind) {
        // The verifier knows the sectors as a set, in the order of their numbers.
        vanilla.sort_by_key(|(sector, _)| *sector);
        if let Some(twice) = vanilla.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(fail(Code::Proof, format!("sector {} occurs twice", twice[0].0)));
        }
        if input.partition.is_some() && vanilla.len() > kind.sector_count() {
            return Err(fail(Code::Proof, format!("a partition has {} sectors, not {}", kind.sector_count(), vanilla.len())));
        }
    }
    Ok(Snark {
        kind,
        proof_type: input.proof_type,
        prover: prover(&input.miner)?,
        randomness: field_element(&input.randomness)?,
        vanilla: vanilla.into_iter().map(|(_, bytes)| bytes).collect(),
        partition: input.partition.map(|index| index as usize),
    })
}

/// Whether a vanilla proof alone is one that the circuit can take.
fn vanilla_is_right<Tree: 'static + MerkleTreeTrait>(snark: &Snark, index: usize) -> anyhow::Result<bool> {
    let config = snark.kind.as_v1_config();
    let proof: FallbackPoStSectorProof<Tree> = bincode::deserialize(&snark.vanilla[index])?;
    let params = fallback::PublicParams {
        sector_size: u64::from(config.sector_size),
        challenge_count: config.challenge_count,
        sector_count: 1,
        api_version: config.api_version,
    };
    let first = snark.partition.unwrap_or(0) * snark.kind.sector_count();
    let inputs = fallback::PublicInputs {
        randomness: as_safe_commitment(&snark.randomness, "randomness")?,
        prover_id: as_safe_commitment(&snark.prover, "prover_id")?,
        sectors: vec![PublicSector { id: proof.sector_id, comm_r: proof.comm_r }],
        k: Some(if winning(snark.kind) { 0 } else { first + index }),
    };
    FallbackPoSt::<Tree>::verify(&params, &inputs, &fallback::Proof { sectors: proof.vanilla_proof.sectors })
}

/// Sectors whose vanilla proofs are wrong, looked for only after the SNARK has failed.
fn culprits(snark: &Snark) -> Vec<u64> {
    let size = u64::from(snark.kind.sector_size());
    (0..snark.vanilla.len())
        .filter(|index| {
            let checked = crate::error::contain(|| {
                with_shape!(size, vanilla_is_right, snark, *index).map_err(making)
            });
            !matches!(checked, Ok(true))
        })
        .filter_map(|index| sector_of(&snark.vanilla[index]).ok())
        .collect()
}

fn prove(snark: &Snark) -> Outcome<Vec<(i64, Vec<u8>)>> {
    let Snark { kind, randomness, prover, vanilla, .. } = snark;
    let made = crate::error::contain(|| {
        let proofs = match (winning(*kind), snark.partition) {
            (true, _) => api::post::generate_winning_post_with_vanilla(*kind, randomness, *prover, vanilla),
            (false, None) => api::post::generate_window_post_with_vanilla(*kind, randomness, *prover, vanilla),
            (false, Some(index)) => {
                api::post::generate_single_window_post_with_vanilla(*kind, randomness, *prover, vanilla, index)
                    .map(|proof| vec![(*kind, proof.0)])
            }
        };
        proofs.map_err(making)
    });
    match made {
        Ok(proofs) => Ok(proofs.into_iter().map(|(_, proof)| (snark.proof_type, proof)).collect()),
        Err(failure) => {
            let faulty = culprits(snark);
            if faulty.is_empty() {
                return Err(failure);
            }
            let names: Vec<String> = faulty.iter().map(u64::to_string).collect();
            Err(fail(Code::Proof, format!("faulty sectors: {}; {}", names.join(", "), failure.message)))
        }
    }
}

fn snark_job<'env>(
    env: &'env Env,
    input: &NativeSnarkInput,
    cancel: Option<&NativeCancel>,
    wins: bool,
) -> Result<Object<'env>> {
    let snark = snark_of(input).and_then(|snark| {
        if winning(snark.kind) == wins {
            Ok(snark)
        } else {
            Err(fail(Code::Proof, format!("PoSt proof type {} is of the other kind", snark.proof_type)))
        }
    });
    submit(
        env,
        if wins { &WINNING } else { &WINDOW },
        cancel,
        move || prove(&snark?),
        |proofs| -> Vec<NativeProof> {
            proofs.into_iter().map(|(proof_type, proof)| NativeProof { proof_type, proof: proof.into() }).collect()
        },
    )
}

/// The winning PoSt over the challenged sectors' vanilla proofs.
#[napi(ts_return_type = "Promise<Array<NativeProof>>")]
pub fn winning_post_snark<'env>(
    env: &'env Env,
    input: NativeSnarkInput,
    cancel: Option<&NativeCancel>,
) -> Result<Object<'env>> {
    snark_job(env, &input, cancel, true)
}

/// The window PoSt over vanilla proofs, of one partition or of several. Errors name sectors whose vanilla proofs are wrong.
#[napi(ts_return_type = "Promise<Array<NativeProof>>")]
pub fn window_post_snark<'env>(
    env: &'env Env,
    input: NativeSnarkInput,
    cancel: Option<&NativeCancel>,
) -> Result<Object<'env>> {
    snark_job(env, &input, cancel, false)
}

/// How many sectors one partition of a PoSt of this type proves.
#[napi]
pub fn post_partition_sectors(proof_type: i64) -> Result<u32> {
    crate::error::guard(|| Ok(post_type(proof_type)?.sector_count() as u32))
}
