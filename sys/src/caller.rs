//! Who called: what becomes of the rights of a set-uid or set-gid binary.

use crate::env::{self, Envp};
use crate::{done, fs, out, process, sys3, Result, ZStr};
use linux_raw_sys::auxvec::AT_SECURE;
use linux_raw_sys::general;

/// To be called before anything else, with the environment that the kernel made. If exec has given this program rights
/// that its caller lacks (AT_SECURE, `man 3 getauxval`), it gives them up; for an applet that `checks` who called it
/// keeps those of the file's owner, but has an empty environment, and a file behind each of the descriptors 0 to 2.
#[inline(never)]
pub fn settle(envp: Envp, checks: bool) -> Envp {
    // SAFETY: it is the kernel's by contract.
    if unsafe { env::auxv(envp, AT_SECURE as usize) }.unwrap_or(0) == 0 {
        return envp;
    }
    if checks && is_other() {
        // What is opened later must not become standard output.
        while let Ok(file) = fs::open(ZStr::new(c"/dev/null"), fs::O_RDWR, 0) {
            if file.0 > 2 {
                return Envp::EMPTY;
            }
            file.into_fd();
        }
    } else if give_up().is_ok() {
        return envp;
    }
    out::complain(&[b"mote: cannot give up rights"]);
    process::exit(127)
}

/// Is the caller another user than the one whose rights we have?
pub fn is_other() -> bool {
    process::getuid() != process::geteuid()
}

/// Gives up for good all rights that the caller lacks.
#[inline(never)]
pub fn give_up() -> Result<()> {
    let (user, group) = (process::getuid(), process::getgid());
    // SAFETY: no memory is involved.
    #[cfg(target_arch = "arm")]
    unsafe {
        done(sys3!(__NR_setresgid32, group, group, group))?;
        done(sys3!(__NR_setresuid32, user, user, user))?;
    }
    // SAFETY: as above.
    #[cfg(not(target_arch = "arm"))]
    unsafe {
        done(sys3!(__NR_setresgid, group, group, group))?;
        done(sys3!(__NR_setresuid, user, user, user))?;
    }
    if user != 0 {
        // Those that came with the file (`man 7 capabilities`): a user other than root loses none by the calls above.
        let header = [general::_LINUX_CAPABILITY_VERSION_3, 0];
        let none = [0u32; 6];
        // SAFETY: the kernel reads a version and a process ID (ours is 0), and two structures of three words.
        done(unsafe { sys3!(__NR_capset, header.as_ptr(), none.as_ptr()) })?;
    }
    Ok(())
}
