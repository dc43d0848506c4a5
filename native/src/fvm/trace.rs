//! Execution traces in the CBOR form that Lotus's `types.ExecutionTrace` reads over its FFI
//! (filecoin-ffi `rust/src/fvm/machine.rs`, lotus `chain/types/execresult.go`): a tuple
//! `[msg, return, invoked actor or null, gas charges, subcalls, logs, ipld operations]`.
//!
//! The engines report a flat list of events. Calls nest up to 1,024 deep, so the tree is built with
//! a stack of open calls and not by recursion.

use cid::Cid;

/// One event of any engine, in plain values.
pub enum Step {
    Gas { name: std::borrow::Cow<'static, str>, total: u64, compute: u64, other: u64, nanos: u64 },
    Call {
        from: u64,
        to: Vec<u8>,
        method: u64,
        params: Vec<u8>,
        codec: u64,
        /// The bytes of a token amount: empty for zero, else a sign byte and the magnitude.
        value: Vec<u8>,
        gas_limit: u64,
        read_only: bool,
    },
    /// The actor reached and its state entry, already CBOR.
    Invoked { id: u64, state: Vec<u8> },
    Return { code: u32, data: Vec<u8>, codec: u64 },
    Log(String),
    Ipld { op: u64, cid: Cid, size: u64 },
}

const UINT: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const TAG: u8 = 6;

fn head(out: &mut Vec<u8>, major: u8, value: u64) {
    let major = major << 5;
    if value < 24 {
        out.push(major | value as u8);
    } else if value <= 0xff {
        out.extend_from_slice(&[major | 24, value as u8]);
    } else if value <= 0xffff {
        out.push(major | 25);
        out.extend_from_slice(&(value as u16).to_be_bytes());
    } else if value <= 0xffff_ffff {
        out.push(major | 26);
        out.extend_from_slice(&(value as u32).to_be_bytes());
    } else {
        out.push(major | 27);
        out.extend_from_slice(&value.to_be_bytes());
    }
}

fn bytes(out: &mut Vec<u8>, data: &[u8]) {
    head(out, BYTES, data.len() as u64);
    out.extend_from_slice(data);
}

fn text(out: &mut Vec<u8>, data: &str) {
    head(out, TEXT, data.len() as u64);
    out.extend_from_slice(data.as_bytes());
}

fn boolean(out: &mut Vec<u8>, value: bool) {
    out.push(if value { 0xf5 } else { 0xf4 });
}

fn link(out: &mut Vec<u8>, cid: &Cid) {
    let raw = cid.to_bytes();
    head(out, TAG, 42);
    head(out, BYTES, raw.len() as u64 + 1);
    out.push(0);
    out.extend_from_slice(&raw);
}

/// A list that grows while its length is not known yet.
#[derive(Default)]
struct List {
    count: u64,
    body: Vec<u8>,
}

impl List {
    fn close(&self, out: &mut Vec<u8>) {
        head(out, ARRAY, self.count);
        out.extend_from_slice(&self.body);
    }
}

#[derive(Default)]
struct Open {
    message: Vec<u8>,
    result: Option<Vec<u8>>,
    invoked: Option<Vec<u8>>,
    gas: List,
    calls: List,
    logs: List,
    ipld: List,
}

impl Open {
    fn encode(self) -> Vec<u8> {
        let mut out = Vec::new();
        head(&mut out, ARRAY, 7);
        out.extend_from_slice(&self.message);
        out.extend_from_slice(&self.result.unwrap_or_else(|| result_tuple(0, &[], 0)));
        match self.invoked {
            Some(invoked) => out.extend_from_slice(&invoked),
            None => out.push(0xf6),
        }
        self.gas.close(&mut out);
        self.calls.close(&mut out);
        self.logs.close(&mut out);
        self.ipld.close(&mut out);
        out
    }
}

fn result_tuple(code: u32, data: &[u8], codec: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + 20);
    head(&mut out, ARRAY, 3);
    head(&mut out, UINT, u64::from(code));
    bytes(&mut out, data);
    head(&mut out, UINT, codec);
    out
}

/// The trace of one message; `None` when no call was made or the outermost one never ended.
pub fn encode(steps: impl IntoIterator<Item = Step>) -> Option<Vec<u8>> {
    let mut stack: Vec<Open> = Vec::new();
    // Charges made before the first call belong to it.
    let mut early = List::default();
    for step in steps {
        match step {
            Step::Call { from, to, method, params, codec, value, gas_limit, read_only } => {
                let mut message = Vec::with_capacity(params.len() + 64);
                head(&mut message, ARRAY, 8);
                let mut sender = vec![0u8];
                push_varint(&mut sender, from);
                bytes(&mut message, &sender);
                bytes(&mut message, &to);
                bytes(&mut message, &value);
                head(&mut message, UINT, method);
                bytes(&mut message, &params);
                head(&mut message, UINT, codec);
                head(&mut message, UINT, gas_limit);
                boolean(&mut message, read_only);
                let gas = if stack.is_empty() { std::mem::take(&mut early) } else { List::default() };
                stack.push(Open { message, gas, ..Open::default() });
            }
            Step::Return { code, data, codec } => {
                let mut call = stack.pop()?;
                call.result = Some(result_tuple(code, &data, codec));
                let encoded = call.encode();
                match stack.last_mut() {
                    Some(parent) => {
                        parent.calls.count += 1;
                        parent.calls.body.extend_from_slice(&encoded);
                    }
                    // What follows the end of the outermost call is not part of Lotus's trace.
                    None => return Some(encoded),
                }
            }
            Step::Gas { name, total, compute, other, nanos } => {
                let list = match stack.last_mut() {
                    Some(call) => &mut call.gas,
                    None => &mut early,
                };
                list.count += 1;
                head(&mut list.body, ARRAY, 5);
                text(&mut list.body, &name);
                head(&mut list.body, UINT, total);
                head(&mut list.body, UINT, compute);
                head(&mut list.body, UINT, other);
                head(&mut list.body, UINT, nanos);
            }
            Step::Invoked { id, state } => {
                if let Some(call) = stack.last_mut() {
                    let mut out = Vec::with_capacity(state.len() + 12);
                    head(&mut out, ARRAY, 2);
                    head(&mut out, UINT, id);
                    out.extend_from_slice(&state);
                    call.invoked = Some(out);
                }
            }
            Step::Log(line) => {
                if let Some(call) = stack.last_mut() {
                    call.logs.count += 1;
                    text(&mut call.logs.body, &line);
                }
            }
            Step::Ipld { op, cid, size } => {
                if let Some(call) = stack.last_mut() {
                    call.ipld.count += 1;
                    head(&mut call.ipld.body, ARRAY, 3);
                    head(&mut call.ipld.body, UINT, op);
                    link(&mut call.ipld.body, &cid);
                    head(&mut call.ipld.body, UINT, size);
                }
            }
        }
    }
    None
}

fn push_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A call that could not be dispatched leaves an exit code, not a syscall error, in the trace.
/// `error` is the number of `fvm_shared::error::ErrorNumber`.
pub fn undispatched(error: u32) -> u32 {
    use fvm4_shared::error::{ErrorNumber, ExitCode};
    if error == ErrorNumber::InsufficientFunds as u32 {
        ExitCode::SYS_INSUFFICIENT_FUNDS.value()
    } else if error == ErrorNumber::NotFound as u32 {
        ExitCode::SYS_INVALID_RECEIVER.value()
    } else {
        ExitCode::SYS_ASSERTION_FAILED.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(from: u64) -> Step {
        Step::Call {
            from,
            to: vec![0, 1],
            method: 0,
            params: vec![],
            codec: 0,
            value: vec![],
            gas_limit: 1,
            read_only: false,
        }
    }

    fn end(code: u32) -> Step {
        Step::Return { code, data: vec![], codec: 0 }
    }

    #[test]
    fn nests_and_stops_at_the_end_of_the_outermost_call() {
        let gas = Step::Gas { name: "g".into(), total: 3, compute: 1, other: 2, nanos: 0 };
        let steps = vec![gas, call(100), call(200), end(5), Step::Log("x".into()), end(0), Step::Log("y".into())];
        let trace = encode(steps).unwrap();
        let inner = [&[0x87, 0x88, 0x43, 0x00, 0xc8, 0x01, 0x42, 0x00, 0x01, 0x40, 0x00, 0x40, 0x00, 0x01, 0xf4][..],
            &[0x83, 0x05, 0x40, 0x00, 0xf6, 0x80, 0x80, 0x80, 0x80][..]].concat();
        let outer = [&[0x87, 0x88, 0x42, 0x00, 0x64, 0x42, 0x00, 0x01, 0x40, 0x00, 0x40, 0x00, 0x01, 0xf4][..],
            &[0x83, 0x00, 0x40, 0x00, 0xf6, 0x81, 0x85, 0x61, b'g', 0x03, 0x01, 0x02, 0x00][..],
            &[0x81][..], &inner[..], &[0x81, 0x61, b'x', 0x80][..]].concat();
        assert_eq!(trace, outer);
        assert!(encode(vec![call(1)]).is_none());
        assert!(encode(vec![end(0)]).is_none());
    }

    #[test]
    fn a_thousand_calls_deep() {
        let mut steps: Vec<Step> = (0..1024).map(call).collect();
        steps.extend((0..1024).map(|_| end(0)));
        assert!(encode(steps).is_some());
    }
}
