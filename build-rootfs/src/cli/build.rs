//! `cargo rootfs build`.

use super::args::{prepare, unexpected, Args, Word};
use crate::build::{Options, Plan};
use crate::error::Result;
use crate::project::Project;
use crate::target::Purpose;
use std::path::PathBuf;

pub(super) const HELP: &str = "\
Builds an image and what boots it.

Usage: cargo rootfs build [TARGET] [OPTION]…

  --applets LIST   applets and sets, separated by commas (default: base)
  --config FILE    a rootfs.toml, which describes the image (docs/rootfs-toml.md)
  --link WAY       how mote is linked, where the target has more than one way: shared, pie, or marked
  --root WHERE     initramfs, in RAM, or romfs, read only in flash, for targets that have it (default: initramfs)
  --kernel NAME    which kernel, where the target has more than one: min or net on armv5te; xip (it runs in flash) or
                   ram on thumbv7em (default: min, xip)
  --board NAME     which board, where the target has more than one: mps2-an385 (Cortex-M3), mps2-an386 (M4) or
                   mps2-an500 (M7) on thumbv7em (default: mps2-an386)
  --out DIR        where to write (default: target/rootfs/TARGET)
  --help           show this

The folder then holds mote, mote.sym (the same with symbols), initramfs.cpio, sizes.json, rootfs.toml
(what was built), and for a target with a kernel uImage, dtb (or system.elf, which has both and the initramfs, each
where it is to lie in memory), kernel.config and run-qemu.sh, which boots the folder wherever it is moved to
and needs nothing but QEMU.
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
    eprintln!("mote for {}: {bytes} bytes, {} applets; see", plan.target.name, plan.applets.len());
    super::print(&format!("{}\n", outputs.dir.display()))
}
