//! Signals.

use crate::{caught, check, done, sys3, sys6, time::Timespec, zstr::Texts, Result};
use core::ptr::{null, null_mut};
use linux_raw_sys::general::{_NSIG, SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK};
pub use linux_raw_sys::general::{
    SIGABRT, SIGALRM, SIGBUS, SIGCHLD, SIGCONT, SIGFPE, SIGHUP, SIGILL, SIGINT, SIGIO, SIGKILL, SIGPIPE,
    SIGPROF, SIGPWR, SIGQUIT, SIGSEGV, SIGSTKFLT, SIGSTOP, SIGSYS, SIGTERM, SIGTRAP, SIGTSTP, SIGTTIN,
    SIGTTOU, SIGURG, SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ,
};

/// A set of signals: signal *n* is bit *n* − 1.
pub type Set = u64;

/// The set of one signal.
pub const fn bit(sig: u32) -> Set {
    1 << (sig - 1)
}

/// What a signal does.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Action(usize);

impl Action {
    /// SIG_DFL.
    pub const DEFAULT: Action = Action(0);
    /// SIG_IGN.
    pub const IGNORE: Action = Action(1);

    /// Calls the handler with the signal's number. It interrupts blocking calls (no SA_RESTART) and may do
    /// only what is safe in a signal handler: atomics. `handler!` makes one of a function.
    pub(crate) fn call(handler: Handler) -> Action {
        #[cfg(not(mote_shared))]
        return Action(handler as *const () as usize);
        #[cfg(mote_shared)]
        return Action(handler as *const Descriptor as usize);
    }
}

/// What a signal calls.
#[cfg(not(mote_shared))]
pub type Handler = extern "C" fn(i32);
/// What a signal calls.
#[cfg(mote_shared)]
pub type Handler = &'static Descriptor;

/// What Linux takes for a handler in an ELF-FDPIC program: the function and the value that r9 is to have
/// (`arch/arm/kernel/signal.c`, setup_return).
#[cfg(mote_shared)]
#[repr(C)]
pub struct Descriptor {
    /// The function.
    pub run: extern "C" fn(i32),
    /// The start of the data.
    pub data: &'static Data,
}

/// The first byte of the data, which is none in particular.
#[cfg(mote_shared)]
#[repr(transparent)]
pub struct Data(u8);

#[cfg(mote_shared)]
extern "C" {
    /// Defined by the linker script.
    #[link_name = "mote_data"]
    pub static DATA: Data;
}

/// The [`Handler`] that calls an `extern "C" fn(i32)`.
#[cfg(not(mote_shared))]
macro_rules! handler {
    ($f:path) => {
        $f
    };
}
/// The [`Handler`] that calls an `extern "C" fn(i32)`.
#[cfg(mote_shared)]
macro_rules! handler {
    ($f:path) => {{
        // SAFETY: only its address is taken.
        static DESCRIPTOR: $crate::signal::Descriptor =
            $crate::signal::Descriptor { run: $f, data: unsafe { &$crate::signal::DATA } };
        &DESCRIPTOR
    }};
}

#[repr(C)]
struct Sigaction {
    handler: usize,
    flags: usize,
    restorer: usize,
    mask: Set,
}

/// The action that has a signal noted by [`caught`].
#[inline(always)]
pub fn catch() -> Action {
    Action::call(handler!(caught::handler))
}

/// In a new process, which may share our memory, or before this one becomes another program: no signal has the handler
/// of [`caught`]. What is ignored now stays so.
#[inline(never)]
pub fn drop_handlers() {
    for sig in caught::expected() {
        if action(sig, Action::DEFAULT) == Ok(Action::IGNORE) {
            let _ = action(sig, Action::IGNORE);
        }
    }
}

/// `man 2 sigaction`: sets what `sig` does, returns what it did.
#[inline(never)]
pub fn action(sig: u32, a: Action) -> Result<Action> {
    if a.0 > Action::IGNORE.0 {
        caught::expect(sig);
    }
    #[cfg(target_arch = "x86_64")]
    let new = Sigaction {
        handler: a.0,
        flags: linux_raw_sys::general::SA_RESTORER as usize,
        restorer: crate::arch::sigreturn as *const () as usize,
        mask: 0,
    };
    #[cfg(not(target_arch = "x86_64"))]
    let new = Sigaction { handler: a.0, flags: 0, restorer: 0, mask: 0 };
    let mut old = Sigaction { handler: 0, flags: 0, restorer: 0, mask: 0 };
    // SAFETY: both have the kernel's layout, 8 is the size of the mask; a handler is an extern "C" fn(i32).
    done(unsafe { sys6!(__NR_rt_sigaction, sig, &new as *const Sigaction, &mut old as *mut Sigaction, 8) })?;
    Ok(Action(old.handler))
}

/// What `sig` does now.
pub fn query(sig: u32) -> Result<Action> {
    let mut old = Sigaction { handler: 0, flags: 0, restorer: 0, mask: 0 };
    // SAFETY: kernel's layout; no new action.
    done(unsafe { sys6!(__NR_rt_sigaction, sig, null::<u8>(), &mut old as *mut Sigaction, 8) })?;
    Ok(Action(old.handler))
}

/// How [`mask`] changes the blocked signals.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum How {
    /// Adds to them.
    Block = SIG_BLOCK,
    /// Takes from them.
    Unblock = SIG_UNBLOCK,
    /// Replaces them.
    Set = SIG_SETMASK,
}

/// `man 2 sigprocmask`: the blocked signals before.
pub fn mask(how: How, set: Set) -> Set {
    let mut old: Set = 0;
    // SAFETY: both sets have 8 bytes. It cannot fail with these arguments.
    unsafe { sys6!(__NR_rt_sigprocmask, how as u32, &set as *const Set, &mut old as *mut Set, 8) };
    old
}

/// `man 2 sigsuspend`: waits for a signal that is not in `set`.
pub fn suspend(set: Set) {
    // SAFETY: the set has 8 bytes.
    unsafe { sys3!(__NR_rt_sigsuspend, &set as *const Set, 8) };
}

/// `man 2 sigtimedwait`: the next signal of `set`, which must be blocked; EAGAIN when `timeout` is over.
pub fn timedwait(set: Set, timeout: Option<&Timespec>) -> Result<u32> {
    let t = timeout.map_or(null(), |t| t as *const Timespec);
    #[cfg(target_arch = "arm")]
    // SAFETY: the set has 8 bytes, the time is the kernel's 64-bit form, no siginfo is asked for.
    let r = unsafe { sys6!(__NR_rt_sigtimedwait_time64, &set as *const Set, null_mut::<u8>(), t, 8) };
    #[cfg(not(target_arch = "arm"))]
    // SAFETY: as above.
    let r = unsafe { sys6!(__NR_rt_sigtimedwait, &set as *const Set, null_mut::<u8>(), t, 8) };
    check(r).map(|n| n as u32)
}

/// Signal names without `SIG`, from number 1, NUL-terminated.
static NAMES: &[u8] =
    b"EXIT\0HUP\0INT\0QUIT\0ILL\0TRAP\0ABRT\0BUS\0FPE\0KILL\0USR1\0SEGV\0USR2\0PIPE\0ALRM\0TERM\0STKFLT\0\
CHLD\0CONT\0STOP\0TSTP\0TTIN\0TTOU\0URG\0XCPU\0XFSZ\0VTALRM\0PROF\0WINCH\0IO\0PWR\0SYS";

/// Name of a signal without `SIG`; empty for real-time and unknown ones. 0 is EXIT, as `trap` and `kill` have
/// it.
pub fn name(sig: u32) -> &'static [u8] {
    Texts::new(NAMES).nth(sig as usize).unwrap_or(&[])
}

/// Number of a signal given by number (0…64) or by name, with or without `SIG`, in any case.
pub fn number(text: &[u8]) -> Option<u32> {
    if let Some(n) = crate::num::parse_u32(text) {
        return (n <= _NSIG).then_some(n);
    }
    let bare = match text {
        [s, i, g, rest @ ..] if [*s, *i, *g].eq_ignore_ascii_case(b"SIG") => rest,
        _ => text,
    };
    if bare.is_empty() {
        return None;
    }
    Texts::new(NAMES).position(|n| n.eq_ignore_ascii_case(bare)).map(|i| i as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{getpid, kill};

    #[test]
    fn what_comes_is_taken_once_and_in_order() {
        for sig in [SIGWINCH, SIGURG] {
            action(sig, catch()).unwrap();
            kill(getpid() as i32, sig).unwrap();
        }
        while !(caught::has_come(SIGURG) && caught::has_come(SIGWINCH)) {}
        assert!(caught::pending());
        assert_eq!([caught::take(), caught::take(), caught::take()], [Some(SIGURG), Some(SIGWINCH), None]);
        assert!(!caught::pending() && !caught::forget(SIGURG));
        assert!(!caught::interrupted());
        let before = mask(How::Block, !0);
        drop_handlers();
        mask(How::Set, before);
        assert!(query(SIGURG).unwrap() == Action::DEFAULT);
    }

    #[test]
    fn names_and_numbers() {
        assert_eq!(name(SIGSYS), b"SYS");
        assert_eq!(name(0), b"EXIT");
        assert_eq!(number(b"exit"), Some(0));
        assert_eq!(name(40), b"");
        assert_eq!(number(b"sigTerm"), Some(SIGTERM));
        assert_eq!(number(b"9"), Some(9));
        assert_eq!(number(b"65"), None);
        assert_eq!(number(b"SIG"), None);
        assert_eq!(number(b"nope"), None);
    }

    #[test]
    fn actions_are_told_again() {
        action(SIGUSR2, Action::IGNORE).unwrap();
        assert!(query(SIGUSR2).unwrap() == Action::IGNORE);
        assert!(action(SIGUSR2, Action::DEFAULT).unwrap() == Action::IGNORE);
    }
}
