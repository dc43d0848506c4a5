//! Verification of drand rounds. Scheme names and domain tags: drand `crypto/schemes.go`.

use blstrs::{Bls12, G1Affine, G1Projective, G2Affine, G2Projective, Gt};
use group::prime::PrimeCurveAffine;
use group::{Curve, Group};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use pairing_lib::{MillerLoopResult, MultiMillerLoop};
use sha2::{Digest, Sha256};

use crate::error::{fail, guard, Code, Job, Result, Outcome};

const DST_G2: &[u8] = super::DST;
const DST_G1: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

#[derive(Clone, Copy)]
enum Scheme {
    Chained,
    Unchained,
    /// The first scheme with signatures in G1, which kept G2's tag by mistake.
    UnchainedG1,
    UnchainedG1Rfc9380,
}

fn scheme(name: &str) -> Outcome<Scheme> {
    match name {
        "pedersen-bls-chained" => Ok(Scheme::Chained),
        "pedersen-bls-unchained" => Ok(Scheme::Unchained),
        "bls-unchained-on-g1" => Ok(Scheme::UnchainedG1),
        "bls-unchained-g1-rfc9380" => Ok(Scheme::UnchainedG1Rfc9380),
        _ => Err(fail(Code::Bls, format!("drand scheme {name:?} is not known"))),
    }
}

/// What a round's signature is over: sha-256 of the round (8 bytes, big endian), in the chained
/// scheme with the previous signature before it.
fn round_message(scheme: Scheme, round: u64, previous: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    if matches!(scheme, Scheme::Chained) {
        hasher.update(previous);
    }
    hasher.update(round.to_be_bytes());
    hasher.finalize().into()
}

fn g1(bytes: &[u8]) -> Option<G1Affine> {
    let point: G1Affine = Option::from(G1Affine::from_compressed(bytes.try_into().ok()?))?;
    (!bool::from(point.is_identity())).then_some(point)
}

fn g2(bytes: &[u8]) -> Option<G2Affine> {
    let point: G2Affine = Option::from(G2Affine::from_compressed(bytes.try_into().ok()?))?;
    (!bool::from(point.is_identity())).then_some(point)
}

/// e(a1, a2) == e(b1, b2)
fn pairings_equal(a1: G1Affine, a2: G2Affine, b1: G1Affine, b2: G2Affine) -> bool {
    let result = Bls12::multi_miller_loop(&[(&a1, &a2.into()), (&(-b1), &b2.into())]);
    result.final_exponentiation() == Gt::identity()
}

/// The points of a round's equation.
pub enum Reading {
    /// e(key, message) == e(G, signature)
    InG2 { key: G1Affine, message: G2Affine, signature: G2Affine },
    /// e(message, key) == e(signature, G)
    InG1 { key: G2Affine, message: G1Affine, signature: G1Affine },
}

/// None where key or signature are no points that could be right.
pub fn read(name: &str, key: &[u8], round: u64, previous: &[u8], sig: &[u8]) -> Outcome<Option<Reading>> {
    let scheme = scheme(name)?;
    // A signature is 96 bytes; the first round's "previous" is the genesis seed of 32.
    if previous.len() > 96 {
        return Err(fail(Code::Bls, "the previous drand signature is longer than 96 bytes"));
    }
    let message = round_message(scheme, round, previous);
    Ok(match scheme {
        Scheme::Chained | Scheme::Unchained => {
            let (Some(key), Some(signature)) = (g1(key), g2(sig)) else { return Ok(None) };
            let message = G2Projective::hash_to_curve(&message, DST_G2, &[]).to_affine();
            Some(Reading::InG2 { key, message, signature })
        }
        Scheme::UnchainedG1 | Scheme::UnchainedG1Rfc9380 => {
            let (Some(key), Some(signature)) = (g2(key), g1(sig)) else { return Ok(None) };
            let tag = if matches!(scheme, Scheme::UnchainedG1) { DST_G2 } else { DST_G1 };
            let message = G1Projective::hash_to_curve(&message, tag, &[]).to_affine();
            Some(Reading::InG1 { key, message, signature })
        }
    })
}

pub fn verify(name: &str, key: &[u8], round: u64, previous: &[u8], sig: &[u8]) -> Outcome<bool> {
    Ok(match read(name, key, round, previous, sig)? {
        None => false,
        Some(Reading::InG2 { key, message, signature }) => pairings_equal(key, message, G1Affine::generator(), signature),
        Some(Reading::InG1 { key, message, signature }) => pairings_equal(message, key, signature, G2Affine::generator()),
    })
}

/// Signs a round, for a devnet's own beacon. `previous` is used by the chained scheme alone.
fn sign(name: &str, secret: &[u8], round: u64, previous: &[u8]) -> Outcome<Vec<u8>> {
    let scheme = scheme(name)?;
    let scalar = scalar(secret)?;
    let message = round_message(scheme, round, previous);
    Ok(match scheme {
        Scheme::Chained | Scheme::Unchained => {
            (G2Projective::hash_to_curve(&message, DST_G2, &[]) * scalar).to_affine().to_compressed().to_vec()
        }
        Scheme::UnchainedG1 | Scheme::UnchainedG1Rfc9380 => {
            let tag = if matches!(scheme, Scheme::UnchainedG1) { DST_G2 } else { DST_G1 };
            (G1Projective::hash_to_curve(&message, tag, &[]) * scalar).to_affine().to_compressed().to_vec()
        }
    })
}

fn scalar(secret: &[u8]) -> Outcome<blstrs::Scalar> {
    let bytes: [u8; 32] = crate::error::exact(secret, "a drand secret key", Code::Bls)?;
    let scalar: Option<blstrs::Scalar> = blstrs::Scalar::from_bytes_be(&bytes).into();
    match scalar {
        Some(scalar) if bytes != [0u8; 32] => Ok(scalar),
        _ => Err(fail(Code::Bls, "the drand secret key is zero or not below the group order")),
    }
}

pub fn round_of(round: &BigInt) -> Outcome<u64> {
    match round.get_u64() {
        (false, value, true) => Ok(value),
        _ => Err(fail(Code::Argument, "a drand round must be an integer from 0 to 2^64-1")),
    }
}

#[napi]
pub fn drand_verify(scheme: String, key: &[u8], round: BigInt, previous: &[u8], sig: &[u8]) -> Result<bool> {
    guard(|| verify(&scheme, key, round_of(&round)?, previous, sig))
}

#[napi(ts_return_type = "Promise<boolean>")]
pub fn drand_verify_async(
    scheme: String,
    key: Uint8Array,
    round: BigInt,
    previous: Uint8Array,
    sig: Uint8Array,
) -> AsyncTask<Job<bool, bool>> {
    let (key, previous, sig) = (key.to_vec(), previous.to_vec(), sig.to_vec());
    Job::task(move || verify(&scheme, &key, round_of(&round)?, &previous, &sig), |ok| ok)
}

/// The signature of a round by a secret key held in one hand (no threshold), 32 bytes big endian.
#[napi]
pub fn drand_sign(scheme: String, secret: &[u8], round: BigInt, previous: &[u8]) -> Result<Uint8Array> {
    guard(|| Ok(sign(&scheme, secret, round_of(&round)?, previous)?.into()))
}

/// The public key of a drand secret key: in G1 for the schemes that sign in G2, in G2 for the others.
#[napi]
pub fn drand_public_key(scheme_name: String, secret: &[u8]) -> Result<Uint8Array> {
    guard(|| {
        let scalar = scalar(secret)?;
        Ok(match scheme(&scheme_name)? {
            Scheme::Chained | Scheme::Unchained => {
                (G1Projective::generator() * scalar).to_affine().to_compressed().to_vec().into()
            }
            _ => (G2Projective::generator() * scalar).to_affine().to_compressed().to_vec().into(),
        })
    })
}
