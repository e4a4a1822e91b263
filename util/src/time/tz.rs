//! Local time, as the variable TZ tells it (POSIX.1-2024, Base Definitions 8.3).
//!
//! Understood: `STD offset`, and `STD offset DST [offset] [,Mm.w.d[/time],Mm.w.d[/time]]`, for example
//! `UTC0`, `CET-1`, `<+03>-3`, `CET-1CEST,M3.5.0,M10.5.0/3`; without rules those of the United States hold.
//! Not understood, hence UTC: names of zone files (`Europe/Berlin`) and days counted through the year.

use super::calendar::{civil, month_start, year_day, Civil};
use sys::{num, zstr, ZStr};

/// Seconds that local time is ahead of UTC at `sec` seconds since 1970; 0 for a TZ that is missing or not
/// understood.
pub fn offset(tz: Option<ZStr>, sec: i64) -> i32 {
    tz.and_then(|tz| rules(tz.bytes(), sec)).unwrap_or(0)
}

/// The name of the zone at `sec` seconds since 1970; UTC for a TZ that is missing or not understood.
#[inline(never)]
pub fn name_at(tz: Option<ZStr<'_>>, sec: i64) -> &[u8] {
    let told = tz.and_then(|tz| {
        let mut t = tz.bytes();
        let ahead = rules(t, sec)?;
        let standard = word(&mut t)?;
        if ahead == -time(&mut t)? {
            return Some(standard);
        }
        word(&mut t)
    });
    told.unwrap_or(b"UTC")
}

/// Takes a zone's name off `t`: the name without brackets.
fn word<'t>(t: &mut &'t [u8]) -> Option<&'t [u8]> {
    let whole = *t;
    name(t)?;
    let word = whole.get(..whole.len() - t.len())?;
    Some(word.strip_prefix(b"<").and_then(|w| w.strip_suffix(b">")).unwrap_or(word))
}

#[inline(never)]
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
    // All in seconds of the year in standard time.
    let now = civil(sec + standard as i64);
    let day = year_day(&now);
    let second = ((day * 24 + now.hour as i32) * 60 + now.minute as i32) * 60 + now.second as i32;
    let start = change(t, &now, day)?;
    let end = change(t, &now, day)? - (summer - standard);
    if !t.is_empty() {
        return None;
    }
    let after = second >= start;
    let before = second < end;
    // South of the equator summer is where the year changes.
    let is_summer = if start < end { after && before } else { after || before };
    Some(if is_summer { summer } else { standard })
}

/// Passes over a zone's name: three letters or more, or anything in angle brackets.
#[inline(never)]
fn name(t: &mut &[u8]) -> Option<()> {
    let n = match t.first()? {
        b'<' => zstr::position(t, b'>')? + 1,
        _ => t.iter().take_while(|b| b.is_ascii_alphabetic()).count(),
    };
    *t = t.get(n..).filter(|_| n > 2)?;
    Some(())
}

/// `[+-]hh[:mm[:ss]]` in seconds.
#[inline(never)]
fn time(t: &mut &[u8]) -> Option<i32> {
    let mut sign = 1;
    if let Some((&c @ (b'-' | b'+'), rest)) = t.split_first() {
        *t = rest;
        sign = b',' as i32 - c as i32;
    }
    let mut sum = 0;
    let mut unit = 3600;
    loop {
        sum += small(t)? * unit;
        unit /= 60;
        match t.split_first() {
            Some((b':', rest)) if unit > 0 => *t = rest,
            _ => return Some(sum * sign),
        }
    }
}

/// A number of at most three digits' worth.
fn small(t: &mut &[u8]) -> Option<i32> {
    let (n, rest) = num::prefix(t, 10)?;
    *t = rest;
    i32::try_from(n).ok().filter(|&n| n < 200)
}

/// When the change that `,Mm.w.d[/time]` tells comes, in seconds of the year of `now`, whose day of the
/// year is `today`.
#[inline(never)]
fn change(t: &mut &[u8], now: &Civil, today: i32) -> Option<i32> {
    let mut field = [0; 3];
    for (f, mark) in field.iter_mut().zip(*b"M..") {
        if mark == b'M' {
            *t = t.strip_prefix(b",")?;
        }
        *t = t.strip_prefix(&[mark])?;
        *f = small(t)?;
    }
    let [month, week, weekday] = field;
    if month > 12 || week > 5 || weekday > 6 || month * week == 0 {
        return None;
    }
    // The first such weekday of the month: days to go from its first day, whose weekday follows from today's.
    let from = month_start(now.year, month);
    let mut day = from + (weekday - now.weekday as i32 + today - from + 7 * 60) % 7 + 7 * (week - 1);
    // Week 5 is the last one, which may be the fourth.
    if day >= month_start(now.year, month + 1) {
        day -= 7;
    }
    let mut at = 7200;
    if let Some((b'/', rest)) = t.split_first() {
        *t = rest;
        at = time(t)?;
    }
    Some(day * 86_400 + at)
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
        for wrong in
            ["", "UTC", "U0", "Europe/Berlin", ":x", "<+03", "CET-1x", "CET-1CEST,J60,J300", "CET999"]
        {
            assert_eq!(o(wrong), None, "{wrong}");
        }
        assert_eq!(offset(None, 0), 0);
        let n = |s, sec| name_at(Some(ZStr::new(s)), sec);
        assert_eq!((n(c"CET-1CEST", 0), n(c"CET-1CEST", 1_782_954_245)), (&b"CET"[..], &b"CEST"[..]));
        assert_eq!((n(c"<+03>-3", 0), n(c"x", 0), name_at(None, 0)), (&b"+03"[..], &b"UTC"[..], &b"UTC"[..]));
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
