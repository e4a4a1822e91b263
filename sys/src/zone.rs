//! Local time, as the variable TZ tells it (POSIX.1-2024, Base Definitions 8.3).
//!
//! Understood: `STD offset`, and `STD offset DST [offset] [,Mm.w.d[/time],Mm.w.d[/time]]`, for example
//! `UTC0`, `CET-1`, `<+03>-3`, `CET-1CEST,M3.5.0,M10.5.0/3`; without rules those of the United States hold.
//! Not understood, hence UTC: names of zone files (`Europe/Berlin`) and days counted through the year.

use crate::time::civil;
use crate::{num, zstr, ZStr};

/// Seconds that local time is ahead of UTC at `sec` seconds since 1970; 0 for a TZ that is missing or not
/// understood.
pub fn offset(tz: Option<ZStr>, sec: i64) -> i32 {
    tz.and_then(|tz| rules(tz.bytes(), sec)).unwrap_or(0)
}

fn rules(mut tz: &[u8], sec: i64) -> Option<i32> {
    let t = &mut tz;
    name(t)?;
    let standard = -time(t)?;
    if t.is_empty() {
        return Some(standard);
    }
    name(t)?;
    let mut summer = standard + 3600;
    if !t.is_empty() && t.first() != Some(&b',') {
        summer = -time(t)?;
    }
    if t.is_empty() {
        *t = b",M3.2.0,M11.1.0";
    }
    let year = civil(sec + standard as i64).year;
    let start = change(t, year)? - standard as i64;
    let end = change(t, year)? - summer as i64;
    let after = sec >= start;
    let before = sec < end;
    // South of the equator summer is where the year changes.
    let is_summer = if start < end { after && before } else { after || before };
    t.is_empty().then_some(if is_summer { summer } else { standard })
}

/// Passes over a zone's name: three letters or more, or anything in angle brackets.
fn name(t: &mut &[u8]) -> Option<()> {
    let n = match t.first()? {
        b'<' => zstr::position(t, b'>')? + 1,
        _ => t.iter().take_while(|b| b.is_ascii_alphabetic()).count(),
    };
    *t = t.get(n..).filter(|_| n > 2)?;
    Some(())
}

/// `[+-]hh[:mm[:ss]]` in seconds.
fn time(t: &mut &[u8]) -> Option<i32> {
    let mut sign = 1;
    if let Some((&c @ (b'-' | b'+'), rest)) = t.split_first() {
        *t = rest;
        sign = b',' as i32 - c as i32;
    }
    let mut sum = 0;
    let mut unit = 3600;
    loop {
        sum += number(t)? * unit;
        unit /= 60;
        match t.split_first() {
            Some((b':', rest)) if unit > 0 => *t = rest,
            _ => return Some(sum * sign),
        }
    }
}

/// A number of at most three digits' worth.
fn number(t: &mut &[u8]) -> Option<i32> {
    let (n, rest) = num::prefix(t, 10)?;
    *t = rest;
    i32::try_from(n).ok().filter(|&n| n < 200)
}

/// Local time of the change that `,Mm.w.d[/time]` tells, in `year`, in seconds since 1970.
fn change(t: &mut &[u8], year: i32) -> Option<i64> {
    let mut field = [0; 3];
    for (f, mark) in field.iter_mut().zip([&b",M"[..], b".", b"."]) {
        *t = t.strip_prefix(mark)?;
        *f = number(t)?;
    }
    let [month, week, weekday] = field;
    if !(1..=12).contains(&month) || !(1..=5).contains(&week) || weekday > 6 {
        return None;
    }
    let first = days(year, month);
    // 1970-01-01 was a Thursday.
    let mut day = first + (weekday - first - 4).rem_euclid(7) + 7 * (week - 1);
    // Week 5 is the last one, which may be the fourth.
    if day >= days(year + month / 12, month % 12 + 1) {
        day -= 7;
    }
    let mut at = 7200;
    if let Some(rest) = t.strip_prefix(b"/") {
        *t = rest;
        at = time(t)?;
    }
    Some(day as i64 * 86_400 + at as i64)
}

/// Days from 1970 to the first of a month.
fn days(year: i32, month: i32) -> i32 {
    let y = year - (month < 3) as i32;
    let m = (month + 9) % 12;
    365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_offsets() {
        let o = |s: &str| rules(s.as_bytes(), 0);
        assert_eq!(o("UTC0"), Some(0));
        assert_eq!(o("CET-1"), Some(3600));
        assert_eq!(o("NST3:30"), Some(-12_600));
        assert_eq!(o("<+0545>-5:45:01"), Some(20_701));
        assert_eq!(o("EST+5"), Some(-18_000));
        for wrong in ["", "UTC", "U0", "Europe/Berlin", ":x", "<+03", "CET-1x", "CET-1CEST,J60,J300", "CET999"] {
            assert_eq!(o(wrong), None, "{wrong}");
        }
        assert_eq!(offset(None, 0), 0);
    }

    #[test]
    fn summer_time() {
        let b = |sec| rules(b"CET-1CEST,M3.5.0,M10.5.0/3", sec).unwrap();
        // 2026-03-29 01:00 UTC and 2026-10-25 01:00 UTC.
        assert_eq!((b(1_774_745_999), b(1_774_746_000)), (3600, 7200));
        assert_eq!((b(1_792_889_999), b(1_792_890_000)), (7200, 3600));
        // Sydney: 2026-04-04 16:00 UTC and 2026-10-03 16:00 UTC.
        let s = |sec| rules(b"AEST-10AEDT,M10.1.0,M4.1.0/3", sec).unwrap();
        assert_eq!((s(1_775_318_399), s(1_775_318_400)), (39_600, 36_000));
        assert_eq!((s(1_791_043_199), s(1_791_043_200)), (36_000, 39_600));
        // New York by default rules: 2026-03-08 07:00 UTC.
        let n = |sec| rules(b"EST5EDT", sec).unwrap();
        assert_eq!((n(1_772_953_199), n(1_772_953_200)), (-18_000, -14_400));
    }
}
