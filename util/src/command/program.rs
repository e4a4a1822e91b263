//! Another program in place of an applet, as env, nice, nohup and their kin start it.

use sys::env::Envp;
use sys::signal::{self, Action, How, Set};
use sys::{out, process, program, Cx, Errno, ZStr};

/// Becomes the program `words[0]` with the environment `envp`. If that cannot be, it is reported; the status is 127 if
/// there is no such program, else 126 (POSIX.1-2024 env, EXIT STATUS).
#[inline(never)]
pub fn become_it(cx: &mut Cx, words: &[ZStr], envp: Envp) -> u8 {
    if let Err(why) = cx.out.flush() {
        cx.fail(b"write error", why);
        return 125;
    }
    failed(cx.name, words, program::exec(words, envp))
}

/// Reports why the program `words[0]` has not been started; the status.
#[inline(never)]
pub fn failed(name: ZStr, words: &[ZStr], why: Errno) -> u8 {
    out::fail(name, words.first().map_or(b"", |word| word.bytes()), why);
    if why == Errno::ENOENT {
        127
    } else {
        126
    }
}

/// What a new process reads.
struct Child<'c> {
    words: &'c [ZStr<'static>],
    envp: Envp,
    mask: Set,
}

/// Starts the program `words[0]` as a new process with the signals `mask` blocked: its ID, or the status after a report.
#[inline(never)]
pub fn start(cx: &mut Cx, words: &[ZStr<'static>], mask: Set) -> Result<i32, u8> {
    let mut child = Child { words, envp: cx.envp, mask };
    let started = process::spawn(&mut child, |c| {
        signal::mask(How::Set, c.mask);
        program::exec(c.words, c.envp)
    });
    started.map_err(|why| failed(cx.name, words, why))
}

/// Runs the program `words[0]` and waits for its end: its status as a shell tells it, or that of [`start`].
#[inline(never)]
pub fn run(cx: &mut Cx, words: &[ZStr<'static>]) -> u8 {
    // Otherwise the kernel would not tell how it ended.
    let _ = signal::action(signal::SIGCHLD, Action::DEFAULT);
    let mask = signal::mask(How::Block, 0);
    match start(cx, words, mask).map(process::wait) {
        Err(status) => status,
        Ok(Ok(status)) => code(status),
        Ok(Err(why)) => {
            cx.fail(b"wait", why);
            1
        }
    }
}

/// A status as a shell tells it: 128 and the signal's number for what a signal has ended.
pub fn code(status: process::Status) -> u8 {
    status.exited().unwrap_or_else(|| 128 + status.signaled().unwrap_or(0))
}
