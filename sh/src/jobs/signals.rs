//! Signals that have come and have not been looked at, and the interrupt among them.

pub(crate) use sys::caught::{catch, has_come, pending, take};
use sys::{caught, signal};

/// Has an interrupt come?
pub(crate) fn interrupted() -> bool {
    caught::has_come(signal::SIGINT)
}

/// Forgets an interrupt that has come; true if there was one.
pub(crate) fn take_interrupt() -> bool {
    caught::forget(signal::SIGINT)
}
