//! What a program is made of, as far as its system calls go.

use std::collections::BTreeSet;

/// The functions that make the system call whose number is their last argument (`sys/src/arch`).
pub(super) const WRAPPERS: [&str; 2] = ["mote_syscall3", "mote_syscall6"];

/// A system call in a function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Call {
    /// Its number; none if it is made at run time.
    pub(super) number: Option<u32>,
    /// Its first argument, if that is a constant.
    pub(super) first: Option<i64>,
}

/// A function or a static.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Item {
    /// The names that it mentions, in order.
    pub(super) mentions: Vec<String>,
    /// The system calls that it makes itself.
    pub(super) calls: BTreeSet<Call>,
}
