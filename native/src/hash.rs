//! blake2b, the hash under nearly every CID of Filecoin.

use napi_derive::napi;

use crate::error::{fail, guard, Code, Result};

/// Writes the blake2b digest of `data` into `out`, whose length (1 to 64 bytes) is the digest's size.
/// The caller brings the array because a small typed array is cheaper to make in JavaScript.
#[napi]
pub fn blake2b_into(data: &[u8], mut out: napi::bindgen_prelude::Uint8Array) -> Result<()> {
    guard(|| {
        // SAFETY: the array was made by the wrapper for this one synchronous call.
        let out = unsafe { out.as_mut() };
        if out.is_empty() || out.len() > 64 {
            return Err(fail(Code::Argument, "a blake2b digest is 1 to 64 bytes long"));
        }
        let digest = blake2b_simd::Params::new().hash_length(out.len()).hash(data);
        out.copy_from_slice(digest.as_bytes());
        Ok(())
    })
}

/// The 32-byte blake2b digest.
pub fn blake2b256(data: &[u8]) -> [u8; 32] {
    let digest = blake2b_simd::Params::new().hash_length(32).hash(data);
    let mut out = [0u8; 32];
    out.copy_from_slice(digest.as_bytes());
    out
}
