//! Process 1: starts what `/etc/inittab` says, keeps it running, buries orphans, takes the machine down.
//!
//! Everything happens in one loop around one wait for a signal: all signals are blocked from the start and
//! taken there, one at a time, so that none is lost and no handler runs between two instructions. A child
//! that is waited for does not stop the loop. Nothing here allocates or can panic: the feature `proof`
//! builds a program of this crate that does not link otherwise.
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

use console::{failed, say};
use inittab::*;
use spawn::{How, Means, TERM, VARIABLES};
use sys::fs::{self, Fd};
use sys::process::{self, wait4};
use sys::signal::{self, Set};
use sys::time::{self, Timespec};
use sys::zstr::{cut, position_in};
use sys::{env, Errno, ZStr};

/// An entry that lives shorter than this has ended too soon: seconds.
const SOON: u32 = 5;
/// So often in a row without a delay; then 1, 2, 4 … seconds.
const PATIENCE: u8 = 4;
/// Longest delay as a power of two: 32 seconds.
const LONGEST: u8 = 5;
/// Seconds that do not end.
const NEVER: u32 = u32::MAX;
/// All signals.
const ALL: Set = !0;
/// Where one more environment variable has no room: the kernel gives at most 32.
const ENV: usize = 48;

/// What to do besides, for [`main`].
pub struct Call<'a> {
    /// The name it was called by: `linuxrc` need not be process 1.
    pub name: ZStr<'a>,
    /// All arguments behind the name; a NULL follows the last.
    pub args: &'a mut [ZStr<'static>],
    /// `NAME=value` strings as the kernel made them, the auxiliary vector behind.
    pub envp: *const *const u8,
    /// Is there an applet of this name?
    pub applet: &'a dyn Fn(&[u8]) -> bool,
}

/// Runs as process 1 and never returns then. Otherwise: `-q` has process 1 read its file again; `--ask`
/// (internal) waits for Enter and becomes the command behind it. The value is the exit status, behind a
/// message.
pub fn main(call: &mut Call) -> Result<(), (&'static [u8], Errno)> {
    // SAFETY: the caller has the kernel's vectors; AT_EXECFN (31) is the address of a string on the stack.
    let own = unsafe { env::auxv(call.envp, 31).map(|p| ZStr::from_ptr(p as *const u8)) };
    let mut means = Means { envp: call.envp, own, applet: call.applet };
    let first = call.args.first().copied().unwrap_or(ZStr::new(c""));
    let pid_1 = process::getpid() == 1;
    // Process 1 must not end, whatever its arguments are.
    if !pid_1 && first.is(spawn::ASK.to_bytes()) && call.args.len() > 1 {
        // SAFETY: ZStr is a transparent pointer to a NUL-terminated string, and a NULL follows the last.
        return Err((b"cannot run the command", unsafe {
            spawn::ask(call.args.as_mut_ptr() as *mut _, &means)
        }));
    }
    if !pid_1 && first.is(b"-q") {
        return process::kill(1, signal::SIGHUP).map_err(|e| (&b"process 1"[..], e));
    }
    // The kernel starts /linuxrc of an initrd as a child of its own thread 2.
    if !pid_1 && !(call.name.bytes().ends_with(b"linuxrc") && process::getppid() == 2) {
        return Err((b"must be process 1", Errno::EPERM));
    }
    signal::mask(signal::How::Set, ALL);
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

/// `RUNLEVEL=` and the first argument, as scripts expect it.
#[inline(always)]
fn run_level<'b>(first: ZStr, buf: &'b mut [u8; 32]) -> Option<ZStr<'b>> {
    if first.is_empty() {
        return None;
    }
    let n = put(buf, 0, b"RUNLEVEL=");
    put(buf, n, first.bytes());
    ZStr::from_bytes_with_nul(buf)
}

/// The children's environment in `vars`: ours, then what the kernel gave. TERM comes first.
#[inline(always)]
fn environment(kernel: *const *const u8, vars: &mut [*const u8; ENV], level: Option<ZStr>) {
    let mut n = 0;
    let mut ours = VARIABLES;
    while !ours.is_empty() {
        n = add(vars, n, ours.as_ptr());
        cut(&mut ours, 0);
    }
    if let Some(l) = level {
        n = add(vars, n, l.as_ptr());
    }
    let mut p = kernel;
    let mut term = None;
    // SAFETY: the kernel's array ends with NULL, and its strings with NUL.
    while let Some(s) = unsafe { (!(*p).is_null()).then(|| ZStr::from_ptr(*p)) } {
        match position_in(b"TERM,PATH,HOME,SHELL,USER", b',', cut(&mut s.bytes(), b'=')) {
            None => n = add(vars, n, s.as_ptr()),
            Some(0) => term = Some(s.as_ptr()),
            Some(_) => {}
        }
        // SAFETY: NULL has not come yet.
        p = unsafe { p.add(1) };
    }
    if let (Some(slot), Some(term)) = (vars.first_mut(), term) {
        *slot = term;
    }
}

/// Makes `p` the variable `n`, if there is room: the last place stays NULL. The number of variables.
#[inline(never)]
fn add(vars: &mut [*const u8; ENV], n: usize, p: *const u8) -> usize {
    match vars.get_mut(n) {
        Some(slot) if n < ENV - 1 => *slot = p,
        _ => return n,
    }
    n + 1
}

// The big one last, so that the others are in the reach of a load instruction.
#[repr(C)]
struct Init<'a> {
    /// SYSINIT, WAIT, ONCE, RESPAWN: how far the start has come.
    stage: u8,
    /// Is Ctrl-Alt-Del being served?
    cad: bool,
    /// SIGTSTP: nothing is started.
    paused: bool,
    /// Has a console been found?
    console: bool,
    /// A shell instead of the file.
    single: bool,
    kernel_envp: *const *const u8,
    vars: &'a mut [*const u8; ENV],
    means: Means<'a>,
    table: Table,
}

fn now() -> u32 {
    time::now(time::CLOCK_MONOTONIC).sec as u32
}

/// Has the second `time` come?
fn due(time: u32, now: u32) -> bool {
    now.wrapping_sub(time) as i32 >= 0
}

impl Init<'_> {
    #[inline(never)]
    fn run(&mut self) -> ! {
        // Fails only where Ctrl-Alt-Del is not ours to have: in a container.
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

    /// Starts what is to be started, waits for a signal or for the time of the next start, and reaps. The
    /// signal, or 0.
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

    /// Waits at most `limit` seconds for a signal (0 if none came), then reaps.
    fn wait(&mut self, limit: u32) -> u32 {
        let time = Timespec { sec: limit as i64, nsec: 0 };
        let sig = signal::timedwait(ALL, Some(&time).filter(|_| limit != NEVER)).unwrap_or(0);
        self.reap();
        sig
    }

    /// Buries the dead; true when no child is left.
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
                                    text.skip(5).bytes(),
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

    /// Has the entries of this action run once more.
    #[inline(never)]
    fn again(&mut self, action: u8) {
        self.table.entries().iter_mut().filter(|e| e.action == action).for_each(|e| e.done = false);
    }

    /// Keeps the respawn entries running; seconds until one may be started again, [`NEVER`] without any.
    fn keep(&mut self) -> u32 {
        let mut next = NEVER;
        let mut n = 0;
        while let Some(&e) = self.table.entries().get(n) {
            if e.pid == 0 && matches!(e.action, RESPAWN | ASKFIRST) {
                let left = e.time.wrapping_sub(now()) as i32;
                if left <= 0 {
                    self.start(n);
                    // Should that have failed, it says itself when to try again.
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

    /// One step in a row of entries that run once each. True when the row is at its end.
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
            // Not every machine has what the default table names.
            let expected = self.table.default && (f.tty || copy.action == SYSINIT);
            if !expected && copy.fast <= PATIENCE {
                let what = if f.tty { tty.bytes() } else { text.skip(5).bytes() };
                failed(what, f.why);
            }
        }
        if let Some(e) = self.table.entries().get_mut(n) {
            match r {
                Ok(pid) => e.pid = pid,
                Err(f) => {
                    e.delay(true);
                    // No process to be had is not its fault: while others wait, there may be one.
                    if matches!(f.why, Errno::EAGAIN | Errno::ENOMEM) {
                        e.time = now().wrapping_add(1);
                    }
                }
            }
        }
    }

    /// Looks for a console as long as there is none: its device may appear later.
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

    /// Reads the file, at the start and again.
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
    /// It does not run (any more): sets when it may start again.
    fn delay(&mut self, too_soon: bool) {
        self.fast = if too_soon { (self.fast + 1).min(PATIENCE + LONGEST + 1) } else { 0 };
        let wait = if self.fast > PATIENCE { 1 << (self.fast - PATIENCE - 1) } else { 0 };
        self.time = now().wrapping_add(wait);
    }
}
