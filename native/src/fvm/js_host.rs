//! The node as a JavaScript object whose methods answer a machine's questions.
//!
//! Written against the raw Node-API: a plain transfer asks about ten times, and the typed layer's
//! conversions would cost as much as the execution.

use std::ffi::CStr;
use std::ptr;

use cid::Cid;
use napi::sys;

use super::host::{Answer, Ask, Fault, Host};
use crate::error::{fail, Code, Outcome};

/// A block may not be larger than this: FVM blocks are at most 1 MiB, actor code somewhat more.
const MAX_BLOCK: usize = 32 << 20;

const METHODS: [&CStr; 5] =
    [c"getBlock", c"chainRandomness", c"beaconRandomness", c"tipsetCid", c"verifyConsensusFault"];
const GET_BLOCK: usize = 0;
const CHAIN_RANDOMNESS: usize = 1;
const BEACON_RANDOMNESS: usize = 2;
const TIPSET_CID: usize = 3;
const CONSENSUS_FAULT: usize = 4;

/// References to the methods. Lives and dies on the JavaScript thread that made it.
pub struct JsHost {
    env: sys::napi_env,
    receiver: sys::napi_ref,
    methods: [sys::napi_ref; 5],
}

type Step<T> = Result<T, String>;

fn check(status: sys::napi_status, what: &str) -> Step<()> {
    if status == sys::Status::napi_ok {
        Ok(())
    } else {
        Err(format!("{what} (Node-API status {status})"))
    }
}

impl JsHost {
    /// # Safety
    /// `env` and `externs` must belong to the calling JavaScript thread and the running native call.
    pub unsafe fn new(env: sys::napi_env, externs: sys::napi_value) -> Outcome<JsHost> {
        Self::with_methods(env, externs, METHODS.len())
    }

    /// A host that can answer for blocks and for nothing else.
    ///
    /// # Safety
    /// As for [`JsHost::new`].
    pub unsafe fn blocks_only(env: sys::napi_env, store: sys::napi_value) -> Outcome<JsHost> {
        Self::with_methods(env, store, GET_BLOCK + 1)
    }

    unsafe fn with_methods(env: sys::napi_env, externs: sys::napi_value, count: usize) -> Outcome<JsHost> {
        let bad = |text: String| fail(Code::Argument, text);
        let mut host = JsHost { env, receiver: ptr::null_mut(), methods: [ptr::null_mut(); 5] };
        check(sys::napi_create_reference(env, externs, 1, &mut host.receiver), "the externs must be an object")
            .map_err(bad)?;
        for (at, name) in METHODS.iter().enumerate().take(count) {
            let mut method = ptr::null_mut();
            let mut kind = 0;
            let found = sys::napi_get_named_property(env, externs, name.as_ptr(), &mut method) == sys::Status::napi_ok
                && sys::napi_typeof(env, method, &mut kind) == sys::Status::napi_ok
                && kind == sys::ValueType::napi_function;
            if !found {
                return Err(fail(Code::Argument, format!("the externs lack the method {}", name.to_string_lossy())));
            }
            check(sys::napi_create_reference(env, method, 1, &mut host.methods[at]), "an extern cannot be kept")
                .map_err(bad)?;
        }
        Ok(host)
    }

    unsafe fn bytes(&self, data: &[u8]) -> Step<sys::napi_value> {
        let (mut buffer, mut array, mut place) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        check(sys::napi_create_arraybuffer(self.env, data.len(), &mut place, &mut buffer), "an array cannot be made")?;
        if !data.is_empty() {
            ptr::copy_nonoverlapping(data.as_ptr(), place.cast(), data.len());
        }
        check(
            sys::napi_create_typedarray(
                self.env,
                sys::TypedarrayType::uint8_array,
                data.len(),
                buffer,
                0,
                &mut array,
            ),
            "an array cannot be made",
        )?;
        Ok(array)
    }

    unsafe fn number(&self, value: i64) -> Step<sys::napi_value> {
        let mut out = ptr::null_mut();
        check(sys::napi_create_int64(self.env, value, &mut out), "a number cannot be made")?;
        Ok(out)
    }

    /// The pending exception's text, cleared.
    unsafe fn exception(&self) -> String {
        let mut error = ptr::null_mut();
        if sys::napi_get_and_clear_last_exception(self.env, &mut error) != sys::Status::napi_ok {
            return "an exception without a text".into();
        }
        let mut text = error;
        let mut kind = 0;
        if sys::napi_typeof(self.env, error, &mut kind) == sys::Status::napi_ok && kind == sys::ValueType::napi_object {
            let mut message = ptr::null_mut();
            if sys::napi_get_named_property(self.env, error, c"message".as_ptr(), &mut message) == sys::Status::napi_ok
            {
                text = message;
            }
        }
        let mut string = ptr::null_mut();
        let mut length = 0;
        let mut buffer = vec![0u8; 2048];
        let read = sys::napi_coerce_to_string(self.env, text, &mut string) == sys::Status::napi_ok
            && sys::napi_get_value_string_utf8(
                self.env,
                string,
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                &mut length,
            ) == sys::Status::napi_ok;
        // A getter or toString of the thrown value may itself have thrown.
        let mut pending = false;
        if sys::napi_is_exception_pending(self.env, &mut pending) == sys::Status::napi_ok && pending {
            let mut ignored = ptr::null_mut();
            sys::napi_get_and_clear_last_exception(self.env, &mut ignored);
        }
        if !read {
            return "an exception without a text".into();
        }
        buffer.truncate(length);
        String::from_utf8_lossy(&buffer).into_owned()
    }

    unsafe fn call(&self, method: usize, args: &[sys::napi_value]) -> Step<sys::napi_value> {
        let (mut receiver, mut function, mut result) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        check(sys::napi_get_reference_value(self.env, self.receiver, &mut receiver), "the externs are gone")?;
        check(sys::napi_get_reference_value(self.env, self.methods[method], &mut function), "the externs are gone")?;
        let status = sys::napi_call_function(self.env, receiver, function, args.len(), args.as_ptr(), &mut result);
        if status == sys::Status::napi_ok {
            return Ok(result);
        }
        let mut pending = false;
        sys::napi_is_exception_pending(self.env, &mut pending);
        Err(if pending { self.exception() } else { format!("the callback cannot be run (Node-API status {status})") })
    }

    unsafe fn is_nothing(&self, value: sys::napi_value) -> bool {
        let mut kind = 0;
        sys::napi_typeof(self.env, value, &mut kind) != sys::Status::napi_ok
            || kind == sys::ValueType::napi_undefined
            || kind == sys::ValueType::napi_null
    }

    /// Runs `read` over the bytes of a returned `Uint8Array`.
    unsafe fn returned<T>(&self, value: sys::napi_value, read: impl FnOnce(&[u8]) -> Step<T>) -> Step<T> {
        let (mut kind, mut length, mut data) = (0, 0usize, ptr::null_mut());
        let status = sys::napi_get_typedarray_info(
            self.env,
            value,
            &mut kind,
            &mut length,
            &mut data,
            ptr::null_mut(),
            ptr::null_mut(),
        );
        if status != sys::Status::napi_ok || kind != sys::TypedarrayType::uint8_array {
            return Err("the callback must return a Uint8Array".into());
        }
        if length == 0 {
            return read(&[]);
        }
        read(std::slice::from_raw_parts(data.cast::<u8>(), length))
    }

    unsafe fn digest(&self, method: usize, epoch: i64) -> Step<Answer> {
        let value = self.call(method, &[self.number(epoch)?])?;
        if self.is_nothing(value) {
            return Ok(Answer::Nothing);
        }
        self.returned(value, |bytes| match <[u8; 32]>::try_from(bytes) {
            Ok(digest) => Ok(Answer::Digest(digest)),
            Err(_) => Err(format!("randomness must be 32 bytes long, not {}", bytes.len())),
        })
    }

    unsafe fn property(&self, object: sys::napi_value, name: &CStr) -> Step<sys::napi_value> {
        let mut value = ptr::null_mut();
        if sys::napi_get_named_property(self.env, object, name.as_ptr(), &mut value) == sys::Status::napi_ok {
            return Ok(value);
        }
        let mut pending = false;
        sys::napi_is_exception_pending(self.env, &mut pending);
        Err(if pending { self.exception() } else { format!("the answer lacks {}", name.to_string_lossy()) })
    }

    unsafe fn integer(&self, object: sys::napi_value, name: &CStr) -> Step<i64> {
        let mut value = 0;
        check(
            sys::napi_get_value_int64(self.env, self.property(object, name)?, &mut value),
            &format!("{} must be a number", name.to_string_lossy()),
        )?;
        Ok(value)
    }

    unsafe fn fault(&self, h1: &[u8], h2: &[u8], extra: &[u8]) -> Step<Answer> {
        let args = [self.bytes(h1)?, self.bytes(h2)?, self.bytes(extra)?];
        let value = self.call(CONSENSUS_FAULT, &args)?;
        if self.is_nothing(value) {
            return Ok(Answer::Nothing);
        }
        let gas = self.integer(value, c"gas")?;
        let fault = self.property(value, c"fault")?;
        if self.is_nothing(fault) {
            return Ok(Answer::ConsensusFault(None, gas));
        }
        let (mut target, mut lossless) = (0u64, false);
        let property = self.property(fault, c"target")?;
        check(
            sys::napi_get_value_bigint_uint64(self.env, property, &mut target, &mut lossless),
            "target must be a bigint",
        )?;
        let kind = self.integer(fault, c"type")?;
        if !lossless || !(1..=3).contains(&kind) {
            return Err("the fault's target or type is out of range".into());
        }
        let epoch = self.integer(fault, c"epoch")?;
        Ok(Answer::ConsensusFault(Some(Fault { target, epoch, kind: kind as u8 }), gas))
    }

    unsafe fn answer(&self, question: Ask) -> Step<Answer> {
        match question {
            Ask::Block(cid) => {
                // CIDs on the chain take 38 bytes: no allocation for them.
                let mut key = [0u8; 128];
                let mut rest = &mut key[..];
                let length = cid.write_bytes(&mut rest).map_err(|error| error.to_string())?;
                let value = self.call(GET_BLOCK, &[self.bytes(&key[..length])?])?;
                if self.is_nothing(value) {
                    return Ok(Answer::Nothing);
                }
                self.returned(value, |bytes| {
                    if bytes.len() > MAX_BLOCK {
                        return Err(format!("the block has {} bytes, more than {MAX_BLOCK}", bytes.len()));
                    }
                    Ok(Answer::Block(bytes.to_vec()))
                })
            }
            Ask::ChainRandomness(epoch) => self.digest(CHAIN_RANDOMNESS, epoch),
            Ask::BeaconRandomness(epoch) => self.digest(BEACON_RANDOMNESS, epoch),
            Ask::TipsetCid(epoch) => {
                let value = self.call(TIPSET_CID, &[self.number(epoch)?])?;
                if self.is_nothing(value) {
                    return Ok(Answer::Nothing);
                }
                self.returned(value, |bytes| match Cid::try_from(bytes) {
                    Ok(cid) => Ok(Answer::Tipset(cid)),
                    Err(error) => Err(format!("the answer is not a CID: {error}")),
                })
            }
            Ask::ConsensusFault(h1, h2, extra) => self.fault(&h1, &h2, &extra),
        }
    }
}

impl Host for JsHost {
    fn ask(&self, question: Ask) -> Answer {
        // SAFETY: a host is asked only within a native call on its own thread (`machine.rs`), where
        // `env` is live; the scope frees the handles of each question at once, not at the call's end.
        unsafe {
            let mut scope = ptr::null_mut();
            if sys::napi_open_handle_scope(self.env, &mut scope) != sys::Status::napi_ok {
                return Answer::Failed("the JavaScript environment is shutting down".into());
            }
            let answer = self.answer(question).unwrap_or_else(Answer::Failed);
            sys::napi_close_handle_scope(self.env, scope);
            answer
        }
    }
}

impl Drop for JsHost {
    fn drop(&mut self) {
        // SAFETY: dropped on its own thread, see `machine.rs`.
        unsafe {
            for reference in self.methods.iter().chain([&self.receiver]) {
                if !reference.is_null() {
                    sys::napi_delete_reference(self.env, *reference);
                }
            }
        }
    }
}
