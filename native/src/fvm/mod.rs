//! The Filecoin virtual machine: three engines behind one shape.

pub mod cache;
pub mod engines;
mod forward;
pub mod host;
pub mod js_host;
pub mod lane;
mod machine;
mod remote;
mod trace;
mod trusting2;
mod trusting3;
mod trusting4;
mod v2;
mod v3;
mod v4;

pub use machine::cid_of;

use num_bigint::{BigInt, Sign};

/// A token amount as its CBOR bytes hold it: empty for zero, else a sign byte and the magnitude, big endian.
fn amount_bytes(value: &BigInt) -> Vec<u8> {
    let (sign, magnitude) = value.to_bytes_be();
    if sign == Sign::NoSign {
        return Vec::new();
    }
    let mut out = Vec::with_capacity(magnitude.len() + 1);
    out.push(if sign == Sign::Minus { 1 } else { 0 });
    out.extend_from_slice(&magnitude);
    out
}
