//! A loop device for a file that is to be mounted.

use sys::{caller, fs, loopdev};
use sys::{Buf, Errno, ZStr};
use util::file::fstab::numbered;

/// Makes `file` a loop device that frees itself when it is no longer used: its path, and its
/// descriptor, which must stay open until it is mounted. Read-only if `ro` or if the file is. The caller himself must be
/// allowed to open the file.
#[inline(never)]
pub(crate) fn set_up(file: ZStr, ro: bool) -> Result<(Buf, fs::Owned), Errno> {
    let (back, read_only) = open(caller::open, file, ro)?;
    let (control, _) = open(fs::open, ZStr::new(c"/dev/loop-control"), true)?;
    let mut tries = 64;
    loop {
        let path = numbered(b"/dev/loop", loopdev::free(*control)?);
        let (device, _) = open(fs::open, path.z(), read_only)?;
        match loopdev::configure(*device, *back, file, read_only) {
            Ok(()) => return Ok((path, device)),
            // Somebody else was faster, or holds the one that is free, which is told again and again.
            Err(Errno::EBUSY) if tries > 0 => tries -= 1,
            Err(e) => return Err(e),
        }
    }
}

type Opens = fn(ZStr, u32, u32) -> Result<fs::Owned, Errno>;

/// Opens for reading and writing, or only for reading if `ro` or if there is no other way; and was it the
/// latter?
#[inline(never)]
fn open(by: Opens, path: ZStr, mut ro: bool) -> Result<(fs::Owned, bool), Errno> {
    loop {
        match by(path, if ro { fs::O_RDONLY } else { fs::O_RDWR } | fs::O_CLOEXEC, 0) {
            Err(Errno::EACCES | Errno::EROFS) if !ro => ro = true,
            r => return Ok((r?, ro)),
        }
    }
}
