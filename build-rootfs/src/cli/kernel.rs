//! `cargo rootfs kernel`.

use super::args::{prepare, unexpected, Args, Word};
use crate::build::{Options, Plan};
use crate::error::{Error, Result};
use crate::project::Project;
use crate::target::Purpose;
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Builds the kernel of a target, or fetches it from Debian, or finds it in the cache. Prints the paths of its files.

Usage: cargo rootfs kernel TARGET [OPTION]…

  --kernel NAME  the kernel, for targets with more than one: on armv5te min, net, or in flash xip or xip-tiny
                 (every cut that pays); on thumbv7em xip (in flash) or ram (default: min, xip)
  --config FILE  a rootfs.toml with kernel options to add to those of the target
  --help         show this help
";

pub(super) fn main(mut args: Args) -> Result<u8> {
    let mut options = Options::default();
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        match &word {
            Word::Option(name) if name == "--kernel" => options.kernel = Some(args.value()?),
            Word::Option(name) if name == "--config" => options.config = Some(PathBuf::from(args.value()?)),
            Word::Value(target) if options.target.is_none() => options.target = Some(target.clone()),
            _ => return Err(unexpected(&word)),
        }
    }
    if options.target.is_none() {
        return Err(Error::usage("kernel: TARGET is missing")
            .fix("name one, for example `cargo rootfs kernel armv5te`"));
    }
    let plan = Plan::new(&Project::find()?, &options)?;
    plan.target.machine()?;
    prepare(&plan.target, &[Purpose::Kernel])?;
    let built = plan.kernel()?;
    let files = [&built.image, &built.config];
    super::print(&files.map(|file| format!("{}\n", file.display())).concat())
}
