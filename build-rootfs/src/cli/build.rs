//! `cargo rootfs build`.

use super::args::{prepare, unexpected, Args, Word};
use crate::build::{Options, Plan};
use crate::error::Result;
use crate::project::Project;
use crate::target::Purpose;
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Builds an image and the files that boot it.

Usage: cargo rootfs build [TARGET] [OPTION]…

  --applets LIST applets and sets, separated by commas (default: base)
  --config FILE  a rootfs.toml that describes the image (docs/rootfs-toml.md)
  --link WAY     how mote is linked, for targets with more than one way: shared, pie or marked
  --root WHERE   where the root file system is: initramfs (in RAM); read-only in flash romfs, for thumbv7em,
                 or cramfs, for armv5te's kernels xip and xip-tiny (default: what the kernel reads)
  --kernel NAME  the kernel, for targets with more than one: on armv5te min, net, fitted (min without what
                 nothing in the image can reach), or in flash xip or xip-tiny (every cut that pays); on thumbv7em xip
                 (in flash), ram, or fitted (default: min, xip)
  --board NAME   the board, for targets with more than one: mps2-an385 (Cortex-M3), mps2-an386 (M4) or
                 mps2-an500 (M7) on thumbv7em (default: mps2-an386)
  --out DIR       the folder to write to (default: target/rootfs/TARGET)
  --help          show this help

The folder then holds:

  mote, mote.sym   the binary, and the same binary with symbols
  initramfs.cpio   the root file system
  sizes.json       the sizes of the binary and the image
  rootfs.toml      the description of this image
  uImage, dtb      the kernel and the device tree, for targets with a kernel; for boards with flash,
                   system.elf holds both and the root file system
  kernel.config    the configuration of the kernel
  run-qemu.sh      boots the image. It needs only QEMU, and works wherever the folder is moved.
";

pub(super) fn main(mut args: Args) -> Result<u8> {
    let mut options = Options::default();
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        if args.image_option(&word, &mut options)? || args.machine_option(&word, &mut options)? {
            continue;
        }
        match &word {
            Word::Option(name) if name == "--out" => options.out = Some(PathBuf::from(args.value()?)),
            _ => return Err(unexpected(&word)),
        }
    }
    let project = Project::find()?;
    let plan = Plan::new(&project, &options)?;
    prepare(&plan.target, &[Purpose::Mote, Purpose::Kernel])?;
    let outputs = plan.build(&project)?;
    let bytes = outputs.mote.metadata().map(|meta| meta.len()).unwrap_or_default();
    let applets = plan.applets.iter().filter(|name| !name.starts_with('-')).count();
    eprintln!("mote for {}: {bytes} bytes, {applets} applets; see", plan.target.name);
    super::print(&format!("{}\n", outputs.dir.display()))
}
