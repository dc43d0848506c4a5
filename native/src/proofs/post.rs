//! Winning and window proofs of spacetime.

use std::collections::BTreeMap;

use api::{PublicReplicaInfo, SectorId};
use filecoin_proofs_api as api;
use fvm4_shared::sector::RegisteredSealProof;
use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::{number, post_type, proof_bytes, proof_error, prover, random, sealed};
use crate::error::{fail, Code, Job, Outcome};

/// Sectors in one proof: a window's partitions have 2,349 each, a message takes at most 10 partitions.
pub(super) const MAX_SECTORS: usize = 30_000;

#[napi(object, object_to_js = false)]
pub struct NativePoStProof {
    pub proof_type: i64,
    pub proof: Uint8Array,
}

#[napi(object, object_to_js = false)]
pub struct NativePoStSector {
    pub seal_proof_type: i64,
    pub sector: BigInt,
    pub sealed_cid: Uint8Array,
}

#[napi(object, object_to_js = false)]
pub struct NativePoStInfo {
    /// 32 bytes as drawn; the two bits that do not fit the field are cleared here.
    pub randomness: Uint8Array,
    pub miner: BigInt,
    pub proofs: Vec<NativePoStProof>,
    pub sectors: Vec<NativePoStSector>,
}

pub struct Post {
    pub randomness: [u8; 32],
    pub prover: api::ProverId,
    /// At least one, all of one type.
    pub proofs: Vec<(api::RegisteredPoStProof, Vec<u8>)>,
    pub replicas: BTreeMap<SectorId, PublicReplicaInfo>,
    /// The commitments of the replicas.
    pub sealed: BTreeMap<SectorId, [u8; 32]>,
}

/// Randomness must be an element of the field: the two top bits go, as in Lotus's verifier.
pub(super) fn field_element(bytes: &[u8]) -> Outcome<[u8; 32]> {
    let mut randomness = random(bytes, "the PoSt's randomness")?;
    randomness[31] &= 0x3f;
    Ok(randomness)
}

pub fn post_of(info: &NativePoStInfo) -> Outcome<Post> {
    if info.sectors.is_empty() || info.sectors.len() > MAX_SECTORS {
        return Err(fail(Code::Proof, format!("a PoSt is over 1 to {MAX_SECTORS} sectors, not {}", info.sectors.len())));
    }
    let Some(first) = info.proofs.first() else {
        return Err(fail(Code::Proof, "there is no PoSt to check"));
    };
    let kind = post_type(first.proof_type)?;
    let mut proofs = Vec::with_capacity(info.proofs.len());
    for proof in &info.proofs {
        if proof.proof_type != first.proof_type {
            return Err(fail(Code::Proof, "all proofs of a PoSt must be of one type"));
        }
        proofs.push((kind, proof_bytes(&proof.proof)?));
    }
    let mut replicas = BTreeMap::new();
    let mut commitments = BTreeMap::new();
    for sector in &info.sectors {
        let size = RegisteredSealProof::from(sector.seal_proof_type)
            .sector_size()
            .map_err(|_| fail(Code::Proof, format!("seal proof type {} is not known", sector.seal_proof_type)))?;
        if size as u64 != u64::from(kind.sector_size()) {
            return Err(fail(Code::Proof, "a sector's size is not that of the PoSt"));
        }
        let id = SectorId::from(number(&sector.sector, "the sector number")?);
        let commitment = sealed(&sector.sealed_cid)?;
        commitments.insert(id, commitment);
        if replicas.insert(id, PublicReplicaInfo::new(kind, commitment)).is_some() && !winning(kind) {
            return Err(fail(Code::Proof, format!("sector {} occurs twice", u64::from(id))));
        }
    }
    Ok(Post { randomness: field_element(&info.randomness)?, prover: prover(&info.miner)?, proofs, replicas, sealed: commitments })
}

pub(super) fn winning(kind: api::RegisteredPoStProof) -> bool {
    kind.typ() == api::PoStType::Winning
}

/// A winning PoSt by itself.
pub fn verify_alone(post: &Post) -> Outcome<bool> {
    let proof: Vec<u8> = post.proofs.iter().flat_map(|(_, proof)| proof.iter().copied()).collect();
    api::post::verify_winning_post(&post.randomness, &proof, &post.replicas, post.prover).map_err(proof_error)
}

#[napi(ts_return_type = "Promise<boolean>")]
pub fn verify_winning_post(info: NativePoStInfo) -> AsyncTask<Job<bool, bool>> {
    let post = post_of(&info);
    Job::task(move || verify_alone(&post?), |ok| ok)
}

#[napi(ts_return_type = "Promise<boolean>")]
pub fn verify_window_post(info: NativePoStInfo) -> AsyncTask<Job<bool, bool>> {
    let post = post_of(&info);
    Job::task(
        move || {
            let post = post?;
            let proofs: Vec<(api::RegisteredPoStProof, &[u8])> =
                post.proofs.iter().map(|(kind, proof)| (*kind, proof.as_slice())).collect();
            api::post::verify_window_post(&post.randomness, &proofs, &post.replicas, post.prover).map_err(proof_error)
        },
        |ok| ok,
    )
}

/// Which of `eligible` sectors a winning PoSt must prove: indexes, in order.
#[napi(ts_return_type = "Promise<BigUint64Array>")]
pub fn winning_post_challenge(
    proof_type: i64,
    randomness: Uint8Array,
    miner: BigInt,
    eligible: BigInt,
) -> AsyncTask<Job<Vec<u64>, BigUint64Array>> {
    let arguments = (|| {
        Ok((post_type(proof_type)?, field_element(&randomness)?, number(&eligible, "the number of sectors")?, prover(&miner)?))
    })();
    Job::task(
        move || {
            let (kind, randomness, eligible, prover) = arguments?;
            if eligible == 0 {
                return Err(fail(Code::Proof, "there is no sector to be challenged"));
            }
            api::post::generate_winning_post_sector_challenge(kind, &randomness, eligible, prover).map_err(proof_error)
        },
        Into::into,
    )
}

/// Challenged leaves of each sector: sector numbers ascending, the same number of leaves for each.
#[napi(object, object_from_js = false)]
pub struct NativeChallenges {
    pub sectors: BigUint64Array,
    pub leaves: BigUint64Array,
}

#[napi(ts_return_type = "Promise<NativeChallenges>")]
pub fn post_challenges(
    proof_type: i64,
    randomness: Uint8Array,
    miner: BigInt,
    sectors: BigUint64Array,
) -> AsyncTask<Job<BTreeMap<SectorId, Vec<u64>>, NativeChallenges>> {
    let sectors: Vec<SectorId> = sectors.iter().map(|s| SectorId::from(*s)).collect();
    let arguments = (|| Ok((post_type(proof_type)?, field_element(&randomness)?, prover(&miner)?)))();
    Job::task(
        move || {
            let (kind, randomness, prover) = arguments?;
            if sectors.is_empty() || sectors.len() > MAX_SECTORS {
                return Err(fail(Code::Proof, format!("a PoSt is over 1 to {MAX_SECTORS} sectors, not {}", sectors.len())));
            }
            api::post::generate_fallback_sector_challenges(kind, &randomness, &sectors, prover).map_err(proof_error)
        },
        |found| NativeChallenges {
            sectors: found.keys().map(|id| u64::from(*id)).collect::<Vec<_>>().into(),
            leaves: found.into_values().flatten().collect::<Vec<_>>().into(),
        },
    )
}
