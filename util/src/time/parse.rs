//! Points in time from text: `date -d`, `touch -d` and `-t`, and formats of one's own (BusyBox `parse_datestr`;
//! POSIX.1-2024 date, touch, strptime).

use super::calendar::{civil, seconds, Civil};
use super::strftime::{shorthand, NAMES};
use super::tz;
use crate::text::take;
use sys::time::Timespec;
use sys::zstr::cut;
use sys::{num, ZStr};

/// Optional seconds behind a colon, and behind a point.
const COLON: u8 = 1;
const POINT: u8 = 2;

/// What `date -d`, `date -s` and `touch -d` take, for [`parse`].
pub static STRING: &[u8] = b"@%s|%H:%M%\x01|%m.%d-%H:%M%\x01|%Y.%m.%d-%H:%M%\x01|%Y-%m-%d %H:%M%\x01|\
%Y-%m-%dT%H:%M%\x01|%Y-%m-%d %H|%Y-%m-%d|%m%d%H%M%\x02|%y%m%d%H%M%\x02|%Y%m%d%H%M%\x02|%b %d %T %Y|%a, %d %b %Y %T|\
%a %b %d %T %Z %Y";
/// `[[CC]YY]MMDDhhmm[.SS]`, for `touch -t`.
pub static TOUCH: &[u8] = b"%m%d%H%M%\x02|%y%m%d%H%M%\x02|%Y%m%d%H%M%\x02";
/// `MMDDhhmm[[CC]YY][.ss]`, the operand of `date`.
pub static OPERAND: &[u8] = b"%m%d%H%M%\x02|%m%d%H%M%y%\x02|%m%d%H%M%Y%\x02";

/// What has been read.
struct Read {
    civil: Civil,
    nsec: u32,
    /// Seconds since 1970, where the text tells them.
    since: Option<i64>,
    /// Seconds that the zone in the text is ahead of UTC.
    ahead: Option<i32>,
}

/// The time that the whole of `text` tells in one of `formats`, which `|` separates. What it does not tell is that of
/// `now` (seconds since 1970) where `tz` is: the date; hours, minutes and seconds are 0. Behind the time a zone may
/// stand: `Z`, `UTC`, `GMT`, or `+hh[:mm]`. `None` if it is no such text or there is no such day.
#[inline(never)]
pub fn parse(text: &[u8], mut formats: &[u8], now: i64, tz: Option<ZStr>) -> Option<Timespec> {
    while !formats.is_empty() {
        if let Some(t) = one(text, cut(&mut formats, b'|'), now, tz) {
            return Some(t);
        }
    }
    None
}

/// As [`parse`], in one format: letters of strptime behind `%`.
#[inline(never)]
pub fn one(mut text: &[u8], format: &[u8], now: i64, tz: Option<ZStr>) -> Option<Timespec> {
    let mut civil = civil(now + tz::offset(tz, now) as i64);
    (civil.hour, civil.minute, civil.second) = (0, 0, 0);
    let mut r = Read { civil, nsec: 0, since: None, ahead: None };
    read(&mut text, format, &mut r)?;
    blanks(&mut text);
    if !text.is_empty() {
        zone(&mut text, &mut r)?;
        blanks(&mut text);
    }
    if !text.is_empty() {
        return None;
    }
    let nsec = r.nsec as i64;
    if let Some(sec) = r.since {
        return Some(Timespec { sec, nsec });
    }
    let sec = seconds(&r.civil);
    let told = self::civil(sec - (r.civil.second == 60) as i64);
    if (told.year, told.month, told.day, told.hour)
        != (r.civil.year, r.civil.month, r.civil.day, r.civil.hour)
    {
        return None;
    }
    let ahead = r.ahead.unwrap_or_else(|| tz::offset(tz, sec - tz::offset(tz, sec) as i64));
    Some(Timespec { sec: sec - ahead as i64, nsec })
}

fn blanks(text: &mut &[u8]) {
    while take(text, b" \t\n").is_some() {}
}

/// A number of at most `width` digits.
#[inline(never)]
fn digits(text: &mut &[u8], width: usize) -> Option<u32> {
    let n = text.iter().take(width).take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(n)?;
    *text = rest;
    num::parse_u32(number)
}

/// Reads the zone that ends a time.
fn zone(text: &mut &[u8], r: &mut Read) -> Option<()> {
    if let Some(minus) = take(text, b"+-") {
        let mut minutes = digits(text, 2)? * 60;
        take(text, b":");
        minutes += digits(text, 2).unwrap_or(0);
        let ahead = minutes as i32 * 60;
        r.ahead = Some(if minus == 1 { -ahead } else { ahead });
        return Some(());
    }
    let n = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let (name, rest) = text.split_at_checked(n)?;
    *text = rest;
    if !matches!(name, b"Z" | b"UTC" | b"GMT") {
        return None;
    }
    r.ahead = Some(0);
    Some(())
}

/// Passes over the name of a day or a month, or its first three letters: its place among [`NAMES`].
#[inline(never)]
fn name(text: &mut &[u8]) -> Option<u32> {
    let n = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let (word, rest) = text.split_at_checked(n)?;
    *text = rest;
    let mut names = NAMES;
    for place in 0..19 {
        let name = cut(&mut names, b' ');
        let short = name.get(..3).unwrap_or(name);
        if word.eq_ignore_ascii_case(name) || word.eq_ignore_ascii_case(short) {
            return Some(place);
        }
    }
    None
}

/// Reads what `format` says off `text`.
#[inline(never)]
fn read(text: &mut &[u8], mut format: &[u8], r: &mut Read) -> Option<()> {
    while let [c, rest @ ..] = format {
        format = rest;
        if *c == b' ' {
            blanks(text);
            continue;
        }
        let (b'%', [letter, rest @ ..]) = (c, rest) else {
            take(text, &[*c])?;
            continue;
        };
        format = rest;
        let c = &mut r.civil;
        let (field, width, least, most) = match *letter {
            b'Y' => {
                c.year = digits(text, 4)? as i32;
                continue;
            }
            b'y' => {
                let year = digits(text, 2)? as i32;
                c.year = year + if year < 69 { 2000 } else { 1900 };
                continue;
            }
            b'a' | b'A' => {
                name(text).filter(|&n| n < 7)?;
                continue;
            }
            b'b' | b'B' | b'h' => {
                c.month = name(text)?.checked_sub(6).filter(|&n| n > 0)?;
                continue;
            }
            b's' => {
                let minus = take(text, b"-").is_some();
                let (n, rest) = num::prefix(text, 10)?;
                let n = i64::try_from(n).ok()?;
                *text = rest;
                r.since = Some(if minus { -n } else { n });
                if take(text, b".,").is_some() {
                    r.nsec = fraction(text)?;
                }
                continue;
            }
            b'Z' | b'z' => {
                zone(text, r)?;
                continue;
            }
            COLON | POINT => {
                if take(text, if *letter == COLON { b":" } else { b"." }).is_some() {
                    read(text, b"%S", r)?;
                }
                continue;
            }
            b'm' => (&mut c.month, 2, 1, 12),
            b'd' | b'e' => {
                blanks(text);
                (&mut c.day, 2, 1, 31)
            }
            b'H' | b'k' => (&mut c.hour, 2, 0, 23),
            b'M' => (&mut c.minute, 2, 0, 59),
            b'S' => (&mut c.second, 2, 0, 60),
            b'n' | b't' => {
                blanks(text);
                continue;
            }
            _ => {
                read(text, shorthand(*letter)?, r)?;
                continue;
            }
        };
        let n = digits(text, width)?;
        if !(least..=most).contains(&n) {
            return None;
        }
        *field = n;
        if *letter == b'S' && text.len() > 1 && take(text, b".,").is_some() {
            r.nsec = fraction(text)?;
        }
    }
    Some(())
}

/// The digits behind a point, as nanoseconds; those beyond the ninth do not count.
fn fraction(text: &mut &[u8]) -> Option<u32> {
    let (mut n, mut place) = (0, 100_000_000);
    let whole = text.len();
    while let Some(digit) = take(text, b"0123456789") {
        n += digit as u32 * place;
        place /= 10;
    }
    (text.len() < whole).then_some(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-12-01 04:00:05 UTC.
    const NOW: i64 = 1_796_097_605;

    fn at(text: &str, formats: &[u8]) -> Option<(i64, i64)> {
        parse(text.as_bytes(), formats, NOW, Some(ZStr::new(c"CET-1CEST,M3.5.0,M10.5.0/3")))
            .map(|t| (t.sec, t.nsec))
    }

    #[test]
    fn all_forms() {
        // 2026-07-02 03:04:05 in summer time, which is 01:04:05 UTC.
        let (sec, min) = (1_782_954_245, 1_782_954_240);
        for (text, want) in [
            ("@-5", (-5, 0)),
            ("@12.25", (12, 250_000_000)),
            ("07.02-03:04", (min, 0)),
            ("07.02-03:04:05", (sec, 0)),
            ("2026.07.02-03:04:05", (sec, 0)),
            ("2026-07-02 03:04:05", (sec, 0)),
            ("2026-7-2 3:4:5", (sec, 0)),
            ("2026-07-02 03:04:05.000000001", (sec, 1)),
            ("2026-07-02T03:04", (min, 0)),
            ("2026-07-02T01:04:05Z", (sec, 0)),
            ("2026-07-01 21:34:05 -03:30", (sec, 0)),
            ("2026-07-02 03", (min - 240, 0)),
            ("2026-07-02", (min - 240 - 3 * 3600, 0)),
            ("07020304", (min, 0)),
            ("07020304.05", (sec, 0)),
            ("2607020304", (min, 0)),
            ("202607020304.05", (sec, 0)),
            ("Jul 2 03:04:05 2026", (sec, 0)),
            ("Thu, 02 Jul 2026 01:04:05 GMT", (sec, 0)),
            ("Thu Jul  2 01:04:05 UTC 2026", (sec, 0)),
        ] {
            assert_eq!(at(text, STRING), Some(want), "{text}");
        }
        assert_eq!(at("13:37", STRING), Some((NOW - 5 + (8 * 60 + 37) * 60, 0)));
        assert_eq!(at("070203042026.05", OPERAND), Some((sec, 0)));
        assert_eq!(at("0702030426", OPERAND), Some((min, 0)));
        assert_eq!(at("202607020304.05", TOUCH), Some((sec, 0)));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "x",
            "@",
            "@1x",
            "24:00",
            "1:60",
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-32",
            "12:30:61",
        ] {
            assert_eq!(at(text, STRING), None, "{text}");
        }
    }

    #[test]
    fn formats_of_ones_own() {
        let own =
            |text: &str, format: &str| one(text.as_bytes(), format.as_bytes(), NOW, None).map(|t| t.sec);
        assert_eq!(own("1/2/2000 3", "%d/%m/%Y %H"), Some(949_374_000));
        assert_eq!(own("2000-02-01", "%F"), Some(949_363_200));
        assert_eq!(own("x", "%Q"), None);
    }
}
