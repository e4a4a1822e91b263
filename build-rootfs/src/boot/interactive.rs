//! Hands the terminal over to the guest.

use super::console::panicked;
use super::{end, failure, interrupted, Interrupt, FAILED, POLL};
use crate::error::{Context, Error, Result};
use crate::qemu::System;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Boots `system` on this terminal until the guest or the user ends it. The output of the console is also written to
/// the file `log`.
///
/// # Errors
/// QEMU fails, the kernel panics, or nothing shows on the console within `timeout`.
pub fn boot(system: &System, log: &Path, timeout: Duration) -> Result<()> {
    fs::write(log, "").context(log.display())?;
    let interrupt = Interrupt::watch().context("signals")?;
    eprintln!("booting with {} of RAM; Ctrl-C goes to the guest, Ctrl-A X leaves", system.ram);
    let mut qemu = system.interactive(log).spawn().map_err(|why| {
        Error::new(format!("{}: cannot be started: {why}", system.emulator)).fix("run `cargo rootfs setup`")
    })?;
    let (start, mut alive) = (Instant::now(), false);
    let status = loop {
        if let Some(status) = qemu.try_wait().context("QEMU")? {
            break status;
        }
        alive = alive || log.metadata().is_ok_and(|meta| meta.len() > 0);
        if interrupt.came() {
            end(&mut qemu);
            return Err(interrupted());
        }
        if !alive && start.elapsed() > timeout {
            // QEMU gives the terminal its old settings back when it is asked to end.
            ask_to_end(&qemu);
            qemu.wait().context("QEMU")?;
            return Err(failure("nothing came on the console in time", b"", "", &system.ram));
        }
        thread::sleep(POLL);
    };
    let console = fs::read(log).context(log.display())?;
    if panicked(&console) {
        return Err(failure("the kernel panicked", &console, "", &system.ram));
    }
    if !status.success() {
        return Err(Error::new(format!("{}: {status}", system.emulator)).status(FAILED));
    }
    Ok(())
}

fn ask_to_end(qemu: &std::process::Child) {
    let id = i32::try_from(qemu.id()).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(id) = id {
        // It fails only when QEMU has just ended by itself.
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    }
}
