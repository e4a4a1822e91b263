//! `cargo rootfs fuzz`.

use super::args::{unexpected, Args, Word};
use crate::error::Result;
use crate::fuzz::fuzz;
use crate::project::Project;

pub(super) const HELP: &str = "\
Runs fuzz targets: random input, guided by the code that it reaches, for everything that parses text. Most targets
also compare the results with those of a simple implementation. cargo-fuzz and a C++ compiler are installed first.

Usage: cargo rootfs fuzz [TARGET] [OPTION]

  TARGET       arith, fstab, inittab, mode, modules, options, parse, pattern or printf (default: all in turn)
  --seconds N  how long each target runs (default: 60)
  --help       show this help

An input that makes a target fail is kept in fuzz/artifacts.
";

pub(super) fn main(mut args: Args) -> Result<u8> {
    let (mut target, mut seconds) = (None, 60);
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        match word {
            Word::Option(name) if name == "--seconds" => seconds = args.parsed("a number of seconds")?,
            Word::Value(name) if target.is_none() => target = Some(name),
            other => return Err(unexpected(&other)),
        }
    }
    fuzz(&Project::find()?, target.as_deref(), seconds)?;
    Ok(0)
}
