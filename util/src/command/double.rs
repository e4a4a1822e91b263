//! Doubles from and to decimal text, exactly: what lies between two doubles is rounded to the nearer one, half to even.

use super::decimal::Decimal;
use crate::text::{after, part};
use sys::{num, Buf};

/// More digits than this decide nothing but whether there is anything behind a half.
const MOST: usize = 800;

/// The number that `text` starts with: digits, perhaps a point and an exponent, without blanks and sign. Its value and
/// how many bytes it has; none if there is no digit.
#[inline(never)]
pub fn parse(text: &[u8]) -> (f64, usize) {
    let (mut mantissa, mut scale, mut at) = (0u64, 0i32, 0);
    // Digits in front of the point, and whether all are in `mantissa`.
    let (mut any, mut behind, mut whole) = (false, false, true);
    while let [c, ..] = after(text, at) {
        match c {
            b'.' if !behind => behind = true,
            b'0'..=b'9' => {
                any = true;
                if mantissa >> 53 == 0 {
                    mantissa = mantissa * 10 + (c & 15) as u64;
                    scale -= behind as i32;
                } else {
                    whole &= *c == b'0';
                    scale += !behind as i32;
                }
            }
            _ => break,
        }
        at += 1;
    }
    if !any {
        return (0.0, 0);
    }
    let digits = part(text, 0, at);
    let mut exponent = 0;
    if let [b'e' | b'E', rest @ ..] = after(text, at) {
        let sign = matches!(rest, [b'+' | b'-', ..]) as usize;
        let rest = after(rest, sign);
        let len = rest.iter().take_while(|c| c.is_ascii_digit()).count();
        if len > 0 {
            exponent = num::prefix(rest, 10).map_or(1 << 28, |(n, _)| n.min(1 << 28) as i32);
            if matches!(text.get(at + 1), Some(b'-')) {
                exponent = -exponent;
            }
            at += 1 + sign + len;
        }
    }
    scale += exponent;
    let fits = whole && mantissa >> 53 == 0;
    let mut value = mantissa as f64;
    if mantissa == 0 {
    } else if fits && (-22..=22).contains(&scale) {
        // Both are exact, so the result is rounded once.
        let mut power = 1.0;
        for _ in 0..scale.unsigned_abs() {
            power *= 10.0;
        }
        if scale < 0 {
            value /= power;
        } else {
            value *= power;
        }
    } else {
        value = Decimal::take(&mut { digits }).map_or(0.0, |d| d.times_ten(exponent).value());
    }
    (value, at)
}

impl Decimal {
    /// The digits of the magnitude of `value`, which is no infinity and a number.
    #[inline(never)]
    pub fn of(value: f64) -> Decimal {
        let bits = value.to_bits();
        let exponent = (bits >> 52) as i32 & 0x7ff;
        let mantissa = bits << 12 >> 12 | ((exponent != 0) as u64) << 52;
        let mut new = Decimal::default();
        if mantissa != 0 {
            let mut text = [0; 64];
            new.digits.extend_from_slice(num::digits(&mut text, mantissa, 10));
            new.point = new.digits.len() as i32;
            new.shift(exponent.max(1) - 1075);
        }
        new
    }

    fn times_ten(mut self, exponent: i32) -> Decimal {
        self.point += exponent;
        self
    }

    /// Multiplies by two to the power of `n`.
    #[inline(never)]
    fn shift(&mut self, mut n: i32) {
        while n > 0 {
            let step = n.min(27);
            n -= step;
            let mut carry = 0u32;
            for d in self.digits.iter_mut().rev() {
                carry += ((*d & 15) as u32) << step;
                *d = b'0' + (carry % 10) as u8;
                carry /= 10;
            }
            while carry > 0 {
                self.digits.insert(0, b'0' + (carry % 10) as u8);
                self.point += 1;
                carry /= 10;
            }
        }
        while n < 0 {
            let step = (-n).min(27);
            n += step;
            let (mut rest, mut at) = (0u32, 0);
            let mut out = Buf::new();
            while at < self.digits.len() || rest != 0 {
                rest = rest * 10 + self.digits.get(at).map_or(0, |d| *d & 15) as u32;
                at += 1;
                let digit = rest >> step;
                rest &= (1 << step) - 1;
                if digit == 0 && out.is_empty() {
                    self.point -= 1;
                } else {
                    out.push(b'0' + digit as u8);
                }
            }
            self.digits = out;
        }
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
    }

    /// The nearest double.
    #[inline(never)]
    pub fn value(mut self) -> f64 {
        if self.digits.len() > MOST {
            // A tail without a digit of its own would not be a half.
            let more = after(&self.digits, MOST).iter().any(|d| *d != b'0');
            self.digits.truncate(MOST);
            if more {
                self.digits.push(b'1');
            }
        }
        if self.digits.is_empty() || self.point < -330 {
            return 0.0;
        }
        if self.point > 310 {
            return f64::INFINITY;
        }
        // To a value from a half up to one, times two to the power of `exponent`.
        let mut exponent = 0;
        loop {
            let step = match self.point {
                1.. => -(self.point * 3).min(27),
                0 if self.digits.first().is_some_and(|d| *d >= b'5') => break,
                0 => 1,
                _ => (-self.point * 3).min(27),
            };
            self.shift(step);
            exponent -= step;
        }
        // Of the smallest numbers fewer bits are kept.
        let biased = exponent + 1022;
        self.shift(53 + (biased - 1).min(0));
        self.round(self.point);
        let mut mantissa = 0u64;
        for at in 0..self.point {
            mantissa = mantissa * 10 + self.digits.get(at as usize).map_or(0, |d| *d & 15) as u64;
        }
        let bits = ((biased.max(1) - 1) as u64) << 52;
        f64::from_bits((bits + mantissa).min(f64::INFINITY.to_bits()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) {
        let (value, len) = parse(text.as_bytes());
        assert_eq!(len, text.len(), "{text}");
        assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
    }

    #[test]
    fn texts_become_the_nearest_double() {
        for text in [
            "0",
            "1",
            "0.1",
            ".5",
            "5.",
            "123456789012345678",
            "1e22",
            "1e23",
            "9007199254740993",
            "1e400",
            "1e-400",
            "9007199254740992.99999999999999999999",
            "2.2250738585072011e-308",
            "5e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "1.7976931348623157e308",
            "1.7976931348623159e308",
            "0.000001e6",
            "00012.50e-1",
            "179769313486231580793728971405301e276",
            "6.9294956446009195e15",
            "100000000000000000000000000000000e-32",
        ] {
            check(text);
        }
        check(&format!("0.{}1", "0".repeat(400)));
        check(&format!("{}e-900", "7".repeat(1000)));
        // A half, and a little more than a half.
        check("9007199254740993.00000");
        check(&format!("9007199254740993.{}1", "0".repeat(900)));
    }

    #[test]
    fn any_double_comes_back() {
        let mut state = 1u64;
        for _ in 0..3000 {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let value = f64::from_bits(state ^ state >> 29).abs();
            if value.is_finite() {
                check(&format!("{value:e}"));
                let text = Decimal::of(value).text(b'e', 40, false);
                let rust = format!("{value:.40e}");
                let (digits, exponent) = rust.split_once('e').unwrap();
                let n: i32 = exponent.parse().unwrap();
                let want = format!("{digits}e{}{:02}", if n < 0 { '-' } else { '+' }, n.abs());
                assert_eq!(String::from_utf8(text.to_vec()).unwrap(), want);
            }
        }
    }

    #[test]
    fn what_is_no_number() {
        for (text, value, len) in
            [("", 0.0, 0), (".", 0.0, 0), ("e5", 0.0, 0), ("1e", 1.0, 1), ("1e+x", 1.0, 1)]
        {
            assert_eq!(parse(text.as_bytes()), (value, len), "{text}");
        }
        assert_eq!(parse(b"1.5.2"), (1.5, 3));
    }
}
