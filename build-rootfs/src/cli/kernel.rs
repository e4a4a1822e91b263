//! `cargo rootfs kernel`.

use super::args::{prepare, unexpected, Args, Word};
use crate::build::{Options, Plan};
use crate::error::{Context, Error, Result};
use crate::project::Project;
use crate::target::Purpose;
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Builds the kernel of a target, or fetches it from Debian, or finds it in the cache. Prints the paths of its files.

Usage: cargo rootfs kernel TARGET [OPTION]…

  --kernel NAME  the kernel, for targets with more than one: on armv5te min, net, fitted (min without what
                 nothing in the image can reach), or in flash xip or xip-tiny (every cut that pays); on thumbv7em xip
                 (in flash), ram, or fitted (default: min, xip)
  --config FILE  a rootfs.toml with kernel options to add to those of the target
  --applets LIST for the kernel `fitted`: the applets of the image that it is made for (default: base)
  --explain      for the kernel `fitted`: only tell which options are on or off, and who asked for them
  --help         show this help
";

pub(super) fn main(mut args: Args) -> Result<u8> {
    let (mut options, mut explain) = (Options::default(), false);
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        match &word {
            Word::Option(name) if name == "--kernel" => options.kernel = Some(args.value()?),
            Word::Option(name) if name == "--applets" => options.applets = Some(args.value()?),
            Word::Option(name) if name == "--explain" => explain = true,
            Word::Option(name) if name == "--config" => options.config = Some(PathBuf::from(args.value()?)),
            Word::Value(target) if options.target.is_none() => options.target = Some(target.clone()),
            _ => return Err(unexpected(&word)),
        }
    }
    if options.target.is_none() {
        return Err(Error::usage("kernel: TARGET is missing")
            .fix("name one, for example `cargo rootfs kernel armv5te`"));
    }
    let project = Project::find()?;
    let plan = Plan::new(&project, &options)?;
    plan.target.machine()?;
    prepare(&plan.target, &[Purpose::Mote, Purpose::Kernel])?;
    if explain {
        let scratch = tempfile::tempdir().context("a temporary folder")?;
        let fit = plan.fit(&project, scratch.path())?.ok_or_else(|| {
            Error::usage("--explain: this kernel is not made for an image").fix("add `--kernel fitted`")
        })?;
        return super::print(&fit.explain());
    }
    let built = plan.kernel()?;
    let files = [&built.image, &built.config];
    super::print(&files.map(|file| format!("{}\n", file.display())).concat())
}
