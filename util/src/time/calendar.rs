//! The Gregorian calendar (POSIX.1-2024, Base Definitions 4.19, Seconds Since the Epoch; `man 3 gmtime`).

use sys::num;

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

/// Civil date and time of `sec` seconds since 1970 in the Gregorian calendar, UTC. Seconds out of the
/// range of 32-bit days are taken to its ends.
pub fn civil(sec: i64) -> Civil {
    // 64-bit division is a library routine on small machines: one by num::div_rem, the rest in 32 bits.
    // The shift by a multiple of 400 years (146,097 days) keeps everything positive.
    const ERAS: u64 = 5_000;
    let shifted = (sec as u64).wrapping_add(ERAS * 146_097 * 86_400);
    let (days, _) = num::div_rem(shifted >> 7, 675); // 86,400 = 675 · 128
    let rest = (shifted - days * 86_400) as u32;
    let days = u32::try_from(days).unwrap_or(0);
    // Days to year, month, day, with years that begin in March (Hinnant, chrono-compatible algorithms).
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

/// Seconds since 1970 of a date and time in UTC, the inverse of [`civil`] (`man 3 timegm`). The day of the week does
/// not count; months, days, hours, minutes and seconds beyond their ranges count on, as in C.
pub fn seconds(t: &Civil) -> i64 {
    // Years that begin in March, as in `civil`.
    let months = t.month as i32 + 9;
    let y = t.year - 1 + months / 12;
    let of_year = (153 * (months % 12) + 2) / 5 + t.day as i32 - 1;
    let leaps = y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400);
    let days = i64::from(y) * 365 + i64::from(leaps + of_year - 719_468);
    days * 86_400 + i64::from(t.hour * 3600 + t.minute * 60 + t.second)
}

/// Days of the year before the first of a month, 1…13; 13 is the next January.
#[inline(never)]
pub fn month_start(year: i32, month: i32) -> i32 {
    if month < 3 {
        return (month - 1) * 31;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    (153 * month - 457) / 5 + 59 + leap as i32
}

/// The day of the year, counted from 0.
pub fn year_day(t: &Civil) -> i32 {
    month_start(t.year, t.month as i32) + t.day as i32 - 1
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

    #[test]
    fn the_inverse_comes_back() {
        // Steps that are no whole days, over more than two eras of 400 years.
        for n in -400_000i64..400_000 {
            let sec = n * 40_009;
            assert_eq!(seconds(&civil(sec)), sec);
        }
    }

    #[test]
    fn fields_out_of_range_count_on() {
        let at = |month, day, hour, minute, second| {
            seconds(&Civil { year: 2026, month, day, hour, minute, second, weekday: 0 })
        };
        assert_eq!(at(14, 1, 0, 0, 0), at(12, 31 + 32, 0, 0, 0));
        assert_eq!(at(2, 29, 24, 60, 60), at(3, 2, 1, 1, 0));
        assert_eq!(at(1, 0, 0, 0, 0), at(1, 1, 0, 0, 0) - 86_400);
    }

    #[test]
    fn days_of_the_year() {
        for (year, month, day, number) in [
            (2026, 1, 1, 0),
            (2026, 2, 28, 58),
            (2026, 3, 1, 59),
            (2024, 3, 1, 60),
            (2024, 12, 31, 365),
            (1900, 12, 31, 364),
        ] {
            let t = Civil { year, month, day, hour: 0, minute: 0, second: 0, weekday: 0 };
            assert_eq!(year_day(&t), number);
        }
    }
}
