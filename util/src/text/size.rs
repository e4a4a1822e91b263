//! Sizes: bytes with a suffix from text, and the short form for people.

use sys::num;

pub use sys::num::sized as parse;

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
    num::digits(&mut digits_of, whole as u64, 10).iter().for_each(|&c| put(c));
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
    fn suffixes() {
        for (text, n) in [
            ("0", 0),
            ("7", 7),
            ("2b", 1024),
            ("1k", 1 << 10),
            ("3K", 3 << 10),
            ("1M", 1 << 20),
            ("5G", 5 << 30),
            ("1T", 1 << 40),
            ("15E", 15 << 60),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(n), "{text}");
        }
        for text in ["", "k", "1kk", "1x", "1 k", "-1", "16E", "18446744073709551615b"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
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
