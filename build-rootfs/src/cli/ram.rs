//! `cargo rootfs ram`.

use super::args::{prepare, unexpected, Args, Word};
use crate::build::{Options, Plan};
use crate::compare::builds::Builds;
use crate::compare::guests::put_peer;
use crate::compare::ram::{census, smallest_ram, Search, Workload};
use crate::error::{Context, Error, Result};
use crate::progress::Step;
use crate::project::Project;
use crate::qemu::ram_bytes;
use crate::target::{Flash, Purpose, DEFAULT};

pub(super) const HELP: &str = "\
Finds the smallest RAM in which an image does a workload: it comes to a prompt that answers, or more. It boots the image in QEMU again and
again, and prints the size as `cargo rootfs boot --ram` takes it, like 2384k.

Usage: cargo rootfs ram [TARGET] [OPTION]…

  --applets LIST applets and sets, separated by commas; one must be a shell (default: base)
  --config FILE  a rootfs.toml that describes the image (docs/rootfs-toml.md)
  --link WAY     how mote is linked, for targets with more than one way: shared, pie or marked
  --root WHERE   where the root file system is: initramfs (in RAM); read-only in flash romfs, for thumbv7em,
                 or cramfs, for armv5te's kernels xip and xip-tiny (default: what the kernel reads)
  --kernel NAME  the kernel, for targets with more than one: on armv5te min, net, fitted (min without what
                 nothing in the image can reach), or in flash xip or xip-tiny (every cut that pays); on thumbv7em xip
                 (in flash), ram, or fitted (default: min, xip)
  --board NAME   the board, for targets with more than one: mps2-an385 (Cortex-M3), mps2-an386 (M4) or
                 mps2-an500 (M7) on thumbv7em (default: mps2-an386)
  --workload WHAT what it must do: prompt, or spawns, which means a prompt, then a program started 200 times, then
                  a pipeline of three (default: prompt)
  --explain       then also say where every KiB is when the workload is done: the kernel, its page tables, caches
                  and stacks, files, programs, what is free
  --peer NAME     measure BusyBox or Toybox instead, on the same kernel with the same files: busybox or toybox, its
                  smallest build of the applets `sh` or `seed`
  --ram SIZE      the largest size to try (default: four times the RAM of `cargo rootfs boot`)
  --help          show this help

The search is a bisection in steps of 4 KiB, or of 1 MiB if the largest size is 256 MiB or more. It takes one to
five minutes. The guest's clock counts instructions, and the result is enough at eight speeds, from 1 to 128 ns
per instruction. The prompt must appear on the console without a login: from the first program, or from one that
/etc/inittab starts. On a busy machine a boot may time out and the result be too big: then run it again.
";

/// From this size on, the steps are wider.
const BIG: u64 = 256 << 20;

pub(super) fn main(mut args: Args) -> Result<u8> {
    let (mut options, mut workload) = (Options::default(), Workload::default());
    let (mut explain, mut peer) = (false, None);
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        if args.image_option(&word, &mut options)? || args.machine_option(&word, &mut options)? {
            continue;
        }
        match &word {
            Word::Option(name) if name == "--ram" => options.ram = Some(args.value()?),
            Word::Option(name) if name == "--workload" => {
                workload = args.parsed("a workload: prompt or spawns")?;
            }
            Word::Option(name) if name == "--explain" => explain = true,
            Word::Option(name) if name == "--peer" => peer = Some(args.parsed("a peer: busybox or toybox")?),
            _ => return Err(unexpected(&word)),
        }
    }
    let project = Project::find()?;
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let given = options.ram.is_some();
    let options = Options { out: Some(scratch.path().join("image")), ..options };
    let plan = Plan::new(&project, &options)?;
    let machine = plan.target.machine()?;
    if peer.is_some() && plan.target.name != DEFAULT {
        return Err(Error::usage(format!("the peers are not built for {}", plan.target.name))
            .fix(format!("use `cargo rootfs ram {DEFAULT}`")));
    }
    if !plan.applets.iter().any(|applet| applet == "sh") {
        return Err(
            Error::usage("the image has no shell, so there is no prompt").fix("add `sh` to the applets")
        );
    }
    prepare(&plan.target, &[Purpose::Mote, Purpose::Kernel, Purpose::Boot])?;
    let ram = plan.ram.clone().unwrap_or_else(|| machine.ram.clone());
    let flash = plan.target.kernel.as_ref().and_then(|kernel| kernel.flash.as_ref());
    let most = most(ram_bytes(&ram), given, flash.map(Flash::ram_size));
    let outputs = plan.build(&project)?;
    let mut system = outputs.system.ok_or_else(|| Error::new("this target has no kernel to boot"))?;
    if let Some(peer) = peer {
        let set = options.applets.as_deref().unwrap_or_default();
        put_peer(&mut system, &Builds::open(&project)?, peer, set)?;
    }
    let search = Search { step: if most >= BIG { 1024 } else { 4 }, most: (most >> 10) as u32 };
    let step = Step::start(format!("the smallest RAM of {}", plan.target.system_name()));
    let kib = smallest_ram(&system, workload, search, |kib| step.line(&format!("{kib} KiB")))?;
    step.done();
    if !explain {
        return super::print(&format!("{kib}k\n"));
    }
    system.ram = format!("{kib}k");
    let census = census(&system, &plan.kernel()?, workload)?;
    super::print(&format!("{kib}k\n\n{}", census.table()))
}

/// The most bytes of RAM to try: `ram` if it was `given`, otherwise four times that. A `board` may have less.
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
