//! Dates as text (POSIX.1-2024 strftime; `man 3 strftime` in the C locale).

use super::calendar::{civil, year_day, Civil};
use crate::text::number;
use sys::zstr::{cut, position};
use sys::Buf;

/// A point in time where somebody is.
#[derive(Clone, Copy)]
pub struct Stamp {
    /// Seconds since 1970, UTC.
    pub sec: i64,
    /// Nanoseconds in that second.
    pub nsec: u32,
    /// Seconds that local time is ahead of UTC then.
    pub ahead: i32,
}

/// Names of days, months and halves of the day; `%a` and `%b` are the first three letters.
pub(crate) static NAMES: &[u8] = b"Sunday Monday Tuesday Wednesday Thursday Friday Saturday \
January February March April May June July August September October November December AM PM";

/// Conversions to a name, the short and the long form in turn.
const NAMED: &[u8] = b"aAbBp";

/// Conversions that stand for others: the letters, and what each stands for.
const SHORT_LETTERS: &[u8] = b"cDFRTxXnt%";
static SHORT: &[u8] = b"%a %b %e %T %Y|%m/%d/%y|%Y-%m-%d|%H:%M|%R:%S|%D|%T|\n|\t|%";

/// Appends the time as `format` says. Conversions: `%a %A %b %B %c %d %D %e %F %H %I %j %m %M %n %N %p %R %s %S %t %T %u %w %x
/// %X %y %Y %z %%`; of these `%N` (nanoseconds) and `%s` (seconds since 1970) are no part of C. All else stands for
/// itself.
#[inline(never)]
pub fn strftime(out: &mut Buf, format: &[u8], at: &Stamp) {
    let t = civil(at.sec + at.ahead as i64);
    let mut rest = format;
    while let [c, tail @ ..] = rest {
        rest = tail;
        let (b'%', [letter, tail @ ..]) = (c, tail) else {
            out.push(*c);
            continue;
        };
        rest = tail;
        let year = t.year.max(0) as u32;
        let (n, width) = match letter {
            b'Y' => (year, 4),
            b'y' => (year % 100, 2),
            b'm' => (t.month, 2),
            b'd' => (t.day, 2),
            b'e' => {
                if t.day < 10 {
                    out.push(b' ');
                }
                (t.day, 0)
            }
            b'j' => (year_day(&t) as u32 + 1, 3),
            b'H' => (t.hour, 2),
            b'I' => (if t.hour % 12 == 0 { 12 } else { t.hour % 12 }, 2),
            b'M' => (t.minute, 2),
            b'S' => (t.second, 2),
            b'N' => (at.nsec, 9),
            b'u' => (if t.weekday == 0 { 7 } else { t.weekday }, 0),
            b'w' => (t.weekday, 0),
            b'z' => {
                out.push(if at.ahead < 0 { b'-' } else { b'+' });
                let minutes = at.ahead.unsigned_abs() / 60;
                (minutes / 60 * 100 + minutes % 60, 4)
            }
            _ => {
                other(out, *letter, at, &t);
                continue;
            }
        };
        number::push(out, n as u64, width);
    }
}

/// Appends what is not one number.
fn other(out: &mut Buf, letter: u8, at: &Stamp, t: &Civil) {
    if let Some(n) = position(NAMED, letter) {
        let index = match n >> 1 {
            0 => t.weekday,
            1 => t.month + 6,
            _ => t.hour / 12 + 19,
        };
        let name = word(NAMES, b' ', index);
        let short = name.get(..3).unwrap_or(name);
        out.extend_from_slice(if n & 1 != 0 { name } else { short });
    } else if let Some(format) = shorthand(letter) {
        strftime(out, format, at);
    } else if letter == b's' {
        number::push_signed(out, at.sec);
    } else {
        out.extend_from_slice(&[b'%', letter]);
    }
}

/// The format that a conversion stands for, if it stands for one.
#[inline(always)]
pub(crate) fn shorthand(letter: u8) -> Option<&'static [u8]> {
    Some(word(SHORT, b'|', position(SHORT_LETTERS, letter)? as u32))
}

/// Word `n` of a list that `mark` divides.
#[inline(never)]
fn word(mut list: &'static [u8], mark: u8, n: u32) -> &'static [u8] {
    for _ in 0..n {
        cut(&mut list, mark);
    }
    cut(&mut list, mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(format: &str, sec: i64, ahead: i32) -> String {
        let mut out = Buf::new();
        strftime(&mut out, format.as_bytes(), &Stamp { sec, nsec: 1234, ahead });
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn formats() {
        assert_eq!(at("%Y-%m-%d %H:%M:%S.%N %z", 12_600, -12_600), "1970-01-01 00:00:00.000001234 -0330");
        assert_eq!(at("%b %e  %Y", 1_795_176_000, 0), "Nov 20  2026");
        assert_eq!(at("%b %e %R", 951_782_399 + 86_400 * 2, 0), "Mar  1 23:59");
        assert_eq!(
            at("%F %T|%D|%c", 1_795_176_000, 3600),
            "2026-11-20 13:00:00|11/20/26|Fri Nov 20 13:00:00 2026"
        );
        assert_eq!(at("%x %X", 0, 0), "01/01/70 00:00:00");
        assert_eq!(at("%A %B %a %b %j %u %w %y", 1_798_675_200, 0), "Thursday December Thu Dec 365 4 4 26");
        assert_eq!(at("%A %u %w %j", 1_772_323_200, 0), "Sunday 7 0 060");
        assert_eq!(at("%I %p", 0, 0), "12 AM");
        assert_eq!(at("%I %p", 0, 12 * 3600), "12 PM");
        assert_eq!(at("%I %p", 0, 13 * 3600), "01 PM");
        assert_eq!(at("%s %z", -5, 3600), "-5 +0100");
    }

    #[test]
    fn what_is_no_conversion_stands_for_itself() {
        assert_eq!(at("%%%n%t|%q%", 0, 0), "%\n\t|%q%");
        assert_eq!(at("", 0, 0), "");
    }

    #[test]
    fn all_names() {
        for (n, name) in ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].iter().enumerate() {
            // 1970-01-04 was a Sunday.
            assert_eq!(at("%a", (3 + n as i64) * 86_400, 0), *name);
        }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        for (n, name) in months.iter().enumerate() {
            assert_eq!(at("%b", n as i64 * 31 * 86_400 - n as i64 / 2 * 86_400, 0), *name);
        }
    }
}
