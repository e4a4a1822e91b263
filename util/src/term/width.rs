//! UTF-8 (RFC 3629) as a terminal shows it: one character at a time, with its width.

/// Width of what a terminal must not get: controls, line and bidirectional format characters, and bytes
/// that are no UTF-8.
pub const BAD: u8 = 3;

/// Where the width changes: code point shifted left by 2, and the width from there on. After Unicode's
/// EastAsianWidth.txt and general categories, rough where scripts are rare.
static WIDTHS: [u32; 32] = {
    const fn w(from: u32, width: u8) -> u32 {
        from << 2 | width as u32
    }
    [
        w(0x20, 1),
        w(0x7f, BAD),
        w(0xa0, 1),
        w(0x300, 0),
        w(0x370, 1),
        w(0x1100, 2),
        w(0x1160, 0),
        w(0x1200, 1),
        w(0x1dc0, 0),
        w(0x1e00, 1),
        w(0x200b, 0),
        w(0x200e, BAD),
        w(0x2010, 1),
        w(0x2028, BAD),
        w(0x202f, 1),
        w(0x2066, BAD),
        w(0x2070, 1),
        w(0x20d0, 0),
        w(0x2100, 1),
        w(0x2e80, 2),
        w(0xa4d0, 1),
        w(0xac00, 2),
        w(0xd7a4, 1),
        w(0xf900, 2),
        w(0xfb00, 1),
        w(0xfe00, 0),
        w(0xfe30, 2),
        w(0xfe70, 1),
        w(0xff01, 2),
        w(0xff61, 1),
        w(0x1f300, 2),
        w(0x3fffe, 1),
    ]
};

/// The character at the start of `s`: its length in bytes and its width in columns: 0, 1, 2 or [`BAD`].
/// Of bytes that are no character one is taken; an empty `s` gives length 0.
#[inline(never)]
pub fn next(s: &[u8]) -> (usize, u8) {
    let Some((&b, rest)) = s.split_first() else { return (0, 0) };
    let mut c = b as u32;
    let mut len = 1;
    if b >= 0x80 {
        // The least code point of each length: shorter ones would be overlong.
        let least;
        (len, least) = match b {
            0xc0..=0xdf => (2, 0x80),
            0xe0..=0xef => (3, 0x800),
            0xf0..=0xf4 => (4, 0x10000),
            _ => return (1, BAD),
        };
        c &= 0x7f >> len;
        for i in 0..len - 1 {
            match rest.get(i) {
                Some(&t) if t & 0xc0 == 0x80 => c = c << 6 | (t & 0x3f) as u32,
                _ => return (1, BAD),
            }
        }
        if c < least || c >> 11 == 0x1b || c > 0x10_ffff {
            return (1, BAD);
        }
    }
    let mut width = BAD;
    for &w in &WIDTHS {
        if w >> 2 > c {
            break;
        }
        width = w as u8 & 3;
    }
    (len, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths() {
        assert!(WIDTHS.is_sorted());
        assert_eq!(next(b""), (0, 0));
        assert_eq!(next(b"a"), (1, 1));
        assert_eq!(next(b"\x1b"), (1, BAD));
        assert_eq!(next(b"\x7f"), (1, BAD));
        assert_eq!(next("é".as_bytes()), (2, 1));
        assert_eq!(next("\u{301}".as_bytes()), (2, 0));
        assert_eq!(next("\u{9b}".as_bytes()), (2, BAD));
        assert_eq!(next("\u{202e}".as_bytes()), (3, BAD));
        assert_eq!(next("中".as_bytes()), (3, 2));
        assert_eq!(next("😀".as_bytes()), (4, 2));
    }

    #[test]
    fn what_is_no_utf8_is_taken_byte_by_byte() {
        for s in [
            &b"\x80"[..],
            b"\xc3",
            b"\xc3(",
            b"\xc0\xaf",
            b"\xe0\x80\xaf",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\xf0\x80\x80\x80",
            b"\xff",
        ] {
            assert_eq!(next(s), (1, BAD), "{s:x?}");
        }
    }

    #[test]
    fn lengths_are_those_of_the_standard_library() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let mut b = [0; 4];
            let s = c.encode_utf8(&mut b).as_bytes();
            assert_eq!(next(s).0, s.len());
        }
    }
}
