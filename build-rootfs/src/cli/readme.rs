//! `cargo rootfs readme`.

use super::args::{unexpected, Args};
use crate::error::Result;
use crate::project::Project;
use crate::readme;

pub(super) const HELP: &str = "\
Writes the applet table of README.md anew from the applets' declarations. `cargo rootfs test` fails when
it is out of date.

Usage: cargo rootfs readme [OPTION]

  --help  show this
";

pub(super) fn main(mut args: Args) -> Result<u8> {
    if let Some(word) = args.next()? {
        return if args.helps(&word)? { Ok(0) } else { Err(unexpected(&word)) };
    }
    readme::write(&Project::find()?)?;
    Ok(0)
}
