//! Sealing up to the replica: pieces, the labels (phase 1), the trees (phase 2), and the way back. No proof
//! parameters are needed for any of it.

use std::fs::OpenOptions;
use std::io::Read;
use std::path::Path;

use api::{SectorId, UnpaddedByteIndex, UnpaddedBytesAmount};
use filecoin_proofs_api as api;
use fvm4_shared::commcid;
use napi::bindgen_prelude::*;
use napi_derive::napi;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::lanes::{submit, NativeCancel, SEAL};
use super::pieces::{padded_size, NativePiece, NativePieceInfo};
use super::{number, prover, random, seal_type, unsealed};
use crate::error::{exact, fail, Code, Fail, Outcome, Result};

const MAX_PIECES: usize = 1 << 16;

fn sealing(error: impl std::fmt::Display) -> Fail {
    fail(Code::Proof, format!("the sector cannot be sealed: {error:#}"))
}

fn at(path: &str) -> impl Fn(std::io::Error) -> Fail + '_ {
    move |error| fail(Code::Proof, format!("{path}: {error}"))
}

fn piece_cid(commitment: &[u8; 32]) -> Outcome<Vec<u8>> {
    commcid::data_commitment_v1_to_cid(commitment).map(|cid| cid.to_bytes()).map_err(sealing)
}

fn replica_cid(commitment: &[u8; 32]) -> Outcome<Vec<u8>> {
    commcid::replica_commitment_v1_to_cid(commitment).map(|cid| cid.to_bytes()).map_err(sealing)
}

/// ChaCha20's stream as a reader, for made-up data of any size.
struct Stream(ChaCha20Rng);

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        self.0.fill_bytes(out);
        Ok(out.len())
    }
}

#[napi(object, object_to_js = false)]
pub struct NativeAddPiece {
    pub seal_proof_type: i64,
    /// The staged sector; made when it is missing, appended to otherwise.
    pub staged_path: String,
    pub padded_size: f64,
    /// Padded sizes of the pieces that are in the sector, in order.
    pub existing: Vec<f64>,
    /// The data, filled up with zeros; without it the stream of `seed`.
    pub data: Option<Uint8Array>,
    /// 32 bytes.
    pub seed: Option<Uint8Array>,
}

/// Writes a piece into a staged sector and returns its commitment.
#[napi(ts_return_type = "Promise<NativePiece>")]
pub fn seal_add_piece<'env>(env: &'env Env, input: NativeAddPiece, cancel: Option<&NativeCancel>) -> Result<Object<'env>> {
    let data = input.data.map(|data| data.to_vec());
    let seed = input.seed.map(|seed| exact::<32>(&seed, "the seed", Code::Argument));
    let (kind, path, size, existing) = (seal_type(input.seal_proof_type), input.staged_path, input.padded_size, input.existing);
    submit(
        env,
        &SEAL,
        cancel,
        move || {
            let kind = kind?;
            let padded = padded_size(size)?;
            if existing.len() > MAX_PIECES {
                return Err(fail(Code::Proof, format!("a sector of more than {MAX_PIECES} pieces")));
            }
            let lengths = existing
                .iter()
                .map(|size| Ok(UnpaddedBytesAmount(padded_size(*size)? / 128 * 127)))
                .collect::<Outcome<Vec<_>>>()?;
            let filled: u64 = lengths.iter().map(|length| length.0 / 127 * 128).sum();
            if filled + padded > u64::from(kind.sector_size()) {
                return Err(fail(Code::Proof, "the piece does not fit into the sector"));
            }
            let unpadded = padded / 128 * 127;
            let source: Box<dyn Read> = match (data, seed) {
                (Some(data), None) if data.len() as u64 <= unpadded => {
                    let zeros = std::io::repeat(0).take(unpadded - data.len() as u64);
                    Box::new(std::io::Cursor::new(data).chain(zeros))
                }
                (Some(data), None) => {
                    return Err(fail(Code::Proof, format!("{} bytes do not fit into a piece of {padded}", data.len())));
                }
                (None, Some(seed)) => Box::new(Stream(ChaCha20Rng::from_seed(seed?)).take(unpadded)),
                _ => return Err(fail(Code::Argument, "a piece is made of data or of a seed")),
            };
            let mut target =
                OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(at(&path))?;
            let (piece, _) = api::seal::add_piece(kind, source, &mut target, UnpaddedBytesAmount(unpadded), &lengths)
                .map_err(sealing)?;
            target.sync_all().map_err(at(&path))?;
            Ok((piece_cid(&piece.commitment)?, padded as f64))
        },
        |(cid, padded_size)| NativePiece { cid: cid.into(), padded_size },
    )
}

#[napi(object, object_to_js = false)]
pub struct NativeSealSector {
    pub seal_proof_type: i64,
    pub miner: BigInt,
    pub sector: BigInt,
    /// 32 bytes.
    pub ticket: Uint8Array,
    /// A folder that exists.
    pub cache_path: String,
    pub sealed_path: String,
}

struct Sector {
    kind: api::RegisteredSealProof,
    prover: api::ProverId,
    id: SectorId,
    ticket: [u8; 32],
    cache: String,
    sealed: String,
}

fn sector_of(input: NativeSealSector) -> Outcome<Sector> {
    Ok(Sector {
        kind: seal_type(input.seal_proof_type)?,
        prover: prover(&input.miner)?,
        id: SectorId::from(number(&input.sector, "the sector number")?),
        ticket: random(&input.ticket, "the ticket")?,
        cache: input.cache_path,
        sealed: input.sealed_path,
    })
}

/// Phase 1: the labels. Returns what phase 2 takes, as JSON. The sealed file must not be there before.
#[napi(ts_return_type = "Promise<Uint8Array>")]
pub fn seal_pre_commit1<'env>(
    env: &'env Env,
    sector: NativeSealSector,
    staged_path: String,
    pieces: Vec<NativePieceInfo>,
    cancel: Option<&NativeCancel>,
) -> Result<Object<'env>> {
    let pieces: Vec<(Vec<u8>, f64)> = pieces.iter().map(|piece| (piece.cid.to_vec(), piece.padded_size)).collect();
    let sector = sector_of(sector);
    submit(
        env,
        &SEAL,
        cancel,
        move || {
            let s = sector?;
            if pieces.len() > MAX_PIECES {
                return Err(fail(Code::Proof, format!("a sector of more than {MAX_PIECES} pieces")));
            }
            let pieces = pieces
                .iter()
                .map(|(cid, size)| {
                    let unpadded = UnpaddedBytesAmount(padded_size(*size)? / 128 * 127);
                    api::PieceInfo::new(unsealed(cid)?, unpadded).map_err(sealing)
                })
                .collect::<Outcome<Vec<_>>>()?;
            // The library copies the staged data into an existing file only.
            OpenOptions::new().write(true).create_new(true).open(&s.sealed).map_err(at(&s.sealed))?;
            let output = api::seal::seal_pre_commit_phase1(
                s.kind, &s.cache, &staged_path, &s.sealed, s.prover, s.id, s.ticket, &pieces,
            )
            .map_err(sealing)?;
            serde_json::to_vec(&output).map_err(sealing)
        },
        Uint8Array::from,
    )
}

#[napi(object, object_from_js = false)]
pub struct NativeSealed {
    pub sealed_cid: Uint8Array,
    pub unsealed_cid: Uint8Array,
}

/// Phase 2: encodes the replica and builds its trees.
#[napi(ts_return_type = "Promise<NativeSealed>")]
pub fn seal_pre_commit2<'env>(
    env: &'env Env,
    phase1: Uint8Array,
    cache_path: String,
    sealed_path: String,
    cancel: Option<&NativeCancel>,
) -> Result<Object<'env>> {
    let phase1 = phase1.to_vec();
    submit(
        env,
        &SEAL,
        cancel,
        move || {
            let input = serde_json::from_slice(&phase1).map_err(sealing)?;
            let output = api::seal::seal_pre_commit_phase2(input, &cache_path, &sealed_path).map_err(sealing)?;
            Ok((replica_cid(&output.comm_r)?, piece_cid(&output.comm_d)?))
        },
        |(sealed, unsealed)| NativeSealed { sealed_cid: sealed.into(), unsealed_cid: unsealed.into() },
    )
}

/// Removes from a sector's cache what only the proof of replication needs.
#[napi(ts_return_type = "Promise<void>")]
pub fn seal_clear_cache<'env>(env: &'env Env, cache_path: String) -> Result<Object<'env>> {
    submit(env, &SEAL, None, move || api::seal::clear_cache(Path::new(&cache_path)).map_err(sealing), |()| ())
}

/// A replica of zeros with the files that its proofs of spacetime need, for networks that check no seal.
#[napi(ts_return_type = "Promise<Uint8Array>")]
pub fn seal_faux_replica<'env>(
    env: &'env Env,
    seal_proof_type: i64,
    cache_path: String,
    sealed_path: String,
) -> Result<Object<'env>> {
    let kind = seal_type(seal_proof_type);
    submit(
        env,
        &SEAL,
        None,
        move || replica_cid(&api::seal::fauxrep(kind?, &cache_path, &sealed_path).map_err(sealing)?),
        Uint8Array::from,
    )
}

/// Decodes a whole sealed sector into a new file, without the bits that padding adds. The labels are made anew in the
/// folder `cache_path` where it lacks them.
#[napi(ts_return_type = "Promise<void>")]
pub fn seal_unseal<'env>(
    env: &'env Env,
    sector: NativeSealSector,
    unsealed_cid: Uint8Array,
    output_path: String,
    cancel: Option<&NativeCancel>,
) -> Result<Object<'env>> {
    let sector = sector_of(sector).and_then(|s| Ok((s, unsealed(&unsealed_cid)?)));
    submit(
        env,
        &SEAL,
        cancel,
        move || {
            let (s, comm_d) = sector?;
            let all = UnpaddedBytesAmount(u64::from(s.kind.sector_size()) / 128 * 127);
            api::seal::get_unsealed_range(
                s.kind,
                s.cache.as_str(),
                s.sealed.as_str(),
                output_path.as_str(),
                s.prover,
                s.id,
                comm_d,
                s.ticket,
                UnpaddedByteIndex(0),
                all,
            )
            .map_err(|error| fail(Code::Proof, format!("the sector cannot be unsealed: {error:#}")))?;
            Ok(())
        },
        |()| (),
    )
}
