//! Loop devices: a file as a block device (`man 4 loop`).

use crate::fs::ioctl;
use crate::{Fd, Result, ZStr};
use core::ptr::null_mut;
use linux_raw_sys::loop_device::{
    loop_config, LOOP_CLR_FD, LOOP_CONFIGURE, LOOP_CTL_GET_FREE, LO_FLAGS_AUTOCLEAR, LO_FLAGS_READ_ONLY,
};

/// Number of a loop device that is free, of `control`, which is /dev/loop-control (LOOP_CTL_GET_FREE).
pub fn free(control: Fd) -> Result<u32> {
    // SAFETY: the request takes no argument.
    unsafe { ioctl(control, LOOP_CTL_GET_FREE, null_mut::<u8>()) }.map(|n| n as u32)
}

/// Puts `file` behind `device` until nobody uses that any more (LOOP_CONFIGURE, Linux 5.8). `name` is what is told of
/// it, up to 63 bytes. EBUSY: there is a file already.
pub fn configure(device: Fd, file: Fd, name: ZStr, read_only: bool) -> Result<()> {
    // SAFETY: its parts are numbers and arrays of numbers.
    let mut c: loop_config = unsafe { core::mem::zeroed() };
    c.fd = file.0 as u32;
    c.info.lo_flags = LO_FLAGS_AUTOCLEAR as u32 | if read_only { LO_FLAGS_READ_ONLY as u32 } else { 0 };
    // The NUL behind it stays.
    let [room @ .., _] = &mut c.info.lo_file_name;
    room.iter_mut().zip(name.bytes()).for_each(|(slot, &b)| *slot = b);
    // SAFETY: a whole struct loop_config.
    unsafe { ioctl(device, LOOP_CONFIGURE, &mut c) }.map(|_| ())
}

/// Takes the file away from `device` (LOOP_CLR_FD). ENXIO: it has none.
pub fn clear(device: Fd) -> Result<()> {
    // SAFETY: the request takes no argument.
    unsafe { ioctl(device, LOOP_CLR_FD, null_mut::<u8>()) }.map(|_| ())
}
