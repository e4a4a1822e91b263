//! Terminals: keys, how wide characters are, what must not get there.

pub mod keys;
pub mod mask;

pub use sys::width;
