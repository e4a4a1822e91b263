//! Files by their names: opening, status, links, modes, times.

use super::descriptor::{owned, read, Fd, Owned};
use crate::time::Timespec;
use crate::{check, done, num, sys3, sys6, Errno, Result, ToBuf, ZStr};
use linux_raw_sys::general;
pub use linux_raw_sys::general::{
    AT_EACCESS, AT_EMPTY_PATH, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, AT_SYMLINK_NOFOLLOW, F_OK, O_APPEND,
    O_CLOEXEC, O_CREAT, O_DIRECT, O_DIRECTORY, O_DSYNC, O_EXCL, O_NOATIME, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK,
    O_PATH, O_RDONLY, O_RDWR, O_SYNC, O_TRUNC, O_WRONLY, RENAME_NOREPLACE, R_OK, S_IFBLK, S_IFCHR, S_IFDIR,
    S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK, W_OK, X_OK,
};

/// Bytes of a path or of what a link leads to, at most: on a small stack less than the kernel takes.
pub const PATH: usize = if cfg!(mote_nommu) { 1024 } else { 4096 };

// The flags that 32-bit kernels want for files over 2 GB.
#[cfg(target_arch = "arm")]
const LARGEFILE: u32 = general::O_LARGEFILE;
#[cfg(not(target_arch = "arm"))]
const LARGEFILE: u32 = 0;

/// `man 2 openat`.
#[inline(never)]
pub fn openat(dir: Fd, path: ZStr, flags: u32, mode: u32) -> Result<Owned> {
    // SAFETY: the path is NUL-terminated.
    owned(unsafe { sys6!(__NR_openat, dir.0, path.as_ptr(), flags | LARGEFILE, mode) })
}

/// `man 2 open`.
pub fn open(path: ZStr, flags: u32, mode: u32) -> Result<Owned> {
    openat(Fd::CWD, path, flags, mode)
}

/// Opens a directory or a file for its place only (O_PATH), if no symbolic link leads to it: ELOOP (`man 2 openat2`,
/// Linux 5.6).
#[inline(never)]
pub fn open_without_links(path: ZStr) -> Result<Owned> {
    let how = general::open_how {
        flags: (O_PATH | O_CLOEXEC) as u64,
        mode: 0,
        resolve: general::RESOLVE_NO_SYMLINKS as u64,
    };
    let size = core::mem::size_of_val(&how);
    // SAFETY: the path is NUL-terminated; the kernel reads `size` bytes of `how`.
    owned(unsafe { sys6!(__NR_openat2, Fd::CWD.0, path.as_ptr(), &how as *const _, size) })
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

/// What `statx` tells (`man 2 statx`): the same layout on every processor.
pub type Statx = general::statx;

/// A time in it.
pub type Timestamp = general::statx_timestamp;

/// Kernels that do not know the last one leave it out.
const WANTED: u32 = general::STATX_BASIC_STATS | general::STATX_BTIME | general::STATX_MNT_ID_UNIQUE;

/// `man 2 statx` for the basic fields, [`is_mount`] and [`mount_id`].
#[inline(never)]
pub fn statx(dir: Fd, path: ZStr, flags: u32) -> Result<Statx> {
    let mut s = core::mem::MaybeUninit::<Statx>::uninit();
    // SAFETY: room for one statx; on success the kernel has filled it whole.
    unsafe {
        done(sys6!(__NR_statx, dir.0, path.as_ptr(), flags, WANTED, s.as_mut_ptr()))?;
        Ok(s.assume_init())
    }
}

/// Is it the root of what is mounted there (STATX_ATTR_MOUNT_ROOT, Linux 5.8)?
pub fn is_mount(s: &Statx) -> bool {
    s.stx_attributes & general::STATX_ATTR_MOUNT_ROOT as u64 != 0
}

/// Is it known when the file was made?
pub fn has_birth(s: &Statx) -> bool {
    s.stx_mask & general::STATX_BTIME != 0
}

/// The lower half of the kernel's number of the mount that the file is on, which comes once only until the machine
/// starts again (STATX_MNT_ID_UNIQUE, Linux 6.8).
pub fn mount_id(s: &Statx) -> Option<u32> {
    (s.stx_mask & general::STATX_MNT_ID_UNIQUE != 0).then_some(s.stx_mnt_id as u32)
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

/// May the caller do `mode` (R_OK, W_OK, X_OK, F_OK) with `path`? As the effective user
/// (AT_EACCESS), which is what `test -r` and exec ask (`man 2 faccessat2`).
pub fn access(path: ZStr, mode: u32) -> Result<()> {
    accessat(Fd::CWD, path, mode)
}

/// As [`access`], with the directory that `path` starts at.
#[inline(never)]
pub fn accessat(dir: Fd, path: ZStr, mode: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    match done(unsafe { sys6!(__NR_faccessat2, dir.0, path.as_ptr(), mode, AT_EACCESS) }) {
        // SAFETY: as above; kernels before 5.8 have only the real user's variant.
        Err(Errno::ENOSYS) => done(unsafe { sys3!(__NR_faccessat, dir.0, path.as_ptr(), mode) }),
        r => r,
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

/// `man 2 flistxattr`: the NUL-terminated names of a file's attributes; their bytes, which an empty `buf` only asks for.
pub fn flistxattr(f: Fd, buf: &mut [u8]) -> Result<usize> {
    // SAFETY: the kernel writes at most buf.len() bytes.
    check(unsafe { sys3!(__NR_flistxattr, f.0, buf.as_mut_ptr(), buf.len()) })
}

/// `man 2 fgetxattr`: the value of attribute `name`; its bytes, which an empty `buf` only asks for.
pub fn fgetxattr(f: Fd, name: ZStr, buf: &mut [u8]) -> Result<usize> {
    // SAFETY: the name is NUL-terminated; the kernel writes at most buf.len() bytes.
    check(unsafe { sys6!(__NR_fgetxattr, f.0, name.as_ptr(), buf.as_mut_ptr(), buf.len()) })
}

/// `man 2 fsetxattr`.
pub fn fsetxattr(f: Fd, name: ZStr, value: &[u8]) -> Result<()> {
    // SAFETY: the name is NUL-terminated; the kernel reads value.len() bytes.
    done(unsafe { sys6!(__NR_fsetxattr, f.0, name.as_ptr(), value.as_ptr(), value.len(), 0) })
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

/// `man 2 fchmodat`; links are followed, so not for a name that others may give to another file.
pub fn fchmodat(dir: Fd, path: ZStr, mode: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys3!(__NR_fchmodat, dir.0, path.as_ptr(), mode) })
}

/// `man 2 fchmodat2` without following a link (Linux 6.6); an older kernel does it by way of /proc. A link has no mode:
/// EOPNOTSUPP.
#[inline(never)]
pub fn lchmodat(dir: Fd, path: ZStr, mode: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    let r = unsafe { sys6!(__NR_fchmodat2, dir.0, path.as_ptr(), mode, AT_SYMLINK_NOFOLLOW) };
    if r != -(linux_raw_sys::errno::ENOSYS as isize) {
        return done(r);
    }
    let file = openat(dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0)?;
    if kind(&fstat(*file)?) == S_IFLNK {
        return Err(Errno::EOPNOTSUPP);
    }
    let mut digits = [0; 64];
    let mut link = b"/proc/self/fd/".buf();
    link.extend_from_slice(num::digits(&mut digits, file.0 as u64, 10));
    fchmodat(Fd::CWD, link.z(), mode)
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
pub fn utimensat(dir: Fd, path: ZStr, times: &[Timespec; 2], flags: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated; Timespec is the kernel's 64-bit form.
    #[cfg(target_arch = "arm")]
    let r = unsafe { sys6!(__NR_utimensat_time64, dir.0, path.as_ptr(), times.as_ptr(), flags) };
    // SAFETY: as above.
    #[cfg(not(target_arch = "arm"))]
    let r = unsafe { sys6!(__NR_utimensat, dir.0, path.as_ptr(), times.as_ptr(), flags) };
    done(r)
}

/// [`utimensat`]: the time is now (UTIME_NOW).
pub const NOW: Timespec = Timespec { sec: 0, nsec: 0x3fff_ffff };
/// [`utimensat`]: the time stays as it is (UTIME_OMIT).
pub const OMIT: Timespec = Timespec { sec: 0, nsec: 0x3fff_fffe };

/// `man 2 umask`: the mask before.
pub fn umask(mask: u32) -> u32 {
    // SAFETY: no memory is involved; it cannot fail.
    unsafe { sys3!(__NR_umask, mask) as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_come_through() {
        assert_eq!(open(ZStr::new(c"/no/such"), O_RDONLY, 0).unwrap_err(), Errno::ENOENT);
        assert_eq!(access(ZStr::new(c"/"), R_OK), Ok(()));
    }

    #[test]
    fn device_numbers() {
        assert_eq!(makedev(5, 1), 0x501);
        assert_eq!(makedev(259, 0x12345), 0x1230_0045 | 259 << 8);
    }
}
