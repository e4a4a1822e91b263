//! Signals that come to a handler are noted here, and looked at when it suits the program.

use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use core::sync::atomic::{compiler_fence, AtomicU8};
use linux_raw_sys::general::{_NSIG, SIGINT};

/// For each signal: [`NEVER`], [`CAUGHT`] or [`COME`]; for number 0, which is none, what [`hold_interrupts`] sets. A byte
/// each, so that nothing is read, changed and written back: the handler may interrupt any other code and itself, and
/// ARMv5 has no instruction for that.
static STATE: [AtomicU8; _NSIG as usize + 1] = [const { AtomicU8::new(NEVER) }; _NSIG as usize + 1];

/// It has never had the handler.
const NEVER: u8 = 0;
/// It has or had it.
const CAUGHT: u8 = 1;
/// And it has come.
const COME: u8 = 2;

/// Has any of them come, perhaps?
static ANY: AtomicU8 = AtomicU8::new(0);

pub(crate) extern "C" fn handler(sig: i32) {
    if let Some(state) = STATE.get(sig as usize) {
        state.store(COME, Relaxed);
    }
    ANY.store(1, Relaxed);
}

/// Before `sig` gets the handler.
#[inline(always)]
pub(crate) fn expect(sig: u32) {
    if let Some(state) = STATE.get(sig as usize).filter(|s| s.load(Relaxed) == NEVER) {
        state.store(CAUGHT, Relaxed);
    }
}

/// Has any signal come?
#[inline(always)]
pub fn pending() -> bool {
    ANY.load(Relaxed) != 0
}

/// Has this one come?
#[inline(never)]
pub fn has_come(sig: u32) -> bool {
    STATE.get(sig as usize).is_some_and(|s| s.load(Relaxed) == COME)
}

/// Forgets this one; true if it had come.
#[inline(never)]
pub fn forget(sig: u32) -> bool {
    let come = has_come(sig);
    if let Some(state) = STATE.get(sig as usize).filter(|_| come) {
        state.store(CAUGHT, Relaxed);
    }
    come
}

/// The first signal that has come, which is forgotten.
pub fn take() -> Option<u32> {
    ANY.store(0, Relaxed);
    // What comes from here on sets it again.
    compiler_fence(SeqCst);
    let sig = (1..=_NSIG).find(|&sig| forget(sig));
    if sig.is_some() {
        // There may be more.
        ANY.store(1, Relaxed);
    }
    sig
}

/// Is an interrupt (SIGINT) to wait until what runs has ended? For [`interrupted`].
#[inline(always)]
pub fn hold_interrupts(on: bool) {
    if let Some(state) = STATE.first() {
        state.store(on as u8, Relaxed);
    }
}

/// Is what runs to end, since a person has interrupted it? Whatever may take long asks for this.
#[inline(never)]
pub fn interrupted() -> bool {
    STATE.first().is_some_and(|s| s.load(Relaxed) == 0) && has_come(SIGINT)
}

/// The signals that have or had the handler.
#[inline(always)]
pub(crate) fn expected() -> impl Iterator<Item = u32> {
    (0..).zip(&STATE).filter(|(_, state)| state.load(Relaxed) != NEVER).map(|(sig, _)| sig)
}
