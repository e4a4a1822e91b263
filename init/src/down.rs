//! Takes the machine down, or makes place for another process 1.

use crate::backwards::backwards;
use crate::console::{failed, say};
use crate::inittab::{RESTART, SHUTDOWN, SYSINIT};
use crate::{now, spawn, Init, NEVER};
use sys::fs::{self, Owned};
use sys::mount::{self, field, mount, umount2};
use sys::system::{self, reboot, Reboot};
use sys::{process, signal, Errno, ZStr};

/// Seconds that all shutdown entries together may take.
const SCRIPT: u32 = 90;
/// Seconds at most from SIGTERM to SIGKILL, and from SIGKILL on.
const GRACE: u32 = 5;

/// What a signal to process 1 does to the machine, if anything.
#[inline(always)]
pub(crate) fn way(sig: u32) -> Option<Reboot> {
    match sig {
        signal::SIGUSR1 | signal::SIGPWR => Some(Reboot::Halt),
        signal::SIGUSR2 => Some(Reboot::PowerOff),
        signal::SIGTERM => Some(Reboot::Restart),
        _ => None,
    }
}

fn reboot_child(what: &mut Reboot) -> Errno {
    match reboot(*what) {
        Err(why) => why,
        Ok(()) => process::exit(0),
    }
}

impl Init<'_> {
    /// Ends everything in order and stops the machine. Never returns.
    #[inline(always)]
    pub(crate) fn go_down(&mut self, mut what: Reboot) -> ! {
        self.end_all();
        let word: &[u8] = match what {
            Reboot::Restart => b"reboot",
            Reboot::PowerOff => b"poweroff",
            _ => b"halt",
        };
        say(b"all processes have ended", b": ", word);
        self.leave_swap();
        self.leave_mounts();
        system::sync();
        // A child does it: a call to halt ends the caller, and process 1 must not end.
        if process::spawn(&mut what, reboot_child).is_err() {
            let _ = reboot(what);
        }
        loop {
            self.wait(NEVER);
        }
    }

    /// SIGQUIT: the restart entry takes the place of process 1. If there is none, nothing happens. If it cannot be
    /// started, everything starts again.
    pub(crate) fn restart(&mut self) {
        let Some(n) = self.table.entries().iter().position(|e| e.action == RESTART) else { return };
        self.end_all();
        let Some(&e) = self.table.entries().get(n) else { return };
        let _ = reboot(Reboot::CadOn);
        if let Some((tty, text)) = self.table.texts(&e) {
            if let Err(f) = spawn::start(text, tty, e.dash, spawn::How::Here, &self.means) {
                failed(spawn::command(text), f.why);
            }
        }
        let _ = reboot(Reboot::CadOff);
        self.table.entries().iter_mut().for_each(|e| e.done = false);
        self.stage = SYSINIT;
        self.cad = false;
    }

    /// The shutdown entries, then SIGTERM and SIGKILL for every process.
    fn end_all(&mut self) {
        self.again(SHUTDOWN);
        let mut end = now().wrapping_add(SCRIPT);
        while !self.sequence(SHUTDOWN) {
            let sig = self.wait(1);
            // A second request does not wait for a script that hangs, and nothing waits forever.
            if way(sig).is_some() || crate::due(end, now()) {
                say(b"shutdown", b": ", b"takes too long");
                break;
            }
        }
        for &sig in &[signal::SIGTERM, signal::SIGKILL] {
            say(b"SIG", signal::name(sig), b" to all processes");
            // It fails if there is no other process; that is no error.
            let _ = process::kill(-1, sig);
            // A stopped process acts on SIGTERM only when it continues.
            let _ = process::kill(-1, signal::SIGCONT);
            system::sync();
            end = now().wrapping_add(GRACE);
            while !self.reap() && !crate::due(end, now()) {
                self.wait(1);
            }
        }
    }

    fn leave_swap(&mut self) {
        let Ok(f) = fs::open_read(ZStr::new(c"/proc/swaps")) else { return };
        backwards(self.table.reuse(), &f, &mut |mut rest| {
            if let Some(path) = field(&mut rest).filter(|p| p.first() == b'/') {
                if let Err(e) = system::swapoff(path) {
                    failed(path.bytes(), e);
                }
            }
        });
    }

    /// Unmounts everything, the last mount first, and again as long as a pass has unmounted something. What is still
    /// busy, and the root, becomes read-only.
    fn leave_mounts(&mut self) {
        let f = fs::open_read(ZStr::new(c"/proc/self/mounts"));
        if let Ok(f) = &f {
            while self.mounts(f, |_, dir| umount2(dir, 0).is_ok()) > 0 {}
            self.mounts(f, |device, dir| {
                let real = device.first() == b'/';
                if real && read_only(dir) && !dir.is(b"/") {
                    say(dir.bytes(), b": ", b"busy, now read-only");
                }
                real
            });
        }
        read_only(ZStr::new(c"/"));
    }

    /// Calls `each` with the device and the directory of every mount but the root's, the last first. Returns how many
    /// times the answer was true.
    fn mounts(&mut self, f: &Owned, each: fn(ZStr, ZStr) -> bool) -> u32 {
        let mut n = 0;
        backwards(self.table.reuse(), f, &mut |mut rest| {
            if let (Some(device), Some(dir)) = (field(&mut rest), field(&mut rest)) {
                n += (!dir.is(b"/") && each(device, dir)) as u32;
            }
        });
        n
    }
}

fn read_only(dir: ZStr) -> bool {
    let none = ZStr::new(c"");
    mount(none, dir, none, mount::MS_REMOUNT | mount::MS_RDONLY, None).is_ok()
}
