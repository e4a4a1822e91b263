//! Numbers from and to text, without `core::fmt`.

/// Room for any `u64` in octal or decimal.
pub const WIDTH: usize = 22;

/// Quotient and remainder of `n` by `base`, which is 1 to 65,535. A 32-bit machine does it in four steps of 16 bits, so
/// that the binary needs no routine for 64-bit division.
#[inline(never)]
pub fn div_rem(n: u64, base: u32) -> (u64, u32) {
    // A division by zero would be a panic, and process 1 has none.
    let base = base.max(1);
    if cfg!(target_pointer_width = "64") {
        return (n / u64::from(base), (n % u64::from(base)) as u32);
    }
    let (mut q, mut r) = (0u64, 0u32);
    let mut shift = 64;
    while shift > 0 {
        shift -= 16;
        let d = (r << 16) | (n >> shift) as u16 as u32;
        q = q << 16 | (d / base) as u64;
        r = d % base;
    }
    (q, r)
}

/// Writes `n` in `base` (2 to 36, with lower-case letters) to the end of `buf`, and returns that part.
#[inline(never)]
pub fn digits(buf: &mut [u8; 64], mut n: u64, base: u32) -> &[u8] {
    let mut i = buf.len();
    loop {
        let (q, r) = div_rem(n, base);
        i -= 1;
        if let Some(b) = buf.get_mut(i) {
            *b = if r < 10 { b'0' } else { b'a' - 10 } + r as u8;
        }
        n = q;
        if n == 0 || i == 0 {
            break;
        }
    }
    buf.get(i..).unwrap_or(&[])
}

/// Value of a digit in bases up to 36; 255 for anything else.
// A whole word, which callers need not mask.
#[inline(never)]
pub fn digit(b: u8) -> u32 {
    match b {
        b'0'..=b'9' => b as u32 - b'0' as u32,
        b'a'..=b'z' => b as u32 - b'a' as u32 + 10,
        b'A'..=b'Z' => b as u32 - b'A' as u32 + 10,
        _ => 255,
    }
}

/// Unsigned number at the start of `s` in `base`, and the bytes behind it. `None` when there is no digit
/// or the value does not fit.
#[inline(never)]
pub fn prefix(s: &[u8], base: u32) -> Option<(u64, &[u8])> {
    let mut n: u64 = 0;
    let mut i = 0;
    while let Some(&b) = s.get(i) {
        let d = digit(b);
        if d >= base {
            break;
        }
        // The high and low half by themselves: no 64-bit multiplication overflow check is needed.
        let lo = (n as u32 as u64) * base as u64 + d as u64;
        let hi = (n >> 32) * base as u64 + (lo >> 32);
        if hi >> 32 != 0 {
            return None;
        }
        n = hi << 32 | lo as u32 as u64;
        i += 1;
    }
    if i == 0 {
        None
    } else {
        Some((n, &s[i..]))
    }
}

/// The whole of `s` as an unsigned number in `base`.
pub fn parse(s: &[u8], base: u32) -> Option<u64> {
    match prefix(s, base) {
        Some((n, [])) => Some(n),
        _ => None,
    }
}

/// The whole of `s` as a size in bytes: decimal digits, and behind them nothing or one suffix of either case: `b` 512,
/// `k` 1,024, `m`, `g`, `t`, `p`, `e` the next powers of it (BusyBox `bkm_suffixes`; `man 1 dd`). `None` when it is no
/// such text or does not fit.
pub fn sized(s: &[u8]) -> Option<u64> {
    let (n, suffix) = prefix(s, 10)?;
    let shift = match *suffix {
        [] => 0,
        [b'b' | b'B'] => 9,
        [c] => 10 * (crate::zstr::position(b"kmgtpe", c | 32)? as u32 + 1),
        _ => return None,
    };
    (n << shift >> shift == n).then_some(n << shift)
}

/// The whole of `s` as an unsigned decimal number that fits 32 bits.
pub fn parse_u32(s: &[u8]) -> Option<u32> {
    u32::try_from(parse(s, 10)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_any_size() {
        let mut b = [0; 64];
        assert_eq!(digits(&mut b, 0, 10), b"0");
        assert_eq!(digits(&mut b, u64::MAX, 10), b"18446744073709551615");
        assert_eq!(digits(&mut b, u64::MAX, 8), b"1777777777777777777777");
        assert_eq!(digits(&mut b, 0xdead_beef, 16), b"deadbeef");
        assert_eq!(digits(&mut b, 5, 2), b"101");
    }

    #[test]
    fn parsing_refuses_overflow_and_junk() {
        assert_eq!(parse(b"18446744073709551615", 10), Some(u64::MAX));
        assert_eq!(parse(b"18446744073709551616", 10), None);
        assert_eq!(parse(b"", 10), None);
        assert_eq!(parse(b"12x", 10), None);
        assert_eq!(parse(b"755", 8), Some(0o755));
        assert_eq!(parse(b"789", 8), None);
        assert_eq!(parse_u32(b"4294967296"), None);
    }

    #[test]
    fn suffixes_multiply() {
        assert_eq!(sized(b"7"), Some(7));
        assert_eq!(sized(b"2b"), Some(1024));
        assert_eq!((sized(b"1k"), sized(b"3M"), sized(b"4G")), (Some(1 << 10), Some(3 << 20), Some(4 << 30)));
        assert_eq!(sized(b"17179869183g"), Some(u64::MAX - ((1 << 30) - 1)));
        assert_eq!(sized(b"17179869184g"), None);
        for wrong in [&b""[..], b"k", b"1kb", b"1x", b"-1", b"1 "] {
            assert_eq!(sized(wrong), None);
        }
    }
}
