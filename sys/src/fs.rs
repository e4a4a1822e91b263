//! Files: section 2 of the manual, one wrapper a call. Relative paths start at `dir`; [`Fd::CWD`] is the
//! working directory.

use crate::{check, done, sys3, sys6, Errno, Result, ZStr};
pub use linux_raw_sys::general::{
    AT_EMPTY_PATH, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_SYMLINK_NOFOLLOW, O_APPEND, O_CLOEXEC, O_CREAT,
    O_DIRECTORY, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY,
    SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE, SEEK_SET, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT,
    S_IFREG, S_IFSOCK,
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
    pub const CWD: Fd = Fd(-100);
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

fn fd(r: isize) -> Result<Fd> {
    check(r).map(|n| Fd(n as i32))
}

// The flags that 32-bit kernels want for files over 2 GB.
#[cfg(target_arch = "arm")]
const LARGEFILE: u32 = linux_raw_sys::general::O_LARGEFILE;
#[cfg(not(target_arch = "arm"))]
const LARGEFILE: u32 = 0;

/// `man 2 openat`.
#[inline(never)]
pub fn openat(dir: Fd, path: ZStr, flags: u32, mode: u32) -> Result<Owned> {
    // SAFETY: the path is NUL-terminated.
    fd(unsafe { sys6!(__NR_openat, dir.0, path.as_ptr(), flags | LARGEFILE, mode) }).map(Owned)
}

/// `man 2 open`.
pub fn open(path: ZStr, flags: u32, mode: u32) -> Result<Owned> {
    openat(Fd::CWD, path, flags, mode)
}

/// Opens a file to read it; a program that is started does not get it.
#[inline(never)]
pub fn open_read(path: ZStr) -> Result<Owned> {
    open(path, O_RDONLY | O_CLOEXEC, 0)
}

/// The start of a file, as much as fits in `buf` and comes at once: all of a small one in /proc or /sys.
#[inline(never)]
pub fn read_start<'b>(dir: Fd, path: ZStr, buf: &'b mut [u8]) -> Result<&'b [u8]> {
    let f = openat(dir, path, O_RDONLY | O_CLOEXEC, 0)?;
    let n = read(*f, buf)?;
    Ok(buf.get(..n).unwrap_or_default())
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

/// `man 2 fcntl` with an integer argument.
pub fn fcntl(f: Fd, cmd: u32, arg: usize) -> Result<usize> {
    // SAFETY: commands that take a pointer are not for this wrapper's callers.
    #[cfg(target_arch = "arm")]
    let r = unsafe { sys3!(__NR_fcntl64, f.0, cmd, arg) };
    // SAFETY: as above.
    #[cfg(not(target_arch = "arm"))]
    let r = unsafe { sys3!(__NR_fcntl, f.0, cmd, arg) };
    check(r)
}

/// A copy of `f` numbered `least` or higher, closed on exec (F_DUPFD_CLOEXEC, `man 2 fcntl`).
pub fn dup_above(f: Fd, least: i32) -> Result<Fd> {
    fcntl(f, linux_raw_sys::general::F_LINUX_SPECIFIC_BASE + 6, least as usize).map(|n| Fd(n as i32))
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

/// What `statx` tells (`man 2 statx`): the same layout on every processor.
pub type Statx = linux_raw_sys::general::statx;

/// A time in it.
pub type Timestamp = linux_raw_sys::general::statx_timestamp;

/// `man 2 statx` for the basic fields.
#[inline(never)]
pub fn statx(dir: Fd, path: ZStr, flags: u32) -> Result<Statx> {
    let mut s = core::mem::MaybeUninit::<Statx>::uninit();
    // SAFETY: room for one statx; on success the kernel has filled it whole.
    unsafe {
        done(sys6!(
            __NR_statx,
            dir.0,
            path.as_ptr(),
            flags,
            linux_raw_sys::general::STATX_BASIC_STATS,
            s.as_mut_ptr()
        ))?;
        Ok(s.assume_init())
    }
}

/// Status of a path, links followed (`stat`, POSIX).
pub fn stat(path: ZStr) -> Result<Statx> {
    statx(Fd::CWD, path, 0)
}

/// Status of a path, a link's own (`lstat`, POSIX).
pub fn lstat(path: ZStr) -> Result<Statx> {
    statx(Fd::CWD, path, AT_SYMLINK_NOFOLLOW)
}

/// Status of an open file (`fstat`, POSIX).
pub fn fstat(f: Fd) -> Result<Statx> {
    statx(f, ZStr::new(c""), AT_EMPTY_PATH)
}

/// The file type bits of a mode (S_IFMT).
#[inline(never)]
pub fn kind(s: &Statx) -> u32 {
    s.stx_mode as u32 & S_IFMT
}

/// One entry of a directory.
pub struct Dirent<'a> {
    /// Its name.
    pub name: ZStr<'a>,
    /// Its type: DT_… (`man 3 readdir`), 0 if the file system does not tell.
    pub kind: u8,
    /// Its inode number.
    pub ino: u64,
}

/// Bytes of a path or of what a link leads to, at most: on a small stack less than the kernel takes.
pub const PATH: usize = if cfg!(mote_nommu) { 1024 } else { 4096 };
/// Words of a directory that are read at once; an entry takes up to 35.
const DIR: usize = if cfg!(mote_nommu) { 64 } else { 256 };

/// Reads an open directory entry by entry, through a buffer of its own.
pub struct Dir {
    fd: Owned,
    at: usize,
    end: usize,
    buf: [u64; DIR],
}

impl Dir {
    /// Reads `fd`, a directory opened for reading.
    pub fn new(fd: Owned) -> Dir {
        Dir { fd, at: 0, end: 0, buf: [0; DIR] }
    }

    /// Opens `path` in `dir`; with O_NOFOLLOW among `flags` a link is refused.
    #[inline(always)]
    pub fn open(dir: Fd, path: ZStr, flags: u32) -> Result<Dir> {
        openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags, 0).map(Dir::new)
    }

    /// The directory itself, for `…at` calls.
    pub fn fd(&self) -> Fd {
        *self.fd
    }

    /// The directory itself, when it has been read; the buffer goes.
    pub fn into_fd(self) -> Owned {
        self.fd
    }

    /// The next entry but `.` and `..`; `None` at the end.
    #[inline(never)]
    #[allow(clippy::should_implement_trait)] // the entry borrows the buffer
    pub fn next(&mut self) -> Result<Option<Dirent<'_>>> {
        loop {
            let Some(d) = self.raw()? else { return Ok(None) };
            // SAFETY: `raw` points into the buffer, which stays borrowed; names are NUL-terminated
            // (`man 2 getdents64`: ino u64, off i64, reclen u16, type u8, name).
            let (name, kind, ino) = unsafe { (ZStr::from_ptr(d.add(19)), *d.add(18), *(d as *const u64)) };
            if !(name.is(b".") || name.is(b"..")) {
                return Ok(Some(Dirent { name, kind, ino }));
            }
        }
    }

    fn raw(&mut self) -> Result<Option<*const u8>> {
        if self.at >= self.end {
            self.at = 0;
            // SAFETY: the kernel writes at most the buffer's size.
            self.end = check(unsafe {
                sys3!(__NR_getdents64, self.fd.0 .0, self.buf.as_mut_ptr(), core::mem::size_of_val(&self.buf))
            })?;
            if self.end == 0 {
                return Ok(None);
            }
        }
        // SAFETY: `at` is the start of an entry within the bytes that the kernel wrote.
        unsafe {
            let d = (self.buf.as_ptr() as *const u8).add(self.at);
            self.at += *(d.add(16) as *const u16) as usize;
            Ok(Some(d))
        }
    }
}

/// `man 2 readlinkat`: the bytes of the target in `buf`; a result that fills `buf` may be cut, if `buf` has less
/// than 4096 bytes. Where [`PATH`] is less, that is an error.
#[inline(always)]
pub fn readlinkat<'b>(dir: Fd, path: ZStr, buf: &'b mut [u8]) -> Result<&'b [u8]> {
    // SAFETY: the kernel writes at most buf.len() bytes.
    let n = check(unsafe { sys6!(__NR_readlinkat, dir.0, path.as_ptr(), buf.as_mut_ptr(), buf.len()) })?;
    if cfg!(mote_nommu) && n == buf.len() {
        return Err(Errno::ENAMETOOLONG);
    }
    Ok(buf.get(..n).unwrap_or(&[]))
}

/// `man 2 lgetxattr`: the value of attribute `name` of `path`, links not followed, in `buf`.
pub fn lgetxattr<'b>(path: ZStr, name: ZStr, buf: &'b mut [u8]) -> Result<&'b [u8]> {
    // SAFETY: the strings are NUL-terminated; the kernel writes at most buf.len() bytes.
    let n =
        check(unsafe { sys6!(__NR_lgetxattr, path.as_ptr(), name.as_ptr(), buf.as_mut_ptr(), buf.len()) })?;
    Ok(buf.get(..n).unwrap_or(&[]))
}

/// `man 2 mkdirat`.
#[inline(always)]
pub fn mkdirat(dir: Fd, path: ZStr, mode: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys3!(__NR_mkdirat, dir.0, path.as_ptr(), mode) })
}

/// `man 2 unlinkat`; AT_REMOVEDIR among the flags makes it rmdir.
pub fn unlinkat(dir: Fd, path: ZStr, flags: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys3!(__NR_unlinkat, dir.0, path.as_ptr(), flags) })
}

/// `man 2 renameat2`; flags are RENAME_….
pub fn renameat2(from_dir: Fd, from: ZStr, to_dir: Fd, to: ZStr, flags: u32) -> Result<()> {
    // SAFETY: the paths are NUL-terminated.
    done(unsafe { sys6!(__NR_renameat2, from_dir.0, from.as_ptr(), to_dir.0, to.as_ptr(), flags) })
}

/// `man 2 symlinkat`.
pub fn symlinkat(target: ZStr, dir: Fd, path: ZStr) -> Result<()> {
    // SAFETY: the paths are NUL-terminated.
    done(unsafe { sys3!(__NR_symlinkat, target.as_ptr(), dir.0, path.as_ptr()) })
}

/// `man 2 linkat`.
pub fn linkat(from_dir: Fd, from: ZStr, to_dir: Fd, to: ZStr, flags: u32) -> Result<()> {
    // SAFETY: the paths are NUL-terminated.
    done(unsafe { sys6!(__NR_linkat, from_dir.0, from.as_ptr(), to_dir.0, to.as_ptr(), flags) })
}

/// `man 2 mknodat`; `dev` as [`makedev`] makes it.
pub fn mknodat(dir: Fd, path: ZStr, mode: u32, dev: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys6!(__NR_mknodat, dir.0, path.as_ptr(), mode, dev) })
}

/// A device number as mknod takes it (`include/linux/kdev_t.h`, new_encode_dev).
pub fn makedev(major: u32, minor: u32) -> u32 {
    minor & 0xff | major << 8 | (minor & !0xff) << 12
}

/// `man 2 fchmodat`; links are followed.
pub fn fchmodat(dir: Fd, path: ZStr, mode: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys3!(__NR_fchmodat, dir.0, path.as_ptr(), mode) })
}

/// `man 2 fchmod`.
pub fn fchmod(f: Fd, mode: u32) -> Result<()> {
    // SAFETY: no memory is involved.
    done(unsafe { sys3!(__NR_fchmod, f.0, mode) })
}

/// `man 2 fchownat`; AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH.
pub fn fchownat(dir: Fd, path: ZStr, uid: u32, gid: u32, flags: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys6!(__NR_fchownat, dir.0, path.as_ptr(), uid, gid, flags) })
}

/// `man 2 utimensat`: access and modification time.
pub fn utimensat(dir: Fd, path: ZStr, times: &[crate::time::Timespec; 2], flags: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated; Timespec is the kernel's 64-bit form.
    #[cfg(target_arch = "arm")]
    let r = unsafe { sys6!(__NR_utimensat_time64, dir.0, path.as_ptr(), times.as_ptr(), flags) };
    // SAFETY: as above.
    #[cfg(not(target_arch = "arm"))]
    let r = unsafe { sys6!(__NR_utimensat, dir.0, path.as_ptr(), times.as_ptr(), flags) };
    done(r)
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

/// `man 2 fsync`.
pub fn fsync(f: Fd) -> Result<()> {
    // SAFETY: no memory is involved.
    done(unsafe { sys3!(__NR_fsync, f.0) })
}

/// Makes reads of `f` wait again (O_NONBLOCK off, `man 2 fcntl`).
pub fn set_blocking(f: Fd) -> Result<()> {
    let flags = fcntl(f, linux_raw_sys::general::F_GETFL, 0)?;
    fcntl(f, linux_raw_sys::general::F_SETFL, flags & !(O_NONBLOCK as usize)).map(|_| ())
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

/// May the caller do `mode` (R_OK 4, W_OK 2, X_OK 1, F_OK 0) with `path`? As the effective user
/// (AT_EACCESS), which is what `test -r` and exec ask (`man 2 faccessat2`).
pub fn access(path: ZStr, mode: u32) -> Result<()> {
    accessat(Fd::CWD, path, mode)
}

/// As [`access`], with the directory that `path` starts at.
#[inline(never)]
pub fn accessat(dir: Fd, path: ZStr, mode: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    match done(unsafe { sys6!(__NR_faccessat2, dir.0, path.as_ptr(), mode, 0x200) }) {
        // SAFETY: as above; kernels before 5.8 have only the real user's variant.
        Err(Errno::ENOSYS) => done(unsafe { sys3!(__NR_faccessat, dir.0, path.as_ptr(), mode) }),
        r => r,
    }
}

/// `man 2 chdir`.
pub fn chdir(path: ZStr) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys3!(__NR_chdir, path.as_ptr()) })
}

/// `man 2 fchdir`.
pub fn fchdir(f: Fd) -> Result<()> {
    // SAFETY: no memory is involved.
    done(unsafe { sys3!(__NR_fchdir, f.0) })
}

/// `man 2 getcwd`: the path in `buf`.
pub fn getcwd(buf: &mut [u8]) -> Result<&[u8]> {
    // SAFETY: the kernel writes at most buf.len() bytes, the NUL included, and tells how many.
    let n = check(unsafe { sys3!(__NR_getcwd, buf.as_mut_ptr(), buf.len()) })?;
    Ok(buf.get(..n.saturating_sub(1)).unwrap_or(&[]))
}

/// `man 2 umask`: the mask before.
pub fn umask(mask: u32) -> u32 {
    // SAFETY: no memory is involved; it cannot fail.
    unsafe { sys3!(__NR_umask, mask) as u32 }
}

/// `man 2 ioctl` with a pointer argument.
///
/// # Safety
/// `arg` points to what request `req` reads or writes.
#[inline(always)]
pub unsafe fn ioctl<T>(f: Fd, req: u32, arg: *mut T) -> Result<usize> {
    // SAFETY: by contract.
    check(unsafe { sys3!(__NR_ioctl, f.0, req, arg) })
}

/// `man 2 poll` for input on one descriptor, at most `timeout` milliseconds; is there any (or its end)?
pub fn poll_in(f: Fd, timeout: i32) -> Result<bool> {
    // struct pollfd: fd, events (POLLIN 1) and revents in one word.
    let mut p = [f.0 as u32, 1];
    // SAFETY: one pollfd, which the kernel reads and writes.
    check(unsafe { sys3!(__NR_poll, p.as_mut_ptr(), 1, timeout) }).map(|n| n > 0)
}

/// `man 2 chroot`.
pub fn chroot(path: ZStr) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys3!(__NR_chroot, path.as_ptr()) })
}

/// Event of [`poll`]: there is something to read, or the end.
pub const POLLIN: u16 = 1;
/// Event of [`poll`]: a write would not wait.
pub const POLLOUT: u16 = 4;

/// `man 2 ppoll` of one descriptor: does one of `events` (or an error or hangup) come before `timeout` is
/// over? Without `timeout` it waits as long as it takes.
pub fn poll(f: Fd, events: u16, timeout: Option<crate::time::Timespec>) -> Result<bool> {
    #[repr(C)]
    struct Pollfd {
        fd: i32,
        events: u16,
        revents: u16,
    }
    let mut p = Pollfd { fd: f.0, events, revents: 0 };
    let mut t = timeout;
    let t = t.as_mut().map_or(core::ptr::null_mut(), |t| t as *mut _);
    // SAFETY: one struct pollfd, a 64-bit time that the kernel may change, no signal set.
    #[cfg(target_arch = "arm")]
    let r = unsafe { sys6!(__NR_ppoll_time64, &mut p as *mut Pollfd, 1, t, 0, 8) };
    // SAFETY: as above.
    #[cfg(not(target_arch = "arm"))]
    let r = unsafe { sys6!(__NR_ppoll, &mut p as *mut Pollfd, 1, t, 0, 8) };
    check(r).map(|n| n > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_list_all_but_the_dots() {
        let mut d = Dir::open(Fd::CWD, ZStr::new(c"/proc/self/task"), 0).unwrap();
        let mut n = 0;
        while let Some(e) = d.next().unwrap() {
            assert!(e.name.bytes().iter().all(u8::is_ascii_digit));
            assert_eq!(e.kind, 4);
            n += 1;
        }
        assert!(n > 0);
    }

    #[test]
    fn errors_come_through() {
        assert_eq!(open(ZStr::new(c"/no/such"), O_RDONLY, 0).unwrap_err(), Errno::ENOENT);
        assert_eq!(access(ZStr::new(c"/"), 4), Ok(()));
    }

    #[test]
    fn device_numbers() {
        assert_eq!(makedev(5, 1), 0x501);
        assert_eq!(makedev(259, 0x12345), 0x1230_0045 | 259 << 8);
    }
}
