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

/// A day in the calendar, and the time in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Civil {
    /// Year, all digits.
    pub year: i32,
    /// Month, 1…12.
    pub month: u32,
    /// Day, 1…31.
    pub day: u32,
    /// Hour, 0…23.
    pub hour: u32,
    /// Minute, 0…59.
    pub minute: u32,
    /// Second, 0…59.
    pub second: u32,
    /// Day of the week, 0 Sunday.
    pub weekday: u32,
}

/// Date and time (Gregorian calendar, UTC) of `sec` seconds since 1970.
pub fn civil(sec: i64) -> Civil {
    // Small machines divide 64 bits by a library routine. Here one division is by num::div_rem, the others have 32 bits.
    // A multiple of 400 years (146,097 days) is added first, so that nothing is negative.
    const ERAS: u64 = 5_000;
    let shifted = (sec as u64).wrapping_add(ERAS * 146_097 * 86_400);
    let (days, _) = crate::num::div_rem(shifted >> 7, 675); // 86,400 = 675 · 128
    let rest = (shifted - days * 86_400) as u32;
    let days = u32::try_from(days).unwrap_or(0);
    // Days to year, month and day, with years that begin in March (Hinnant, chrono-compatible algorithms).
    let z = days + 719_468;
    let era = z / 146_097;
    let doe = z % 146_097;
    let century = 4 * doe + 3;
    let of_year = (century % 146_097) | 3;
    let yoe = century / 146_097 * 100 + of_year / 1_461;
    let doy5 = of_year % 1_461 / 4 * 5 + 2;
    let mp = doy5 / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    Civil {
        year: (era * 400 + yoe) as i32 - ERAS as i32 * 400 + (month <= 2) as i32,
        month,
        day: doy5 % 153 / 5 + 1,
        hour: rest / 60 / 60,
        minute: rest / 60 % 60,
        second: rest % 60,
        // 1970-01-01 was a Thursday; 146,097 days are whole weeks.
        weekday: (days + 4) % 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        let c = |s| {
            let c = civil(s);
            (c.year, c.month, c.day, c.hour, c.minute, c.second, c.weekday)
        };
        assert_eq!(c(0), (1970, 1, 1, 0, 0, 0, 4));
        assert_eq!(c(951_782_399), (2000, 2, 28, 23, 59, 59, 1));
        assert_eq!(c(951_782_400), (2000, 2, 29, 0, 0, 0, 2));
        assert_eq!(c(4_107_542_400), (2100, 3, 1, 0, 0, 0, 1));
        assert_eq!(c(-1), (1969, 12, 31, 23, 59, 59, 3));
        assert_eq!(c(1_795_176_000), (2026, 11, 20, 12, 0, 0, 5));
    }
}
