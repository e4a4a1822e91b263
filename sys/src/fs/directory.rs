//! Directories: making, entering, reading.

use super::descriptor::{Fd, Owned};
use super::file::{openat, O_CLOEXEC, O_DIRECTORY, O_RDONLY};
use crate::{check, done, sys3, Errno, Result, ZStr};
use core::mem::offset_of;
use linux_raw_sys::general::{self, linux_dirent64 as Entry};

/// Type of an entry: the file system does not tell.
pub const DT_UNKNOWN: u8 = general::DT_UNKNOWN as u8;
/// Type of an entry: a directory.
pub const DT_DIR: u8 = general::DT_DIR as u8;
/// Type of an entry: a symbolic link.
pub const DT_LNK: u8 = general::DT_LNK as u8;

/// `man 2 mkdirat`.
#[inline(always)]
pub fn mkdirat(dir: Fd, path: ZStr, mode: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys3!(__NR_mkdirat, dir.0, path.as_ptr(), mode) })
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

/// `man 2 chroot`.
pub fn chroot(path: ZStr) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys3!(__NR_chroot, path.as_ptr()) })
}

/// `man 2 getcwd`: the path in `buf`.
pub fn getcwd(buf: &mut [u8]) -> Result<&[u8]> {
    // SAFETY: the kernel writes at most buf.len() bytes, the NUL included, and tells how many.
    let n = check(unsafe { sys3!(__NR_getcwd, buf.as_mut_ptr(), buf.len()) })?;
    Ok(buf.get(..n.saturating_sub(1)).unwrap_or(&[]))
}

/// One entry of a directory.
pub struct Dirent<'a> {
    /// Its name.
    pub name: ZStr<'a>,
    /// Its type: DT_… (`man 3 readdir`), [`DT_UNKNOWN`] if the file system does not tell.
    pub kind: u8,
    /// Its inode number.
    pub ino: u64,
}

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
            // SAFETY: `raw` points to an entry in the buffer, which stays borrowed; names are NUL-terminated
            // (`man 2 getdents64`).
            let (name, kind, ino) = unsafe {
                (
                    ZStr::from_ptr(d.add(offset_of!(Entry, d_name))),
                    (*d.cast::<Entry>()).d_type,
                    (*d.cast::<Entry>()).d_ino,
                )
            };
            if !(name.is(b".") || name.is(b"..")) {
                return Ok(Some(Dirent { name, kind, ino }));
            }
        }
    }

    fn raw(&mut self) -> Result<Option<*const u8>> {
        if self.at >= self.end {
            self.at = 0;
            // SAFETY: the kernel writes at most the buffer's size.
            let read = check(unsafe {
                sys3!(__NR_getdents64, self.fd.0, self.buf.as_mut_ptr(), core::mem::size_of_val(&self.buf))
            });
            self.end = match read {
                // The directory has been removed, so it is empty.
                Err(Errno::ENOENT) => 0,
                r => r?,
            };
            if self.end == 0 {
                return Ok(None);
            }
        }
        // SAFETY: `at` is the start of an entry within the bytes that the kernel wrote.
        unsafe {
            let d = (self.buf.as_ptr() as *const u8).add(self.at);
            self.at += (*d.cast::<Entry>()).d_reclen as usize;
            Ok(Some(d))
        }
    }
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
            assert_eq!(e.kind, DT_DIR);
            n += 1;
        }
        assert!(n > 0);
    }
}
