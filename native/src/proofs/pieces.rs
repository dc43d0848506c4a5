//! Commitments to pieces (CommP) and to the data of a sector (CommD).

use std::io::Read;

use api::UnpaddedBytesAmount;
use filecoin_proofs_api as api;
use fvm4_shared::commcid;
use fvm4_shared::piece::{zero_piece_commitment, PaddedPieceSize};
use napi::bindgen_prelude::*;
use napi_derive::napi;

use super::{proof_error, seal_type, unsealed};
use crate::error::{fail, Code, Job, Outcome};

/// Smallest piece, and the largest of any sector (64 GiB), padded.
const MIN_PIECE: u64 = 128;
const MAX_PIECE: u64 = 64 << 30;
const MAX_PIECES: usize = 1 << 16;

#[napi(object, object_from_js = false)]
pub struct NativePiece {
    pub cid: Uint8Array,
    pub padded_size: f64,
}

#[napi(object, object_to_js = false)]
pub struct NativePieceInfo {
    pub cid: Uint8Array,
    pub padded_size: f64,
}

/// The padded size of the smallest piece that holds `payload` bytes: 127 of 128 bytes carry data.
fn padded_for(payload: u64) -> Outcome<u64> {
    let mut padded = MIN_PIECE;
    while padded / 128 * 127 < payload {
        padded *= 2;
        if padded > MAX_PIECE {
            return Err(fail(Code::Proof, format!("{payload} bytes do not fit into any piece")));
        }
    }
    Ok(padded)
}

pub(super) fn padded_size(value: f64) -> Outcome<u64> {
    let size = value as u64;
    if size as f64 != value || !(MIN_PIECE..=MAX_PIECE).contains(&size) || !size.is_power_of_two() {
        return Err(fail(Code::Proof, format!("a padded piece size is a power of two from {MIN_PIECE} to {MAX_PIECE}, not {value}")));
    }
    Ok(size)
}

fn unpadded_cid(commitment: &[u8; 32]) -> Outcome<Vec<u8>> {
    commcid::data_commitment_v1_to_cid(commitment)
        .map(|cid| cid.to_bytes())
        .map_err(|error| fail(Code::Proof, error.to_string()))
}

/// `wanted` 0: the smallest size that the payload fits into.
fn commit(source: impl Read, payload: u64, wanted: f64) -> Outcome<(Vec<u8>, f64)> {
    let smallest = padded_for(payload)?;
    let padded = if wanted == 0.0 { smallest } else { padded_size(wanted)? };
    if padded < smallest {
        return Err(fail(Code::Proof, format!("{payload} bytes do not fit into a piece of {padded}")));
    }
    let unpadded = padded / 128 * 127;
    let filled = source.chain(std::io::repeat(0).take(unpadded - payload)).take(unpadded);
    // The commitment does not depend on the sector; every proof type gives the same.
    let piece = api::seal::generate_piece_commitment(
        api::RegisteredSealProof::StackedDrg32GiBV1_1,
        std::io::BufReader::with_capacity(1 << 20, filled),
        UnpaddedBytesAmount(unpadded),
    )
    .map_err(proof_error)?;
    Ok((unpadded_cid(&piece.commitment)?, padded as f64))
}

fn piece((cid, padded_size): (Vec<u8>, f64)) -> NativePiece {
    NativePiece { cid: cid.into(), padded_size }
}

/// CommP of bytes in memory; zeros fill the piece up.
#[napi(ts_return_type = "Promise<NativePiece>")]
pub fn piece_commitment(data: Uint8Array, padded_size: f64) -> AsyncTask<Job<(Vec<u8>, f64), NativePiece>> {
    let data = data.to_vec();
    Job::task(move || commit(data.as_slice(), data.len() as u64, padded_size), piece)
}

/// CommP of a whole file; zeros fill the piece up.
#[napi(ts_return_type = "Promise<NativePiece>")]
pub fn piece_commitment_of_file(path: String, padded_size: f64) -> AsyncTask<Job<(Vec<u8>, f64), NativePiece>> {
    Job::task(
        move || {
            let file = std::fs::File::open(&path)
                .map_err(|error| fail(Code::Proof, format!("{path} cannot be opened: {error}")))?;
            let length = file
                .metadata()
                .map_err(|error| fail(Code::Proof, format!("{path} cannot be read: {error}")))?
                .len();
            commit(file.take(length), length, padded_size)
        },
        piece,
    )
}

/// Pieces of zeros that bring `filled` to a multiple of `size`: from small to large, each aligned.
fn padding(filled: u64, size: u64) -> impl Iterator<Item = u64> {
    let gap = filled.wrapping_neg() & (size - 1);
    (0..64).map(|bit| 1u64 << bit).filter(move |piece| gap & piece != 0)
}

/// CommD of a sector: pieces in their order, each aligned to its size, zeros in between and after.
fn data(seal_proof_type: i64, pieces: &[(Vec<u8>, f64)]) -> Outcome<Vec<u8>> {
    let kind = seal_type(seal_proof_type)?;
    let sector = u64::from(kind.sector_size());
    if pieces.len() > MAX_PIECES {
        return Err(fail(Code::Proof, format!("a sector of more than {MAX_PIECES} pieces")));
    }
    let mut all = Vec::with_capacity(pieces.len());
    let mut filled = 0u64;
    let mut add = |size: u64, commitment: [u8; 32]| -> Outcome<u64> {
        let unpadded = UnpaddedBytesAmount(size / 128 * 127);
        all.push(api::PieceInfo::new(commitment, unpadded).map_err(proof_error)?);
        Ok(size)
    };
    for (cid, size) in pieces {
        let size = padded_size(*size)?;
        for zeros in padding(filled, size) {
            filled += add(zeros, zero_piece_commitment(PaddedPieceSize(zeros)))?;
        }
        filled += add(size, unsealed(cid)?)?;
        if filled > sector {
            return Err(fail(Code::Proof, format!("the pieces do not fit into a sector of {sector} bytes")));
        }
    }
    if filled == 0 {
        add(sector, zero_piece_commitment(PaddedPieceSize(sector)))?;
    } else {
        for zeros in padding(filled, sector) {
            add(zeros, zero_piece_commitment(PaddedPieceSize(zeros)))?;
        }
    }
    unpadded_cid(&api::seal::compute_comm_d(kind, &all).map_err(proof_error)?)
}

/// The unsealed CID of a sector with these pieces.
#[napi(ts_return_type = "Promise<Uint8Array>")]
pub fn data_commitment(seal_proof_type: i64, pieces: Vec<NativePieceInfo>) -> AsyncTask<Job<Vec<u8>, Uint8Array>> {
    let pieces: Vec<(Vec<u8>, f64)> = pieces.iter().map(|piece| (piece.cid.to_vec(), piece.padded_size)).collect();
    Job::task(move || data(seal_proof_type, &pieces), Into::into)
}
