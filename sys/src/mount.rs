//! Mounting (`man 2 mount`, `man 2 umount2`).

use crate::{done, sys3, sys6, Result, ZStr};
pub use linux_raw_sys::general::{
    MNT_DETACH, MNT_EXPIRE, MNT_FORCE, MS_BIND, MS_DIRSYNC, MS_I_VERSION, MS_LAZYTIME, MS_MANDLOCK, MS_MOVE,
    MS_NOATIME, MS_NODEV, MS_NODIRATIME, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, MS_RELATIME,
    MS_REMOUNT, MS_SHARED, MS_SILENT, MS_SLAVE, MS_STRICTATIME, MS_SYNCHRONOUS, MS_UNBINDABLE,
    UMOUNT_NOFOLLOW,
};

/// `man 2 mount`; flags are MS_…, `data` is what the file system itself understands.
#[inline(never)]
pub fn mount(source: ZStr, target: ZStr, fstype: ZStr, flags: u32, data: Option<ZStr>) -> Result<()> {
    let data = data.map_or(core::ptr::null(), |d| d.as_ptr());
    // SAFETY: all strings are NUL-terminated.
    done(unsafe { sys6!(__NR_mount, source.as_ptr(), target.as_ptr(), fstype.as_ptr(), flags, data) })
}

/// `man 2 umount2`.
pub fn umount2(target: ZStr, flags: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys3!(__NR_umount2, target.as_ptr(), flags) })
}
