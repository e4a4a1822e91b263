//! Signals that have come and have not been looked at.

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;
use sys::signal::{self, Action};

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

pub(crate) fn take() -> Option<u32> {
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

/// Has this signal come?
pub(crate) fn has_come(sig: u32) -> bool {
    PENDING.get(sig as usize / 32).is_some_and(|w| w.load(Relaxed) & 1 << (sig % 32) != 0)
}

/// The action that has a signal noted here.
#[inline(always)]
pub(crate) fn catch() -> Action {
    Action::call(sys::handler!(handler))
}
