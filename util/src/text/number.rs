//! Numbers from and to text, on top of `sys::num`.

use core::ops::RangeInclusive;
use sys::{num, Buf};

/// Appends `n` in decimal with at least `width` digits, zeros in front.
#[inline(never)]
pub fn push(out: &mut Buf, n: u64, width: usize) {
    let mut digits = [0; 64];
    let digits = num::digits(&mut digits, n, 10);
    for _ in digits.len()..width {
        out.push(b'0');
    }
    out.extend_from_slice(digits);
}

/// Appends `n` in decimal with its sign.
#[inline(never)]
pub fn push_signed(out: &mut Buf, n: i64) {
    if n < 0 {
        out.push(b'-');
    }
    push(out, n.unsigned_abs(), 0);
}

/// The base of a constant of C, octal behind `0`, hexadecimal behind `0x`, else decimal (`man 3 strtoul`, base 0). Takes `0x` off.
pub fn base(text: &mut &[u8]) -> u32 {
    match *text {
        [b'0', b'x' | b'X', digits @ ..] => {
            *text = digits;
            16
        }
        [b'0', ..] => 8,
        _ => 10,
    }
}

/// The whole of `text` as a constant of C that fits 32 bits: decimal, octal behind `0`, hexadecimal behind `0x`.
#[inline(never)]
pub fn constant_u32(mut text: &[u8]) -> Option<u32> {
    let base = base(&mut text);
    u32::try_from(num::parse(text, base)?).ok()
}

/// The whole of `text` as a decimal number in `range`.
#[inline(never)]
pub fn in_range(text: &[u8], range: RangeInclusive<u32>) -> Option<u32> {
    num::parse_u32(text).filter(|n| range.contains(n))
}

/// `n * factor`, if it fits. In halves, without a routine that looks for overflow.
#[inline(never)]
pub fn times(n: u64, factor: u32) -> Option<u64> {
    let (high, low) = ((n >> 32) * factor as u64, (n as u32 as u64) * factor as u64);
    let high = high + (low >> 32);
    (high >> 32 == 0).then_some(high << 32 | low as u32 as u64)
}

/// Quotient and remainder of `n` by `by`, bit by bit: 64-bit division is a library's routine on small machines. By 0 the
/// quotient is all ones.
#[inline(never)]
pub fn divide(n: u64, by: u64) -> (u64, u64) {
    let (mut quotient, mut rest) = (0, 0u64);
    let mut bit = 64;
    while bit > 0 {
        bit -= 1;
        let carry = rest >> 63 != 0;
        rest = rest << 1 | n >> bit & 1;
        quotient <<= 1;
        if carry || rest >= by {
            rest = rest.wrapping_sub(by);
            quotient |= 1;
        }
    }
    (quotient, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_with_a_width() {
        let mut out = Buf::new();
        push(&mut out, 7, 3);
        push(&mut out, 1234, 3);
        push(&mut out, 0, 0);
        push_signed(&mut out, i64::MIN);
        push_signed(&mut out, 5);
        assert_eq!(out, b"00712340-92233720368547758085");
    }

    #[test]
    fn constants_as_in_c() {
        for (text, n) in
            [("0", 0), ("12", 12), ("012", 10), ("0x1F", 31), ("0Xff", 255), ("4294967295", u32::MAX)]
        {
            assert_eq!(constant_u32(text.as_bytes()), Some(n), "{text}");
        }
        for text in ["", "0x", "08", "1x", "-1", "4294967296", " 1"] {
            assert_eq!(constant_u32(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn products_and_quotients() {
        assert_eq!((times(1 << 40, 1 << 23), times(1 << 41, 1 << 23)), (Some(1 << 63), None));
        assert_eq!(times(u64::MAX, 1), Some(u64::MAX));
        for (n, by) in
            [(0, 1), (7, 2), (u64::MAX, 3), (u64::MAX, u64::MAX), (5, 1 << 63), (u64::MAX - 1, (1 << 63) + 1)]
        {
            assert_eq!(divide(n, by), (n / by, n % by));
        }
    }

    #[test]
    fn ranges() {
        assert_eq!(in_range(b"5", 1..=5), Some(5));
        assert_eq!(in_range(b"6", 1..=5), None);
        assert_eq!(in_range(b"x", 0..=5), None);
    }
}
