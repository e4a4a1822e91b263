//! What a program under test starts with is the same whatever started the tests: a terminal, a job in the background,
//! `nohup`, a service manager.

use build_rootfs::process::die_with_us;
use rustix::fs::Mode;
use rustix::process::{getrlimit, setrlimit, setsid, umask, Resource, Rlimit};
use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Once;

/// Variables that a program under test has from us. It needs no more than to find others and a place for files.
const KEPT: [&str; 3] = ["PATH", "HOME", "TMPDIR"];
/// The kernel's highest signal.
const SIGNALS: libc::c_int = 64;
/// Soft limits, where the hard ones allow them: bytes of the stack, descriptors, bytes of a core file.
const LIMITS: [(Resource, u64); 3] =
    [(Resource::Stack, 8 << 20), (Resource::Nofile, 1024), (Resource::Core, 0)];
/// Limits that a program has none of, where the hard ones allow that.
const UNLIMITED: [Resource; 5] =
    [Resource::Cpu, Resource::Fsize, Resource::Data, Resource::As, Resource::Nproc];

/// A command that starts as the first program of a session without a terminal: no signal is ignored or blocked, its
/// mask for new files is 022, it has the usual limits, descriptors 0, 1 and 2 and no other, an empty stdin, and the
/// variables [`KEPT`] and `LC_ALL=C.UTF-8`. It dies when we do.
pub fn fresh(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    settle(&mut command);
    die_with_us(&mut command);
    command
}

/// As [`fresh`] has it, but for the environment and stdin.
pub fn settle(command: &mut Command) {
    wait_for_children();
    // SAFETY: the closure makes system calls: it neither allocates nor takes a lock.
    unsafe { command.pre_exec(start) };
}

/// Makes the terminal that is the command's stdin its controlling terminal.
pub fn controlled(command: &mut Command) {
    let take = || Ok(rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?);
    // SAFETY: the closure makes one system call: it neither allocates nor takes a lock.
    unsafe { command.pre_exec(take) };
}

/// In the new process.
fn start() -> io::Result<()> {
    setsid()?;
    default_signals();
    umask(Mode::WGRP | Mode::WOTH);
    for (resource, wanted) in LIMITS {
        soft_limit(resource, Some(wanted))?;
    }
    for resource in UNLIMITED {
        soft_limit(resource, None)?;
    }
    close_others()
}

/// No signal is ignored or blocked. The C library hides two signals, which a parent can have ignored nevertheless: the
/// kernel is asked itself.
fn default_signals() {
    // SIG_DFL without flags and with an empty mask is all zeros on every machine.
    let zero = [0u64; 4];
    for signal in 1..=SIGNALS {
        // SAFETY: the kernel reads an action from `zero`, which is as large as one at least, and writes nothing. For
        // SIGKILL and SIGSTOP it refuses, which changes nothing.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, zero.as_ptr(), std::ptr::null::<u64>(), 8) };
    }
    // SAFETY: the kernel reads an empty set of 8 bytes from `zero`, and writes nothing.
    unsafe {
        libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, zero.as_ptr(), std::ptr::null::<u64>(), 8)
    };
}

fn soft_limit(resource: Resource, wanted: Option<u64>) -> io::Result<()> {
    let maximum = getrlimit(resource).maximum;
    let current = match (wanted, maximum) {
        (Some(wanted), Some(most)) => Some(wanted.min(most)),
        (wanted, most) => wanted.or(most),
    };
    Ok(setrlimit(resource, Rlimit { current, maximum })?)
}

/// Closes all descriptors beyond stderr, when the program starts: until then one is needed to tell that it does not.
fn close_others() -> io::Result<()> {
    // SAFETY: this sets a flag of descriptors of this process, which is about to become another program.
    let done = unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Where SIGCHLD is ignored, the kernel forgets how children ended.
fn wait_for_children() {
    static ONCE: Once = Once::new();
    // SAFETY: this sets no handler.
    ONCE.call_once(|| unsafe {
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
    });
}
