//! Finding and checking the sections of a CAR file, piece by piece.

use cid::Cid;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::error::{fail, Code, Outcome};

const IDENTITY: u64 = 0;
const SHA2_256: u64 = 0x12;
const BLAKE2B_256: u64 = 0xb220;
/// Below this much data one thread is faster than handing out work.
const PARALLEL_FROM: usize = 1 << 20;

pub struct Scan {
    pub consumed: usize,
    /// For each section: offset and length of the CID, offset and length of the data.
    pub entries: Vec<u32>,
}

/// A varint of at most nine bytes; `None` when the data ends inside it.
fn varint(data: &[u8], at: usize, offset: f64) -> Outcome<Option<(u64, usize)>> {
    let mut value = 0u64;
    for (i, byte) in data[at..].iter().take(9).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            if *byte == 0 && i > 0 {
                return Err(fail(Code::Car, format!("the length at byte {offset} is not in its shortest form")));
            }
            return Ok(Some((value, at + i + 1)));
        }
    }
    if data.len() - at >= 9 {
        return Err(fail(Code::Car, format!("the length at byte {offset} has more than nine bytes")));
    }
    Ok(None)
}

/// True when `data` hashes to the CID.
pub fn matches(cid: &Cid, data: &[u8]) -> Outcome<bool> {
    let hash = cid.hash();
    match hash.code() {
        BLAKE2B_256 => Ok(hash.digest() == crate::hash::blake2b256(data)),
        SHA2_256 => Ok(hash.digest() == Sha256::digest(data).as_slice()),
        IDENTITY => Ok(hash.digest() == data),
        other => Err(fail(Code::Car, format!("block {cid} is named by hash function {other:#x}, which is not supported"))),
    }
}

/// Reads whole sections from the start of `data`; what is left over belongs before the next piece.
/// `base`: where `data` lies in the file, for messages. `max`: bytes of a section without its length.
pub fn scan(data: &[u8], verify: bool, max: usize, base: f64) -> Outcome<Scan> {
    let mut entries = Vec::new();
    let mut at = 0;
    while at < data.len() {
        let offset = base + at as f64;
        let Some((length, start)) = varint(data, at, offset)? else { break };
        if length == 0 || length > max as u64 {
            return Err(fail(
                Code::Car,
                format!("the section at byte {offset} has a length of {length} bytes; 1 to {max} are allowed"),
            ));
        }
        let end = start + length as usize;
        if end > data.len() {
            break;
        }
        let mut rest = &data[start..end];
        Cid::read_bytes(&mut rest)
            .map_err(|error| fail(Code::Car, format!("the section at byte {offset} does not begin with a CID: {error}")))?;
        let split = end - rest.len();
        entries.extend_from_slice(&[start as u32, (split - start) as u32, split as u32, (end - split) as u32]);
        at = end;
    }
    if verify {
        let check = |entry: &[u32]| -> Outcome<()> {
            let part = |from: u32, length: u32| &data[from as usize..(from + length) as usize];
            let cid = Cid::try_from(part(entry[0], entry[1])).map_err(|error| fail(Code::Car, error.to_string()))?;
            if matches(&cid, part(entry[2], entry[3]))? {
                return Ok(());
            }
            let offset = base + f64::from(entry[0]);
            Err(fail(Code::Car, format!("the data of block {cid} at byte {offset} does not hash to its CID")))
        };
        if at >= PARALLEL_FROM {
            entries.par_chunks(4 * 64).try_for_each(|group| group.chunks(4).try_for_each(check))?;
        } else {
            entries.chunks(4).try_for_each(check)?;
        }
    }
    Ok(Scan { consumed: at, entries })
}
