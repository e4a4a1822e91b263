//! Who called: what becomes of the rights of a set-uid or set-gid binary.

use crate::env::{self, Envp};
use crate::{arch, done, fs, out, process, sys3, Result, ZStr};
use linux_raw_sys::auxvec::AT_SECURE;
use linux_raw_sys::general;
// Those without a number take IDs of 16 bits on ARM.
#[cfg(not(target_arch = "arm"))]
use general::{__NR_getgroups as GETGROUPS, __NR_setresgid as SETRESGID, __NR_setresuid as SETRESUID};
#[cfg(target_arch = "arm")]
use general::{__NR_getgroups32 as GETGROUPS, __NR_setresgid32 as SETRESGID, __NR_setresuid32 as SETRESUID};

/// To be called before anything else, with the environment that the kernel made. If exec has given this program rights
/// that its caller lacks (AT_SECURE, `man 3 getauxval`), it gives them up. For an applet that `checks` who called it
/// root stays the effective user of a set-uid binary, but there are an empty environment, and a file behind each of
/// the descriptors 0 to 2.
#[inline(never)]
pub fn settle(envp: Envp, checks: bool) -> Envp {
    // SAFETY: it is the kernel's by contract.
    if unsafe { env::auxv(envp, AT_SECURE as usize) }.unwrap_or(0) == 0 {
        return envp;
    }
    if !checks || process::geteuid() != 0 || process::getegid() != process::getgid() {
        give_up();
        return envp;
    }
    // What is opened later must not become standard output.
    loop {
        match fs::open(ZStr::new(c"/dev/null"), fs::O_RDWR, 0) {
            Ok(file) if file.0 > 2 => return Envp::EMPTY,
            Ok(file) => file.into_fd(),
            Err(_) => refuse(),
        };
    }
}

/// Is the caller another user than the one whose rights we have?
#[inline(never)]
pub fn is_other() -> bool {
    process::getuid() != process::geteuid()
}

/// Gives up the rights that the caller lacks, unless they are for what he wants.
#[inline(never)]
pub fn keep_for(wanted: bool) {
    if !wanted && is_other() {
        give_up();
    }
}

/// As [`fs::open`], but only what the caller may open.
#[inline(never)]
pub fn open(path: ZStr, flags: u32, mode: u32) -> Result<fs::Owned> {
    let owner = process::geteuid();
    act_as(process::getuid());
    let r = fs::open(path, flags, mode);
    act_as(owner);
    r
}

#[inline(never)]
fn act_as(user: u32) {
    if process::geteuid() != user {
        set(SETRESUID, u32::MAX, user, u32::MAX);
    }
}

/// Is the caller in `group`? If he is in more than 63 others, only his first one is asked.
#[inline(never)]
pub fn is_in(group: u32) -> bool {
    let mut groups = [process::getgid(); 64];
    // SAFETY: the kernel writes 63 groups at most, and none if there are more.
    unsafe { arch::syscall3(groups.len() - 1, groups.as_mut_ptr() as usize, 0, GETGROUPS) };
    groups.contains(&group)
}

/// Gives up for good all rights that the caller lacks; ends the process if that cannot be.
#[inline(never)]
pub fn give_up() {
    let (user, group) = (process::getuid(), process::getgid());
    set(SETRESGID, group, group, group);
    set(SETRESUID, user, user, user);
    if user != 0 {
        // Those that came with the file (`man 7 capabilities`): a user other than root loses none by the calls above.
        let header = [general::_LINUX_CAPABILITY_VERSION_3, 0];
        let none = [0u32; 6];
        // SAFETY: the kernel reads a version and a process ID (ours is 0), and two structures of three words.
        if done(unsafe { sys3!(__NR_capset, header.as_ptr(), none.as_ptr()) }).is_err() {
            refuse()
        }
    }
}

/// Sets the real, the effective and the saved ID by one of two calls.
#[inline(never)]
fn set(call: u32, real: u32, effective: u32, saved: u32) {
    // SAFETY: no memory is involved.
    if done(unsafe { arch::syscall3(real as usize, effective as usize, saved as usize, call) }).is_err() {
        refuse()
    }
}

#[inline(never)]
fn refuse() -> ! {
    out::complain(&[b"mote: cannot give up rights"]);
    process::exit(127)
}
