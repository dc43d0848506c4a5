//! secp256k1 with public-key recovery, over a 32-byte hash that the caller made (blake2b for f1
//! addresses, keccak for delegated ones). A signature is r ‖ s ‖ recovery id, 65 bytes.

use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use napi::bindgen_prelude::*;
use napi_derive::napi;

use crate::error::{exact, fail, guard, Code, Result, Outcome};

fn signing_key(bytes: &[u8]) -> Outcome<SigningKey> {
    let bytes: [u8; 32] = exact(bytes, "a secp256k1 private key", Code::Secp)?;
    SigningKey::from_bytes(&bytes.into())
        .map_err(|_| fail(Code::Secp, "the secp256k1 private key is zero or not below the group order"))
}

/// The uncompressed public key (65 bytes, first byte 4) that signed `hash`.
#[napi]
pub fn secp256k1_recover(hash: &[u8], signature: &[u8]) -> Result<Uint8Array> {
    guard(|| {
        let hash: [u8; 32] = exact(hash, "the hash under a secp256k1 signature", Code::Secp)?;
        let bytes: [u8; 65] = exact(signature, "a secp256k1 signature", Code::Secp)?;
        let id = RecoveryId::from_byte(bytes[64])
            .ok_or_else(|| fail(Code::Secp, "the recovery id of a secp256k1 signature must be 0 to 3"))?;
        let parsed = Signature::from_slice(&bytes[..64])
            .map_err(|_| fail(Code::Secp, "the secp256k1 signature has r or s out of range"))?;
        // The recovery step of libsecp256k1 takes a high s as it is; k256 wants it low, and then
        // the id's parity turns over.
        let (parsed, id) = match parsed.normalize_s() {
            Some(low) => (low, RecoveryId::new(!id.is_y_odd(), id.is_x_reduced())),
            None => (parsed, id),
        };
        let key = VerifyingKey::recover_from_prehash(&hash, &parsed, id)
            .map_err(|_| fail(Code::Secp, "no public key can have made this secp256k1 signature"))?;
        Ok(key.to_encoded_point(false).as_bytes().to_vec().into())
    })
}

/// Signs deterministically (RFC 6979) with a low s.
#[napi]
pub fn secp256k1_sign(secret_key: &[u8], hash: &[u8]) -> Result<Uint8Array> {
    guard(|| {
        let hash: [u8; 32] = exact(hash, "the hash under a secp256k1 signature", Code::Secp)?;
        let (signature, id) = signing_key(secret_key)?
            .sign_prehash_recoverable(&hash)
            .map_err(|_| fail(Code::Secp, "the hash cannot be signed with this secp256k1 key"))?;
        let mut out = signature.to_vec();
        out.push(id.to_byte());
        Ok(out.into())
    })
}

/// The uncompressed public key, 65 bytes.
#[napi]
pub fn secp256k1_public_key(secret_key: &[u8]) -> Result<Uint8Array> {
    guard(|| Ok(signing_key(secret_key)?.verifying_key().to_encoded_point(false).as_bytes().to_vec().into()))
}
