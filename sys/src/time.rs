//! Clocks and sleeping. Times are 64-bit on every processor.

use crate::{done, sys3, sys6, Result};

/// Seconds and nanoseconds, the kernel's `__kernel_timespec`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Timespec {
    /// Seconds.
    pub sec: i64,
    /// Nanoseconds, 0…999,999,999.
    pub nsec: i64,
}

pub use linux_raw_sys::general::{CLOCK_MONOTONIC, CLOCK_REALTIME};

/// `man 2 clock_gettime`.
pub fn now(clock: u32) -> Timespec {
    let mut t = Timespec::default();
    #[cfg(target_arch = "arm")]
    // SAFETY: room for a 64-bit timespec. It cannot fail for the two clocks above.
    unsafe {
        sys3!(__NR_clock_gettime64, clock, &mut t as *mut Timespec)
    };
    #[cfg(not(target_arch = "arm"))]
    // SAFETY: as above.
    unsafe {
        sys3!(__NR_clock_gettime, clock, &mut t as *mut Timespec)
    };
    t
}

/// `man 2 clock_settime` of the time of the day.
pub fn set(t: &Timespec) -> Result<()> {
    #[cfg(target_arch = "arm")]
    // SAFETY: the kernel reads a 64-bit timespec.
    let r = unsafe { sys3!(__NR_clock_settime64, CLOCK_REALTIME, t as *const Timespec) };
    #[cfg(not(target_arch = "arm"))]
    // SAFETY: as above.
    let r = unsafe { sys3!(__NR_clock_settime, CLOCK_REALTIME, t as *const Timespec) };
    done(r)
}

/// `man 2 nanosleep`: sleeps for `t`. When a signal comes, it fails with EINTR, and `t` is the time that is left.
pub fn sleep(t: &mut Timespec) -> Result<()> {
    let p = t as *mut Timespec;
    #[cfg(target_arch = "arm")]
    // SAFETY: the kernel reads the time and writes the rest to the same place.
    let r = unsafe { sys6!(__NR_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, p, p) };
    #[cfg(not(target_arch = "arm"))]
    // SAFETY: as above.
    let r = unsafe { sys6!(__NR_clock_nanosleep, CLOCK_MONOTONIC, 0, p, p) };
    done(r)
}
