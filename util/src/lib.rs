//! The engines that the shell, process 1 and the applets share: one for each kind of work, used by all.
//!
//! It imports `sys` only. A binary holds what its applets use; the linker drops the rest.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod command;
pub mod division;
pub mod failure;
pub mod file;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
pub mod hash;
pub mod login;
pub mod net;
pub mod proc;
pub mod term;
pub mod text;
pub mod time;

/// A `bool` for results and options, as wide as a register: a byte in them would be masked at every turn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u32)]
pub enum Truth {
    /// False.
    No,
    /// True.
    Yes,
}

impl From<bool> for Truth {
    fn from(is: bool) -> Truth {
        if is {
            Truth::Yes
        } else {
            Truth::No
        }
    }
}
