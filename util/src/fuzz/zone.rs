//! Local time by TZ, against a calendar that counts days one by one.

use crate::time::tz;
use alloc::vec::Vec;
use sys::ZStr;

/// Takes the first eight bytes of `data` as a time within some hundred years, the rest as TZ.
pub fn zone(data: &[u8]) {
    let Some((time, text)) = data.split_first_chunk::<8>() else { return };
    // Any time must come to an end; what is compared lies where counting days takes no time.
    let far = i64::from_le_bytes(*time);
    let sec = far % (200 * 365 * 86_400);
    let mut text = super::text(text);
    let rules = Rules::read(&text);
    text.push(0);
    let tz = ZStr::from_bytes_with_nul(&text);
    tz::offset(tz, far / 16);
    assert_eq!(tz::offset(tz, sec), rules.map_or(0, |rules| rules.ahead(sec)));
}

struct Rules {
    standard: i64,
    /// Seconds ahead in summer; start and end of it: month, week, weekday, second of that day.
    summer: Option<(i64, [[i64; 4]; 2])>,
}

/// Takes what `c` holds for off the front.
fn take<'t>(text: &mut &'t [u8], c: impl Fn(u8) -> bool) -> &'t [u8] {
    let n = text.iter().take_while(|&&b| c(b)).count();
    let (taken, rest) = text.split_at(n);
    *text = rest;
    taken
}

fn is(text: &mut &[u8], c: u8) -> bool {
    let is = text.first() == Some(&c);
    *text = &text[is as usize..];
    is
}

fn name(text: &mut &[u8]) -> Option<()> {
    if is(text, b'<') {
        let inner = take(text, |c| c != b'>');
        return (is(text, b'>') && !inner.is_empty()).then_some(());
    }
    (take(text, |c| c.is_ascii_alphabetic()).len() >= 3).then_some(())
}

fn number(text: &mut &[u8]) -> Option<i64> {
    let digits = core::str::from_utf8(take(text, |c| c.is_ascii_digit())).ok()?;
    digits.parse().ok().filter(|&n| n < 200)
}

fn time(text: &mut &[u8]) -> Option<i64> {
    let minus = is(text, b'-');
    let _ = !minus && is(text, b'+');
    let mut parts: Vec<i64> = Vec::new();
    loop {
        parts.push(number(text)?);
        if parts.len() == 3 || !is(text, b':') {
            break;
        }
    }
    let sum: i64 = parts.iter().zip([3600, 60, 1]).map(|(n, unit)| n * unit).sum();
    Some(if minus { -sum } else { sum })
}

impl Rules {
    fn read(text: &[u8]) -> Option<Rules> {
        let t = &mut { text };
        name(t)?;
        let standard = -time(t)?;
        if t.is_empty() {
            return Some(Rules { standard, summer: None });
        }
        name(t)?;
        let ahead = if t.is_empty() || t[0] == b',' { standard + 3600 } else { -time(t)? };
        if t.is_empty() {
            *t = b",M3.2.0/2,M11.1.0/2";
        }
        let mut changes = [[0; 4]; 2];
        for change in &mut changes {
            let [month, week, weekday, second] = change;
            *month = (is(t, b',') && is(t, b'M')).then(|| number(t))??;
            *week = is(t, b'.').then(|| number(t))??;
            *weekday = is(t, b'.').then(|| number(t))??;
            *second = if is(t, b'/') { time(t)? } else { 7200 };
            if !(1..=12).contains(month) || !(1..=5).contains(week) || *weekday > 6 {
                return None;
            }
        }
        t.is_empty().then_some(Rules { standard, summer: Some((ahead, changes)) })
    }

    fn ahead(&self, sec: i64) -> i32 {
        let Some((summer, [start, end])) = self.summer else { return self.standard as i32 };
        let local = sec + self.standard;
        let (mut year, mut day) = (1970, local.div_euclid(86_400));
        while day < 0 {
            year -= 1;
            day += days(year);
        }
        while day >= days(year) {
            day -= days(year);
            year += 1;
        }
        let second = day * 86_400 + local.rem_euclid(86_400);
        let start = change(year, start);
        let end = change(year, end) - (summer - self.standard);
        let is_summer =
            if start < end { second >= start && second < end } else { second >= start || second < end };
        (if is_summer { summer } else { self.standard }) as i32
    }
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days(year: i64) -> i64 {
    365 + leap(year) as i64
}

/// When in its year a change comes, in seconds: each day is looked at.
fn change(year: i64, [month, week, weekday, second]: [i64; 4]) -> i64 {
    let lengths = [31, 28 + leap(year) as i64, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    // 1970 began with a Thursday.
    let before: i64 =
        if year >= 1970 { (1970..year).map(days).sum() } else { -(year..1970).map(days).sum::<i64>() };
    let first: i64 = lengths[..month as usize - 1].iter().sum();
    let of_month = (first..first + lengths[month as usize - 1])
        .filter(|day| (before + day + 4).rem_euclid(7) == weekday);
    let fitting: Vec<i64> = of_month.collect();
    fitting[(week as usize - 1).min(fitting.len() - 1)] * 86_400 + second
}
