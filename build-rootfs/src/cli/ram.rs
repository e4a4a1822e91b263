//! `cargo rootfs ram`.

use super::args::{prepare, unexpected, Args, Word};
use crate::build::{Options, Plan};
use crate::compare::ram::{smallest_ram, Search};
use crate::error::{Context, Error, Result};
use crate::progress::Step;
use crate::project::Project;
use crate::qemu::ram_bytes;
use crate::target::{Flash, Purpose};

pub(super) const HELP: &str = "\
Finds the smallest RAM with which an image comes to a prompt that answers, by booting it in QEMU again and
again, and prints it as `cargo rootfs boot --ram` takes it, like 2384k. The guest's clock counts instructions, and
what is found is enough at eight speeds, from 1 to 128 ns for one.

Usage: cargo rootfs ram [TARGET] [OPTION]…

  --applets LIST  applets and sets, separated by commas; a shell must be among them (default: base)
  --config FILE   a rootfs.toml, which describes the image (docs/rootfs-toml.md)
  --link WAY      how mote is linked, where the target has more than one way: shared, pie, or marked
  --root WHERE    initramfs, in RAM, or romfs, read only in flash, for targets that have it (default: initramfs)
  --kernel NAME   which kernel, where the target has more than one: min or net on armv5te; xip (it runs in flash) or
                  ram on thumbv7em (default: min, xip)
  --board NAME    which board, where the target has more than one: mps2-an385 (Cortex-M3), mps2-an386 (M4) or
                  mps2-an500 (M7) on thumbv7em (default: mps2-an386)
  --ram SIZE      the most to try (default: four times what `cargo rootfs boot` takes)
  --help          show this

It is found by bisection in steps of 4 KiB, of 1 MiB where the most is 256 MiB or more, in one to five
minutes. The prompt has to be the first program's or one that /etc/inittab starts, without a password, and its
shell the console's. On a machine that is busy with other things a boot may come too late, and the figure be
too big: run it again.
";

/// With more RAM than this the steps are wider.
const BIG: u64 = 256 << 20;

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
            Word::Option(name) if name == "--ram" => options.ram = Some(args.value()?),
            _ => return Err(unexpected(&word)),
        }
    }
    let project = Project::find()?;
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let given = options.ram.is_some();
    let options = Options { out: Some(scratch.path().join("image")), ..options };
    let plan = Plan::new(&project, &options)?;
    let machine = plan.target.machine()?;
    if !plan.applets.iter().any(|applet| applet == "sh") {
        return Err(Error::usage("there is no prompt without a shell").fix("put `sh` among the applets"));
    }
    prepare(&plan.target, &[Purpose::Mote, Purpose::Kernel, Purpose::Boot])?;
    let ram = plan.ram.clone().unwrap_or_else(|| machine.ram.clone());
    let flash = plan.target.kernel.as_ref().and_then(|kernel| kernel.flash.as_ref());
    let most = most(ram_bytes(&ram), given, flash.map(Flash::ram_size));
    let outputs = plan.build(&project)?;
    let system = outputs.system.ok_or_else(|| Error::new("this target has no kernel to boot"))?;
    let search = Search { step: if most >= BIG { 1024 } else { 4 }, most: (most >> 10) as u32 };
    let step = Step::start(format!("the smallest RAM of {}", plan.target.system_name()));
    let kib = smallest_ram(&system, search, |kib| step.line(&format!("{kib} KiB")))?;
    step.done();
    super::print(&format!("{kib}k\n"))
}

/// The most bytes of RAM to try: what was `given`, else four times the usual; a `board` may have less.
fn most(ram: u64, given: bool, board: Option<u64>) -> u64 {
    let most = if given { ram } else { ram.saturating_mul(4) };
    most.min(board.unwrap_or(u64::MAX)).min(u64::from(u32::MAX) << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_is_given_or_four_times_the_usual() {
        assert_eq!(most(4 << 20, false, None), 16 << 20);
        assert_eq!(most(3 << 20, true, None), 3 << 20);
        assert_eq!(most(8 << 20, false, Some(16 << 20)), 16 << 20);
    }
}
