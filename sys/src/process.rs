//! Processes: start, wait, end, identity, limits.

use crate::signal::{mask, How, Set, SIGCHLD};
use crate::{arch, check, done, signal, sys3, sys6, Errno, List, Result, ZStr};
use linux_raw_sys::errno::EINTR;
use linux_raw_sys::general::{CLONE_VFORK, CLONE_VM, PRIO_PROCESS, P_PID, WEXITED, WNOWAIT};
use linux_raw_sys::prctl::{PR_GET_NAME, PR_SET_NAME};

pub use linux_raw_sys::general::{RLIMIT_AS, RLIMIT_STACK, WCONTINUED, WNOHANG, WUNTRACED};

/// `man 2 exit_group`.
#[inline(always)]
pub fn exit(status: u8) -> ! {
    end(status as usize)
}

#[inline(never)]
fn end(status: usize) -> ! {
    #[cfg(mote_marked)]
    crate::mark::tell();
    loop {
        // SAFETY: ends the process.
        unsafe { sys3!(__NR_exit_group, status) };
    }
}

/// `man 2 fork`: the child's ID in the parent, 0 in the child. Fails with ENOSYS or EINVAL without an MMU. No signal
/// finds the parent's handler in the child.
pub fn fork() -> Result<i32> {
    let before = mask(How::Block, !0);
    // SAFETY: the child is a copy with one thread, as we have one.
    let r = unsafe { sys3!(__NR_fork) };
    if r == 0 {
        signal::drop_handlers();
    }
    mask(How::Set, before);
    check(r).map(|n| n as i32)
}

/// Starts a process that calls `run(arg)` (`man 2 vfork`): in our memory, while we wait, until it has become another
/// program or has ended. Its ID. If `run` comes back with a reason, the process ends, and that is why none was started.
///
/// For what `run` does in memory it is as if we called it ourselves and it stopped where it calls exec or [`exit`]: what
/// it owns then is not dropped. So it must call neither from a function that the library calls in the middle of a
/// change, like the comparison of a sort. Descriptors, signals and the like are the new process's own: of those that we
/// catch, none is caught there.
#[inline(always)]
pub fn spawn<T>(arg: &mut T, run: fn(&mut T) -> Errno) -> Result<i32> {
    start(arg as *mut T as *mut (), untyped(run), false)
}

/// As [`spawn`], but waits until the process has ended (its status is left for [`wait4`]), and so sleeps and wakes
/// once instead of twice: a fifth of the cost of a program that does nothing. Not for who has to know that it
/// stopped; with an MMU only, as the process has the stack from 16 KB below ours.
#[inline(always)]
pub fn spawn_and_wait<T>(arg: &mut T, run: fn(&mut T) -> Errno) -> Result<i32> {
    start(arg as *mut T as *mut (), untyped(run), true)
}

/// So that [`start`] is there once.
#[inline(always)]
fn untyped<T>(run: fn(&mut T) -> Errno) -> fn(*mut ()) -> Errno {
    // SAFETY: references and pointers to what has a size are passed in the same way.
    unsafe { core::mem::transmute(run) }
}

/// What a new process calls, and why that came back.
struct Child {
    run: fn(*mut ()) -> Errno,
    arg: *mut (),
    why: Option<Errno>,
    /// The signals to be blocked. Until it has none of our handlers, all are: one would change our memory.
    mask: Set,
}

#[inline(never)]
fn start(arg: *mut (), run: fn(*mut ()) -> Errno, wait: bool) -> Result<i32> {
    const SHARED: u32 = CLONE_VM | SIGCHLD;
    let mut c = Child { run, arg, why: None, mask: mask(How::Block, !0) };
    let p = &raw mut c as *mut ();
    let mut pid = -1;
    // SAFETY: `child` ends in exec or exit. Until then nothing but signal handlers, which need less than 16 KB, runs
    // here, and the frames from this one on stay as they are. No memory is told of but `c`.
    unsafe {
        if wait {
            pid = arch::clone_call(child, p, SHARED as usize, (p as usize & !15) - (16 << 10));
        }
        let runs = pid > 0;
        // qemu-user knows threads and vfork only.
        if pid < 0 {
            pid = arch::clone_call(child, p, (SHARED | CLONE_VFORK) as usize, 0);
        }
        mask(How::Set, c.mask);
        while runs && sys6!(__NR_waitid, P_PID, pid, 0, WEXITED | WNOWAIT, 0) == -(EINTR as isize) {}
        if let Some(why) = c.why {
            sys6!(__NR_wait4, pid, 0, 0, 0);
            return Err(why);
        }
    }
    check(pid).map(|pid| pid as i32)
}

extern "C" fn child(p: *mut ()) -> ! {
    // SAFETY: `start` gives a Child, and does not touch it before we have left.
    let c = unsafe { &mut *(p as *mut Child) };
    signal::drop_handlers();
    mask(How::Set, c.mask);
    c.why = Some((c.run)(c.arg));
    exit(127)
}

/// `man 2 execve`; comes back only with an error.
///
/// # Safety
/// `argv` and `envp` are NULL-terminated arrays of NUL-terminated strings.
#[inline(never)]
pub unsafe fn execve(path: ZStr, argv: *const *const u8, envp: *const *const u8) -> Errno {
    // SAFETY: by contract.
    match done(unsafe { sys3!(__NR_execve, path.as_ptr(), argv, envp) }) {
        Err(e) => e,
        Ok(()) => Errno::EINVAL,
    }
}

/// `man 2 PR_SET_NAME`: what the kernel calls this process, up to 15 bytes.
pub fn set_name(name: ZStr) {
    // SAFETY: the name is NUL-terminated.
    let _ = unsafe { sys6!(__NR_prctl, PR_SET_NAME, name.as_ptr(), 0, 0, 0) };
}

/// Names this process `name` if it is called after the link `/proc/self/exe`, by which a shell without an MMU starts
/// its own applets (`man 2 PR_GET_NAME`).
pub fn name_unless_named(name: ZStr) {
    let mut comm = [0u8; 16];
    // SAFETY: the kernel writes 16 bytes.
    let _ = unsafe { sys6!(__NR_prctl, PR_GET_NAME, comm.as_mut_ptr(), 0, 0, 0) };
    if comm.starts_with(b"exe\0") {
        set_name(name);
    }
}

/// How a process ended or stopped: the status word of `wait` (POSIX `sys/wait.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status(pub u32);

impl Status {
    /// Exit status, if it exited.
    pub fn exited(self) -> Option<u8> {
        (self.0 & 0x7f == 0).then_some((self.0 >> 8) as u8)
    }
    /// The signal that ended it.
    pub fn signaled(self) -> Option<u8> {
        let s = (self.0 & 0x7f) as u8;
        (s != 0 && s != 0x7f).then_some(s)
    }
    /// The signal that stopped it.
    pub fn stopped(self) -> Option<u8> {
        (self.0 & 0xff == 0x7f).then_some((self.0 >> 8) as u8)
    }
    /// Did it leave a core dump?
    pub fn dumped(self) -> bool {
        self.0 & 0x80 != 0
    }
}

/// `man 2 wait4`: which process and its status; process 0 when WNOHANG found none.
#[inline(always)]
pub fn wait4(pid: i32, options: u32) -> Result<(i32, Status)> {
    let mut s = 0u32;
    // SAFETY: room for the status word; no rusage.
    let p = check(unsafe { sys6!(__NR_wait4, pid, &mut s as *mut u32, options, 0) })?;
    Ok((p as i32, Status(s)))
}

/// Waits until process `pid` has ended, whatever signals come.
pub fn wait(pid: i32) -> Result<Status> {
    loop {
        match wait4(pid, 0) {
            Err(Errno::EINTR) => {}
            r => return r.map(|(_, status)| status),
        }
    }
}

/// `man 2 kill`.
pub fn kill(pid: i32, sig: u32) -> Result<()> {
    // SAFETY: no memory is involved.
    done(unsafe { sys3!(__NR_kill, pid, sig) })
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $nr:ident;)*) => { $(
        $(#[$doc])*
        pub fn $name() -> u32 {
            // SAFETY: no memory is involved; it cannot fail.
            unsafe { sys3!($nr) as u32 }
        }
    )* };
}
#[cfg(target_arch = "arm")]
ids! {
    /// `man 2 getuid`.
    getuid __NR_getuid32;
    /// `man 2 geteuid`.
    geteuid __NR_geteuid32;
    /// `man 2 getgid`.
    getgid __NR_getgid32;
    /// `man 2 getegid`.
    getegid __NR_getegid32;
}
#[cfg(not(target_arch = "arm"))]
ids! {
    /// `man 2 getuid`.
    getuid __NR_getuid;
    /// `man 2 geteuid`.
    geteuid __NR_geteuid;
    /// `man 2 getgid`.
    getgid __NR_getgid;
    /// `man 2 getegid`.
    getegid __NR_getegid;
}
ids! {
    /// `man 2 getpid`.
    getpid __NR_getpid;
    /// `man 2 getppid`.
    getppid __NR_getppid;
}

/// `man 2 setsid`.
pub fn setsid() -> Result<u32> {
    // SAFETY: no memory is involved.
    check(unsafe { sys3!(__NR_setsid) }).map(|n| n as u32)
}

/// `man 2 getsid` of this process.
pub fn getsid() -> u32 {
    // SAFETY: no memory is involved; it cannot fail for this process.
    unsafe { sys3!(__NR_getsid, 0) as u32 }
}

/// `man 2 setpgid`.
pub fn setpgid(pid: i32, group: i32) -> Result<()> {
    // SAFETY: no memory is involved.
    done(unsafe { sys3!(__NR_setpgid, pid, group) })
}

/// `man 2 getpgid`.
pub fn getpgid(pid: i32) -> Result<i32> {
    // SAFETY: no memory is involved.
    check(unsafe { sys3!(__NR_getpgid, pid) }).map(|n| n as i32)
}

/// Adds `more` to the niceness of this process (`man 2 setpriority`), which stays between -20 and 19; the new one.
pub fn nice(more: i32) -> Result<i32> {
    // SAFETY: no memory is involved; it cannot fail. The kernel tells 20 less the niceness.
    let now = 20 - unsafe { sys3!(__NR_getpriority, PRIO_PROCESS, 0) } as i32;
    let new = now.saturating_add(more).clamp(-20, 19);
    if new != now {
        // SAFETY: no memory is involved.
        done(unsafe { sys3!(__NR_setpriority, PRIO_PROCESS, 0, new) })?;
    }
    Ok(new)
}

/// The supplementary groups of this process (`man 2 getgroups`).
pub fn groups() -> Result<List<u32>> {
    #[cfg(target_arch = "arm")]
    const CALL: u32 = linux_raw_sys::general::__NR_getgroups32;
    #[cfg(not(target_arch = "arm"))]
    const CALL: u32 = linux_raw_sys::general::__NR_getgroups;
    let mut all = List::new();
    loop {
        // SAFETY: the kernel writes at most all.len() groups, and none if there is room for none.
        let n = check(unsafe { arch::syscall3(all.len(), all.as_mut_ptr() as usize, 0, CALL) });
        match n {
            Ok(n) if n <= all.len() => {
                all.truncate(n);
                return Ok(all);
            }
            Ok(n) => (0..n).for_each(|_| all.push(0)),
            failed => return failed.map(|_| all),
        }
    }
}

/// Soft and hard limit of a resource; `u64::MAX` is unlimited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Limit {
    /// What is enforced.
    pub soft: u64,
    /// How far the soft limit may be raised.
    pub hard: u64,
}

/// `man 2 getrlimit` of RLIMIT_… `resource`.
pub fn getrlimit(resource: u32) -> Result<Limit> {
    let mut l = Limit { soft: 0, hard: 0 };
    // SAFETY: room for the limit pair; no new one is given.
    done(unsafe { sys6!(__NR_prlimit64, 0, resource, 0, &mut l as *mut Limit) })?;
    Ok(l)
}

/// `man 2 setrlimit`.
pub fn setrlimit(resource: u32, l: &Limit) -> Result<()> {
    // SAFETY: the pair is read only.
    done(unsafe { sys6!(__NR_prlimit64, 0, resource, l as *const Limit, 0) })
}

/// `man 2 times`: user, system, children's user, children's system time, in ticks of 1/100 s.
pub fn times() -> [usize; 4] {
    let mut t = [0usize; 4];
    // SAFETY: room for the four clock_t.
    unsafe { sys3!(__NR_times, t.as_mut_ptr()) };
    t
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_runs_in_our_memory() {
        let mut n = 1;
        let r = spawn(&mut n, |n| {
            *n = getpid();
            exit(3)
        });
        let pid = r.unwrap();
        assert_eq!((n, wait(pid).unwrap().exited()), (pid as u32, Some(3)));
        assert_eq!(wait(pid), Err(Errno::ECHILD));
    }

    #[test]
    fn what_cannot_start_tells_why_and_is_reaped() {
        fn run(pid: &mut u32) -> Errno {
            *pid = getpid();
            let none = [core::ptr::null()];
            // SAFETY: an array of no strings.
            unsafe { execve(ZStr::new(c"/no/such"), none.as_ptr(), none.as_ptr()) }
        }
        for start in [spawn, spawn_and_wait] {
            let mut pid = 0;
            assert_eq!(start(&mut pid, run), Err(Errno::ENOENT));
            assert_eq!(wait(pid as i32), Err(Errno::ECHILD));
        }
    }
}
