//! Processes: start, wait, end, identity, limits.

use crate::{arch, check, done, sys3, sys6, Errno, Result, ZStr};

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

/// `man 2 fork`: the child's ID in the parent, 0 in the child. Fails with ENOSYS or EINVAL without an MMU.
pub fn fork() -> Result<i32> {
    // SAFETY: the child is a copy with one thread, as we have one.
    let r = unsafe { sys3!(__NR_fork) };
    check(r).map(|n| n as i32)
}

/// `man 2 vfork`: the child calls `run(arg)` in our memory while we wait; its ID when it has exec'd or left.
///
/// # Safety
/// `run` ends in [`execve`] or [`exit`]; it and what it calls may change only their own frames and what
/// `arg` points to, and must not allocate.
#[inline(never)]
pub unsafe fn vfork(run: extern "C" fn(*mut ()) -> !, arg: *mut ()) -> Result<i32> {
    // SAFETY: by contract.
    unsafe { clone(run, arg, VM | VFORK | SIGCHLD, 0) }
}

const VM: usize = 0x100;
const VFORK: usize = 0x4000;
const SIGCHLD: usize = crate::signal::SIGCHLD as usize;

/// As [`vfork`], but waits until the child has ended (its status is left for [`wait4`]), and so sleeps and wakes
/// once instead of twice: a fifth of the cost of a program that does nothing. Not for who has to know that it
/// stopped; with an MMU only, as the child has the stack from 16 KB below ours.
///
/// # Safety
/// As [`vfork`].
pub unsafe fn vfork_and_wait(run: extern "C" fn(*mut ()) -> !, arg: *mut ()) -> Result<i32> {
    let here = 0u8;
    let stack = (&raw const here as usize & !15) - (16 << 10);
    // SAFETY: by contract; nothing but signal handlers, which need less than 16 KB, runs here until the child
    // has left our memory.
    let Ok(pid) = (unsafe { clone(run, arg, VM | SIGCHLD, stack) }) else {
        // qemu-user knows threads and vfork only.
        // SAFETY: by contract.
        return unsafe { vfork(run, arg) };
    };
    // P_PID, WEXITED | WNOWAIT
    // SAFETY: nothing is to be told.
    while done(unsafe { sys6!(__NR_waitid, 1, pid, 0, 0x0100_0004, 0) }) == Err(Errno::EINTR) {}
    Ok(pid)
}

unsafe fn clone(run: extern "C" fn(*mut ()) -> !, arg: *mut (), flags: usize, stack: usize) -> Result<i32> {
    // SAFETY: by contract.
    check(unsafe { arch::clone_call(run, arg, flags, stack) }).map(|n| n as i32)
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
    let _ = unsafe { sys6!(__NR_prctl, 15, name.as_ptr(), 0, 0, 0) };
}

/// Names this process `name` if it is called after the link `/proc/self/exe`, by which a shell without an MMU starts
/// its own applets (`man 2 PR_GET_NAME`).
pub fn name_unless_named(name: ZStr) {
    let mut comm = [0u8; 16];
    // SAFETY: the kernel writes 16 bytes.
    let _ = unsafe { sys6!(__NR_prctl, 16, comm.as_mut_ptr(), 0, 0, 0) };
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

/// `wait4` option: do not block.
pub const WNOHANG: u32 = 1;
/// `wait4` option: tell of stopped children too.
pub const WUNTRACED: u32 = 2;
/// `wait4` option: tell of continued children too.
pub const WCONTINUED: u32 = 8;

/// `man 2 wait4`: which process and its status; process 0 when WNOHANG found none.
#[inline(always)]
pub fn wait4(pid: i32, options: u32) -> Result<(i32, Status)> {
    let mut s = 0u32;
    // SAFETY: room for the status word; no rusage.
    let p = check(unsafe { sys6!(__NR_wait4, pid, &mut s as *mut u32, options, 0) })?;
    Ok((p as i32, Status(s)))
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
