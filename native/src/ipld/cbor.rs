//! Strict DAG-CBOR: a reader, a whole-block check, and the links of a block.

use cid::Cid;

use crate::error::{fail, Code, Outcome};

/// Nesting deeper than this is not in any Filecoin structure (the FVM's own limit is lower for what
/// actors write), and recursion has to end somewhere.
pub const MAX_DEPTH: usize = 512;
/// Links in one block: an actor may write at most 1 MiB, and the smallest link takes 5 bytes.
pub const MAX_LINKS: usize = 1 << 18;
pub const UINT: u8 = 0;
pub const NEGATIVE: u8 = 1;
pub const BYTES: u8 = 2;
pub const TEXT: u8 = 3;
pub const ARRAY: u8 = 4;
pub const MAP: u8 = 5;
pub const TAG: u8 = 6;
pub const OTHER: u8 = 7;
/// The only tag of DAG-CBOR.
const LINK: u64 = 42;

pub struct Reader<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Reader { data, at: 0 }
    }

    pub fn position(&self) -> usize {
        self.at
    }

    pub fn slice(&self, from: usize) -> &'a [u8] {
        &self.data[from..self.at]
    }

    fn bad<T>(&self, what: impl std::fmt::Display) -> Outcome<T> {
        Err(fail(Code::Cbor, format!("{what} (at byte {})", self.at)))
    }

    pub fn take(&mut self, length: u64) -> Outcome<&'a [u8]> {
        let left = (self.data.len() - self.at) as u64;
        if length > left {
            return self.bad(format!("the CBOR ends {} bytes too early", length - left));
        }
        let start = self.at;
        self.at += length as usize;
        Ok(&self.data[start..self.at])
    }

    /// Major type and argument; the argument must be in its shortest form, and lengths definite.
    pub fn head(&mut self) -> Outcome<(u8, u64)> {
        let start = self.at;
        let first = self.take(1)?[0];
        let (major, low) = (first >> 5, first & 31);
        let (size, floor) = match low {
            0..=23 => return Ok((major, u64::from(low))),
            24 => (1, 24),
            25 => (2, 1 << 8),
            26 => (4, 1 << 16),
            27 => (8, 1 << 32),
            _ => {
                self.at = start;
                return self.bad("indefinite lengths and reserved heads are not allowed");
            }
        };
        let mut value = 0u64;
        for byte in self.take(size)? {
            value = value << 8 | u64::from(*byte);
        }
        // Of the simple values only those under 24 are in use, and a double's bits may be anything.
        if major != OTHER && value < floor {
            self.at = start;
            return self.bad("an integer or a length is not in its shortest form");
        }
        Ok((major, value))
    }

    pub fn expect(&mut self, major: u8, what: &str) -> Outcome<u64> {
        let start = self.at;
        let (found, value) = self.head()?;
        if found != major {
            self.at = start;
            return self.bad(format!("{what} has CBOR type {found}, not {major}"));
        }
        Ok(value)
    }

    /// The bytes of a byte string.
    pub fn bytes(&mut self, what: &str) -> Outcome<&'a [u8]> {
        let length = self.expect(BYTES, what)?;
        self.take(length)
    }

    /// True when the next item is a link.
    pub fn at_link(&self) -> bool {
        self.data[self.at..].starts_with(&[0xd8, 42])
    }

    fn link_body(&mut self) -> Outcome<Cid> {
        let bytes = self.bytes("a link")?;
        match bytes.split_first() {
            Some((0, cid)) => match Cid::try_from(cid) {
                // A CID that does not give its own bytes back was not in its only form.
                Ok(parsed) if parsed.encoded_len() == cid.len() => Ok(parsed),
                Ok(_) => self.bad("a link has bytes after its CID"),
                Err(error) => self.bad(format!("a link is not a CID: {error}")),
            },
            _ => self.bad("a link does not begin with the byte 0"),
        }
    }

    pub fn link(&mut self, what: &str) -> Outcome<Cid> {
        let tag = self.expect(TAG, what)?;
        if tag != LINK {
            return self.bad(format!("{what} has tag {tag}, not {LINK}"));
        }
        self.link_body()
    }

    pub fn end(&self, what: &str) -> Outcome<()> {
        if self.at == self.data.len() {
            Ok(())
        } else {
            self.bad(format!("{what} is followed by {} more bytes", self.data.len() - self.at))
        }
    }

    /// Steps over one item of any shape, with the rules that Lotus's link scanner has (cbor-gen
    /// `ScanForLinks`): shortest heads, definite lengths, any tag. Not recursive.
    pub fn skip(&mut self, mut on_link: impl FnMut(Cid) -> Outcome<()>) -> Outcome<()> {
        let mut open = 1u64;
        while open > 0 {
            open -= 1;
            let (major, value) = self.head()?;
            match major {
                BYTES | TEXT => {
                    self.take(value)?;
                }
                ARRAY => open = self.more(open, Some(value))?,
                MAP => open = self.more(open, value.checked_mul(2))?,
                TAG if value == LINK => on_link(self.link_body()?)?,
                TAG => open += 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// Each item takes a byte: more items than bytes left is a lie that must not be counted through.
    fn more(&self, open: u64, count: Option<u64>) -> Outcome<u64> {
        match count.and_then(|count| open.checked_add(count)) {
            Some(total) if total <= (self.data.len() - self.at) as u64 => Ok(total),
            _ => self.bad("a list or map is longer than the data"),
        }
    }

    /// One item by every rule of DAG-CBOR.
    fn strict(&mut self, depth: usize, max_depth: usize) -> Outcome<()> {
        if depth > max_depth {
            return self.bad(format!("values nest more than {max_depth} deep"));
        }
        let start = self.at;
        let first = self.data.get(start).copied().unwrap_or(0);
        let (major, value) = self.head()?;
        match major {
            UINT | NEGATIVE => {}
            BYTES => {
                self.take(value)?;
            }
            TEXT => {
                let text = self.take(value)?;
                if std::str::from_utf8(text).is_err() {
                    return self.bad("a text string is not UTF-8");
                }
            }
            ARRAY => {
                self.more(0, Some(value))?;
                for _ in 0..value {
                    self.strict(depth + 1, max_depth)?;
                }
            }
            MAP => {
                self.more(0, value.checked_mul(2))?;
                let mut last: Option<&[u8]> = None;
                for _ in 0..value {
                    let length = self.expect(TEXT, "a map key")?;
                    let key = self.take(length)?;
                    if std::str::from_utf8(key).is_err() {
                        return self.bad("a map key is not UTF-8");
                    }
                    // Shorter keys first, then bytewise; equal ones are a duplicate.
                    if last.is_some_and(|last| (last.len(), last) >= (key.len(), key)) {
                        return self.bad("map keys are out of order or occur twice");
                    }
                    last = Some(key);
                    self.strict(depth + 1, max_depth)?;
                }
            }
            TAG => {
                if value != LINK {
                    return self.bad(format!("tag {value} is not allowed"));
                }
                self.link_body()?;
            }
            _ => match first & 31 {
                20..=22 => {}
                27 if f64::from_bits(value).is_finite() => {}
                27 => return self.bad("NaN and infinities are not allowed"),
                _ => return self.bad("only false, true, null and 64-bit floats are allowed"),
            },
        }
        Ok(())
    }
}

/// Checks that `data` is exactly one value of canonical DAG-CBOR.
pub fn validate(data: &[u8], max_depth: usize) -> Outcome<()> {
    let mut reader = Reader::new(data);
    reader.strict(0, max_depth.min(MAX_DEPTH))?;
    reader.end("the value")
}

/// The links of a dag-cbor block in their order.
pub fn links(data: &[u8]) -> Outcome<Vec<Cid>> {
    let mut found = Vec::new();
    let mut reader = Reader::new(data);
    reader.skip(|cid| {
        if found.len() == MAX_LINKS {
            return Err(fail(Code::Cbor, format!("the block has more than {MAX_LINKS} links")));
        }
        found.push(cid);
        Ok(())
    })?;
    reader.end("the block")?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lies_about_lengths_end_at_once() {
        for head in [0x9bu8, 0xbb, 0x5b, 0x7b] {
            let mut data = vec![head];
            data.extend_from_slice(&u64::MAX.to_be_bytes());
            assert!(links(&data).is_err());
            assert!(validate(&data, 64).is_err());
        }
    }

    #[test]
    fn depth_is_bounded() {
        let mut data = vec![0x81u8; 100_000];
        data.push(0);
        assert!(links(&data).is_ok());
        assert!(validate(&data, usize::MAX).is_err());
    }
}
