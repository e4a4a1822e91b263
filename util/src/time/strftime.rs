//! Dates and numbers as text, in the manner of `strftime` (POSIX).

use sys::time::Civil;
use sys::{num, Buf};

/// Appends `n` with at least `width` digits.
#[inline(never)]
pub fn number(out: &mut Buf, n: u64, width: usize) {
    let mut digits = [0; 64];
    let digits = num::digits(&mut digits, n, 10);
    for _ in digits.len()..width {
        out.push(b'0');
    }
    out.extend_from_slice(digits);
}

/// Appends a date as `pattern` says: `Y m d H M S` are the numbers, `N` nanoseconds, `z` the zone as
/// `+hhmm` for the `ahead` seconds that it is ahead of UTC, `b` the month's name, `e` the day without
/// zero; all else stands for itself.
pub fn stamp(out: &mut Buf, pattern: &[u8], t: &Civil, nsec: u32, ahead: i32) {
    for &c in pattern {
        let (n, width) = match c {
            b'Y' => (t.year.max(0) as u32, 4),
            b'm' => (t.month, 2),
            b'd' => (t.day, 2),
            b'e' => {
                if t.day < 10 {
                    out.push(b' ');
                }
                (t.day, 0)
            }
            b'H' => (t.hour, 2),
            b'M' => (t.minute, 2),
            b'S' => (t.second, 2),
            b'N' => (nsec, 9),
            b'z' => {
                out.push(if ahead < 0 { b'-' } else { b'+' });
                let minutes = ahead.unsigned_abs() / 60;
                (minutes / 60 * 100 + minutes % 60, 4)
            }
            b'b' => {
                let at = t.month as usize * 3;
                out.extend_from_slice(
                    b"???JanFebMarAprMayJunJulAugSepOctNovDec".get(at..at + 3).unwrap_or_default(),
                );
                continue;
            }
            c => {
                out.push(c);
                continue;
            }
        };
        number(out, n as u64, width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sys::time::civil;

    #[test]
    fn patterns() {
        let s = |p: &str, sec, ahead| {
            let mut out = Buf::new();
            stamp(&mut out, p.as_bytes(), &civil(sec), 1234, ahead);
            String::from_utf8(out.to_vec()).unwrap()
        };
        assert_eq!(s("Y-m-d H:M:S.N z", 0, -12_600), "1970-01-01 00:00:00.000001234 -0330");
        assert_eq!(s("b e  Y", 1_795_176_000, 0), "Nov 20  2026");
        assert_eq!(s("b e H:M", 951_782_399 + 86_400 * 2, 0), "Mar  1 23:59");
    }
}
