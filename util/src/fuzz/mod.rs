//! What the fuzz targets of `fuzz/` call. Each takes any bytes, must come to an end without a panic, and
//! compares an engine's answer with a slow and plain one made here. The seeds in `fuzz/seeds` run as tests.

mod engine;
mod mode;
mod pattern;
mod printf;
mod regex;
mod stat;
mod zone;

pub use mode::mode;
pub use pattern::pattern;
pub use printf::printf;
pub use regex::regex;
pub use stat::stat;
pub use zone::zone;

use alloc::vec::Vec;
use sys::applet::{no_options, Table};
use sys::Cx;

/// A binary without applets.
static NO_APPLETS: Table =
    Table { names: b"", entries: &[], options: no_options, specs: b"", usage: sys::usage::Usage::NONE };

/// Calls `run` as a builtin with `args`, its output kept in memory, and an empty environment.
fn with_cx(args: &[Vec<u8>], run: impl FnOnce(&mut Cx)) {
    sys::fuzz::with_cx(args, &NO_APPLETS, run);
}

/// The parts of `data` between the bytes 0xff.
fn parts(data: &[u8]) -> Vec<&[u8]> {
    data.split(|&c| c == 0xff).collect()
}

/// Without NULs, as arguments are.
fn text(part: &[u8]) -> Vec<u8> {
    part.iter().copied().filter(|&c| c != 0).collect()
}

#[cfg(test)]
mod tests {
    include!("../../../fuzz/seeds.rs");

    const MARKS: &[u8] = b"'\"\\`$({})\n";

    #[test]
    fn seeds_of_mode() {
        seeds("mode", b"ugoa+-=rwxXst,07", super::mode);
    }

    #[test]
    fn seeds_of_pattern() {
        seeds("pattern", MARKS, super::pattern);
    }

    #[test]
    fn seeds_of_regex() {
        seeds("regex", b"()|*+?{}[]^$.\\,2\xff", super::regex);
    }

    #[test]
    fn seeds_of_stat() {
        seeds("stat", b"() 0-\n\xff", super::stat);
    }

    #[test]
    fn seeds_of_zone() {
        seeds("zone", b",M.0/<>-+:59", super::zone);
    }

    #[test]
    fn seeds_of_printf() {
        seeds("printf", MARKS, super::printf);
    }
}
