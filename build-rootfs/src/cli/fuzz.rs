//! `cargo rootfs fuzz`.

use super::args::{unexpected, Args, Word};
use crate::error::Result;
use crate::fuzz::fuzz;
use crate::project::Project;

pub(super) const HELP: &str = "\
Feeds random input to what reads text, guided by what code it reaches, and compares the answers with plain
ones where there are any. It needs cargo-fuzz and a C++ compiler, which are installed.

Usage: cargo rootfs fuzz [TARGET] [OPTION]

  TARGET       arith, fstab, inittab, mode, modules, options, parse, pattern or printf
               (default: one after the other)
  --seconds N  how long each runs (default: 60)
  --help       show this

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
