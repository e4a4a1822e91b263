//! Signals that have come and have not been looked at, and the interrupt among them.

pub(crate) use sys::caught::{has_come, pending, take};
pub(crate) use sys::signal::catch;
use sys::{caught, signal};

/// Has an interrupt come?
pub(crate) fn interrupted() -> bool {
    caught::has_come(signal::SIGINT)
}

/// Has Ctrl-C come to a shell at a prompt that has no trap for it? Not any more, then.
#[inline(never)]
pub(crate) fn take_interrupt() -> bool {
    caught::interrupted() && caught::forget(signal::SIGINT)
}
