//! `cargo rootfs boot`.

use super::args::{prepare, unexpected, Args, Word};
use crate::boot::run::{run, Run};
use crate::boot::{interactive, FAILED, TIMEOUT};
use crate::build::{Options, Plan};
use crate::error::{Context, Error, Result};
use crate::project::Project;
use crate::target::Purpose;
use std::path::PathBuf;
use std::time::Duration;

pub(super) const HELP: &str = "\
Builds an image and boots it in QEMU on this terminal. Ctrl-C goes to the guest. Ctrl-A X ends QEMU.

Usage: cargo rootfs boot [TARGET] [OPTION]…

  --ram SIZE          RAM of the machine, like 3090k or 4M
  --applets LIST      applets and sets, separated by commas (default: base)
  --config FILE       a rootfs.toml that describes the image (docs/rootfs-toml.md)
  --link WAY          how mote is linked, for targets with more than one way: shared, pie or marked
  --root WHERE        where the root file system is: initramfs (in RAM); read-only in flash romfs, for thumbv7em,
                      or cramfs, for armv5te's kernels xip and xip-tiny (default: what the kernel reads)
  --kernel NAME       the kernel, for targets with more than one: on armv5te min, net, fitted (min without what
                      nothing in the image can reach), or in flash xip or xip-tiny (every cut that pays); on
                      thumbv7em xip (in flash), ram, or fitted (default: min, xip)
  --board NAME        the board, for targets with more than one: mps2-an385 (Cortex-M3), mps2-an386 (M4) or
                      mps2-an500 (M7) on thumbv7em (default: mps2-an386)
  --run CMD           run CMD in the guest's /bin/sh, print only its output on stdout, and exit with its status
  --log FILE          also write the console's output to FILE
  --timeout SECONDS   how long to wait for the first output of the guest, or with --run for the start of CMD
                      (default: 60)
  --help              show this help

CMD runs in place of the lines of /etc/inittab: nothing is mounted, and its stdin is /dev/null. Its stdout and
stderr are both the console, and so go to stdout here.

Exit status: with --run that of CMD; 125 if the guest does not start or come to CMD; 0 if the guest ends normally.
";

pub(super) fn main(mut args: Args) -> Result<u8> {
    let (mut options, mut command, mut log, mut timeout) = (Options::default(), None, None, TIMEOUT);
    while let Some(word) = args.next()? {
        if args.helps(&word)? {
            return Ok(0);
        }
        if args.image_option(&word, &mut options)? || args.machine_option(&word, &mut options)? {
            continue;
        }
        match &word {
            Word::Option(name) => match name.as_str() {
                "--ram" => options.ram = Some(args.value()?),
                "--run" => command = Some(args.value()?),
                "--log" => log = Some(PathBuf::from(args.value()?)),
                "--timeout" => timeout = Duration::from_secs(args.parsed("a number of seconds")?),
                _ => return Err(unexpected(&word)),
            },
            Word::Value(_) => return Err(unexpected(&word)),
        }
    }
    let result = boot(&options, command.as_deref(), log, timeout);
    // With --run the statuses 0 to 124 belong to the command.
    let is_usage = |error: &Error| error.code() == 2 || error.code() == 130;
    result.map_err(|error| if command.is_some() && !is_usage(&error) { error.status(FAILED) } else { error })
}

fn boot(options: &Options, command: Option<&str>, log: Option<PathBuf>, timeout: Duration) -> Result<u8> {
    let project = Project::find()?;
    // A folder of its own: two boots at once, of different images, do not touch each other's files.
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let options = Options { out: Some(scratch.path().join("image")), ..options.clone() };
    let plan = Plan::new(&project, &options)?;
    plan.target.machine()?;
    prepare(&plan.target, &[Purpose::Mote, Purpose::Kernel, Purpose::Boot])?;
    let outputs = plan.build(&project)?;
    if let Some(command) = command {
        let what = Run { command, timeout, log: log.as_deref() };
        return run(&plan, &outputs, &what, &mut std::io::stdout().lock());
    }
    let Some(system) = &outputs.system else {
        return Err(Error::new("this target has no kernel to boot"));
    };
    let log = log.unwrap_or_else(|| outputs.dir.join("console.log"));
    interactive::boot(system, &log, timeout)?;
    Ok(0)
}
