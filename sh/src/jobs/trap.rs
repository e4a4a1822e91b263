//! Signals and traps (POSIX 2.12, trap).

use crate::{opt, Flow, Shell, R};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use sys::signal::{self, Action};
use sys::{Buf, ToBuf};

/// Signals that came and have not been looked at: bit *n* mod 32 of word *n* / 32.
static PENDING: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];

/// Is any of them set, perhaps?
static ANY: AtomicU32 = AtomicU32::new(0);

extern "C" fn handler(sig: i32) {
    // ARMv5 has no atomic read-modify-write; a signal that interrupts another here is blocked or the same
    // word is written by plain load and store, which one thread may do.
    ANY.store(1, Relaxed);
    if let Some(w) = PENDING.get(sig as usize / 32) {
        w.store(w.load(Relaxed) | 1 << (sig as u32 % 32), Relaxed);
    }
}

/// Has any signal come?
#[inline(always)]
pub(crate) fn pending() -> bool {
    ANY.load(Relaxed) != 0
}

fn take() -> Option<u32> {
    ANY.store(0, Relaxed);
    for (i, w) in PENDING.iter().enumerate() {
        let v = w.load(Relaxed);
        if v != 0 {
            let n = v.trailing_zeros();
            w.store(w.load(Relaxed) & !(1 << n), Relaxed);
            // There may be more.
            ANY.store(1, Relaxed);
            return Some(i as u32 * 32 + n);
        }
    }
    None
}

/// Has an interrupt come?
pub(crate) fn interrupted() -> bool {
    PENDING.first().is_some_and(|w| w.load(Relaxed) & 1 << signal::SIGINT != 0)
}

/// Forgets an interrupt that has come; true if there was one.
pub(crate) fn take_interrupt() -> bool {
    let was = interrupted();
    if let Some(w) = PENDING.first() {
        w.store(w.load(Relaxed) & !(1 << signal::SIGINT), Relaxed);
    }
    was
}

/// The first pending signal that has a trap.
pub(crate) fn pending_trap(sh: &Shell) -> Option<u32> {
    let set = |s: u32| PENDING.get(s as usize / 32).is_some_and(|w| w.load(Relaxed) & 1 << (s % 32) != 0);
    sh.traps.iter().map(|t| t.0 as u32).find(|&s| s != 0 && set(s))
}

/// Sets signals as a command should find them; allocates nothing.
pub(crate) fn for_command(sh: &Shell) {
    for (sig, text) in &sh.traps {
        if *sig != 0 && !text.is_empty() {
            let _ = signal::action(*sig as u32, Action::DEFAULT);
        }
    }
    if sh.tty.0 >= 0 || sh.handles {
        for &s in &[
            signal::SIGINT,
            signal::SIGQUIT,
            signal::SIGTERM,
            signal::SIGTSTP,
            signal::SIGTTIN,
            signal::SIGTTOU,
        ] {
            if !sh.traps.iter().any(|t| t.0 as u32 == s && t.1.is_empty()) {
                let _ = signal::action(s, Action::DEFAULT);
            }
        }
    }
}

impl Shell<'_> {
    /// Signals of an interactive shell.
    pub(crate) fn interactive_signals(&mut self) {
        self.handles = true;
        let _ = signal::action(signal::SIGINT, Action::call(sys::handler!(handler)));
        let _ = signal::action(signal::SIGQUIT, Action::IGNORE);
        let _ = signal::action(signal::SIGTERM, Action::IGNORE);
    }

    /// Text of the trap for `sig`.
    pub(crate) fn trap_text(&self, sig: u8) -> Option<&Buf> {
        self.traps.iter().find(|t| t.0 == sig).map(|t| &t.1)
    }

    /// Sets or, with `None`, removes a trap. Signals that were ignored when the shell started stay so.
    #[inline(never)]
    pub(crate) fn set_trap(&mut self, sig: u8, text: Option<&[u8]>) {
        let at = self.traps.iter().position(|t| t.0 >= sig).unwrap_or(self.traps.len());
        let known = self.traps.get(at).is_some_and(|t| t.0 == sig);
        if sig != 0
            && !known
            && self.opts & opt::INTERACTIVE == 0
            && signal::query(sig as u32) == Ok(Action::IGNORE)
        {
            return;
        }
        self.inherited.clear();
        if known {
            self.traps.remove(at);
        }
        let action = match text {
            None if self.handles && sig as u32 == signal::SIGINT => Action::call(sys::handler!(handler)),
            None if self.opts & opt::NOTIFY != 0 && sig as u32 == signal::SIGCHLD => {
                Action::call(sys::handler!(handler))
            }
            None if self.handles && matches!(sig as u32, signal::SIGQUIT | signal::SIGTERM) => Action::IGNORE,
            None => Action::DEFAULT,
            Some([]) => Action::IGNORE,
            Some(_) => Action::call(sys::handler!(handler)),
        };
        if sig != 0 {
            let _ = signal::action(sig as u32, action);
        }
        if let Some(t) = text {
            self.traps.insert(at, (sig, t.buf()));
        }
    }

    /// In a subshell: traps are gone, ignored signals stay ignored. `trap` still lists the parent's.
    pub(crate) fn reset_traps(&mut self) {
        for_command(self);
        self.handles = false;
        self.tty = sys::Fd(-1);
        if self.traps.is_empty() {
            return;
        }
        self.inherited = core::mem::take(&mut self.traps);
        for t in self.inherited.iter().filter(|t| t.0 != 0 && t.1.is_empty()) {
            self.traps.push((t.0, Buf::new()));
        }
        while take().is_some() {}
    }

    pub(crate) fn has_exit_trap(&self) -> bool {
        self.traps.iter().any(|t| !t.1.is_empty())
    }

    /// Runs the traps of the signals that have come.
    #[inline(never)]
    pub(crate) fn run_traps(&mut self) -> R {
        if self.capturing {
            // They are the shell's, and wait for it; but what a person interrupts is the substitution first.
            let bit = 1 << signal::SIGINT;
            return match PENDING.first() {
                Some(w) if w.load(Relaxed) & bit != 0 => {
                    self.status = 130;
                    Err(Flow::Exit)
                }
                _ => Ok(()),
            };
        }
        while let Some(sig) = take() {
            match self.trap_text(sig as u8) {
                Some(t) if !t.is_empty() => {
                    let text = t.clone();
                    let status = self.status;
                    let in_trap = self.trap_status.replace((status, self.depth));
                    let r = self.run_text(text);
                    self.trap_status = in_trap;
                    r?;
                    self.status = status;
                }
                None if sig == signal::SIGINT && self.opts & opt::INTERACTIVE != 0 => {
                    self.status = 130;
                    self.interrupted = true;
                    return Err(Flow::Fail);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Runs the EXIT trap, once.
    pub(crate) fn exit_trap(&mut self) {
        let Some(text) = self.trap_text(0).filter(|t| !t.is_empty()).cloned() else { return };
        let status = self.status;
        self.trap_status = Some((status, self.depth));
        self.opts &= !opt::ERREXIT;
        self.tested = false;
        match self.run_text(text) {
            Err(Flow::Exit) => {}
            _ => self.status = status,
        }
        let _ = self.out.flush();
    }
}
