//! What the fuzz targets of `fuzz/` call. Each takes any bytes, must come to an end without a panic, and
//! compares the shell's answer with a slow and plain one made here. The seeds in `fuzz/seeds` run as tests.

mod arith;
mod parse;
mod pattern;
mod printf;

pub use arith::arith;
pub use parse::parse;
pub use pattern::pattern;
pub use printf::printf;

use alloc::boxed::Box;
use alloc::vec::Vec;
use sys::applet::{no_options, Table};
use sys::{Cx, ZStr};

/// A binary without applets.
static NO_APPLETS: Table =
    Table { names: b"", entries: &[], options: no_options, specs: b"", usage: b"", pairs: &[] };

/// Calls `run` as a builtin with `args`, its output kept in memory, and an empty environment.
fn with_cx<T>(args: &[Vec<u8>], run: impl FnOnce(&mut Cx) -> T) -> T {
    let texts: Vec<*mut [u8]> =
        args.iter().map(|a| Box::into_raw([a, &b"\0"[..]].concat().into_boxed_slice())).collect();
    // SAFETY: the boxes live until they are freed below, and nothing that `run` gives back borrows them.
    let mut args: Vec<ZStr> =
        texts.iter().filter_map(|&t| ZStr::from_bytes_with_nul(unsafe { &*t })).collect();
    let mut out = sys::Out::memory();
    let environment = [core::ptr::null()];
    let mut cx = Cx::raw(ZStr::new(c"fuzz"), &mut args, &mut out, environment.as_ptr(), &NO_APPLETS);
    let result = run(&mut cx);
    out.take();
    for text in texts {
        // SAFETY: made by `Box::into_raw` above, freed once.
        drop(unsafe { Box::from_raw(text) });
    }
    result
}

/// The parts of `data` between the bytes 0xff.
fn parts(data: &[u8]) -> Vec<&[u8]> {
    data.split(|&c| c == 0xff).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Runs every seed of a target, and each of them cut short and with bytes changed.
    #[track_caller]
    fn seeds(target: &str, run: fn(&[u8])) {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
        let mut files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|f| f.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 5, "{} has too few seeds", dir.display());
        // As much stack as the main thread of a program has: that is what the shell counts on.
        let work = move || {
            for file in files {
                let seed = std::fs::read(&file).unwrap();
                std::println!("{}", file.display());
                run(&seed);
                for n in 0..seed.len().min(300) {
                    run(&seed[..n]);
                    let mut changed = seed.clone();
                    changed[n] ^= 1 << (n % 8);
                    run(&changed);
                    changed[n] = b"'\"\\`$({})\n"[n % 10];
                    run(&changed);
                }
            }
        };
        std::thread::Builder::new().stack_size(10 << 20).spawn(work).unwrap().join().unwrap();
    }

    #[test]
    fn seeds_of_parse() {
        seeds("parse", super::parse);
    }

    #[test]
    fn seeds_of_arith() {
        seeds("arith", super::arith);
    }

    #[test]
    fn seeds_of_pattern() {
        seeds("pattern", super::pattern);
    }

    #[test]
    fn seeds_of_printf() {
        seeds("printf", super::printf);
    }
}
