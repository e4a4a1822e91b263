//! Process 1: starts what `/etc/inittab` says, keeps it running, reaps orphans, and takes the machine down.
//!
//! One loop waits for signals and does everything. All signals are blocked from the start, and the loop takes them one
//! at a time, so none is lost and no handler runs. Waiting for a child does not stop the loop. Nothing here allocates
//! or can panic, and process 1 never returns: `tests/tests/panics.rs` follows the instructions of each target's binary.
//!
//! Actions and signals are BusyBox's (`init/init.c`): HUP reads the file again, INT is Ctrl-Alt-Del, QUIT
//! starts the restart entry, USR1 and PWR halt, USR2 powers off, TERM reboots, TSTP pauses until CONT.

#![cfg_attr(not(test), no_std)]

#[cfg(any(test, feature = "fuzzing"))]
extern crate alloc;

mod backwards;
mod console;
mod down;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod inittab;
mod spawn;
mod text;

use console::{failed, say};
use inittab::*;
use spawn::{How, Means, TERM, VARIABLES};
use sys::env::{self, Envp};
use sys::fs::{self, Fd};
use sys::process::{self, wait4};
use sys::signal::{self, Set};
use sys::time::{self, Timespec};
use sys::zstr::{cut, position_in};
use sys::{Errno, ZStr};
use text::put;

/// Seconds. An entry that ends within them has ended too soon.
const SOON: u32 = 5;
/// An entry may end too soon so often in a row without a delay. Then it waits for 1, 2, 4 … seconds.
const PATIENCE: u8 = 4;
/// The longest delay is 2 to this power: 32 seconds.
const LONGEST: u8 = 5;
/// As seconds: without end.
const NEVER: u32 = u32::MAX;
/// All signals.
const ALL: Set = !0;
/// Places for environment variables and the NULL at their end. The kernel gives at most 32.
const ENV: usize = 48;

/// How `init` was called, for [`main`].
pub struct Call<'a> {
    /// All arguments behind the name; a NULL follows the last.
    pub args: &'a mut [ZStr<'static>],
    /// The environment as the kernel made it, with the auxiliary vector behind it.
    pub envp: Envp,
    /// Is there an applet of this name?
    pub applet: &'a dyn Fn(&[u8]) -> bool,
}

/// As process 1, runs the machine and never returns. Otherwise `-q` tells process 1 to read its file again, and the
/// internal `--ask` waits for Enter and becomes the command behind it. An error is the text before the reason, and
/// the reason.
pub fn main(call: &mut Call) -> Result<(), (&'static [u8], Errno)> {
    // SAFETY: the caller has the kernel's vectors; AT_EXECFN is the address of a string on the stack.
    let own = unsafe { env::auxv(call.envp, env::AT_EXECFN).map(|p| ZStr::from_ptr(p as *const u8)) };
    let mut means = Means { envp: call.envp.as_ptr(), own, applet: call.applet };
    let first = call.args.first().copied().unwrap_or(ZStr::new(c""));
    // Process 1 must not end, whatever its arguments are: all ways back are in here.
    if process::getpid() != 1 {
        if first.is(spawn::ASK.to_bytes()) && call.args.len() > 1 {
            // SAFETY: ZStr is a transparent pointer to a NUL-terminated string, and a NULL follows the last.
            return Err((b"cannot run the command", unsafe {
                spawn::ask(call.args.as_mut_ptr() as *mut _, &means)
            }));
        }
        if first.is(b"-q") {
            return process::kill(1, signal::SIGHUP).map_err(|e| (&b"process 1"[..], e));
        }
        // Of an initrd the kernel runs /linuxrc, as no other process: but what comes from the kernel is in no process
        // group.
        if !own.is_some_and(|path| path.is(b"/linuxrc")) || process::getpgid(0) != Ok(0) {
            return Err((b"must be process 1", Errno::EPERM));
        }
    }
    signal::mask(signal::How::Set, ALL);
    // With SIGCHLD ignored no child would be told of; and commands start as after a boot, whoever started us.
    for sig in 1..=31 {
        let _ = signal::action(sig, signal::Action::DEFAULT);
    }
    let mut vars = [core::ptr::null(); ENV];
    let mut level = [0; 32];
    environment(call.envp, &mut vars, run_level(first, &mut level));
    means.envp = vars.as_ptr();
    Init {
        table: Table::new(),
        stage: SYSINIT,
        cad: false,
        paused: false,
        console: false,
        single: position_in(b"single,-s,1", b',', first.bytes()).is_some(),
        kernel_envp: call.envp,
        vars: &mut vars,
        means,
    }
    .run()
}

/// The variable `RUNLEVEL`, which scripts expect: the first argument, if there is one.
#[inline(always)]
fn run_level<'b>(first: ZStr, buf: &'b mut [u8; 32]) -> Option<ZStr<'b>> {
    if first.is_empty() {
        return None;
    }
    let n = put(buf, 0, b"RUNLEVEL=");
    put(buf, n, first.bytes());
    ZStr::from_bytes_with_nul(buf)
}

/// Fills `vars` with the children's environment: our variables, TERM first, then those from the kernel.
#[inline(always)]
fn environment(kernel: Envp, vars: &mut [*const u8; ENV], level: Option<ZStr>) {
    let mut n = 0;
    let mut ours = VARIABLES;
    while !ours.is_empty() {
        n = add(vars, n, ours.as_ptr());
        cut(&mut ours, 0);
    }
    if let Some(l) = level {
        n = add(vars, n, l.as_ptr());
    }
    let mut term = None;
    for s in kernel {
        match position_in(b"TERM,PATH,HOME,SHELL,USER", b',', cut(&mut s.bytes(), b'=')) {
            None => n = add(vars, n, s.as_ptr()),
            Some(0) => term = Some(s.as_ptr()),
            Some(_) => {}
        }
    }
    if let (Some(slot), Some(term)) = (vars.first_mut(), term) {
        *slot = term;
    }
}

/// Makes `p` variable `n`, if there is room; the last place stays NULL. Returns the number of variables.
#[inline(never)]
fn add(vars: &mut [*const u8; ENV], n: usize, p: *const u8) -> usize {
    match vars.get_mut(n) {
        Some(slot) if n < ENV - 1 => *slot = p,
        _ => return n,
    }
    n + 1
}

// The table is last, since it is large: one load instruction reaches the other fields.
#[repr(C)]
struct Init<'a> {
    /// How far the start has come: SYSINIT, WAIT, ONCE or RESPAWN.
    stage: u8,
    /// Do the entries for Ctrl-Alt-Del still run?
    cad: bool,
    /// Since SIGTSTP, until SIGCONT, nothing is started.
    paused: bool,
    /// Has a console been found?
    console: bool,
    /// Is a shell to run instead of what the file says?
    single: bool,
    kernel_envp: Envp,
    vars: &'a mut [*const u8; ENV],
    means: Means<'a>,
    table: Table,
}

fn now() -> u32 {
    time::now(time::CLOCK_MONOTONIC).sec as u32
}

/// Has `time` come? Both are seconds of the monotonic clock, which may wrap around.
fn due(time: u32, now: u32) -> bool {
    now.wrapping_sub(time) as i32 >= 0
}

impl Init<'_> {
    #[inline(never)]
    fn run(&mut self) -> ! {
        // It fails in a container, which does not get Ctrl-Alt-Del.
        let _ = sys::system::reboot(sys::system::Reboot::CadOff);
        let _ = fs::chdir(ZStr::new(c"/"));
        let _ = process::setsid();
        self.find_console(true);
        self.read();
        loop {
            let sig = self.turn();
            if let Some(what) = down::way(sig) {
                self.go_down(what);
            }
            match sig {
                signal::SIGHUP => self.read(),
                signal::SIGINT => {
                    self.again(CTRLALTDEL);
                    self.cad = true;
                }
                signal::SIGQUIT => self.restart(),
                signal::SIGTSTP => self.paused = true,
                signal::SIGCONT => self.paused = false,
                _ => {}
            }
        }
    }

    /// Starts what is due, waits for a signal or for the time of the next start, then reaps. Returns the signal, or 0.
    fn turn(&mut self) -> u32 {
        self.find_console(false);
        let mut limit = NEVER;
        if !self.paused {
            while self.stage < RESPAWN && self.sequence(self.stage) {
                self.stage += 1;
            }
            if self.cad && self.sequence(CTRLALTDEL) {
                self.cad = false;
            }
            if self.stage == RESPAWN {
                limit = self.keep();
            }
        }
        self.wait(limit)
    }

    /// Waits for a signal, at most `limit` seconds, then reaps. Returns the signal, or 0 if none came.
    fn wait(&mut self, limit: u32) -> u32 {
        let time = Timespec { sec: limit as i64, nsec: 0 };
        let sig = signal::timedwait(ALL, Some(&time).filter(|_| limit != NEVER)).unwrap_or(0);
        self.reap();
        sig
    }

    /// Reaps all children that have ended; true if no child is left.
    fn reap(&mut self) -> bool {
        loop {
            match wait4(-1, process::WNOHANG) {
                Ok((pid, _)) if pid > 0 => {
                    if let Some(e) = self.table.entries().iter_mut().find(|e| e.pid == pid) {
                        e.pid = 0;
                        let lived = now().wrapping_sub(e.time);
                        e.delay(lived < SOON);
                        if e.fast == PATIENCE + 1 && matches!(e.action, RESPAWN | ASKFIRST) {
                            let e = *e;
                            if let Some((_, text)) = self.table.texts(&e) {
                                say(
                                    spawn::command(text),
                                    b": ",
                                    b"ends too soon, will be started less often",
                                );
                            }
                        }
                    }
                }
                r => return r == Err(Errno::ECHILD),
            }
        }
    }

    /// Lets the entries of this action run once more.
    #[inline(never)]
    fn again(&mut self, action: u8) {
        self.table.entries().iter_mut().filter(|e| e.action == action).for_each(|e| e.done = false);
    }

    /// Starts the respawn entries that do not run. Returns the seconds until one more may be started, or [`NEVER`].
    fn keep(&mut self) -> u32 {
        let mut next = NEVER;
        let mut n = 0;
        while let Some(&e) = self.table.entries().get(n) {
            if e.pid == 0 && matches!(e.action, RESPAWN | ASKFIRST) {
                let left = e.time.wrapping_sub(now()) as i32;
                if left <= 0 {
                    self.start(n);
                    // If it has failed, the entry's time says when to try again.
                    if self.table.entries().get(n).is_some_and(|e| e.pid == 0) {
                        next = 1;
                    }
                } else {
                    next = next.min(left as u32);
                }
            }
            n += 1;
        }
        next
    }

    /// Starts the next of the entries of this action, which run once each, if the one before has ended; those of ONCE run
    /// all at once. True if all have run.
    fn sequence(&mut self, action: u8) -> bool {
        loop {
            let entries = self.table.entries();
            let waits = action != ONCE;
            if waits && entries.iter().any(|e| e.action == action && e.pid != 0) {
                return false;
            }
            let Some(n) = entries.iter().position(|e| e.action == action && !e.done && e.pid == 0) else {
                return true;
            };
            self.start(n);
        }
    }

    /// Starts entry `n`. If that fails, it counts as ended.
    fn start(&mut self, n: usize) {
        let Some(e) = self.table.entries().get_mut(n) else { return };
        e.done = true;
        e.time = now();
        let copy = *e;
        let Some((tty, text)) = self.table.texts(&copy) else { return };
        let how = if copy.action == ASKFIRST { How::Ask } else { How::Child };
        let r = spawn::start(text, tty, copy.dash, how, &self.means);
        if let Err(f) = &r {
            // A machine need not have what the default table names.
            let expected = self.table.default && (f.tty || copy.action == SYSINIT);
            if !expected && copy.fast <= PATIENCE {
                let what = if f.tty { tty.bytes() } else { spawn::command(text) };
                failed(what, f.why);
            }
        }
        if let Some(e) = self.table.entries().get_mut(n) {
            match r {
                Ok(pid) => e.pid = pid,
                Err(f) => {
                    e.delay(true);
                    // That there is no process or memory now is not the entry's fault, so it is tried soon.
                    if matches!(f.why, Errno::EAGAIN | Errno::ENOMEM) {
                        e.time = now().wrapping_add(1);
                    }
                }
            }
        }
    }

    /// Looks for a console until there is one: its device may appear later.
    fn find_console(&mut self, first: bool) {
        if self.console {
            return;
        }
        self.console = console::open(self.kernel_envp, first);
        console::sane(Fd::STDIN);
        let Some(term) = self.vars.first_mut() else { return };
        // SAFETY: the first variable is a NUL-terminated string that stays.
        if unsafe { ZStr::from_ptr(*term) }.is(TERM) && console::serial(Fd::STDIN) {
            *term = c"TERM=vt102".as_ptr() as *const u8;
        }
    }

    /// Reads the file, at the start and on SIGHUP.
    fn read(&mut self) {
        if self.single {
            self.fill(b"::respawn:-/bin/sh\n");
            return;
        }
        let f = match fs::open_read(ZStr::new(c"/etc/inittab")) {
            Ok(f) => f,
            Err(why) => {
                // What cannot be read now is not what was never there: that has a shell for everybody.
                if why != Errno::ENOENT {
                    failed(b"/etc/inittab", why);
                    return;
                }
                self.fill(DEFAULT);
                self.table.default = true;
                return;
            }
        };
        self.table.default = false;
        self.table.begin();
        let mut piece = [0; 128];
        let whole = loop {
            match fs::read(*f, &mut piece) {
                Ok(0) => break true,
                Ok(n) => self.table.feed(piece.get(..n).unwrap_or_default()),
                Err(why) => {
                    failed(b"/etc/inittab", why);
                    break false;
                }
            }
        };
        self.table.finish(whole);
    }

    fn fill(&mut self, text: &[u8]) {
        self.table.begin();
        self.table.feed(text);
        self.table.finish(true);
    }
}

impl Entry {
    /// Sets when the entry, which has ended or could not be started, may start again.
    fn delay(&mut self, too_soon: bool) {
        self.fast = if too_soon { (self.fast + 1).min(PATIENCE + LONGEST + 1) } else { 0 };
        let wait = if self.fast > PATIENCE { 1 << (self.fast - PATIENCE - 1) } else { 0 };
        self.time = now().wrapping_add(wait);
    }
}
