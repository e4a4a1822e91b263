//! Who may unmount what he is not root for (`user` and `users` in `man 8 mount`): that is written down when it is mounted.
//!
//! util-linux writes a line with `user=NAME` to /run/mount/utab. Here it is a directory in the same place, made and
//! removed in one step, whose name is the kernel's number of the mount. It belongs to who may unmount; its sticky bit,
//! which no umask takes away, means everybody.

use super::fstab::numbered;
use sys::fs::{self, Statx};
use sys::{Buf, Errno, ZStr};

/// Mode of the record if everybody may unmount.
pub const EVERYBODY: u32 = 0o1755;

/// Makes `dir` the working directory, if no links lead to it (ELOOP): its status.
#[inline(never)]
pub fn enter(dir: ZStr) -> Result<Statx, Errno> {
    let dir = fs::open_without_links(dir)?;
    fs::fchdir(*dir)?;
    fs::fstat(*dir)
}

/// Path of the record of what this file is on. ENOTSUP: the kernel gives no number to it.
#[inline(never)]
pub fn record(s: &Statx) -> Result<Buf, Errno> {
    Ok(numbered(b"/run/mount/", fs::mount_id(s).ok_or(Errno::EOPNOTSUPP)?))
}
