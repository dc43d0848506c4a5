//! The native half of the node: execution, proofs, signatures and bulk work on blocks.
//! `src/native` on the TypeScript side is its only user.

pub mod batch;
pub mod bls;
pub mod error;
pub mod fvm;
pub mod hash;
pub mod ipld;
pub mod proofs;
pub mod secp;

use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;

use crate::error::{guard, Job, Result};

/// Version of this crate; the wrapper compares it with the one it was written for.
#[napi]
pub fn native_version() -> String {
    env!("CARGO_PKG_VERSION").to_string()
}

/// Panics on purpose, so that tests can show that a panic does not end the process.
#[napi]
pub fn panic_for_test(text: String) -> Result<()> {
    guard(|| panic!("{text}"))
}

/// [`panic_for_test`] on a thread of the pool.
#[napi(ts_return_type = "Promise<boolean>")]
pub fn panic_for_test_async(text: String) -> AsyncTask<Job<bool, bool>> {
    Job::task(move || panic!("{text}"), |ok| ok)
}
