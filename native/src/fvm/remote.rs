//! A machine on a thread of its own, for callers whose stack is too small.
//!
//! A message may nest 1,024 calls, which takes about 36 MiB of native stack. Growing the caller's
//! stack in place is no way out, because JavaScript's engine compares addresses with its own stack
//! limit; so the machine moves to a thread with enough of it, and its questions come back to the
//! caller, who waits in the same native call.

use std::rc::Rc;
use std::sync::mpsc::{channel, Receiver, Sender};
use std::thread::JoinHandle;

use super::host::{Answer, Ask, Host};
use super::lane::{Applied, Config, Flushed, Machine};
use crate::error::{fail, Code, Outcome};

/// What the engine's authors ask for (fvm `executor/threaded.rs`).
const STACK: usize = 64 << 20;
/// The worst case with a margin: from here on the caller's own stack will do.
pub const ENOUGH: usize = 48 << 20;

enum Command {
    Execute(Vec<u8>, bool, usize),
    Flush,
}

enum Event {
    Asked(Ask),
    Created(Outcome<()>),
    Executed(Outcome<Applied>),
    Flushed(Outcome<Flushed>),
}

struct FarHost {
    events: Sender<Event>,
    answers: Receiver<Answer>,
}

impl Host for FarHost {
    fn ask(&self, question: Ask) -> Answer {
        if self.events.send(Event::Asked(question)).is_err() {
            return Answer::Failed("the machine's owner is gone".into());
        }
        self.answers.recv().unwrap_or_else(|_| Answer::Failed("the machine's owner is gone".into()))
    }
}

pub struct RemoteMachine {
    host: Rc<dyn Host>,
    commands: Option<Sender<Command>>,
    answers: Option<Sender<Answer>>,
    events: Receiver<Event>,
    thread: Option<JoinHandle<()>>,
}

impl RemoteMachine {
    pub fn create(config: Config, host: Rc<dyn Host>) -> Outcome<RemoteMachine> {
        let (commands, inbox) = channel::<Command>();
        let (answers, answered) = channel::<Answer>();
        let (outbox, events) = channel::<Event>();
        let thread = std::thread::Builder::new()
            .name("fvm".into())
            .stack_size(STACK)
            .spawn(move || {
                let host = Box::new(FarHost { events: outbox.clone(), answers: answered });
                let mut machine = match crate::error::contain(|| Machine::create(&config, host)) {
                    Ok(machine) => {
                        let _ = outbox.send(Event::Created(Ok(())));
                        machine
                    }
                    Err(failure) => {
                        let _ = outbox.send(Event::Created(Err(failure)));
                        return;
                    }
                };
                while let Ok(command) = inbox.recv() {
                    let event = match command {
                        Command::Execute(message, implicit, length) => {
                            Event::Executed(machine.execute(&message, implicit, length))
                        }
                        Command::Flush => Event::Flushed(machine.flush()),
                    };
                    if outbox.send(event).is_err() {
                        return;
                    }
                }
            })
            .map_err(|error| fail(Code::Fvm, format!("a thread for the machine cannot be started: {error}")))?;
        let machine = RemoteMachine {
            host,
            commands: Some(commands),
            answers: Some(answers),
            events,
            thread: Some(thread),
        };
        match machine.wait()? {
            Event::Created(outcome) => outcome.map(|()| machine),
            _ => Err(lost()),
        }
    }

    /// Answers questions until something else happens.
    fn wait(&self) -> Outcome<Event> {
        loop {
            match self.events.recv() {
                Ok(Event::Asked(question)) => {
                    let answer = self.host.ask(question);
                    match &self.answers {
                        Some(answers) if answers.send(answer).is_ok() => {}
                        _ => return Err(lost()),
                    }
                }
                Ok(event) => return Ok(event),
                Err(_) => return Err(lost()),
            }
        }
    }

    fn command(&self, command: Command) -> Outcome<Event> {
        match &self.commands {
            Some(commands) if commands.send(command).is_ok() => self.wait(),
            _ => Err(lost()),
        }
    }

    pub fn execute(&self, message: &[u8], implicit: bool, raw_length: usize) -> Outcome<Applied> {
        match self.command(Command::Execute(message.to_vec(), implicit, raw_length))? {
            Event::Executed(outcome) => outcome,
            _ => Err(lost()),
        }
    }

    pub fn flush(&self) -> Outcome<Flushed> {
        match self.command(Command::Flush)? {
            Event::Flushed(outcome) => outcome,
            _ => Err(lost()),
        }
    }
}

fn lost() -> crate::error::Fail {
    fail(Code::Fvm, "the machine's thread ended before it answered")
}

impl Drop for RemoteMachine {
    fn drop(&mut self) {
        // Both ends go first, so that the thread cannot wait for either.
        self.commands = None;
        self.answers = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Bytes of native stack that the calling thread has left; 0 where that cannot be told.
pub fn stack_left() -> usize {
    #[cfg(target_os = "linux")]
    // SAFETY: plain queries about the calling thread; the attributes are freed again.
    unsafe {
        let mut attributes: libc::pthread_attr_t = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return 0;
        }
        let mut bottom = std::ptr::null_mut();
        let mut size = 0;
        let known = libc::pthread_attr_getstack(&attributes, &mut bottom, &mut size) == 0;
        libc::pthread_attr_destroy(&mut attributes);
        let here = std::ptr::addr_of!(attributes) as usize;
        if known { here.saturating_sub(bottom as usize) } else { 0 }
    }
    #[cfg(not(target_os = "linux"))]
    {
        0
    }
}
