//! `%e %f %g` of `printf`, on the decimal digits themselves: exact to any precision, and without floating point.
//! What C rounds twice, to binary and back, is rounded once here, half to even.

use crate::text::after;
use sys::zstr::position;
use sys::{num, Buf};

/// No exponent and no precision is beyond it.
pub const MOST: usize = 4999;

/// A number without its sign: 0.DIGITS times ten to the power of `point`.
#[derive(Default)]
pub struct Decimal {
    /// As text; the first is not 0.
    pub(super) digits: Buf,
    pub(super) point: i32,
}

impl Decimal {
    /// Takes digits, which may have a point among them, and an exponent off `text`; `None` if there are no digits, or
    /// the exponent is beyond [`MOST`].
    #[inline(never)]
    pub fn take(text: &mut &[u8]) -> Option<Decimal> {
        let mut new = Decimal::default();
        let (mut any, mut behind) = (false, false);
        while let [c, rest @ ..] = *text {
            match c {
                b'.' if !behind => behind = true,
                b'0'..=b'9' => {
                    any = true;
                    if *c != b'0' || !new.digits.is_empty() {
                        new.digits.push(*c);
                        new.point += !behind as i32;
                    } else {
                        new.point -= behind as i32;
                    }
                }
                _ => break,
            }
            *text = rest;
        }
        if !any {
            return None;
        }
        if let [b'e' | b'E', rest @ ..] = *text {
            let sign = rest.first().and_then(|&c| position(b"+-", c));
            let digits = after(rest, sign.is_some() as usize);
            if digits.first().is_some_and(u8::is_ascii_digit) {
                let (n, rest) = num::prefix(digits, 10).filter(|(n, _)| *n <= MOST as u64)?;
                new.point += if sign == Some(1) { -(n as i32) } else { n as i32 };
                *text = rest;
            }
        }
        Some(new)
    }

    /// Rounds to the first `keep` digits.
    #[inline(never)]
    pub(super) fn round(&mut self, keep: i32) {
        let Ok(keep) = usize::try_from(keep) else {
            self.digits.clear();
            return;
        };
        let Some((first, rest)) = self.digits.get(keep..).and_then(|cut| cut.split_first()) else { return };
        let odd = keep.checked_sub(1).and_then(|last| self.digits.get(last)).is_some_and(|c| c & 1 == 1);
        let half = *first == b'5' && !odd && rest.iter().all(|c| *c == b'0');
        let up = *first >= b'5' && !half;
        self.digits.truncate(keep);
        while up && self.digits.last() == Some(&b'9') {
            // It becomes 0, which need not be written.
            self.digits.pop();
        }
        if up {
            let last = self.digits.last().map_or(b'0', |c| *c);
            if self.digits.is_empty() {
                self.point += 1;
            }
            self.digits.pop();
            self.digits.push(last + 1);
        }
    }

    /// As `style` (e, f or g) has it; `alternate` is the flag `#`.
    #[inline(never)]
    pub fn text(mut self, style: u8, precision: i32, alternate: bool) -> Buf {
        let mut out = Buf::new();
        let mut behind = precision;
        let mut scientific = style == b'e';
        let keep = match style {
            b'f' => self.point + behind,
            b'e' => behind + 1,
            _ => {
                behind = behind.max(1);
                behind
            }
        };
        self.round(keep);
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        if style == b'g' {
            scientific = exponent < -4 || exponent >= behind;
            behind -= if scientific { 1 } else { exponent + 1 };
        }
        if scientific || self.digits.is_empty() {
            self.point = 1;
        }
        for i in (self.point - 1).min(0)..self.point + behind {
            if i == self.point {
                out.push(b'.');
            }
            out.push(self.digits.get(i as usize).copied().unwrap_or(b'0'));
        }
        if alternate {
            if behind == 0 {
                out.push(b'.');
            }
        } else if style == b'g' && behind > 0 {
            while out.last() == Some(&b'0') {
                out.pop();
            }
            if out.last() == Some(&b'.') {
                out.pop();
            }
        }
        if scientific {
            out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
            let n = exponent.unsigned_abs();
            if n < 10 {
                out.push(b'0');
            }
            let mut text = [0; 64];
            out.extend_from_slice(num::digits(&mut text, n as u64, 10));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str, style: u8, precision: i32, alternate: bool) -> String {
        let mut rest = text.as_bytes();
        let number = Decimal::take(&mut rest).unwrap();
        assert_eq!(rest, b"", "{text}");
        let out = number.text(style, precision, alternate);
        String::from_utf8(out.to_vec()).unwrap()
    }

    /// Beside Rust's own, which is exact, too: numbers that binary fractions can hold.
    #[test]
    fn fixed_and_scientific_are_those_of_rust() {
        let numbers = [0.0, 1.0, 0.5, 1.5, 2.5, 9.5, 99.5, 0.125, 0.375, 1234.0625, 1e22, 0.0009765625, 3e-5];
        for n in numbers {
            for precision in 0..12 {
                let plain = format!("{n:.precision$}");
                assert_eq!(show(&n.to_string(), b'f', precision as i32, false), plain, "{n} {precision}");
                let e = format!("{n:.precision$e}");
                let (digits, exponent) = e.split_once('e').unwrap();
                let exponent: i32 = exponent.parse().unwrap();
                let sign = if exponent < 0 { '-' } else { '+' };
                let e = format!("{digits}e{sign}{:02}", exponent.abs());
                assert_eq!(show(&format!("{n:e}"), b'e', precision as i32, false), e, "{n} {precision}");
            }
        }
    }

    #[test]
    fn what_is_shorter() {
        for (text, precision, plain, alternate) in [
            ("0", 6, "0", "0.00000"),
            ("100000", 6, "100000", "100000."),
            ("1000000", 6, "1e+06", "1.00000e+06"),
            ("0.0001", 6, "0.0001", "0.000100000"),
            ("0.00001", 6, "1e-05", "1.00000e-05"),
            ("123.456", 4, "123.5", "123.5"),
            ("999.96", 4, "1000", "1000."),
            ("9999.6", 4, "1e+04", "1.000e+04"),
            ("5", 0, "5", "5."),
        ] {
            assert_eq!(show(text, b'g', precision, false), plain);
            assert_eq!(show(text, b'g', precision, true), alternate);
        }
    }

    #[test]
    fn digits_are_never_lost() {
        assert_eq!(
            show("123456789012345678901234567890.5", b'f', 1, false),
            "123456789012345678901234567890.5"
        );
        assert_eq!(show("0.1", b'f', 30, false), "0.100000000000000000000000000000");
        assert_eq!(show("00012.50e-1", b'f', 3, false), "1.250");
        assert_eq!(show(".5e3", b'f', 0, true), "500.");
        assert_eq!(show("9.9995", b'f', 3, false), "10.000");
        assert_eq!(show("0.0004", b'f', 3, false), "0.000");
        assert_eq!(show("1e-4999", b'e', 0, false), "1e-4999");
    }

    #[test]
    fn what_is_no_number() {
        for text in ["", ".", "e5", "x", "1e5000"] {
            assert!(Decimal::take(&mut text.as_bytes()).is_none(), "{text}");
        }
        for (text, left) in [("1e", "e"), ("1.2.3", ".3"), ("7e+x", "e+x"), ("5 ", " ")] {
            let mut rest = text.as_bytes();
            assert!(Decimal::take(&mut rest).is_some());
            assert_eq!(rest, left.as_bytes());
        }
    }
}
