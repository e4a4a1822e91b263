//! File systems as a whole: their sizes.

use crate::{done, sys3, Result, ZStr};
use linux_raw_sys::general;

/// What `statfs` tells (`man 2 statfs`).
#[cfg(target_arch = "arm")]
pub type Statfs = general::statfs64;
/// What `statfs` tells (`man 2 statfs`).
#[cfg(not(target_arch = "arm"))]
pub type Statfs = general::statfs;

/// `man 2 statfs`.
#[inline(never)]
pub fn statfs(path: ZStr) -> Result<Statfs> {
    let mut s = core::mem::MaybeUninit::<Statfs>::zeroed();
    #[cfg(target_arch = "arm")]
    // SAFETY: the path is NUL-terminated; the kernel is told the size of its struct, which ours has but for padding.
    let r = unsafe { sys3!(__NR_statfs64, path.as_ptr(), 84, s.as_mut_ptr()) };
    #[cfg(not(target_arch = "arm"))]
    // SAFETY: the path is NUL-terminated; there is room for the struct.
    let r = unsafe { sys3!(__NR_statfs, path.as_ptr(), s.as_mut_ptr()) };
    done(r)?;
    // SAFETY: all of it has been set to 0 before, at least.
    Ok(unsafe { s.assume_init() })
}

/// The size of a block in which [`Statfs`] counts, in bytes.
pub fn fragment(s: &Statfs) -> u64 {
    (if s.f_frsize != 0 { s.f_frsize } else { s.f_bsize }) as u64
}

/// The number by which the kernel tells file systems apart, as one word (`%i` of stat -f).
pub fn volume_id(s: &Statfs) -> u64 {
    let [low, high] = s.f_fsid.val;
    (low as u32 as u64) << 32 | high as u32 as u64
}
