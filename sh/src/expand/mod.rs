//! Words become fields (POSIX 2.6): tilde, parameters, commands, arithmetic, splitting, file names.

pub(crate) mod arith;
pub(crate) mod capture;
pub(crate) mod fields;
mod parameter;
mod substitute;
mod word;
