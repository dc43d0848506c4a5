//! Threads for proving and sealing, apart from libuv's pool, whose few threads also serve files and names: a window
//! PoSt takes minutes. Each kind of work has a lane of its own, so that a winning PoSt, which has seconds, never
//! waits in a queue behind anything else.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use napi::bindgen_prelude::*;
use napi::{JsDeferred, JsError};
use napi_derive::napi;

use crate::error::{contain, fail, Code, Fail, Outcome};

/// An idle thread ends after this time.
const IDLE: Duration = Duration::from_secs(30);
const STACK_BYTES: usize = 16 << 20;

type Run = Box<dyn FnOnce() + Send>;

/// How the crates' inner parallelism (rayon) runs in a lane.
#[derive(Clone, Copy)]
enum Inner {
    /// In a pool of the lane's own, as wide as the machine.
    Own,
    /// In the process-wide pool.
    Shared,
    /// On the lane's thread itself: a read that hangs (a dead network share) then holds up nothing but its own sector.
    Here,
}

struct Queue {
    jobs: VecDeque<Run>,
    idle: usize,
    threads: usize,
}

pub struct Lane {
    name: &'static str,
    threads: usize,
    inner: Inner,
    queue: Mutex<Queue>,
    wake: Condvar,
    pool: OnceLock<Option<rayon::ThreadPool>>,
}

/// Winning PoSts, their vanilla proofs included.
pub static WINNING: Lane = Lane::new("winning-post", 1, Inner::Own);
/// SNARKs of window PoSts: each uses all cores, so there is one at a time.
pub static WINDOW: Lane = Lane::new("window-post", 1, Inner::Shared);
/// Vanilla proofs of window PoSts: mostly waiting for disks; who calls bounds how many there are at once.
pub static VANILLA: Lane = Lane::new("vanilla", 128, Inner::Here);
/// Sealing and the generation of parameters; who calls bounds how many there are at once.
pub static SEAL: Lane = Lane::new("seal", 64, Inner::Shared);

impl Lane {
    const fn new(name: &'static str, threads: usize, inner: Inner) -> Self {
        Lane {
            name,
            threads,
            inner,
            queue: Mutex::new(Queue { jobs: VecDeque::new(), idle: 0, threads: 0 }),
            wake: Condvar::new(),
            pool: OnceLock::new(),
        }
    }

    /// No job runs while the lock is held, so a poisoned queue is still a right one.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&'static self, job: Run) -> Outcome<()> {
        let mut queue = self.lock();
        queue.jobs.push_back(job);
        if queue.idle >= queue.jobs.len() || queue.threads >= self.threads {
            self.wake.notify_one();
            return Ok(());
        }
        let started = std::thread::Builder::new().name(self.name.into()).stack_size(STACK_BYTES).spawn(move || self.work());
        match started {
            Ok(_) => queue.threads += 1,
            // The threads that there are will come to it.
            Err(_) if queue.threads > 0 => {}
            Err(error) => {
                queue.jobs.pop_back();
                return Err(fail(Code::Proof, format!("no thread could be started for the proof: {error}")));
            }
        }
        Ok(())
    }

    fn work(&'static self) {
        // Held as long as the thread: this thread is the only one of that pool.
        let _here = match self.inner {
            Inner::Here => rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().ok(),
            _ => None,
        };
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                drop(queue);
                self.run(job);
                queue = self.lock();
                continue;
            }
            queue.idle += 1;
            let (woken, waited) = self.wake.wait_timeout(queue, IDLE).unwrap_or_else(PoisonError::into_inner);
            queue = woken;
            queue.idle -= 1;
            if waited.timed_out() && queue.jobs.is_empty() {
                queue.threads -= 1;
                return;
            }
        }
    }

    fn run(&self, job: Run) {
        let pool = match self.inner {
            Inner::Own => self.pool.get_or_init(|| rayon::ThreadPoolBuilder::new().build().ok()).as_ref(),
            _ => None,
        };
        match pool {
            Some(pool) => pool.install(job),
            None => job(),
        }
    }
}

type Resolver<J> = Box<dyn FnOnce(Env) -> napi::Result<J> + Send>;
type Slot<J> = Arc<Mutex<Option<JsDeferred<J, Resolver<J>>>>>;

fn settle<J: ToNapiValue + 'static>(slot: &Slot<J>, outcome: Outcome<Box<dyn FnOnce() -> J + Send>>) {
    let taken = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(deferred) = taken else { return };
    deferred.resolve(Box::new(move |env| {
        contain(move || outcome.map(|finish| finish())).map_err(|failure| {
            let error: Error<Code> = failure.into();
            napi::Error::from(JsError::from(error).into_unknown(env))
        })
    }));
}

fn cancelled() -> Fail {
    fail(Code::Cancelled, "the work was cancelled")
}

/// Cancels the calls that it was given to. What has not begun is dropped; what runs cannot be stopped inside the
/// proofs library: it is left alone, its result thrown away, and its promise rejected at once.
#[napi]
pub struct NativeCancel {
    flag: Arc<AtomicBool>,
    hooks: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
}

#[napi]
impl NativeCancel {
    #[napi(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        NativeCancel { flag: Arc::new(AtomicBool::new(false)), hooks: Mutex::new(Vec::new()) }
    }

    #[napi]
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::SeqCst);
        let hooks = std::mem::take(&mut *self.hooks.lock().unwrap_or_else(PoisonError::into_inner));
        for hook in hooks {
            hook();
        }
    }
}

/// Runs `work` in a lane and `finish` on the JavaScript thread; the promise rejects with a coded error.
pub fn submit<'env, T, J>(
    env: &'env Env,
    lane: &'static Lane,
    cancel: Option<&NativeCancel>,
    work: impl FnOnce() -> Outcome<T> + Send + 'static,
    finish: impl FnOnce(T) -> J + Send + 'static,
) -> crate::error::Result<Object<'env>>
where
    T: Send + 'static,
    J: ToNapiValue + 'static,
{
    let (deferred, promise) = env
        .create_deferred::<J, Resolver<J>>()
        .map_err(|error| Error::from(fail(Code::Proof, format!("no promise could be made: {}", error.reason))))?;
    let slot: Slot<J> = Arc::new(Mutex::new(Some(deferred)));
    let flag = cancel.map(|cancel| cancel.flag.clone());
    if flag.as_ref().is_some_and(|flag| flag.load(Ordering::SeqCst)) {
        settle(&slot, Err(cancelled()));
        return Ok(promise);
    }
    if let Some(cancel) = cancel {
        let slot = slot.clone();
        let hook = Box::new(move || settle(&slot, Err(cancelled())));
        cancel.hooks.lock().unwrap_or_else(PoisonError::into_inner).push(hook);
    }
    let theirs = slot.clone();
    let job = Box::new(move || {
        if flag.is_some_and(|flag| flag.load(Ordering::SeqCst)) {
            return;
        }
        let outcome = contain(work).map(|value| -> Box<dyn FnOnce() -> J + Send> { Box::new(move || finish(value)) });
        settle(&theirs, outcome);
    });
    if let Err(failure) = lane.push(job) {
        settle(&slot, Err(failure));
    }
    Ok(promise)
}
