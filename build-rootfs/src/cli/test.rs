//! `cargo rootfs test`.

use super::args::{unexpected, Args, Word};
use crate::error::Result;
use crate::project::Project;
use crate::suite;

pub(super) const HELP: &str = "\
Sets up what is missing, then tests everything: formatting, lints, unit tests, the binaries of all
targets, and whole systems in QEMU. A test that fails is run once more, alone; if it passes then, the
summary names it as flaky. It is a failure all the same.

Usage: cargo rootfs test [FILTER] [OPTION]

  FILTER   only the tests whose names hold this text, and neither formatting nor lints
  --help   show this
";

pub(super) fn main(mut args: Args) -> Result<u8> {
    let mut filter = None;
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        match word {
            Word::Value(value) if filter.is_none() => filter = Some(value),
            other => return Err(unexpected(&other)),
        }
    }
    suite::run(&Project::find()?, filter.as_deref())
}
