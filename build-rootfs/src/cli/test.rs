//! `cargo rootfs test`.

use super::args::{unexpected, Args, Word};
use crate::error::Result;
use crate::project::Project;
use crate::suite;

pub(super) const HELP: &str = "\
Runs all tests: formatting, lints, unit tests, checks of the binaries of all targets, and whole systems in QEMU.
Installs what is missing first. A test that fails runs once more, alone. If it passes then, the summary names it
as flaky; it still counts as failed.

Usage: cargo rootfs test [FILTER] [OPTION]

  FILTER   run only the tests whose names contain this text, without formatting and lints
  --help   show this help
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
