//! BLS12-381 as Filecoin signs with it (`BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_`: public keys
//! of 48 bytes in G1, signatures of 96 bytes in G2) and as drand does.

pub mod drand;

use bls_signatures::{PrivateKey, PublicKey, Serialize, Signature};
use group::prime::PrimeCurveAffine;
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::error::{fail, guard, Code, Job, Result, Outcome};

/// The suite of Filecoin's signatures.
pub const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";

/// More pairs than this in one aggregate cannot come from a block (its messages' gas is bounded);
/// the limit keeps a hostile caller from holding a thread for minutes.
const MAX_AGGREGATE: usize = 65_536;

fn private_key(bytes: &[u8]) -> Outcome<PrivateKey> {
    if bytes.len() != 32 {
        return Err(fail(Code::Bls, format!("a BLS private key is 32 bytes long, not {}", bytes.len())));
    }
    let key = PrivateKey::from_bytes(bytes)
        .map_err(|_| fail(Code::Bls, "the BLS private key is not below the group order"))?;
    if bytes.iter().all(|b| *b == 0) {
        return Err(fail(Code::Bls, "the BLS private key is zero"));
    }
    Ok(key)
}

/// Reads a public key; the identity is no key (anybody can sign for it), as in filecoin-ffi.
pub fn public_key(bytes: &[u8]) -> Option<PublicKey> {
    let key = PublicKey::from_bytes(bytes).ok()?;
    if bool::from(blstrs::G1Affine::from(key.as_affine()).is_identity()) {
        return None;
    }
    Some(key)
}

pub fn signature(bytes: &[u8]) -> Option<Signature> {
    Signature::from_bytes(bytes).ok()
}

/// The checks that need no particular thread: all the pairs, distinct messages, no identity key.
pub fn verify_pairs(keys: &[&[u8]], messages: &[&[u8]], sig: &[u8]) -> Outcome<bool> {
    if keys.len() != messages.len() {
        return Err(fail(
            Code::Bls,
            format!("{} public keys were given for {} messages", keys.len(), messages.len()),
        ));
    }
    if keys.len() > MAX_AGGREGATE {
        return Err(fail(Code::Bls, format!("more than {MAX_AGGREGATE} signatures in one aggregate")));
    }
    let Some(sig) = signature(sig) else { return Ok(false) };
    let mut parsed = Vec::with_capacity(keys.len());
    for key in keys {
        match public_key(key) {
            Some(key) => parsed.push(key),
            None => return Ok(false),
        }
    }
    Ok(bls_signatures::verify_messages(&sig, messages, &parsed))
}

#[napi]
pub fn bls_sign(secret_key: &[u8], message: &[u8]) -> Result<Uint8Array> {
    guard(|| Ok(private_key(secret_key)?.sign(message).as_bytes().into()))
}

#[napi]
pub fn bls_public_key(secret_key: &[u8]) -> Result<Uint8Array> {
    guard(|| Ok(private_key(secret_key)?.public_key().as_bytes().into()))
}

/// Key derivation of the BLS signature draft (HKDF, empty key info) from at least 32 bytes of seed.
#[napi]
pub fn bls_key_from_seed(seed: &[u8]) -> Result<Uint8Array> {
    guard(|| {
        if seed.len() < 32 || seed.len() > 1024 {
            return Err(fail(Code::Bls, "the seed of a BLS key must be 32 to 1024 bytes long"));
        }
        Ok(PrivateKey::new(seed).as_bytes().into())
    })
}

#[napi]
pub fn bls_aggregate(signatures: Vec<Uint8Array>) -> Result<Uint8Array> {
    guard(|| {
        if signatures.is_empty() || signatures.len() > MAX_AGGREGATE {
            return Err(fail(Code::Bls, format!("1 to {MAX_AGGREGATE} BLS signatures can be aggregated")));
        }
        let mut parsed = Vec::with_capacity(signatures.len());
        for (at, bytes) in signatures.iter().enumerate() {
            parsed.push(signature(bytes).ok_or_else(|| {
                fail(Code::Bls, format!("BLS signature {at} is not a point of the group"))
            })?);
        }
        let sum = bls_signatures::aggregate(&parsed)
            .map_err(|error| fail(Code::Bls, format!("the BLS signatures cannot be aggregated: {error}")))?;
        Ok(sum.as_bytes().into())
    })
}

#[napi]
pub fn bls_verify(key: &[u8], message: &[u8], sig: &[u8]) -> Result<bool> {
    guard(|| verify_pairs(&[key], &[message], sig))
}

#[napi]
pub fn bls_verify_aggregate(keys: Vec<Uint8Array>, messages: Vec<Uint8Array>, sig: &[u8]) -> Result<bool> {
    guard(|| {
        let keys: Vec<&[u8]> = keys.iter().map(|k| k.as_ref()).collect();
        let messages: Vec<&[u8]> = messages.iter().map(|m| m.as_ref()).collect();
        verify_pairs(&keys, &messages, sig)
    })
}

#[napi(ts_return_type = "Promise<boolean>")]
pub fn bls_verify_aggregate_async(
    keys: Vec<Uint8Array>,
    messages: Vec<Uint8Array>,
    sig: Uint8Array,
) -> AsyncTask<Job<bool, bool>> {
    // Copies: JavaScript may change or detach its arrays while the pool works.
    let keys: Vec<Vec<u8>> = keys.iter().map(|k| k.to_vec()).collect();
    let messages: Vec<Vec<u8>> = messages.iter().map(|m| m.to_vec()).collect();
    let sig = sig.to_vec();
    Job::task(
        move || {
            let keys: Vec<&[u8]> = keys.iter().map(|k| k.as_slice()).collect();
            let messages: Vec<&[u8]> = messages.iter().map(|m| m.as_slice()).collect();
            verify_pairs(&keys, &messages, &sig)
        },
        |ok| ok,
    )
}
