//! Descriptors: closing, copying, flags, reading and writing, offsets, waiting.

use super::O_NONBLOCK;
use crate::{check, done, sys3, sys6, Errno, Result};
use linux_raw_sys::general;
pub use linux_raw_sys::general::{
    FD_CLOEXEC, POLLIN, POLLOUT, SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE, SEEK_SET,
};

/// A file descriptor, not closed by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Fd(pub i32);

impl Fd {
    /// Standard input.
    pub const STDIN: Fd = Fd(0);
    /// Standard output.
    pub const STDOUT: Fd = Fd(1);
    /// Standard error.
    pub const STDERR: Fd = Fd(2);
    /// The working directory, where a directory is asked for (AT_FDCWD).
    pub const CWD: Fd = Fd(general::AT_FDCWD);
}

/// A file descriptor that is closed at the end of its life.
#[derive(Debug)]
pub struct Owned(Fd);

impl Owned {
    /// Takes charge of `fd`.
    pub fn new(fd: Fd) -> Owned {
        Owned(fd)
    }

    /// Gives up charge of the descriptor.
    pub fn into_fd(self) -> Fd {
        let fd = self.0;
        core::mem::forget(self);
        fd
    }
}

impl core::ops::Deref for Owned {
    type Target = Fd;
    fn deref(&self) -> &Fd {
        &self.0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = close(self.0);
    }
}

/// The descriptor that a call has opened, or why it has not.
pub(crate) fn owned(r: isize) -> Result<Owned> {
    check(r).map(|n| Owned(Fd(n as i32)))
}

/// `man 2 read`; goes on after a signal.
#[inline(never)]
pub fn read(f: Fd, buf: &mut [u8]) -> Result<usize> {
    loop {
        // SAFETY: the kernel writes at most buf.len() bytes of buf.
        match check(unsafe { sys3!(__NR_read, f.0, buf.as_mut_ptr(), buf.len()) }) {
            Err(Errno::EINTR) => {}
            r => return r,
        }
    }
}

/// `man 2 read`, which may fail with EINTR: for whoever wants to see signals.
pub fn read_once(f: Fd, buf: &mut [u8]) -> Result<usize> {
    // SAFETY: the kernel writes at most buf.len() bytes of buf.
    check(unsafe { sys3!(__NR_read, f.0, buf.as_mut_ptr(), buf.len()) })
}

/// `man 2 write`: one call, perhaps a short one.
pub fn write(f: Fd, buf: &[u8]) -> Result<usize> {
    // SAFETY: the kernel reads buf.len() bytes of buf.
    check(unsafe { sys3!(__NR_write, f.0, buf.as_ptr(), buf.len()) })
}

/// Writes all of `buf`, after signals and short writes too.
#[inline(never)]
pub fn write_all(f: Fd, mut buf: &[u8]) -> Result<()> {
    while !buf.is_empty() {
        // SAFETY: as in `write`.
        let n = unsafe { sys3!(__NR_write, f.0, buf.as_ptr(), buf.len()) };
        if n < 0 {
            match Errno::of(n) {
                Errno::EINTR => continue,
                e => return Err(e),
            }
        }
        match buf.get(n as usize..) {
            Some(rest) if n > 0 => buf = rest,
            // Only a broken device answers 0 to a write that is not empty; it would be asked forever.
            _ => return Err(Errno::EIO),
        }
    }
    Ok(())
}

/// `man 2 close`.
pub fn close(f: Fd) -> Result<()> {
    // SAFETY: no memory is involved; who still uses the number gets EBADF.
    done(unsafe { sys3!(__NR_close, f.0) })
}

/// `man 2 dup3`, which also serves for dup2 as long as `from` and `to` differ.
pub fn dup3(from: Fd, to: Fd, flags: u32) -> Result<()> {
    // SAFETY: no memory is involved.
    done(unsafe { sys3!(__NR_dup3, from.0, to.0, flags) })
}

/// `man 2 pipe2`: reading end, writing end.
pub fn pipe2(flags: u32) -> Result<(Owned, Owned)> {
    let mut p = [0i32; 2];
    // SAFETY: room for two descriptors.
    done(unsafe { sys3!(__NR_pipe2, p.as_mut_ptr(), flags) })?;
    Ok((Owned(Fd(p[0])), Owned(Fd(p[1]))))
}

/// A command of [`fcntl`] whose argument is a number: others have the kernel write to an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Command(u32);

/// Command of [`fcntl`]: a copy with the argument's number or a higher one.
pub const F_DUPFD: Command = Command(general::F_DUPFD);
/// Command of [`fcntl`]: as [`F_DUPFD`]; exec closes the copy.
pub const F_DUPFD_CLOEXEC: Command = Command(general::F_DUPFD_CLOEXEC);
/// Command of [`fcntl`]: does exec close it ([`FD_CLOEXEC`])?
pub const F_GETFD: Command = Command(general::F_GETFD);
/// Command of [`fcntl`]: sets whether exec closes it ([`FD_CLOEXEC`]).
pub const F_SETFD: Command = Command(general::F_SETFD);
/// Command of [`fcntl`]: the flags of the open file, O_….
pub const F_GETFL: Command = Command(general::F_GETFL);
/// Command of [`fcntl`]: sets them.
pub const F_SETFL: Command = Command(general::F_SETFL);

/// `man 2 fcntl` with a number as its argument.
pub fn fcntl(f: Fd, cmd: Command, arg: usize) -> Result<usize> {
    // SAFETY: no memory is involved: the commands above take numbers.
    #[cfg(target_arch = "arm")]
    let r = unsafe { sys3!(__NR_fcntl64, f.0, cmd.0, arg) };
    // SAFETY: as above.
    #[cfg(not(target_arch = "arm"))]
    let r = unsafe { sys3!(__NR_fcntl, f.0, cmd.0, arg) };
    check(r)
}

/// A copy of `f` numbered `least` or higher, closed on exec (F_DUPFD_CLOEXEC, `man 2 fcntl`).
pub fn dup_above(f: Fd, least: i32) -> Result<Fd> {
    fcntl(f, F_DUPFD_CLOEXEC, least as usize).map(|n| Fd(n as i32))
}

/// Makes reads of `f` wait again (O_NONBLOCK off, `man 2 fcntl`).
pub fn set_blocking(f: Fd) -> Result<()> {
    let flags = fcntl(f, F_GETFL, 0)?;
    fcntl(f, F_SETFL, flags & !(O_NONBLOCK as usize)).map(|_| ())
}

/// `man 2 lseek`; offsets in bytes.
#[inline(always)]
pub fn lseek(f: Fd, offset: i64, whence: u32) -> Result<u64> {
    #[cfg(target_arch = "arm")]
    {
        let mut at = 0u64;
        // SAFETY: room for the 64-bit result.
        done(unsafe { sys6!(__NR__llseek, f.0, offset >> 32, offset, &mut at as *mut u64, whence) })?;
        Ok(at)
    }
    #[cfg(not(target_arch = "arm"))]
    // SAFETY: no memory is involved.
    check(unsafe { sys3!(__NR_lseek, f.0, offset, whence) }).map(|n| n as u64)
}

/// `man 2 ftruncate`; size in bytes.
pub fn ftruncate(f: Fd, size: u64) -> Result<()> {
    // SAFETY: no memory is involved. EABI puts a 64-bit argument in an even pair of registers.
    #[cfg(target_arch = "arm")]
    let r = unsafe { sys6!(__NR_ftruncate64, f.0, 0, size, size >> 32) };
    // SAFETY: no memory is involved.
    #[cfg(not(target_arch = "arm"))]
    let r = unsafe { sys3!(__NR_ftruncate, f.0, size) };
    done(r)
}

pub use linux_raw_sys::general::{LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN};

/// `man 2 flock`: LOCK_SH, LOCK_EX or LOCK_UN, with LOCK_NB without waiting (EAGAIN).
pub fn flock(f: Fd, how: u32) -> Result<()> {
    // SAFETY: no memory is involved.
    done(unsafe { sys3!(__NR_flock, f.0, how) })
}

/// `man 2 fsync`.
pub fn fsync(f: Fd) -> Result<()> {
    // SAFETY: no memory is involved.
    done(unsafe { sys3!(__NR_fsync, f.0) })
}

/// `man 2 fdatasync`.
pub fn fdatasync(f: Fd) -> Result<()> {
    // SAFETY: no memory is involved.
    done(unsafe { sys3!(__NR_fdatasync, f.0) })
}

/// `man 2 syncfs`.
pub fn syncfs(f: Fd) -> Result<()> {
    // SAFETY: no memory is involved.
    done(unsafe { sys3!(__NR_syncfs, f.0) })
}

/// `man 2 copy_file_range`, from and to the current offsets; bytes copied, 0 at the end.
pub fn copy_file_range(from: Fd, to: Fd, count: usize) -> Result<usize> {
    // SAFETY: no memory is involved without offset pointers.
    check(unsafe { sys6!(__NR_copy_file_range, from.0, 0, to.0, 0, count, 0) })
}

/// `man 2 sendfile`, from and to the current offsets; bytes moved, 0 at the end.
pub fn sendfile(to: Fd, from: Fd, count: usize) -> Result<usize> {
    // SAFETY: no memory is involved without an offset pointer.
    #[cfg(target_arch = "arm")]
    let r = unsafe { sys6!(__NR_sendfile64, to.0, from.0, 0, count) };
    // SAFETY: as above.
    #[cfg(not(target_arch = "arm"))]
    let r = unsafe { sys6!(__NR_sendfile, to.0, from.0, 0, count) };
    check(r)
}

/// `man 2 ioctl` with a pointer argument.
///
/// # Safety
/// `arg` points to what request `req` reads or writes.
#[inline(always)]
pub(crate) unsafe fn ioctl<T>(f: Fd, req: u32, arg: *mut T) -> Result<usize> {
    // SAFETY: by contract.
    check(unsafe { sys3!(__NR_ioctl, f.0, req, arg) })
}

/// `man 2 poll` of one descriptor: does one of `events` (POLLIN, POLLOUT), an error or a hangup come within `timeout`
/// milliseconds? −1 waits as long as it takes.
pub fn poll(f: Fd, events: u32, timeout: i32) -> Result<bool> {
    // A struct pollfd: the descriptor, then 16 bits of events and 16 of those that came, as one word.
    let mut p = [f.0 as u32, events.to_le()];
    // SAFETY: one pollfd, which the kernel reads and writes.
    check(unsafe { sys3!(__NR_poll, p.as_mut_ptr(), 1, timeout) }).map(|n| n > 0)
}
