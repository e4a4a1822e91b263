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
Builds an image and boots it in QEMU on this terminal. Ctrl-C goes to the guest; Ctrl-A X leaves.

Usage: cargo rootfs boot [TARGET] [OPTION]…

  --ram SIZE         RAM of the machine, like 3090k or 4M
  --applets LIST     applets and sets, separated by commas (default: base)
  --config FILE      a rootfs.toml, which describes the image (docs/rootfs-toml.md)
  --link WAY         how mote is linked, where the target has more than one way: shared, pie, or marked
  --root WHERE       initramfs, in RAM, or romfs, read only in flash, for targets that have it (default: initramfs)
  --kernel NAME      which kernel, where the target has more than one: min or net on armv5te; xip (it runs in flash) or
                     ram on thumbv7em (default: min, xip)
  --board NAME       which board, where the target has more than one: mps2-an385 (Cortex-M3), mps2-an386 (M4) or
                     mps2-an500 (M7) on thumbv7em (default: mps2-an386)
  --run CMD          run CMD in the guest's /bin/sh, print its output and nothing else on
                     stdout, and exit with its status
  --log FILE         write what the console shows to FILE, too
  --timeout SECONDS  how long the guest may take to its first sign of life (default: 60);
                     with --run, until CMD begins
  --help             show this

CMD runs instead of the lines of /etc/inittab: it finds the bare image, nothing mounted, and /dev/null as
its stdin. Its stdout and stderr both are the console, hence our stdout.

Exit status: that of CMD with --run; 125 when the guest does not come that far; 0 when the guest ends well.
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
