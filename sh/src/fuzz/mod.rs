//! What the fuzz targets of `fuzz/` call. Each takes any bytes, must come to an end without a panic, and
//! compares the shell's answer with a slow and plain one made here. The seeds in `fuzz/seeds` run as tests.

mod arith;
mod expand;
mod parse;

pub use arith::arith;
pub use expand::expand;
pub use parse::parse;

use alloc::vec::Vec;
use sys::applet::{no_options, Table};
use sys::Cx;

/// A binary without applets.
pub(crate) static NO_APPLETS: Table =
    Table { names: b"", entries: &[], options: no_options, specs: b"", usage: sys::usage::Usage::NONE };

/// Calls `run` as a builtin with `args`, its output kept in memory, and an empty environment.
fn with_cx<T>(args: &[Vec<u8>], run: impl FnOnce(&mut Cx) -> T) -> T {
    sys::fuzz::with_cx(args, &NO_APPLETS, run).0
}

#[cfg(test)]
mod tests {
    include!("../../../fuzz/seeds.rs");

    const MARKS: &[u8] = b"'\"\\`$({})\n";

    #[test]
    fn seeds_of_parse() {
        seeds("parse", MARKS, super::parse);
    }

    #[test]
    fn seeds_of_expand() {
        seeds("expand", b"\0\x01\x02\x03\x04:* \xc3", super::expand);
    }

    #[test]
    fn seeds_of_arith() {
        seeds("arith", MARKS, super::arith);
    }

    /// Each level would double the time if what is no arithmetic were tried again.
    #[test]
    fn nested_substitutions_that_begin_like_arithmetic_end() {
        let nested = (0..40).fold("echo 1".to_string(), |inner, _| format!("echo $(({inner}) )"));
        super::parse(nested.as_bytes());
    }
}
