//! Backslash escapes, as echo, printf, prompts and `$'…'` have them (POSIX.1-2024, Base Definitions 5 and echo, XSI).

use sys::{num, Buf};

/// Appends `text` with its escapes replaced, octal ones being `\0ddd` or `\ddd`; false when `\c` ended it.
#[inline(never)]
pub fn unescape(mut text: &[u8], to: &mut Buf) -> bool {
    while let [c, rest @ ..] = text {
        text = rest;
        let mut c = *c;
        if c == b'\\' {
            match text {
                [b'c', ..] => return false,
                // The zero in front does not count among the three digits.
                [b'0', b'0'..=b'7', ..] => text = &text[1..],
                _ => {}
            }
            c = escape(&mut text).unwrap_or(c);
        }
        to.push(c);
    }
    true
}

/// Takes an escape, behind its backslash, off `text`: the byte that it stands for. `None` if it is none;
/// then nothing is taken. `\a \b \e \E \f \n \r \t \v \\`, one to three octal digits, `\xhh`.
#[inline(never)]
pub fn escape(text: &mut &[u8]) -> Option<u8> {
    let (&c, rest) = text.split_first()?;
    if let Some(byte) = letter(c) {
        *text = rest;
        return Some(byte);
    }
    let (mut at, base, most) = if c == b'x' { (rest, 16, 2) } else { (*text, 8, 3) };
    let mut value = 0u8;
    let mut n = 0;
    while let [d, rest @ ..] = at {
        let d = num::digit(*d) as u8;
        if n == most || d >= base {
            break;
        }
        value = value.wrapping_mul(base).wrapping_add(d);
        at = rest;
        n += 1;
    }
    if n == 0 {
        return None;
    }
    *text = at;
    Some(value)
}

/// The byte that an escape of one letter stands for, by the letter behind the backslash.
#[inline(never)]
pub fn letter(c: u8) -> Option<u8> {
    static LETTERS: &[u8] = b"a\x07b\x08e\x1bE\x1bf\x0cn\nr\rt\tv\x0b\\\\";
    LETTERS.chunks_exact(2).find(|p| p[0] == c).map(|p| p[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use sys::ToBuf;

    #[test]
    fn escapes() {
        let u = |t: &str| {
            let mut b = Buf::new();
            let whole = unescape(t.as_bytes(), &mut b);
            (b, whole)
        };
        for (t, b) in [
            ("a\\tb\\n", &b"a\tb\n"[..]),
            ("\\0101\\101\\1018", b"AAA8"),
            ("\\0\\08\\00", b"\0\x008\0"),
            ("\\x41\\x4z\\x", b"A\x04z\\x"),
            ("\\q\\", b"\\q\\"),
            ("\\\\n\\e[", b"\\n\x1b["),
            ("\\0777", b"\xff"),
        ] {
            assert_eq!(u(t), (b.buf(), true), "{t}");
        }
        assert_eq!(u("ab\\cd"), (b"ab".buf(), false));
    }
}
