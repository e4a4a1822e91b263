//! Commands for the shell: `/bin/sh -c` (POSIX.1-2024 system, popen).

use crate::env::Envp;
use crate::fs::{self, Fd};
use crate::{process, Errno, Result, ZStr};
use core::ptr::null;

/// What the child needs.
struct Command<'c> {
    argv: [*const u8; 4],
    envp: Envp,
    /// A descriptor, and the number that the command has it by.
    pipe: Option<(Fd, Fd)>,
    _text: ZStr<'c>,
}

fn child(c: &mut Command) -> Errno {
    if let Some((from, to)) = c.pipe {
        let moved =
            if from == to { fs::fcntl(from, fs::F_SETFD, 0).map(|_| ()) } else { fs::dup3(from, to, 0) };
        if let Err(why) = moved {
            return why;
        }
    }
    // SAFETY: the vector ends with NULL and its strings with NUL; the environment is one.
    unsafe { process::execve(ZStr::new(c"/bin/sh"), c.argv.as_ptr(), c.envp.as_ptr()) }
}

/// Starts `/bin/sh -c text`. With a `pipe`, its second descriptor is a copy of the first there. The process's ID.
#[inline(never)]
pub fn start(text: ZStr, envp: Envp, pipe: Option<(Fd, Fd)>) -> Result<i32> {
    let argv = [c"sh".as_ptr() as *const u8, c"-c".as_ptr() as *const u8, text.as_ptr(), null()];
    process::spawn(&mut Command { argv, envp, pipe, _text: text }, child)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_writes_to_a_pipe() {
        let (read, write) = fs::pipe2(fs::O_CLOEXEC).unwrap();
        let pid = start(ZStr::new(c"echo one; exit 3"), Envp::EMPTY, Some((*write, Fd::STDOUT))).unwrap();
        drop(write);
        let mut text = [0; 9];
        assert_eq!(fs::read(*read, &mut text), Ok(4));
        assert_eq!(process::wait(pid).unwrap().exited(), Some(3));
        assert_eq!(&text[..4], b"one\n");
    }
}
