//! Numbers from and to text, without `core::fmt`.

/// Room for any `u64` in octal or decimal.
pub const WIDTH: usize = 22;

/// Quotient and remainder of `n` by a `base` up to 65,535, on 32-bit machines without the 64-bit division
/// routine: four steps of 16 bits.
#[inline(never)]
pub fn div_rem(n: u64, base: u32) -> (u64, u32) {
    if cfg!(target_pointer_width = "64") {
        return (n / u64::from(base.max(1)), (n % u64::from(base.max(1))) as u32);
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

/// Writes `n` in `base` (2…36, lower-case letters) at the end of `buf` and returns that part.
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

/// Value of a digit in bases up to 36; 255 for anything else. A word, which callers need not mask.
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

/// The whole of `s` as a decimal number, perhaps with a suffix: b (512), k, m, g (powers of 1024), of either case. `None`
/// also when the value does not fit.
pub fn sized(s: &[u8]) -> Option<u64> {
    let (n, suffix) = prefix(s, 10)?;
    let shift = match suffix {
        [] => 0,
        [b'b' | b'B'] => 9,
        [b'k' | b'K'] => 10,
        [b'm' | b'M'] => 20,
        [b'g' | b'G'] => 30,
        _ => return None,
    };
    (n << shift >> shift == n).then_some(n << shift)
}

/// The whole of `s` as an unsigned decimal number that fits 32 bits.
pub fn parse_u32(s: &[u8]) -> Option<u32> {
    u32::try_from(parse(s, 10)?).ok()
}

/// Human form of a size with powers of 1024, as `ls -h` prints it: at most four characters, one decimal
/// below ten (`1.5K`). Returns the number of bytes written to `out`.
pub fn human(mut n: u64, out: &mut [u8; 8]) -> usize {
    let mut unit = 0;
    while n >> 20 != 0 {
        n >>= 10;
        unit += 1;
    }
    // Below 1,024 units of 1,024: the rest is done in 32 bits.
    let (mut whole, mut tenths) = (n as u32, 0);
    if whole >= 1024 {
        // Rounded to the last digit shown, as BusyBox does.
        tenths = ((whole & 1023) * 10 + 512) >> 10;
        whole >>= 10;
        unit += 1;
        if tenths == 10 || (whole >= 10 && tenths >= 5) {
            whole += 1;
            tenths = 0;
        }
    }
    let mut digits_of = [0; 64];
    let mut len = 0;
    let mut put = |c: u8| {
        if let Some(o) = out.get_mut(len) {
            *o = c;
            len += 1;
        }
    };
    digits(&mut digits_of, whole as u64, 10).iter().for_each(|&c| put(c));
    if unit > 0 {
        if whole < 10 {
            put(b'.');
            put(b'0' + tenths as u8);
        }
        put(*b"?KMGTPE".get(unit).unwrap_or(&b'?'));
    }
    len
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

    #[test]
    fn human_sizes() {
        let h = |n| {
            let mut o = [0; 8];
            let l = human(n, &mut o);
            String::from_utf8(o[..l].to_vec()).unwrap()
        };
        assert_eq!(h(0), "0");
        assert_eq!(h(1023), "1023");
        assert_eq!(h(1024), "1.0K");
        assert_eq!(h(1536), "1.5K");
        assert_eq!(h(10 << 20), "10M");
        assert_eq!(h(u64::MAX), "16E");
    }
}
