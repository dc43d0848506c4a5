//! Bulk walks of HAMTs (the form of version 3: network version 10 and later) and AMTs.
//!
//! Every rule of the two structures is checked on the way, so that a hostile node (a width that
//! lies, a key in the wrong place, entries beyond the count) is an error and never a wrong answer.

use cid::Cid;
use sha2::{Digest, Sha256};

use super::cbor::{Reader, ARRAY, UINT};
use crate::error::{fail, Code, Fail, Outcome};

/// Entries of a bucket (FIP-0006, go-hamt-ipld `bucketSize`).
const BUCKET: u64 = 3;

pub struct Limits {
    pub max_entries: usize,
    pub max_bytes: usize,
}

/// Packed entries: keys and values one after the other, their lengths in pairs.
#[derive(Default)]
pub struct Entries {
    pub keys: Vec<u8>,
    pub values: Vec<u8>,
    pub lengths: Vec<u32>,
}

/// Packed array: values one after the other, with index and length.
#[derive(Default)]
pub struct Items {
    pub indexes: Vec<u64>,
    pub values: Vec<u8>,
    pub lengths: Vec<u32>,
}

pub type Source<'a> = &'a dyn Fn(&Cid) -> Outcome<Vec<u8>>;

fn within(cid: &Cid, failure: Fail) -> Fail {
    if failure.code == Code::Cbor {
        fail(Code::Ipld, format!("node {cid} cannot be read: {}", failure.message))
    } else {
        failure
    }
}

fn broken<T>(cid: &Cid, what: impl std::fmt::Display) -> Outcome<T> {
    Err(fail(Code::Ipld, format!("node {cid} is broken: {what}")))
}

/// `width` bits of a hash from bit `from` on, most significant first.
fn bits(hash: &[u8; 32], from: usize, width: usize) -> usize {
    (from..from + width).fold(0, |value, bit| value << 1 | usize::from(hash[bit / 8] >> (7 - bit % 8) & 1))
}

/// The positions set in a HAMT's bitfield (a big-endian number without leading zeros), ascending.
fn positions(field: &[u8], width: u32) -> Option<Vec<usize>> {
    if field.first() == Some(&0) || field.len() * 8 > (1usize << width).max(8) {
        return None;
    }
    let mut out = Vec::new();
    for (i, byte) in field.iter().rev().enumerate() {
        for bit in 0..8 {
            if byte >> bit & 1 == 1 {
                out.push(i * 8 + bit);
            }
        }
    }
    (out.last().is_none_or(|top| *top < 1 << width)).then_some(out)
}

pub fn hamt(root: Cid, width: u32, limits: &Limits, source: Source) -> Outcome<Entries> {
    if !(1..=8).contains(&width) {
        return Err(fail(Code::Argument, format!("a HAMT's bit width is 1 to 8, not {width}")));
    }
    let mut out = Entries::default();
    // A node and the hash bits that lead to it.
    let mut stack: Vec<(Cid, Vec<usize>)> = vec![(root, Vec::new())];
    while let Some((cid, path)) = stack.pop() {
        if path.len() > 256 / width as usize {
            return broken(&cid, "it lies deeper than its keys have bits");
        }
        let data = source(&cid)?;
        let mut deeper = Vec::new();
        hamt_node(&cid, &data, width, &path, limits, &mut out, &mut deeper).map_err(|failure| within(&cid, failure))?;
        // Kept in order: the first link is walked first.
        stack.extend(deeper.into_iter().rev());
    }
    Ok(out)
}

#[allow(clippy::too_many_arguments)]
fn hamt_node(
    cid: &Cid,
    data: &[u8],
    width: u32,
    path: &[usize],
    limits: &Limits,
    out: &mut Entries,
    deeper: &mut Vec<(Cid, Vec<usize>)>,
) -> Outcome<()> {
    let mut reader = Reader::new(data);
    if reader.expect(ARRAY, "the node")? != 2 {
        return broken(cid, "a HAMT node is a pair");
    }
    let field = reader.bytes("the bitfield")?;
    let Some(positions) = positions(field, width) else {
        return broken(cid, "its bitfield is too wide or has leading zeros");
    };
    if reader.expect(ARRAY, "the pointers")? != positions.len() as u64 {
        return broken(cid, "the number of pointers is not that of its bitfield");
    }
    if positions.is_empty() && !path.is_empty() {
        return broken(cid, "it is empty");
    }
    for position in positions {
        let mut below = path.to_vec();
        below.push(position);
        if reader.at_link() {
            deeper.push((reader.link("a pointer")?, below));
            continue;
        }
        let count = reader.expect(ARRAY, "a bucket")?;
        if count == 0 || count > BUCKET {
            return broken(cid, format!("a bucket has {count} entries, not 1 to {BUCKET}"));
        }
        let mut last: Option<&[u8]> = None;
        for _ in 0..count {
            if reader.expect(ARRAY, "an entry")? != 2 {
                return broken(cid, "an entry is not a pair");
            }
            let key = reader.bytes("a key")?;
            if last.is_some_and(|last| last >= key) {
                return broken(cid, "the keys of a bucket are out of order");
            }
            last = Some(key);
            let hash: [u8; 32] = Sha256::digest(key).into();
            let placed = below
                .iter()
                .enumerate()
                .all(|(level, at)| (level + 1) * width as usize <= 256 && bits(&hash, level * width as usize, width as usize) == *at);
            if !placed {
                return broken(cid, "a key lies where its hash does not lead");
            }
            let start = reader.position();
            reader.skip(|_| Ok(()))?;
            let value = reader.slice(start);
            if out.lengths.len() / 2 >= limits.max_entries || out.keys.len() + out.values.len() + key.len() + value.len() > limits.max_bytes {
                return Err(fail(Code::Ipld, "the HAMT has more entries or bytes than the caller allows"));
            }
            out.keys.extend_from_slice(key);
            out.values.extend_from_slice(value);
            out.lengths.extend_from_slice(&[key.len() as u32, value.len() as u32]);
        }
    }
    reader.end("the node")
}

struct AmtNode {
    cid: Cid,
    height: u32,
    /// Index of its first slot.
    first: u64,
}

/// `version` 3 has the bit width in its root, version 0 the fixed width 3.
pub fn amt(root: Cid, version: u32, expected_width: Option<u32>, limits: &Limits, source: Source) -> Outcome<Items> {
    let data = source(&root)?;
    amt_from(root, &data, version, expected_width, limits, source).map_err(|failure| within(&root, failure))
}

fn amt_from(
    root: Cid,
    data: &[u8],
    version: u32,
    expected_width: Option<u32>,
    limits: &Limits,
    source: Source,
) -> Outcome<Items> {
    let mut reader = Reader::new(data);
    let fields = reader.expect(ARRAY, "the root")?;
    let width = match (version, fields) {
        (0, 3) => 3,
        (3, 4) => reader.expect(UINT, "the bit width")?,
        (0 | 3, _) => return broken(&root, format!("an AMT root of version {version} does not have {fields} fields")),
        _ => return Err(fail(Code::Argument, format!("AMT version {version} is not known: 0 or 3"))),
    };
    let height = reader.expect(UINT, "the height")?;
    let count = reader.expect(UINT, "the count")?;
    if !(1..=8).contains(&width) || expected_width.is_some_and(|expected| u64::from(expected) != width) {
        return broken(&root, format!("its bit width is {width}"));
    }
    let width = width as u32;
    // The top level may reach past 64 bits only in part: height * width bits lie below it.
    if height > 64 || height as u32 * width > 63 {
        return broken(&root, format!("its height is {height}"));
    }
    if count > limits.max_entries as u64 {
        return Err(fail(Code::Ipld, "the AMT has more entries than the caller allows"));
    }
    let mut out = Items::default();
    let mut stack = Vec::new();
    amt_node(&root, &mut reader, width, height as u32, 0, count == 0, limits, &mut out, &mut stack)?;
    reader.end("the root")?;
    if out.indexes.len() as u64 > count {
        return broken(&root, "it has more entries than it counts");
    }
    while let Some(node) = stack.pop() {
        let data = source(&node.cid)?;
        let mut reader = Reader::new(&data);
        let mut below = Vec::new();
        amt_node(&node.cid, &mut reader, width, node.height, node.first, false, limits, &mut out, &mut below)
            .and_then(|()| reader.end("the node"))
            .map_err(|failure| within(&node.cid, failure))?;
        if out.indexes.len() as u64 > count {
            return broken(&root, "it has more entries than it counts");
        }
        stack.append(&mut below);
    }
    if out.indexes.len() as u64 != count {
        return broken(&root, format!("it counts {count} entries and has {}", out.indexes.len()));
    }
    Ok(out)
}

/// Reads a node in place; children go onto `below` so that the first of them is on top.
#[allow(clippy::too_many_arguments)]
fn amt_node(
    cid: &Cid,
    reader: &mut Reader,
    width: u32,
    height: u32,
    first: u64,
    may_be_empty: bool,
    limits: &Limits,
    out: &mut Items,
    below: &mut Vec<AmtNode>,
) -> Outcome<()> {
    if reader.expect(ARRAY, "the node")? != 3 {
        return broken(cid, "an AMT node has three fields");
    }
    let map = reader.bytes("the bitmap")?;
    let slots = 1usize << width;
    if map.len() != slots.div_ceil(8) {
        return broken(cid, "its bitmap has the wrong length");
    }
    let set: Vec<u64> = (0..map.len() * 8).filter(|slot| map[slot / 8] >> (slot % 8) & 1 == 1).map(|slot| slot as u64).collect();
    if set.last().is_some_and(|top| *top >= slots as u64) {
        return broken(cid, "its bitmap has bits beyond its width");
    }
    if set.is_empty() && !may_be_empty {
        return broken(cid, "it is empty");
    }
    let links = reader.expect(ARRAY, "the links")?;
    let expected_links = if height > 0 { set.len() as u64 } else { 0 };
    if links != expected_links {
        return broken(cid, format!("it has {links} links, not {expected_links}"));
    }
    let index = |slot: u64| slot.checked_shl(height * width).filter(|shifted| shifted >> (height * width) == slot).and_then(|shifted| first.checked_add(shifted));
    if height > 0 {
        for slot in &set {
            let Some(first) = index(*slot) else { return broken(cid, "an index is beyond 64 bits") };
            below.push(AmtNode { cid: reader.link("a link")?, height: height - 1, first });
        }
        below.reverse();
    }
    let values = reader.expect(ARRAY, "the values")?;
    let expected_values = set.len() as u64 - expected_links;
    if values != expected_values {
        return broken(cid, format!("it has {values} values, not {expected_values}"));
    }
    if height == 0 {
        for slot in &set {
            let start = reader.position();
            reader.skip(|_| Ok(()))?;
            let value = reader.slice(start);
            if out.values.len() + value.len() > limits.max_bytes {
                return Err(fail(Code::Ipld, "the AMT has more bytes than the caller allows"));
            }
            out.indexes.push(first + slot);
            out.values.extend_from_slice(value);
            out.lengths.push(value.len() as u32);
        }
    }
    Ok(())
}
