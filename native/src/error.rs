//! The boundary between Rust and JavaScript: coded failures, and panics that become errors.
//!
//! Every exported function runs its body inside [`guard`] (or, off the JavaScript thread, inside a
//! [`Job`]), so that neither an `Err` nor a panic can unwind into Node and take the process down.

use std::any::Any;
use std::panic::{catch_unwind, AssertUnwindSafe};

use napi::bindgen_prelude::*;
use napi::{JsError, Task};

/// What `error.code` says on the JavaScript side. `src/native/errors.ts` lists the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Argument,
    Panic,
    Fvm,
    FvmStoreMissing,
    FvmExtern,
    FvmClosed,
    Proof,
    Cancelled,
    Bls,
    Secp,
    Car,
    Cbor,
    Ipld,
    IpldMissing,
}

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        match self {
            Code::Argument => "NATIVE_ARGUMENT",
            Code::Panic => "NATIVE_PANIC",
            Code::Fvm => "NATIVE_FVM",
            Code::FvmStoreMissing => "NATIVE_FVM_STORE_MISSING",
            Code::FvmExtern => "NATIVE_FVM_EXTERN",
            Code::FvmClosed => "NATIVE_FVM_CLOSED",
            Code::Proof => "NATIVE_PROOF",
            Code::Cancelled => "NATIVE_CANCELLED",
            Code::Bls => "NATIVE_BLS",
            Code::Secp => "NATIVE_SECP",
            Code::Car => "NATIVE_CAR",
            Code::Cbor => "NATIVE_CBOR",
            Code::Ipld => "NATIVE_IPLD",
            Code::IpldMissing => "NATIVE_IPLD_MISSING",
        }
    }
}

/// A failure on its way to JavaScript.
#[derive(Debug, Clone)]
pub struct Fail {
    pub code: Code,
    pub message: String,
}

impl std::fmt::Display for Fail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.message)
    }
}

impl std::error::Error for Fail {}

impl From<Fail> for Error<Code> {
    fn from(fail: Fail) -> Self {
        Error::new(fail.code, fail.message)
    }
}

pub fn fail(code: Code, message: impl Into<String>) -> Fail {
    Fail { code, message: message.into() }
}

/// The result type of every synchronous export.
pub type Result<T> = std::result::Result<T, Error<Code>>;
/// The result type inside this crate.
pub type Outcome<T> = std::result::Result<T, Fail>;

fn panic_text(payload: Box<dyn Any + Send>) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_string()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a value that is not text".to_string()
    }
}

/// Runs `body`; a panic comes back as a failure with the code `NATIVE_PANIC`.
pub fn contain<T>(body: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(result) => result,
        Err(payload) => Err(fail(
            Code::Panic,
            format!("native code panicked: {}; this is a bug, please report it", panic_text(payload)),
        )),
    }
}

/// [`contain`] for a synchronous export.
pub fn guard<T>(body: impl FnOnce() -> Outcome<T>) -> Result<T> {
    contain(body).map_err(Error::from)
}

type Work<T> = Box<dyn FnOnce() -> Outcome<T> + Send>;
type Finish<T, J> = Box<dyn FnOnce(T) -> J + Send>;

/// One piece of work for libuv's thread pool whose promise rejects with a coded error.
pub struct Job<T: Send + 'static, J: ToNapiValue + TypeName + 'static> {
    work: Option<Work<T>>,
    finish: Option<Finish<T, J>>,
}

impl<T: Send + 'static, J: ToNapiValue + TypeName + 'static> Job<T, J> {
    /// `work` runs off the JavaScript thread, `finish` on it.
    pub fn task(
        work: impl FnOnce() -> Outcome<T> + Send + 'static,
        finish: impl FnOnce(T) -> J + Send + 'static,
    ) -> AsyncTask<Self> {
        AsyncTask::new(Job { work: Some(Box::new(work)), finish: Some(Box::new(finish)) })
    }
}

impl<T: Send + 'static, J: ToNapiValue + TypeName + 'static> Task for Job<T, J> {
    // A failure travels as a value: napi's own error type cannot carry our code across threads.
    type Output = Outcome<T>;
    type JsValue = J;

    fn compute(&mut self) -> std::result::Result<Self::Output, napi::Error> {
        let work = self.work.take();
        Ok(contain(|| match work {
            Some(work) => work(),
            None => Err(fail(Code::Panic, "a native job was started twice; this is a bug, please report it")),
        }))
    }

    fn resolve(&mut self, env: Env, output: Self::Output) -> std::result::Result<J, napi::Error> {
        let finish = self.finish.take();
        let outcome = contain(move || match finish {
            Some(finish) => output.map(finish),
            None => Err(fail(Code::Panic, "a native job was finished twice; this is a bug, please report it")),
        });
        outcome.map_err(|failure| {
            let error: Error<Code> = failure.into();
            napi::Error::from(JsError::from(error).into_unknown(env))
        })
    }
}

/// Takes exactly `N` bytes out of an argument.
pub fn exact<const N: usize>(bytes: &[u8], what: &str, code: Code) -> Outcome<[u8; N]> {
    bytes
        .try_into()
        .map_err(|_| fail(code, format!("{what} must be {N} bytes long, not {}", bytes.len())))
}
