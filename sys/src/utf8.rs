//! UTF-8 (RFC 3629): one character at a time.

/// What [`decode`] gives for bytes that are no character: beyond all code points.
pub const NONE: u32 = u32::MAX;

/// How many bytes the character has that starts with `first`; 1 where none does.
pub fn length(first: u8) -> usize {
    match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    }
}

/// Is it a byte within a character, not its first?
pub fn inner(b: u8) -> bool {
    b & 0xc0 == 0x80
}

/// The character at the start of `s`: its length in bytes and its code point. Bytes that are no character are taken
/// one by one, as [`NONE`]; an empty `s` gives length 0.
pub fn decode(s: &[u8]) -> (usize, u32) {
    let Some(&first) = s.first() else { return (0, NONE) };
    if first < 0x80 {
        return (1, first as u32);
    }
    let len = length(first);
    let mut c = first as u32 & (0x7f >> len);
    for n in 1..len {
        match s.get(n) {
            Some(&b) if inner(b) => c = c << 6 | (b & 0x3f) as u32,
            _ => return (1, NONE),
        }
    }
    // No start of a character; what a shorter form could say; surrogates; beyond Unicode.
    if len == 1 || c >> (5 * len - 4) == 0 || c >> 11 == 0x1b || c > 0x10_ffff {
        return (1, NONE);
    }
    (len, c)
}

/// Does `s` end within a character, of which the rest may still come?
pub fn incomplete(s: &[u8]) -> bool {
    let mut n = 0;
    for &b in s.iter().rev() {
        n += 1;
        if !inner(b) {
            return length(b) > n;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_characters_as_the_standard_library_has_them() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let mut b = [0; 4];
            let s = c.encode_utf8(&mut b).as_bytes();
            assert_eq!(decode(s), (s.len(), c as u32));
            for cut in 1..s.len() {
                assert_eq!(decode(&s[..cut]), (1, NONE));
                assert!(incomplete(&s[..cut]));
            }
            assert!(!incomplete(s));
        }
        assert_eq!(decode(b""), (0, NONE));
    }

    #[test]
    fn what_is_no_utf8_is_taken_byte_by_byte() {
        for s in [
            &b"\x80"[..],
            b"\xc3",
            b"\xc3(",
            b"\xc0\xaf",
            b"\xc1\xbf",
            b"\xe0\x80\xaf",
            b"\xe0\x9f\xbf",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\xf0\x80\x80\x80",
            b"\xf0\x8f\xbf\xbf",
            b"\xff",
        ] {
            assert_eq!(decode(s), (1, NONE), "{s:x?}");
        }
    }

    #[test]
    fn halves() {
        assert!(incomplete(b"a\xc3") && incomplete(b"\xf0\x9f\x98") && incomplete(b"\xe4"));
        assert!(!incomplete(b"a") && !incomplete(b"") && !incomplete(b"\x80\x80"));
    }
}
